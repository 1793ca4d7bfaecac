"""The service's own keys: made, published, rotated and retired."""

import asyncio
import dataclasses
import json
import os
from collections.abc import AsyncIterator
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import jwt as pyjwt
import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet
from quart.testing.app import LifespanError

from clock import Clock
from extension.asgi import ask
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.service.app import create_app
from quart_jwt.service.database.database import Database
from quart_jwt.service.ground.errors import KeyStateError
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.ground.errors import StoreUnavailableError
from quart_jwt.service.keys.follower import KeyFollower
from quart_jwt.service.keys.schedule import KEEP_MARGIN_S
from quart_jwt.service.keys.schedule import schedule
from quart_jwt.service.keys.schedule import StoredKey
from quart_jwt.service.keys.signing_keys import prepare_keys
from quart_jwt.service.keys.signing_keys import signing_keys
from quart_jwt.service.keys.signing_keys import SigningKeys
from quart_jwt.service.keys.table import KeyTable
from quart_jwt.service.keys.vault import KeyVault
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.storage import KeyOptions
from quart_jwt.tokens.jwk import PRIVATE
from quart_jwt.tokens.key_ring import KeyRing
from service.kit import bearer
from service.kit import NAME
from service.kit import SECRET
from service.kit import Service

Start = Callable[..., AbstractAsyncContextManager[Service]]

WAIT_S = 600
SESSION_S = 7_200
SEALING = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@pytest.fixture(name="paired")
def _paired(settings: Settings) -> Settings:
    """Settings of a service that signs with keys of its own; EC keys are quick."""
    return dataclasses.replace(
        settings,
        secret_key=None,
        keys=KeyOptions(algorithm="ES256", publish_before_use_s=WAIT_S),
        access_token_expires_s=SESSION_S,
        refresh_token_expires_s=SESSION_S,
    )


@pytest.fixture(name="start")
def _start(paired: Settings, clock: Clock) -> Start:
    """Starts a process of the service, in this one; all share the database."""

    @asynccontextmanager
    async def start(**options: Any) -> AsyncIterator[Service]:
        keys = dataclasses.replace(paired.keys, **options)
        app = create_app(dataclasses.replace(paired, keys=keys), clock)
        async with app.test_app():
            yield Service(app=app, client=app.test_client(), clock=clock)

    return start


@pytest.fixture(name="keys")
def _keys(paired: Settings, database: Database, clock: Clock) -> SigningKeys:
    """The keys, as the command line has them."""
    return signing_keys(paired, database, clock)


def _kid(token: str) -> str:
    return str(pyjwt.get_unverified_header(token)["kid"])


async def _jwks(service: Service) -> Any:
    answer = await service.client.get("/.well-known/jwks.json")
    assert answer.status_code == 200
    return await answer.get_json(force=True)


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # RFC 9864's other name
@pytest.mark.parametrize(
    "algorithm", ["RS256", "PS384", "ES256", "ES384", "ES512", "EdDSA"]
)
async def test_a_first_start_makes_a_key(start: Start, algorithm: str) -> None:
    """It signs at once, is published, and another implementation verifies with it."""
    async with start(algorithm=algorithm) as service:
        await service.add()
        token = (await service.log_in())["access_token"]
        document = await _jwks(service)
        answer = await service.client.get("/protected", headers=bearer(token))
        assert answer.status_code == 200
    (shown,) = document["keys"]
    assert (shown["kid"], shown["alg"], shown["use"]) == (_kid(token), algorithm, "sig")
    assert set() == PRIVATE & shown.keys()
    decoded = joserfc_jwt.decode(
        token, KeySet.import_key_set(document), algorithms=[algorithm]
    )
    assert decoded.claims["sub"] == NAME


async def test_a_second_start_finds_the_key(start: Start, paired: Settings) -> None:
    """The key is kept, in a file that only its owner reads."""
    async with start() as service:
        await service.add()
        token = (await service.log_in())["access_token"]
    async with start() as service:
        assert await service.status("GET", "/protected", token) == 200
    (file,) = (paired.storage.state_dir / "keys").iterdir()
    assert f"{_kid(token)}.pem" == file.name
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


