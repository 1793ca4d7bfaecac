"""One signature, several spellings: block lists have to key on the ``jti``."""

import jwt
import pytest

import key_material
from advisories.door import CLAIMS
from advisories.door import Door
from advisories.test_cve_2022_21449_psychic_signatures import BYTES
from advisories.test_cve_2022_21449_psychic_signatures import ORDER
from forging import forge
from forging import HEADER
from forging import segment
from forging import unsegment


@pytest.mark.parametrize("tail", ["=", "==", "===", ".", " ", "\n", "\0", "A", "%3D"])
async def test_nothing_may_follow_a_token(
    tail: str, door: Door, paired_door: Door
) -> None:
    """A good token with something behind it is another token, and refused."""
    algorithm = paired_door.app.config["JWT_ALGORITHM"]
    paired = jwt.encode(CLAIMS, key_material.private(algorithm), algorithm)
    await paired_door.accepts(paired)

    assert await door.refuses(forge(HEADER, CLAIMS) + tail)
    assert await paired_door.refuses(paired + tail)


@pytest.mark.parametrize("part", [0, 1, 2], ids=["header", "payload", "signature"])
async def test_no_segment_has_padding(part: int, door: Door) -> None:
    """Padding is refused in every segment, right or wrong."""
    segments = forge(HEADER, CLAIMS).split(".")
    for padding in ("=", "==", "="):
        padded = [*segments]
        padded[part] += padding
        name = ("header", "payload", "crypto")[part]

        assert f"Invalid {name} padding" == await door.refuses(".".join(padded))


async def test_the_mirrored_signature_has_the_same_jti(ec_door: Door) -> None:
    """(r, n-s) is as good as (r, s): two texts, one ``jti`` to revoke."""
    algorithm = ec_door.app.config["JWT_ALGORITHM"]
    size = BYTES[algorithm]
    token = jwt.encode(CLAIMS, key_material.private(algorithm), algorithm)
    head, _dot, signature = token.rpartition(".")
    raw = unsegment(signature)
    mirrored = ORDER[algorithm] - int.from_bytes(raw[size:])
    twin = f"{head}.{segment(raw[:size] + mirrored.to_bytes(size))}"
    revoked: set[str] = set()
    ec_door.manager.token_in_blocklist_loader(
        lambda _header, claims: claims["jti"] in revoked
    )

    assert token != twin
    assert await ec_door.accepts(token) == await ec_door.accepts(twin)
    revoked.add(CLAIMS["jti"])  # type: ignore[arg-type]
    for text in (token, twin):
        answer = await ec_door.get(text)
        assert answer.status_code == 401


async def test_an_rsa_signature_has_one_spelling(rsa_door: Door) -> None:
    """Neither a leading zero nor the modulus may be added to a signature."""
    algorithm = rsa_door.app.config["JWT_ALGORITHM"]
    modulus = key_material.public(algorithm).public_numbers().n
    token = jwt.encode(CLAIMS, key_material.private(algorithm), algorithm)
    head, _dot, signature = token.rpartition(".")
    raw = unsegment(signature)
    number = int.from_bytes(raw) + modulus
    size = (number.bit_length() + 7) // 8
    await rsa_door.accepts(token)
    for other in (b"\0" + raw, raw + b"\0", number.to_bytes(size)):
        reason = await rsa_door.refuses(f"{head}.{segment(other)}")
        assert reason == "Signature verification failed"


async def test_an_eddsa_signature_has_one_spelling() -> None:
    """S + L is the same number in the group, and no signature (RFC 8032 §5.1.7)."""
    order = 2**252 + 27742317777372353535851937790883648493
    pems = key_material.private_pem("EdDSA"), key_material.public_pem("EdDSA")
    door = Door(JWT_ALGORITHM="EdDSA", JWT_PRIVATE_KEY=pems[0], JWT_PUBLIC_KEY=pems[1])
    token = jwt.encode(CLAIMS, key_material.private("EdDSA"), "EdDSA")
    head, _dot, signature = token.rpartition(".")
    raw = unsegment(signature)
    more = (int.from_bytes(raw[32:], "little") + order).to_bytes(32, "little")
    await door.accepts(token)

    assert (
        await door.refuses(f"{head}.{segment(raw[:32] + more)}")
        == "Signature verification failed"
    )
