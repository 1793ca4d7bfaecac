"""``JWT_KEY_RING``: several keys of one app, and how one follows another."""

import json
from collections.abc import Callable
from datetime import datetime
from datetime import UTC
from pathlib import Path
from typing import Any

import jwt as pyjwt
import pytest
from jwt.warnings import InsecureKeyLengthWarning
from quart import Quart

import key_material
from clock import Clock
from clock import START
from extension.apps import SECRET
from quart_jwt import create_access_token
from quart_jwt import create_access_token_async
from quart_jwt import create_refresh_token
from quart_jwt import decode_token
from quart_jwt import get_unverified_jwt_headers
from quart_jwt import JWTManager
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.exceptions import WeakKeyError
from quart_jwt.extension.request.current import settings_of
from quart_jwt.extension.settings.keys import OTHER_KEYS
from quart_jwt.tokens.jwk import key_thumbprint
from quart_jwt.tokens.key_ring import KeyRing
from quart_jwt.tokens.key_ring import ring_key
from tokens.test_jwk import jwk

MakeRing = Callable[..., Quart]


@pytest.fixture(name="make_ring")
def _make_ring(clock: Clock) -> MakeRing:
    """Builds an app with that key ring."""

    def make_ring(ring: Any, **settings: Any) -> Quart:
        app = Quart(__name__)
        app.config.update(JWT_KEY_RING=ring, **settings)
        JWTManager(app, clock=clock)
        return app

    return make_ring


def _private_jwk(algorithm: str, **more: Any) -> dict[str, Any]:
    primitive = pyjwt.get_algorithm_by_name(algorithm)
    members: Any = primitive.to_jwk(key_material.private(algorithm), as_dict=True)
    members.pop("key_ops", None)
    return {**members, **more}


FORMS: dict[str, Callable[[Path], Any]] = {
    "pem": lambda _: key_material.private_pem("ES256"),
    "pem-bytes": lambda _: key_material.private_pem("ES256").encode(),
    "pem-file": lambda path: _written(path, key_material.private_pem("ES256")),
    "jwk": lambda _: _private_jwk("ES256"),
    "jwk-text": lambda _: json.dumps(_private_jwk("ES256")),
    "jwk-file": lambda path: _written(path, json.dumps(_private_jwk("ES256"))),
    "jwks": lambda _: {"keys": [_private_jwk("ES256")]},
    "jwks-file": lambda path: _written(
        path, json.dumps({"keys": [_private_jwk("ES256")]})
    ),
    "key-object": lambda _: key_material.private("ES256"),
    "entry": lambda _: {"key": key_material.private_pem("ES256")},
    "ring": lambda _: KeyRing((ring_key("ES256", key_material.private("ES256")),)),
}


def _written(path: Path, text: str) -> Path:
    file = path / "key"
    file.write_text(text, "ascii")
    return file


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("listed", [False, True], ids=["one", "list"])
async def test_a_ring_takes_keys_in_every_form(
    make_ring: MakeRing, form: str, tmp_path: Path, *, listed: bool
) -> None:
    """PEM, JWK, JWK Set, a file of these and a key object are the same ring."""
    entry = FORMS[form](tmp_path)
    app = make_ring([entry] if listed and form != "ring" else entry)
    async with app.app_context():
        token = create_access_token("joe")
        assert decode_token(token)["sub"] == "joe"
    assert get_unverified_jwt_headers(token) == {
        "alg": "ES256",
        "kid": key_thumbprint("ES256", key_material.public("ES256")),
        "typ": "JWT",
    }


@pytest.mark.parametrize("algorithm", key_material.ALGORITHMS)
async def test_every_algorithm_can_be_a_ring(
    make_ring: MakeRing, algorithm: str
) -> None:
    """A key signs and verifies under the algorithm that its entry names."""
    entry = {"key": key_material.private(algorithm), "algorithm": algorithm, "kid": "k"}
    app = make_ring(entry)
    async with app.app_context():
        for token in (
            create_access_token("joe"),
            await create_access_token_async("joe"),
        ):
            assert decode_token(token)["sub"] == "joe"
            header = get_unverified_jwt_headers(token)
            assert (algorithm, "k") == (header["alg"], header["kid"])