async def test_two_first_starts_make_one_key(
    paired: Settings, database: Database, keys: SigningKeys, clock: Clock
) -> None:
    """Of many that find no key, one adds its own, and all use that."""
    many = [signing_keys(paired, database, clock) for _ in range(8)]
    await asyncio.gather(*(one.ensure_first() for one in many))

    (key,) = await keys.scheduled()
    (file,) = (paired.storage.state_dir / "keys").iterdir()
    assert f"{key.stored.kid}.pem" == file.name


async def test_a_rotation_step_by_step(
    start: Start, keys: SigningKeys, clock: Clock
) -> None:
    """Published, waiting, signing: two processes switch at one second, untold."""
    async with start() as one, start() as other:
        await one.add()
        old = (await one.log_in())["access_token"]
        clock.advance(5)
        began = clock.now
        new_kid = (await keys.rotate()).kid
        for at, expected in (
            (began + WAIT_S - 1, _kid(old)),
            (began + WAIT_S, new_kid),
        ):
            clock.now = at
            for service, peer in ((one, other), (other, one)):
                token = (await service.log_in())["access_token"]
                assert expected == _kid(token)
                assert await peer.status("GET", "/protected", token) == 200
                published = [key["kid"] for key in (await _jwks(peer))["keys"]]
                assert [_kid(old), new_kid] == published
        clock.now = began + WAIT_S - 1
        last = (await one.log_in())["refresh_token"]
        assert _kid(last) == f"{_kid(old)}.refresh"
        clock.now += SESSION_S - 1
        for service in (one, other):
            assert await service.status("POST", "/refresh", last) == 200
        clock.now = began + WAIT_S + SESSION_S + KEEP_MARGIN_S
        assert [new_kid] == [key["kid"] for key in (await _jwks(one))["keys"]]


async def test_a_new_key_is_published_at_once(
    start: Start, keys: SigningKeys, clock: Clock
) -> None:
    """A process that looks again shows it, long before anybody signs with it."""
    async with start() as service:
        await service.add()
        new_kid = (await keys.rotate()).kid
        clock.advance(60)
        assert new_kid in [key["kid"] for key in (await _jwks(service))["keys"]]
        assert new_kid != _kid((await service.log_in())["access_token"])


async def test_one_rotation_at_a_time(
    keys: SigningKeys, database: Database, clock: Clock
) -> None:
    """A second one is refused until the new key signs; of two at once, one wins."""
    await keys.ensure_first()
    results = await asyncio.gather(
        *(keys.rotate() for _ in range(5)), return_exceptions=True
    )
    made = [one for one in results if isinstance(one, StoredKey)]
    assert len(made) == 1
    assert all(isinstance(one, KeyStateError) for one in results if one not in made)
    with pytest.raises(KeyStateError, match=r"is under way: \S+ signs in 600 s"):
        await keys.rotate()
    clock.advance(WAIT_S)
    await keys.rotate()
    assert [key.generation for key in await KeyTable(database).listed()] == [1, 2, 3]


async def test_a_retired_key_can_be_ended(
    start: Start, keys: SigningKeys, clock: Clock
) -> None:
    """What got into the wrong hands is refused as soon as a process looks."""
    async with start() as service:
        await service.add()
        old = (await service.log_in())["access_token"]
        await keys.rotate()
        clock.advance(WAIT_S)
        new = (await service.log_in())["access_token"]
        await keys.retire(_kid(old))
        clock.advance(60)
        assert await service.code("GET", "/protected", old) == "invalid_token"
        assert await service.status("GET", "/protected", new) == 200
        assert [_kid(new)] == [key["kid"] for key in (await _jwks(service))["keys"]]


