import asyncio
import logging
from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any

import pytest

from quart_jwt.service.accounts.directory import User
from quart_jwt.service.accounts.directory_guard import Guard
from quart_jwt.service.accounts.guarded_directory import GuardedDirectory
from quart_jwt.service.accounts.guarded_directory import GuardedPasswordChanging
from quart_jwt.service.accounts.guarded_directory import GuardedRegistering
from quart_jwt.service.ground.errors import CredentialsError
from quart_jwt.service.ground.errors import DirectoryError
from quart_jwt.service.ground.errors import HashingBusyError
from quart_jwt.service.ground.errors import NameRuleError
from quart_jwt.service.ground.errors import PasswordRuleError
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.ground.errors import WrongPasswordError
from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.ground.grants import NONE

NEW = "a new pass phrase"
SECRET = "hunter2-\u00e9'\"x"

Answer = Callable[..., Any]


class Directory:
    """A directory that does for every verb what it was told to do."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.asked: list[tuple[Any, ...]] = []

    async def open(self) -> None:
        """Get ready."""
        await self._asked()

    async def close(self) -> None:
        """Let go."""
        await self._asked()

    async def authenticate(self, name: str, password: str) -> User:
        """Give what was told."""
        return await self._asked(name, password)  # type: ignore[no-any-return] # it lies, too

    async def find(self, name: str) -> User | None:
        """Give what was told."""
        return await self._asked(name)  # type: ignore[no-any-return] # the same

    async def change_password(self, name: str, current: str, new: str) -> User:
        """Give what was told."""
        return await self._asked(name, current, new)  # type: ignore[no-any-return] # the same

    async def register(self, name: str, password: str, grants: Grants) -> bool:
        """Give what was told."""
        return await self._asked(name, password, grants)  # type: ignore[no-any-return] # the same

    async def _asked(self, *arguments: Any) -> Any:
        self.asked.append(arguments)
        found = self._answer(*arguments)
        return await found if isinstance(found, Awaitable) else found


def _raising(error: BaseException) -> Answer:
    def answer(*_arguments: Any) -> Any:
        raise error

    return answer


def _giving(value: Any) -> Answer:
    return lambda *_arguments: value


Doors = tuple[GuardedDirectory, GuardedPasswordChanging, GuardedRegistering]


def _guarded(directory: Directory, *, timeout_s: float = 60) -> Doors:
    guard = Guard("people", timeout_s=timeout_s)
    return (
        GuardedDirectory(directory, guard),
        GuardedPasswordChanging(directory, guard),
        GuardedRegistering(directory, guard),
    )


async def _sign_in(doors: Doors) -> Any:
    return await doors[0].authenticate("alice", SECRET)


async def _find(doors: Doors) -> Any:
    return await doors[0].find("alice")


async def _change(doors: Doors) -> Any:
    return await doors[1].change_password("alice", SECRET, NEW)


async def _register(doors: Doors) -> Any:
    return await doors[2].register("alice", SECRET, NONE)


VERBS = [_sign_in, _find, _change, _register]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "error",
    [
        ValueError("no"),
        KeyError("x"),
        OSError(111, "Connection refused"),
        NameRuleError("theirs"),
        PasswordRuleError("theirs"),
        StartError("theirs"),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_whatever_it_raises_nobody_gets_in(
    error: Exception, verb: Callable[[Doors], Any]
) -> None:
    """One error for all of them, which leads to none of theirs in a traceback."""
    with pytest.raises(DirectoryError) as caught:
        await verb(_guarded(Directory(_raising(error))))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("verb", VERBS)
async def test_one_that_hangs_is_away(verb: Callable[[Doors], Any]) -> None:
    """An answer that does not come in time is none."""
    hanging = Directory(lambda *_: asyncio.Event().wait())
    with pytest.raises(DirectoryError):
        await verb(_guarded(hanging, timeout_s=0))


@pytest.mark.parametrize("error", [CredentialsError(), HashingBusyError("busy")])
async def test_what_it_may_say_is_passed_on(error: Exception) -> None:
    """No is an answer, and so is "too many at once"."""
    with pytest.raises(type(error)):
        await _sign_in(_guarded(Directory(_raising(error))))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("wrong_password", "wrong_password"),
        ("unknown_user", "unknown_user"),
        ("disabled", "disabled"),
        ("refused", "refused"),
        ("alice: hunter2", "refused"),
        (None, "refused"),
        (["disabled"], "refused"),
    ],
)
async def test_reasons_come_from_our_own_set(given: Any, reason: str) -> None:
    """What else a directory says of a refusal is in no log and no metric."""
    error = CredentialsError(given, "hunter2")
    with pytest.raises(CredentialsError) as caught:
        await _sign_in(_guarded(Directory(_raising(error))))
    assert (caught.value.reason, caught.value.subject) == (reason, None)


@pytest.mark.parametrize("error", [CredentialsError(), WrongPasswordError()])
async def test_a_wrong_password_has_one_code(error: Exception) -> None:
    """Whichever of the two a directory raises."""
    with pytest.raises(WrongPasswordError):
        await _change(_guarded(Directory(_raising(error))))


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("alice", id="text"),
        pytest.param(True, id="true"),
        pytest.param({"name": "alice"}, id="mapping"),
        pytest.param(User(name=""), id="nameless"),
        pytest.param(User(name="e\u0301"), id="not-nfc"),
        pytest.param(User(name="alice\n"), id="control"),
        pytest.param(User(name=7), id="number"),  # type: ignore[arg-type] # it lies
        pytest.param(User(name="alice", grants=Grants(roles=("a b",))), id="blank"),
        pytest.param(
            User(name="alice", grants=Grants(scopes=("x" * 65,))), id="long-scope"
        ),
        pytest.param(
            User(name="alice", grants=Grants(roles=tuple(map(str, range(33))))),
            id="many-roles",
        ),
        pytest.param(
            User(name="alice", grants=Grants(roles=(7,))),  # type: ignore[arg-type] # the same
            id="number-role",
        ),
    ],
)
@pytest.mark.parametrize("verb", [_sign_in, _find, _change])
async def test_what_is_no_user_is_not_believed(
    given: Any, verb: Callable[[Doors], Any]
) -> None:
    """No token is made of something that cannot stand in one."""
    with pytest.raises(DirectoryError):
        await verb(_guarded(Directory(_giving(given))))


async def test_nobody_is_no_answer_to_a_sign_in() -> None:
    """None means "not found" of ``find`` alone."""
    doors = _guarded(Directory(_giving(None)))
    assert await _find(doors) is None
    for verb in (_sign_in, _change):
        with pytest.raises(DirectoryError):
            await verb(doors)


async def test_another_user_is_not_the_one() -> None:
    """A directory that finds "Alice" for "alice" gives her no token of his."""
    assert await _find(_guarded(Directory(_giving(User(name="Alice"))))) is None


@pytest.mark.parametrize(
    "given", [User(name="bob"), User(name="alice", enabled=False)], ids=["other", "off"]
)
async def test_a_new_password_is_of_the_one_who_asked(
    given: User, caplog: pytest.LogCaptureFixture
) -> None:
    """A directory that answers with somebody else, or a disabled user, is wrong."""
    with pytest.raises(DirectoryError):
        await _change(_guarded(Directory(_giving(given))))
    assert "'people' changed another user" in caplog.text


async def test_a_directory_may_spell_a_name_its_own_way() -> None:
    """A sign-in takes the name that the directory gives."""
    doors = _guarded(Directory(_giving(User(name="Alice"))))
    assert (await _sign_in(doors)).name == "Alice"


async def test_a_disabled_user_is_refused() -> None:
    """Also if the directory takes the password."""
    with pytest.raises(CredentialsError):
        await _sign_in(_guarded(Directory(_giving(User(name="alice", enabled=False)))))


@pytest.mark.parametrize(
    ("name", "password", "error"),
    [
        ("", "x", NameRuleError),
        ("a*)(\n", "x", NameRuleError),
        ("alice", "", PasswordRuleError),
        ("alice", "x" * 1025, PasswordRuleError),
        ("alice", "a\0", PasswordRuleError),
    ],
)
async def test_what_breaks_the_rules_never_reaches_it(
    name: str, password: str, error: type[Exception]
) -> None:
    """The same rules as for our own directory."""
    directory = Directory(_giving(User(name="alice")))
    doors = _guarded(directory)
    with pytest.raises(error):
        await doors[0].authenticate(name, password)
    with pytest.raises((error, PasswordRuleError)):
        await doors[2].register(name, password, NONE)
    with pytest.raises(PasswordRuleError):
        await doors[1].change_password("alice", "x", "short")
    with pytest.raises(WrongPasswordError):
        await doors[1].change_password("alice", "", NEW)
    assert directory.asked == []


async def test_names_come_in_nfc() -> None:
    """One letter, however it was typed."""
    directory = Directory(_giving(User(name="\u00e9")))
    await _guarded(directory)[0].authenticate("e\u0301", "x")
    assert directory.asked == [("\u00e9", "x")]


@pytest.mark.parametrize(
    ("told", "free"), [(True, True), (False, False), (None, False)]
)
async def test_a_registration_is_done_or_not(told: Any, *, free: bool) -> None:
    """What a directory says of the name."""
    assert free is await _register(_guarded(Directory(_giving(told))))


@pytest.mark.parametrize("verb", [_sign_in, _change, _register])
async def test_no_text_of_an_error_comes_into_the_log(
    caplog: pytest.LogCaptureFixture, verb: Callable[[Doors], Any]
) -> None:
    """It may hold the password in any form; the error's type and its place are all."""
    caplog.set_level(logging.DEBUG)
    error = RuntimeError("cannot bind with hunter2 now")
    with pytest.raises(DirectoryError):
        await verb(_guarded(Directory(_raising(error))))
    assert "'people' failed: RuntimeError at " in caplog.text
    assert "test_guarded_directory.py:" in caplog.text
    assert "bind" not in caplog.text


async def test_a_name_as_typed_does_not_come_into_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is typed into the name field by mistake is often a password."""
    doors = _guarded(Directory(lambda name, _: _raising(OSError(name))()))
    with pytest.raises(DirectoryError):
        await doors[0].authenticate("my-secret-in-the-wrong-field", "x")
    assert "my-secret" not in caplog.text


async def test_the_log_says_what_was_wrong(caplog: pytest.LogCaptureFixture) -> None:
    """An operator reads which directory, what it raised, and where."""
    with pytest.raises(DirectoryError):
        await _find(_guarded(Directory(_raising(OSError(111, "Connection refused")))))
    assert "'people' failed: ConnectionRefusedError at " in caplog.text


async def test_opening_and_closing() -> None:
    """One that cannot be opened is no start; closing one that fails goes on."""
    broken = _guarded(Directory(_raising(OSError("x"))))[0]
    with pytest.raises(StartError, match="'people' cannot be opened"):
        await broken.open()
    await broken.close()
    whole = Directory(_giving(None))
    await _guarded(whole)[0].open()
    await _guarded(whole)[0].close()
    assert whole.asked == [(), ()]