async def test_a_rotation_by_the_clock(make_ring: MakeRing, clock: Clock) -> None:
    """Old and new verify side by side until the old one's end (A14)."""
    switch, end = START + 600, START + 1_200
    app = make_ring(
        [
            {"key": key_material.private("RS256"), "kid": "old", "verifies_until": end},
            {"key": key_material.private("ES256"), "kid": "new", "signs_from": switch},
        ],
        JWT_ACCESS_TOKEN_EXPIRES=10_000,
    )
    async with app.app_context():
        old = create_access_token("joe")
        clock.now = switch - 1
        assert get_unverified_jwt_headers(create_access_token("joe"))["kid"] == "old"
        clock.now = switch
        new = create_access_token("joe")
        assert get_unverified_jwt_headers(new)["kid"] == "new"
        clock.now = end - 1
        assert (decode_token(old)["sub"], decode_token(new)["sub"]) == ("joe", "joe")
        # The token is in the cache by now, and its key is not good any more.
        clock.now = end
        with pytest.raises(pyjwt.InvalidSignatureError):
            decode_token(old)
        assert decode_token(new)["sub"] == "joe"


async def test_a_token_that_a_process_behind_did_not_sign_yet(
    make_ring: MakeRing, clock: Clock
) -> None:
    """A peer whose clock is ahead signs with the next key, and that verifies."""
    ring = [
        {"key": key_material.private("RS256"), "kid": "old"},
        {"key": key_material.private("ES256"), "kid": "new", "signs_from": START + 600},
    ]
    app = make_ring(ring, JWT_DECODE_LEEWAY=60)
    async with app.app_context():
        clock.now = START + 600
        ahead = create_access_token("joe")
        clock.now = START + 590
        assert get_unverified_jwt_headers(ahead)["kid"] == "new"
        assert decode_token(ahead)["sub"] == "joe"


@pytest.mark.parametrize("signer", ["RS256", "ES256"], ids=["retired", "current"])
async def test_an_expired_token_is_expired_whichever_key_made_it(
    make_ring: MakeRing, clock: Clock, signer: str
) -> None:
    """The reason is its age, with a kid and without, and not a signature."""
    ring = {
        name: {"key": key_material.private(name), "kid": name}
        for name in ("ES256", "RS256")
    }
    claims = {"sub": "joe", "iat": START, "exp": START + 60}
    app = make_ring([*ring.values()])
    async with app.app_context():
        for headers in ({"kid": signer}, {}):
            token = pyjwt.encode(claims, key_material.private(signer), signer, headers)
            clock.now = START + 59
            assert decode_token(token)["sub"] == "joe"
            clock.now = START + 60
            with pytest.raises(pyjwt.ExpiredSignatureError):
                decode_token(token)
            assert decode_token(token, allow_expired=True)["sub"] == "joe"


KIDS = {"right": "RS256", "other": "ES256", "unknown": "nobody", "empty": ""}


@pytest.mark.parametrize("kid", KIDS)
async def test_a_kid_is_believed(make_ring: MakeRing, kid: str) -> None:
    """A good signature under another key's name, or an unknown one, is refused."""
    app = make_ring(
        [
            {"key": key_material.private("RS256"), "kid": "RS256"},
            {"key": key_material.private("ES256"), "kid": "ES256"},
        ]
    )
    claims = {"sub": "joe", "exp": START + 60}
    headers = {"kid": KIDS[kid]}
    token = pyjwt.encode(claims, key_material.private("RS256"), "RS256", headers)
    async with app.app_context():
        if kid == "right":
            assert decode_token(token)["sub"] == "joe"
            return
        with pytest.raises(pyjwt.InvalidSignatureError):
            decode_token(token)