async def test_a_rotation_can_be_called_off(
    start: Start, keys: SigningKeys, clock: Clock
) -> None:
    """A next key that is ended never signs, and the current one stays for good."""
    async with start() as service:
        await service.add()
        kid = _kid((await service.log_in())["access_token"])
        wrong = await keys.rotate()
        await keys.retire(wrong.kid)
        clock.advance(WAIT_S + SESSION_S + KEEP_MARGIN_S + 1)
        token = (await service.log_in())["access_token"]
        assert kid == _kid(token)
        assert await service.status("GET", "/protected", token) == 200
        right = await keys.rotate()
        clock.advance(WAIT_S)
        assert right.kid == _kid((await service.log_in())["access_token"])


async def test_what_cannot_be_retired(
    keys: SigningKeys, paired: Settings, clock: Clock
) -> None:
    """The key that signs, one that is about to, one that has ended, and none."""
    await keys.ensure_first()
    (first,) = await keys.scheduled()
    with pytest.raises(KeyStateError, match="rotate first"):
        await keys.retire(first.stored.kid)
    second = await keys.rotate()
    clock.advance(WAIT_S - 2 * paired.keys.reread_s + 1)
    with pytest.raises(KeyStateError, match="signs in 59 s, which is too soon"):
        await keys.retire(second.kid)
    clock.advance(60)
    await keys.retire(first.stored.kid)
    for kid in (first.stored.kid, "nobody"):
        with pytest.raises(KeyStateError, match="that verifies"):
            await keys.retire(kid)


async def test_what_has_ended_is_forgotten(
    keys: SigningKeys, paired: Settings, clock: Clock
) -> None:
    """The next rotation removes the private half of a key that is over."""
    await keys.ensure_first()
    (first,) = await keys.scheduled()
    await keys.rotate()
    clock.advance(WAIT_S + SESSION_S + KEEP_MARGIN_S)
    await keys.rotate()
    files = {path.stem for path in (paired.storage.state_dir / "keys").iterdir()}
    scheduled = await keys.scheduled()

    assert first.stored.kid not in files
    assert len(files) == 2
    assert [key.state(clock.now) for key in scheduled] == ["ended", "current", "next"]


# The schedule -----------------------------------------------------------------


def _stored(generation: int, published_at: int, **changes: Any) -> StoredKey:
    values: dict[str, Any] = {
        "generation": generation,
        "kid": f"k{generation}",
        "algorithm": "ES256",
        "public": {},
        "sealed": None,
        "published_at": published_at,
        "signs_from": published_at + (WAIT_S if generation > 1 else 0),
        "token_life_s": 1_000,
        **changes,
    }
    return StoredKey(**values)


def test_nobody_signs_before_its_own_waiting_time() -> None:
    """A rotation that was told to wait less hurries no process that waits longer."""
    keys = [_stored(1, 0), _stored(2, 100, signs_from=101)]
    patient = schedule(keys, KeyOptions(publish_before_use_s=WAIT_S), 1_000)
    hasty = schedule(keys, KeyOptions(publish_before_use_s=1), 1_000)

    assert (patient[1].signs_from, hasty[1].signs_from) == (700, 101)
    # Whoever is hasty keeps the old key for those that are patient.
    assert hasty[0].verifies_until >= patient[0].signs_until + 1_000


@pytest.mark.parametrize(("ours", "stored"), [(1_000, 5_000), (5_000, 1_000)])
def test_a_key_verifies_as_long_as_its_longest_token(ours: int, stored: int) -> None:
    """The life of tokens may have been set to another value since."""
    keys = [_stored(1, 0), _stored(2, 100, token_life_s=stored)]
    first = schedule(keys, KeyOptions(publish_before_use_s=WAIT_S), ours)[0]

    assert first.verifies_until == 700 + 5_000 + KEEP_MARGIN_S


