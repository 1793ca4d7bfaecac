"""
Two managers of one Flask app: what counts is the hooks of both.

A library's ``Api(app)`` may register a ``JWTManager`` of its own. Under
Flask-JWT-Extended it replaces the first one and its blocklist silently.
"""

import traceback
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterable
from dataclasses import fields
from dataclasses import replace
from inspect import currentframe
from inspect import isawaitable
from pathlib import Path
from typing import Any
from weakref import WeakSet

import quart_jwt
from quart_jwt.clock import system_time
from quart_jwt.extension.hooks.calling import may_block
from quart_jwt.extension.hooks.calling import nonblocking
from quart_jwt.extension.hooks.loaders import Hook
from quart_jwt.extension.hooks.loaders import IssueHooks
from quart_jwt.extension.hooks.loaders import VerifyHooks

_OWN = str(Path(quart_jwt.__file__).parent)


class JoinedManager(quart_jwt.JWTManager):
    """
    The manager of an app that has two.

    A hook of the second counts before one of the first, also if it is registered
    later. A token has to pass the blocklists and the verification hooks of both.

    Args:
        first: The manager that the app had.
        second: The one that was registered after it.
        app: The Quart app.
    """

    def __init__(
        self, first: quart_jwt.JWTManager, second: quart_jwt.JWTManager, app: Any
    ) -> None:
        # Not super().__init__(), which would set hooks: each is one of the managers'.
        self._first = first
        self._second = second
        self._merged: tuple[VerifyHooks, VerifyHooks, VerifyHooks] | None = None
        self.clock = first.clock if second.clock is system_time else second.clock
        self._store = None
        self._apps = WeakSet([app])

    def includes(self, manager: object) -> bool:
        """Whether a manager is one of the two."""
        first = self._first
        is_in_first = isinstance(first, JoinedManager) and first.includes(manager)
        return is_in_first or manager in (self, first, self._second)

    @property
    def verifying(self) -> VerifyHooks:
        """The hooks of both; the same object until one of them changes."""
        first, second = self._first.verifying, self._second.verifying
        merged = self._merged
        if merged is None or merged[0] is not first or merged[1] is not second:
            merged = self._merged = (first, second, _verify_hooks(first, second))
        return merged[2]

    @verifying.setter
    def verifying(self, hooks: VerifyHooks) -> None:
        changed = _changed(self.verifying, hooks)
        self._second.verifying = replace(self._second.verifying, **changed)

    @property
    def issuing(self) -> IssueHooks:
        """The hooks of both."""
        first, second = self._first.issuing, self._second.issuing
        return IssueHooks(
            *(
                _later(getattr(first, field.name), getattr(second, field.name))
                for field in fields(IssueHooks)
            )
        )

    @issuing.setter
    def issuing(self, hooks: IssueHooks) -> None:
        changed = _changed(self.issuing, hooks)
        self._second.issuing = replace(self._second.issuing, **changed)

    def __getattr__(self, name: str) -> Any:
        """What neither property nor method has is a hook that answers a refusal."""
        hook = getattr(self._second, name)
        is_default = getattr(hook, "__name__", "").startswith("_default_")
        return getattr(self._first, name) if is_default else hook


def _changed(
    before: VerifyHooks | IssueHooks, after: VerifyHooks | IssueHooks
) -> dict[str, Hook]:
    """Give what a loader of the app's manager has set: it is the second's."""
    names = [field.name for field in fields(before)]
    return {
        name: getattr(after, name)
        for name in names
        if getattr(after, name) is not getattr(before, name)
    }


def _verify_hooks(first: VerifyHooks, second: VerifyHooks) -> VerifyHooks:
    return VerifyHooks(
        key=_later(first.key, second.key),
        blocklist=_both(first.blocklist, second.blocklist, any),
        verification=_both(first.verification, second.verification, all),
        user=_later(first.user, second.user),
    )


def _later(first: Hook | None, second: Hook | None) -> Hook | None:
    return first if second is None else second


def _both(
    first: Hook | None, second: Hook | None, decide: Callable[[Iterable[Any]], bool]
) -> Hook | None:
    """Give a hook that asks both; it can be called like either."""
    if first is None or second is None or first == second:
        return _later(first, second)

    def ask(header: Any, claims: Any) -> bool | Awaitable[bool]:
        answers = [first(header, claims), second(header, claims)]
        if any(map(isawaitable, answers)):
            return _awaited(answers, decide)
        return decide(answers)

    return ask if may_block(first) or may_block(second) else nonblocking(ask)


async def _awaited(answers: list[Any], decide: Callable[[Iterable[Any]], bool]) -> bool:
    given = []
    for answer in answers:
        while isawaitable(answer):
            answer = await answer  # noqa: PLW2901 - a forgotten await gives another
        given.append(answer)
    return decide(given)


def calling_place() -> str:
    """Give the file and line that called this library."""
    for frame, line in traceback.walk_stack(currentframe()):
        if not frame.f_code.co_filename.startswith(_OWN):
            return f"{frame.f_code.co_filename}:{line}"
    return "an unknown place"
