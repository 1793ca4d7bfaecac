import asyncio

import pytest

from clock import Clock
from clock import START
from quart_jwt.service.accounts.account_rows import Account
from quart_jwt.service.accounts.accounts import Accounts
from quart_jwt.service.accounts.names import normalised_name
from quart_jwt.service.database.database import Database
from quart_jwt.service.ground.errors import NameRuleError
from quart_jwt.service.ground.errors import NameTakenError
from quart_jwt.service.ground.errors import UnknownNameError
from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.ground.grants import NONE


@pytest.fixture(name="accounts")
def _accounts(database: Database, clock: Clock) -> Accounts:
    return Accounts(database, clock)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a", "a"),
        ("x" * 256, "x" * 256),
        ("e\u0301", "\u00e9"),
        ("e\u0301" * 256, "\u00e9" * 256),
        ("two words", "two words"),
        ("\U0001f600", "\U0001f600"),
        ("'; DROP TABLE users; --", "'; DROP TABLE users; --"),
    ],
)
def test_a_name_is_normalised(text: str, name: str) -> None:
    """Letters with their accents apart become one; everything else stays."""
    assert name == normalised_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 257,
        "a\0b",
        "a\nb",
        "a\x7f",
        "a\x85",
        "a\ud800",
        "\udcffb",
        "  name",
        "name  ",
        "a\u00a0",
        "a\u200b",
        "\u202eb",
    ],
)
def test_what_is_no_name(text: str) -> None:
    """Empty, too long, invisible characters and blanks at the ends are refused."""
    with pytest.raises(NameRuleError) as caught:
        normalised_name(text)
    assert not text or text not in str(caught.value)


async def test_a_namesake_inherits_no_session(accounts: Accounts) -> None:
    """Accounts of one name, one after the other, do not share their epoch."""
    await accounts.add("alice", "h")
    await accounts.add("bob", "h")
    epochs = {account.session_epoch for account in await accounts.listed()}
    assert len(epochs) == 2


async def test_an_account_is_found_as_it_was_added(accounts: Accounts) -> None:
    """What was added is there, enabled and dated."""
    assert await accounts.add("e\u0301ve", "h") == "\u00e9ve"
    account = await accounts.find("\u00e9ve")
    assert account is not None
    assert (
        account.name,
        account.password_hash,
        account.enabled,
        account.created_at,
    ) == ("\u00e9ve", "h", True, START)
    assert await accounts.find("Éve".casefold() + "x") is None
    assert await accounts.find("\u00c9ve") is None


async def test_a_name_is_taken_once(accounts: Accounts) -> None:
    """Of twenty who want a name at once, one gets it."""
    results = await asyncio.gather(
        *(accounts.add("alice", str(number)) for number in range(20)),
        return_exceptions=True,
    )
    assert results.count("alice") == 1
    assert sum(isinstance(result, NameTakenError) for result in results) == 19
    assert await accounts.count() == 1


async def test_accounts_are_listed_by_name(accounts: Accounts) -> None:
    """The list is sorted and complete."""
    for name in ("bob", "alice", "carol"):
        await accounts.add(name, "h")
    assert [one.name for one in await accounts.listed()] == ["alice", "bob", "carol"]


async def test_a_change_ends_the_sessions_it_must(accounts: Accounts) -> None:
    """A new password and a disabling count the epoch up; enabling does not."""
    await accounts.add("alice", "h")
    account = await accounts.find("alice")
    assert account is not None
    first = account.session_epoch
    await accounts.set_password("alice", "h2")
    await accounts.disable("alice")
    account = await accounts.find("alice")
    assert account is not None
    assert (
        account.password_hash,
        account.enabled,
        account.session_epoch,
    ) == ("h2", False, first + 2)
    await accounts.enable("alice")
    account = await accounts.find("alice")
    assert account is not None
    assert (account.enabled, account.session_epoch) == (True, first + 2)


async def test_a_hash_is_replaced_only_if_it_is_still_there(
    accounts: Accounts,
) -> None:
    """A rehash never overwrites a password that was changed meanwhile."""
    await accounts.add("alice", "old")
    account = await accounts.find("alice")
    assert account is not None
    await accounts.replace_hash(account, "new")
    await accounts.replace_hash(account, "too late")
    account = await accounts.find("alice")
    assert account is not None
    assert account.password_hash == "new"


async def test_a_password_is_replaced_only_in_the_state_that_was_read(
    accounts: Accounts,
) -> None:
    """Not after another change or a disabling, but after a rehash."""
    await accounts.add("alice", "h")
    first = await _found(accounts)
    await accounts.replace_hash(first, "rehashed")
    assert await accounts.replace_password(first, "h2")
    assert not await accounts.replace_password(first, "too late")
    second = await _found(accounts)
    assert (second.password_hash, second.session_epoch) == (
        "h2",
        first.session_epoch + 1,
    )
    await accounts.disable("alice")
    await accounts.enable("alice")
    assert not await accounts.replace_password(second, "too late")
    assert (await _found(accounts)).password_hash == "h2"


async def test_a_disabled_user_has_no_password_to_replace(accounts: Accounts) -> None:
    """Even if the account was read after the disabling."""
    await accounts.add("alice", "h")
    await accounts.disable("alice")
    assert not await accounts.replace_password(await _found(accounts), "h2")


async def _found(accounts: Accounts) -> Account:
    account = await accounts.find("alice")
    assert account is not None
    return account


async def test_grants_that_are_given_at_once_are_all_there(accounts: Accounts) -> None:
    """Twenty changes at once lose none, and each counts the epoch up if it says so."""
    await accounts.add("alice", "h", Grants(roles=("first",)))
    epoch = (await _found(accounts)).session_epoch
    more = [Grants(roles=(f"r{number}",)) for number in range(20)]
    await asyncio.gather(
        *(
            accounts.change_grants("alice", one.with_more, sign_out=bool(at % 2))
            for at, one in enumerate(more)
        )
    )
    account = await _found(accounts)
    assert set(account.grants.roles) == {"first", *(f"r{n}" for n in range(20))}
    assert account.session_epoch == epoch + 10


async def test_a_name_is_registered_once(accounts: Accounts) -> None:
    """Of twenty at once one gets it, and the others change nothing."""
    results = await asyncio.gather(
        *(accounts.register("alice", f"h{n}", NONE) for n in range(20))
    )
    assert results.count(True) == 1
    assert (await _found(accounts)).password_hash == f"h{results.index(True)}"


async def test_nobody_cannot_be_changed(accounts: Accounts) -> None:
    """Every change of an unknown user says so."""
    for change in (
        accounts.disable("bob"),
        accounts.enable("bob"),
        accounts.set_password("bob", "h"),
        accounts.change_grants("bob", lambda grants: grants),
    ):
        with pytest.raises(UnknownNameError, match="no user named 'bob'"):
            await change