@pytest.mark.parametrize(
    ("now", "states"),
    [
        (99, ["current", "next"]),
        (699, ["current", "next"]),
        (700, ["retired", "current"]),
        (700 + 1_000 + KEEP_MARGIN_S - 1, ["retired", "current"]),
        (700 + 1_000 + KEEP_MARGIN_S, ["ended", "current"]),
    ],
)
def test_states_by_the_second(now: int, states: list[str]) -> None:
    """Each state begins and ends where the schedule says."""
    keys = [_stored(1, 0), _stored(2, 100)]
    scheduled = schedule(keys, KeyOptions(publish_before_use_s=WAIT_S), 1_000)

    assert states == [key.state(now) for key in scheduled]


# Where private keys are ---------------------------------------------------------


async def test_sealed_keys_need_no_files(
    start: Start, database: Database, paired: Settings
) -> None:
    """With an encryption key another host needs nothing but the database."""
    async with start(encryption_key=SEALING) as service:
        await service.add()
        token = (await service.log_in())["access_token"]
    assert not (paired.storage.state_dir / "keys").exists()
    (stored,) = await KeyTable(database).listed()
    assert stored.sealed is not None
    assert "PRIVATE" not in stored.sealed
    assert stored.sealed not in repr(stored)
    async with start(encryption_key=SEALING) as other:
        assert await other.status("GET", "/protected", token) == 200
        assert _kid((await other.log_in())["access_token"]) == _kid(token)


@pytest.mark.parametrize(
    ("encryption_key", "message"),
    [
        (None, "is encrypted: set QUART_JWT_KEY_ENCRYPTION_KEY"),
        (
            SEALING[::-1][1:] + "=",
            "encrypted with another QUART_JWT_KEY_ENCRYPTION_KEY",
        ),
    ],
)
async def test_a_sealed_key_stays_shut(
    start: Start, encryption_key: str | None, message: str
) -> None:
    """Without its key, or with another, the service does not start."""
    async with start(encryption_key=SEALING):
        pass
    with pytest.raises(LifespanError, match=message):
        async with start(encryption_key=encryption_key):
            pass


async def _files(paired: Settings) -> list[Path]:
    return list((paired.storage.state_dir / "keys").iterdir())


DAMAGES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "missing": (lambda path: path.unlink(), "cannot be read: No such file"),
    "emptied": (
        lambda path: path.write_bytes(b""),
        "does not belong to its public key",
    ),
    "no-key": (
        lambda path: path.write_text("secret"),
        "does not belong to its public key",
    ),
    "shared": (lambda path: path.chmod(0o640), "others can read or write"),
}


@pytest.mark.parametrize("name", DAMAGES)
async def test_a_private_key_that_is_damaged(
    start: Start, paired: Settings, name: str
) -> None:
    """The service does not start without the key that is to sign."""
    damage, message = DAMAGES[name]
    async with start():
        pass
    (file,) = await _files(paired)
    damage(file)
    with pytest.raises(LifespanError, match=message):
        async with start():
            pass