async def test_a_secret_of_before_retires_into_a_ring(
    make_ring: MakeRing, make_app: Callable[..., Quart], clock: Clock
) -> None:
    """From a secret to a key pair, and the tokens of before keep their life."""
    async with make_app().app_context():
        before = create_access_token("joe", expires_delta=False)
    end = START + 3_600
    secret = {"key": SECRET, "algorithm": "HS256", "verifies_until": end}
    app = make_ring([key_material.private_pem("RS256"), secret])
    async with app.app_context():
        assert decode_token(before)["sub"] == "joe"
        assert get_unverified_jwt_headers(create_access_token("joe"))["alg"] == "RS256"
        clock.now = end
        with pytest.raises(pyjwt.InvalidSignatureError):
            decode_token(before)


async def test_a_secret_without_a_ring_has_no_kid(app: Quart) -> None:
    """The layout of a single key's tokens is Flask-JWT-Extended's."""
    async with app.app_context():
        token = create_access_token("joe")
    assert get_unverified_jwt_headers(token) == {"alg": "HS256", "typ": "JWT"}


async def test_the_ring_says_what_signs(make_ring: MakeRing) -> None:
    """Additional headers cannot rename the key, nor ask for another algorithm."""
    app = make_ring({"key": key_material.private("ES256"), "kid": "k"})
    async with app.app_context():
        token = create_access_token("joe", additional_headers={"kid": "x", "a": 1})
        assert get_unverified_jwt_headers(token)["kid"] == "k"
        assert create_access_token("joe", additional_headers={"alg": "ES256"})
        with pytest.raises(ConfigurationError, match="The current key of"):
            create_access_token("joe", additional_headers={"alg": "HS256"})


async def test_a_ring_of_public_keys_verifies_only(make_ring: MakeRing) -> None:
    """An app that accepts tokens and makes none needs no private key."""
    app = make_ring(jwk("RS256", kid="k"))
    claims = {"sub": "joe", "exp": START + 60}
    token = pyjwt.encode(claims, key_material.private("RS256"), "RS256", {"kid": "k"})
    async with app.test_app(), app.app_context():
        assert decode_token(token)["sub"] == "joe"
        with pytest.raises(ConfigurationError, match="no key that signs now"):
            create_access_token("joe")


async def test_decode_algorithms_narrow_a_ring(make_ring: MakeRing) -> None:
    """A ring accepts its keys' algorithms, of those that are allowed."""
    ring = [key_material.private_pem("ES256"), key_material.private_pem("RS256")]
    app = make_ring(ring, JWT_DECODE_ALGORITHMS=["RS256", "HS256"])
    async with app.app_context():
        assert settings_of(app).decode_algorithms == ["RS256"]
        with pytest.raises(pyjwt.InvalidAlgorithmError):
            decode_token(create_access_token("joe"))


async def test_a_ring_that_changes_counts_at_once(make_ring: MakeRing) -> None:
    """A key that was taken out of the configuration verifies nothing more."""
    app = make_ring([key_material.private_pem("ES256")])
    async with app.app_context():
        token = create_access_token("joe")
        assert decode_token(token)
        app.config["JWT_KEY_RING"].append(key_material.private_pem("RS256"))
        assert decode_token(token)
        del app.config["JWT_KEY_RING"][0]
        with pytest.raises(pyjwt.InvalidAlgorithmError):
            decode_token(token)


async def test_jwks_of_a_ring(make_ring: MakeRing, clock: Clock) -> None:
    """``jwt.jwks()`` shows what verifies now, and no secret."""
    app = make_ring(
        [
            {"key": key_material.private("RS256"), "verifies_until": START + 60},
            {"key": key_material.private("ES256"), "signs_from": START + 30},
            {"key": SECRET, "algorithm": "HS256"},
        ]
    )
    manager: JWTManager = app.extensions["quart-jwt"]
    async with app.app_context():
        assert [key["alg"] for key in manager.jwks()["keys"]] == ["RS256", "ES256"]
        clock.now = START + 60
        assert [key["alg"] for key in manager.jwks()["keys"]] == ["ES256"]


