import asyncio

import pytest
from argon2 import extract_parameters
from argon2 import PasswordHasher
from sqlalchemy import text
from werkzeug.security import generate_password_hash

from clock import Clock
from quart_jwt.service.accounts import passwords as hashing
from quart_jwt.service.accounts.passwords import Passwords
from quart_jwt.service.accounts.stored_hashes import matches
from quart_jwt.service.accounts.stored_hashes import method_of
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.errors import CredentialsError
from quart_jwt.service.ground.errors import HashingBusyError
from quart_jwt.service.ground.errors import NameRuleError
from quart_jwt.service.ground.errors import PasswordRuleError
from quart_jwt.service.ground.values import HashCost
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service


async def test_a_full_queue_asks_the_database_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood is turned away before it costs a look-up."""
    await service.add()
    resources = service.resources
    monkeypatch.setattr(resources.passwords, "_limit", 0)
    await resources.database.close()
    with pytest.raises(HashingBusyError):
        await resources.authentication.authenticate(NAME, PASSWORD)


async def _store_old_hash(service: Service) -> str:
    other = Passwords(HashCost(memory_kib=16, iterations=1, lanes=1), slots=1)
    old = await other.hash(PASSWORD)
    await other.close()
    await service.resources.accounts.add(NAME, old)
    return old


async def test_the_right_password_gives_the_account(service: Service) -> None:
    """The account is found by any spelling of its name."""
    await service.add("\u00e9ve")
    authenticate = service.resources.authentication.authenticate
    assert (await authenticate("e\u0301ve", PASSWORD)).name == "\u00e9ve"


@pytest.mark.parametrize("case", ["unknown", "wrong", "disabled", "hostile"])
async def test_every_failure_costs_one_verification(
    service: Service, verified: list[str], case: str
) -> None:
    """Whatever is wrong, one hash with the same parameters was computed."""
    await service.add()
    if case == "disabled":
        await service.resources.accounts.disable(NAME)
    if case == "hostile":
        await _overwrite_hash(service, "$argon2id$v=19$m=4194304,t=1,p=1$c2E$aGE")
    name = "bob" if case == "unknown" else NAME
    password = "wrong" if case == "wrong" else PASSWORD
    with pytest.raises(CredentialsError):
        await service.resources.authentication.authenticate(name, password)
    assert verified == ["8,1,1"]


async def _overwrite_hash(service: Service, stored: str) -> None:
    await service.resources.database.change(
        text("UPDATE users SET password_hash = :stored").bindparams(stored=stored)
    )


@pytest.mark.parametrize(
    ("name", "password", "error"),
    [
        ("", PASSWORD, NameRuleError),
        (NAME, "", PasswordRuleError),
        (NAME, "x" * 1025, PasswordRuleError),
    ],
)
async def test_what_breaks_the_rules_is_never_hashed(
    service: Service,
    verified: list[str],
    name: str,
    password: str,
    error: type[Exception],
) -> None:
    """A password of 1,025 bytes is refused at the door."""
    with pytest.raises(error):
        await service.resources.authentication.authenticate(name, password)
    assert verified == []


async def test_an_outdated_hash_is_replaced_once(
    service: Service, hashed: list[str]
) -> None:
    """Twenty logins at once make one new hash, and the password still fits."""
    old = await _store_old_hash(service)
    hashed.clear()
    authenticate = service.resources.authentication.authenticate
    await asyncio.gather(*(authenticate(NAME, PASSWORD) for _ in range(20)))
    account = await authenticate(NAME, PASSWORD)
    assert hashed == [PASSWORD]
    assert old != account.password_hash
    assert extract_parameters(account.password_hash).memory_cost == 8


COUNTING = {
    "sqlite": [
        "CREATE TABLE written (hash TEXT)",
        (
            "CREATE TRIGGER writing AFTER UPDATE OF password_hash ON users BEGIN "
            "INSERT INTO written VALUES (NEW.password_hash); END"
        ),
    ],
    "postgresql": [
        "DROP TABLE IF EXISTS written",
        "CREATE TABLE written (hash TEXT)",
        (
            "CREATE OR REPLACE FUNCTION writing() RETURNS trigger LANGUAGE plpgsql "
            "AS $$ BEGIN INSERT INTO written VALUES (NEW.password_hash); "
            "RETURN NEW; END $$"
        ),
        (
            "CREATE OR REPLACE TRIGGER writing AFTER UPDATE OF password_hash ON users "
            "FOR EACH ROW EXECUTE FUNCTION writing()"
        ),
    ],
}
"""Lets the database itself count how often a hash is written."""


async def test_two_processes_replace_an_outdated_hash_once(
    anywhere: Service, clock: Clock, hashed: list[str]
) -> None:
    """Of 20 logins at once at two processes, one writes; each hashes once at most."""
    database = anywhere.resources.database
    scheme = anywhere.resources.settings.storage.database_url.partition("+")[0]
    for statement in COUNTING[scheme]:
        await database.change(text(statement))
    await _store_old_hash(anywhere)
    hashed.clear()
    app = create_app(anywhere.resources.settings, clock)
    async with app.test_app():
        other = Service(app=app, client=app.test_client(), clock=clock)
        hashed.clear()  # its start made the dummy
        await asyncio.gather(
            *(service.log_in() for service in (anywhere, other) for _ in range(10))
        )
    written = await database.rows(text("SELECT hash FROM written"))
    account = await anywhere.resources.accounts.find(NAME)

    assert account is not None
    assert [account.password_hash] == [row["hash"] for row in written]
    assert len(hashed) <= 2
    if scheme == "postgresql":
        await database.change(text("DROP TRIGGER writing ON users"))


async def test_a_busy_pool_does_not_spoil_a_login(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A login whose rehash finds the queue full is still a login."""
    old = await _store_old_hash(service)

    async def busy(_password: str) -> str:
        raise HashingBusyError

    monkeypatch.setattr(service.resources.passwords, "hash", busy)
    account = await service.resources.authentication.authenticate(NAME, PASSWORD)
    assert old == account.password_hash