async def test_a_private_key_of_another_user(
    start: Start, paired: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever owns the file can replace the key."""
    async with start():
        pass
    (file,) = await _files(paired)
    us = os.geteuid()
    if us == 0:  # otherwise the directory is another user's, too
        os.chown(file, 54_321, -1)
    monkeypatch.setattr(os, "geteuid", lambda: us + 1)
    with pytest.raises(LifespanError, match="belongs to another user"):
        async with start():
            pass


async def test_a_key_in_place_of_another(
    start: Start, paired: Settings, keys: SigningKeys
) -> None:
    """A file under another key's name is not taken for it."""
    async with start():
        await keys.rotate()
    one, other = await _files(paired)
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    with pytest.raises(LifespanError, match="does not belong to its public key"):
        async with start():
            pass


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """Half a key is not left lying about."""
    (tmp_path / "keys" / f"{'k' * 43}.pem").mkdir(parents=True)
    with pytest.raises(StartError, match="cannot be written: Is a directory"):
        KeyVault(tmp_path / "keys", None).put("k" * 43, b"half a key")
    assert [path.is_dir() for path in (tmp_path / "keys").iterdir()] == [True]


async def test_an_id_is_no_path(keys: SigningKeys, database: Database) -> None:
    """What stands in the database opens no file elsewhere."""
    await KeyTable(database).add(_stored(1, 0, kid="../../etc/passwd"))
    with pytest.raises(StartError, match="is not its thumbprint"):
        await keys.ring(await keys.scheduled())


async def test_a_next_key_that_is_not_here_verifies(
    start: Start,
    paired: Settings,
    keys: SigningKeys,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A host without it accepts what others sign, goes on with its own, and says so."""
    async with start() as service:
        await service.add()
        kid = _kid((await service.log_in())["access_token"])
        next_kid = (await keys.rotate()).kid
        (paired.storage.state_dir / "keys" / f"{next_kid}.pem").unlink()
        clock.advance(60)
        assert next_kid in [key["kid"] for key in (await _jwks(service))["keys"]]
        assert "The next key can neither sign nor verify refresh tokens" in caplog.text
        clock.advance(WAIT_S)
        assert kid == _kid((await service.log_in())["access_token"])


async def test_a_start_that_fails_is_one_sentence(
    start: Start, paired: Settings
) -> None:
    """The command finds out before it serves, and says it without a traceback."""
    async with start():
        pass
    (file,) = await _files(paired)
    file.unlink()
    with pytest.raises(StartError, match="cannot be read: No such file"):
        await prepare_keys(paired)
    await prepare_keys(dataclasses.replace(paired, secret_key=SECRET))


async def test_a_directory_that_cannot_be_written(
    start: Start, paired: Settings
) -> None:
    """A key that cannot be kept is not made."""
    (paired.storage.state_dir / "keys").write_text("in the way")
    with pytest.raises(LifespanError, match="keys' cannot be made"):
        async with start():
            pass


# Keeping up -----------------------------------------------------------------------


async def test_a_process_follows_by_itself(
    start: Start, keys: SigningKeys, clock: Clock
) -> None:
    """It looks again in the background, without any request."""
    async with start(publish_before_use_s=0.01) as service:
        kid = (await keys.rotate()).kid
        ring: KeyRing = service.app.config["JWT_KEY_RING"]
        while kid not in [key.kid for key in ring.keys]:
            await asyncio.sleep(0.001)
            ring = service.app.config["JWT_KEY_RING"]


@pytest.mark.parametrize(
    "error",
    [StoreUnavailableError(), ConfigurationError("a JWK"), ValueError("no JSON")],
)
async def test_a_process_outlives_its_database(
    start: Start,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    """Looking again may fail; what is in hand works on, and it tries on."""
    failed = asyncio.Event()

    async def fail(_table: KeyTable) -> Any:
        failed.set()
        raise error

    async with start(publish_before_use_s=0.01) as service:
        await service.add()
        token = (await service.log_in())["access_token"]
        monkeypatch.setattr(KeyTable, "listed", fail)
        await failed.wait()
        failed.clear()
        await failed.wait()
        monkeypatch.undo()
        assert await service.status("GET", "/protected", token) == 200
    assert f"The keys could not be reloaded: {error}" in caplog.text


@pytest.mark.parametrize(
    ("after_s", "status"), [(59, 200), (60, 200), (WAIT_S - 1, 200), (WAIT_S, 503)]
)
async def test_nothing_is_answered_with_keys_of_long_ago(
    start: Start,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    after_s: int,
    status: int,
) -> None:
    """Without a look at the table for so long, there may be keys nobody told us of."""

    async def fail(_table: KeyTable) -> Any:
        raise StoreUnavailableError

    async with start() as service:
        await service.add()
        monkeypatch.setattr(KeyTable, "listed", fail)
        clock.advance(after_s)
        answer = await service.client.get("/.well-known/jwks.json")
        assert answer.status_code == status


async def test_requests_at_once_look_once(
    start: Start, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a long pause one of them reads the table, and the others wait for it."""
    reads: list[None] = []
    listed = KeyTable.listed

    async def count(table: KeyTable) -> Any:
        reads.append(None)
        return await listed(table)

    async with start() as service:
        monkeypatch.setattr(KeyTable, "listed", count)
        clock.advance(WAIT_S)
        await asyncio.gather(*(_jwks(service) for _ in range(20)))
    assert len(reads) == 1


async def test_a_ring_is_installed_when_it_changes(
    paired: Settings, keys: SigningKeys, clock: Clock
) -> None:
    """The same keys are not installed again: remembered tokens stay remembered."""
    rings: list[KeyRing] = []
    follower = KeyFollower(keys, paired.keys, install=rings.append, clock=clock)
    serving = follower.serving()
    await anext(serving)
    for _ in range(3):
        clock.advance(WAIT_S)
        await follower.keep_up()
    assert len(rings) == 1
    await keys.rotate()
    clock.advance(WAIT_S)
    await follower.keep_up()
    assert len(rings) == 2
    await serving.aclose()


# What everybody may know -----------------------------------------------------------


async def test_jwks_may_be_kept(start: Start) -> None:
    """With an ETag, a life of half the waiting time, and 304 for whoever has it."""
    async with start() as service:
        first = await service.client.get("/.well-known/jwks.json")
        etag = first.headers["ETag"]
        again = await service.client.get(
            "/.well-known/jwks.json", headers={"If-None-Match": etag}
        )
        head = await service.client.head("/.well-known/jwks.json")
    assert first.headers["Content-Type"] == "application/jwk-set+json"
    assert first.headers["Cache-Control"] == "public, max-age=300"
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert (again.status_code, await again.get_data()) == (304, b"")
    assert again.headers["ETag"] == etag
    assert (head.status_code, head.headers["ETag"]) == (200, etag)


async def test_etag_is_of_the_keys(
    start: Start, keys: SigningKeys, clock: Clock
) -> None:
    """It changes with a rotation, and not with a restart."""
    etags = []
    for _ in range(2):
        async with start() as service:
            answer = await service.client.get("/.well-known/jwks.json")
            etags.append(answer.headers["ETag"])
    await keys.rotate()
    async with start() as service:
        answer = await service.client.get("/.well-known/jwks.json")
        etags.append(answer.headers["ETag"])
    assert etags[0] == etags[1] != etags[2]


async def test_a_secret_is_not_published(service: Service) -> None:
    """A service that signs with a secret has an empty set, and no metadata."""
    assert await _jwks(service) == {"keys": []}
    answer = await service.client.get("/.well-known/openid-configuration")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("issuer", ["https://id.example", "https://id.example/auth/"])
async def test_metadata_name_the_keys(start: Start, issuer: str) -> None:
    """The issuer as it stands in tokens, and where its keys are."""
    async with start(issuer=issuer) as service:
        await service.add()
        token = (await service.log_in())["access_token"]
        answer = await service.client.get("/.well-known/openid-configuration")
        assert await service.status("GET", "/protected", token) == 200
    document = json.loads(await answer.get_data())
    assert document == {
        "issuer": issuer,
        "jwks_uri": f"{issuer.rstrip('/')}/.well-known/jwks.json",
    }
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    payload = pyjwt.decode(token, options={"verify_signature": False})
    assert payload["iss"] == issuer


async def test_tokens_are_for_their_audience(start: Start) -> None:
    """What was issued for somebody else, or by somebody else, is refused."""
    async with start(issuer="https://a.example", audience="a") as service:
        await service.add()
        token = (await service.log_in())["access_token"]
        assert await service.status("GET", "/protected", token) == 200
        reply = await ask(service.app, "/auth/verify", headers=bearer(token))
        assert reply.status == 200
    for options in ({"issuer": "https://b.example"}, {"audience": "b"}):
        async with start(**options) as other:
            assert await other.code("GET", "/protected", token) == "invalid_token"
