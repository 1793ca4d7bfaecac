"""Users of a directory from elsewhere: asked once in a while, and never for a "no"."""

import asyncio
from typing import Any

import pytest

from clock import Clock
from quart_jwt.service.accounts.directory import User
from quart_jwt.service.accounts.remembered_users import MAX_USERS
from quart_jwt.service.accounts.remembered_users import RememberedUsers
from quart_jwt.service.ground.errors import DirectoryError

BOUND_S = 1.0


class Directory:
    """A directory of one user, as a test says."""

    def __init__(self) -> None:
        self.user: User | None = User(name="ada")
        self.asked: list[str] = []
        self.error: Exception | None = None

    async def find(self, name: str) -> User | None:
        """Find the user."""
        self.asked.append(name)
        found = self.user
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return found


@pytest.fixture(name="directory")
def _directory() -> Any:
    return Directory()


@pytest.fixture(name="monotonic")
def _monotonic() -> Clock:
    return Clock(1_000)


@pytest.fixture(name="users")
def _users(directory: Any, monotonic: Clock) -> RememberedUsers:
    return RememberedUsers(directory, bound_s=lambda: BOUND_S, monotonic=monotonic)


async def test_a_user_is_remembered_for_the_bound(
    users: RememberedUsers, directory: Any, monotonic: Clock
) -> None:
    """Many questions within it are one; the first after it is asked."""
    for _ in range(5):
        assert await users.find("ada", 0) == directory.user
    monotonic.advance(BOUND_S)
    await users.find("ada", 0)
    assert directory.asked == ["ada"]
    monotonic.advance(0.001)
    await users.find("ada", 0)

    assert directory.asked == ["ada", "ada"]


async def test_questions_at_once_are_one(
    users: RememberedUsers, directory: Any
) -> None:
    """A thousand requests of one user wait for one answer."""
    found = await asyncio.gather(*(users.find("ada", 0) for _ in range(1_000)))

    assert {directory.user} == set(found)
    assert directory.asked == ["ada"]


@pytest.mark.parametrize(
    "user", [None, User(name="ada", enabled=False), User(name="ada", session_epoch=1)]
)
async def test_a_refusal_is_not_remembered(
    users: RememberedUsers, directory: Any, user: User | None
) -> None:
    """Who is let in again, is let in at the next request."""
    good, directory.user = directory.user, user
    assert await users.find("ada", 0) is None
    directory.user = good

    assert await users.find("ada", 0) == good


async def test_a_change_counts_within_the_bound(
    users: RememberedUsers, directory: Any, monotonic: Clock
) -> None:
    """And not later, however often the user is asked for meanwhile."""
    await users.find("ada", 0)
    directory.user = None
    for _ in range(4):
        monotonic.advance(BOUND_S / 4)
        assert await users.find("ada", 0) is not None
    monotonic.advance(0.001)

    assert await users.find("ada", 0) is None


async def test_a_token_of_the_new_epoch_is_not_judged_by_the_old_one(
    users: RememberedUsers, directory: Any
) -> None:
    """The first token after a password change works, though the user is remembered."""
    await users.find("ada", 0)
    directory.user = User(name="ada", session_epoch=1)

    assert await users.find("ada", 1) == directory.user


async def test_a_failure_is_not_an_answer(
    users: RememberedUsers, directory: Any, monotonic: Clock
) -> None:
    """Once the bound is over, a directory that fails lets nobody in."""
    await users.find("ada", 0)
    directory.error = DirectoryError()
    monotonic.advance(BOUND_S + 1)
    for _ in range(2):
        with pytest.raises(DirectoryError):
            await users.find("ada", 0)


async def test_only_so_many_are_remembered(
    users: RememberedUsers, directory: Any
) -> None:
    """The one remembered first makes room."""
    for number in range(MAX_USERS + 1):
        directory.user = User(name=f"u{number}")
        await users.find(f"u{number}", 0)

    assert len(users._found) == MAX_USERS