async def test_jwks_without_a_ring(make_app: Callable[..., Quart]) -> None:
    """A key pair is published under its thumbprint; a secret never is."""
    paired = make_app(
        JWT_ALGORITHM="EdDSA", JWT_PUBLIC_KEY=key_material.public_pem("EdDSA")
    )
    for app, expected in (
        (make_app(), []),
        (paired, [key_thumbprint("EdDSA", key_material.public("EdDSA"))]),
    ):
        manager: JWTManager = app.extensions["quart-jwt"]
        async with app.app_context():
            assert expected == [key["kid"] for key in manager.jwks()["keys"]]


PEM = key_material.private_pem("ES256")
MISTAKES: dict[str, tuple[Any, str]] = {
    "a-secret": (SECRET, r"\[0\]: it is neither PEM nor a JWK"),
    "surrogate": ("\ud800" + SECRET, "neither PEM nor a JWK"),
    "kid-number": ({"key": PEM, "kid": 5}, "A kid is a string"),
    "json-list": ("[]", "neither PEM nor a JWK"),
    "not-utf-8": (b"\xff{", "neither PEM nor a JWK"),
    "broken-pem": ("-----BEGIN PRIVATE KEY-----\nx", "neither RSA, EC nor EdDSA"),
    "number": (5, "neither RSA, EC nor EdDSA"),
    "second-entry": ([PEM, None], r"JWT_KEY_RING\[1\]: "),
    "no-file": (Path("/nowhere/key.pem"), "'/nowhere/key.pem' cannot be read"),
    "misspelt": ({"key": PEM, "sign_from": 1}, "did you mean signs_from"),
    "unknown": ({"key": PEM, "zzz": 1}, "'zzz' is not an option of a key$"),
    "no-key": ({"kid": "k"}, "it has no key"),
    "text-for-a-time": (
        {"key": PEM, "signs_from": "now"},
        "a time must be epoch seconds",
    ),
    "bool-for-a-time": (
        {"key": PEM, "signs_from": True},
        "a time must be epoch seconds",
    ),
    "naive-time": ({"key": PEM, "signs_from": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001 - that is the mistake
    "same-kid": ([PEM, PEM], "Two keys of a ring have the same kid"),
    "one-kid-for-two": (
        {"key": {"keys": [jwk("RS256"), jwk("ES256", kid="o")]}, "kid": "k"},
        "one kid cannot name several",
    ),
    "another-algorithm": (
        {"key": jwk("RS256", alg="RS256"), "algorithm": "PS256"},
        "names another algorithm",
    ),
    "wrong-algorithm": ({"key": PEM, "algorithm": "RS256"}, "does not fit RS256"),
    "unknown-algorithm": ({"key": PEM, "algorithm": "none"}, "'none' is not supported"),
    "mixed-set": (
        {"keys": [jwk("RS256"), {"kty": "oct", "k": "AAAA"}]},
        "mixes secrets with public keys",
    ),
    "for-encryption": (jwk("RS256", use="enc"), "its use is not sig"),
    "private-and-encrypted": (
        {"key": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"},
        "neither RSA, EC nor EdDSA",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
async def test_a_mistake_in_a_ring_is_told_at_the_start(
    make_ring: MakeRing, name: str
) -> None:
    """The sentence says which entry, and has no key in it; nothing is served."""
    ring, reason = MISTAKES[name]
    app = make_ring(ring)
    with pytest.raises(ConfigurationError, match=reason) as caught:
        await app.startup()
    assert SECRET not in str(caught.value)
    assert "BEGIN" not in str(caught.value)


@pytest.mark.parametrize("option", OTHER_KEYS)
async def test_a_key_beside_a_ring_is_a_mistake(
    make_ring: MakeRing, option: str
) -> None:
    """Nobody could say when it signs; Quart's own secret is not concerned."""
    app = make_ring(PEM, **{option: PEM})
    with pytest.raises(ConfigurationError, match=f"{option} are both set"):
        await app.startup()
    await make_ring(PEM, SECRET_KEY=SECRET).startup()


async def test_weak_keys_of_a_ring(make_ring: MakeRing) -> None:
    """They are warned about, or refused, as any other key is."""
    weak = {"key": key_material.rsa_key(1024), "kid": "k"}
    with pytest.warns(InsecureKeyLengthWarning, match="has 1024 bits"):
        await make_ring(weak).startup()
    with pytest.raises(WeakKeyError, match=r"JWT_KEY_RING\[0\]: The RS256 key is weak"):
        await make_ring(weak, JWT_ENFORCE_STRONG_KEYS=True).startup()


async def test_times_may_be_datetimes(make_ring: MakeRing, clock: Clock) -> None:
    """A datetime that knows its zone is the same as its epoch seconds."""
    until = datetime.fromtimestamp(START + 60, UTC)
    app = make_ring({"key": PEM, "verifies_until": until})
    async with app.app_context():
        token = create_access_token("joe")
        clock.now = START + 59
        assert decode_token(token)
        clock.now = START + 60
        with pytest.raises(pyjwt.InvalidSignatureError):
            decode_token(token)


async def test_a_key_hook_goes_before_a_ring(make_ring: MakeRing) -> None:
    """An app with hooks chooses its keys itself, ring or no ring."""
    app = make_ring({"key": key_material.private("RS256"), "kid": "k"})
    manager: JWTManager = app.extensions["quart-jwt"]
    manager.encode_key_loader(lambda _: key_material.rsa_key(2056))
    async with app.app_context():
        token = create_access_token("joe", additional_headers={"alg": "RS256"})
        with pytest.raises(pyjwt.InvalidSignatureError):
            decode_token(token)
        manager.decode_key_loader(lambda *_: key_material.rsa_key(2056))
        assert decode_token(token)["sub"] == "joe"
        assert "kid" not in get_unverified_jwt_headers(token)


# A key for one type of tokens -----------------------------------------------------


@pytest.fixture(name="split")
def _split(make_ring: MakeRing) -> Quart:
    """An app whose refresh tokens have a secret of their own."""
    return make_ring(
        [
            {"key": key_material.private("ES256"), "kid": "pair"},
            {
                "key": SECRET,
                "algorithm": "HS256",
                "kid": "secret",
                "token_type": "refresh",
            },
        ]
    )


async def test_each_type_has_its_key(split: Quart) -> None:
    """Refresh tokens are signed with the secret, all others with the key pair."""
    manager: JWTManager = split.extensions["quart-jwt"]
    async with split.app_context():
        made = {
            "secret": create_refresh_token("joe"),
            "pair": create_access_token("joe"),
        }
        made["pair "] = create_access_token("joe", purpose="download")
        for kid, token in made.items():
            assert get_unverified_jwt_headers(token)["kid"] == kid.strip()
            assert decode_token(token)["sub"] == "joe"
        assert [key["kid"] for key in manager.jwks()["keys"]] == ["pair"]


@pytest.mark.parametrize("headers", [{"kid": "secret"}, {"kid": "pair"}, {}])
@pytest.mark.parametrize("claimed", ["access", "download", None])
async def test_the_secret_makes_no_other_token(
    split: Quart, headers: dict[str, str], claimed: str | None
) -> None:
    """Whatever kid it names, a token of another type is refused."""
    claims = {"sub": "joe", "exp": START + 60, "type": claimed}
    if claimed is None:
        del claims["type"]
    token = pyjwt.encode(claims, SECRET, "HS256", headers)
    async with split.app_context():
        with pytest.raises(pyjwt.InvalidSignatureError):
            decode_token(token)


@pytest.mark.parametrize("token_type", ["", 1, ["refresh"]])
def test_a_token_type_is_a_name(make_ring: MakeRing, token_type: Any) -> None:
    """Whatever else is said of a key is told at the start."""
    entry = {"key": key_material.private("ES256"), "token_type": token_type}
    app = make_ring(entry)
    with pytest.raises(ConfigurationError, match="a token type is"):
        _ = settings_of(app).key_ring