async def test_a_late_login_does_not_rehash_again(
    service: Service, hashed: list[str]
) -> None:
    """Who verified the old hash after it was replaced leaves the new one alone."""
    await _store_old_hash(service)
    authentication = service.resources.authentication
    stale = await service.resources.accounts.find(NAME)
    assert stale is not None
    await authentication.authenticate(NAME, PASSWORD)
    fresh = await service.resources.accounts.find(NAME)
    hashed.clear()
    await authentication._rehash(stale, PASSWORD)
    assert hashed == []
    assert fresh == await service.resources.accounts.find(NAME)


async def test_the_reason_names_only_users_that_exist(service: Service) -> None:
    """A password typed into the name field is not kept; no password ever is."""
    await service.add("eve\u2028x")
    said = []
    for name in ("my-secret-in-the-wrong-field", "eve\u2028x"):
        with pytest.raises(CredentialsError) as caught:
            await service.resources.authentication.authenticate(name, "guessed")
        said.append((caught.value.reason, caught.value.subject))
        assert str(caught.value) == "Wrong user name or password"
    assert said == [("unknown_user", None), ("wrong_password", "eve\u2028x")]


async def test_an_imported_hash_does_not_tell_names_apart(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is refused, the methods of all users are computed, in whatever order."""
    computed: list[str] = []

    def counted(hasher: PasswordHasher, stored: str, password: str) -> bool:
        method = method_of(stored)
        assert method is not None
        computed.append(method.text)
        return matches(hasher, stored, password)

    monkeypatch.setattr(hashing, "matches", counted)
    await service.add()
    imported = generate_password_hash(PASSWORD, "scrypt:1024:8:1")
    await service.resources.accounts.add("flask", imported)
    await service.resources.accounts.add("gone", imported)
    await service.resources.accounts.disable("gone")
    authentication = service.resources.authentication
    work = []
    for name, password in (
        ("unknown", "wrong"),
        (NAME, "wrong"),
        ("flask", "wrong"),
        ("gone", PASSWORD),
    ):
        computed.clear()
        with pytest.raises(CredentialsError):
            await authentication.authenticate(name, password)
        work.append(sorted(computed))
    assert work == [["$argon2id$v=19$m=8,t=1,p=1", "scrypt:1024:8:1"]] * 4
