"""What is replaced in Quart is checked when an app is registered."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest
from quart import Quart
from quart import Websocket

from extension.apps import SECRET
from quart_jwt import JWTManager
from quart_jwt.exceptions import IncompatibleDependencyError


async def _finalize(self: Any, ctx: Any, answer: Any) -> Any:
    """Finalise a response, with arguments that no Quart has had so far."""


async def _finalize_quietly(self: Any, result: Any) -> Any:
    """Finalise a response, and do not say that it is the last one."""


async def _handle(self: Any, ctx: Any, exception: Exception) -> Any:
    """Handle an error under another name."""


CHANGED: list[tuple[type, str, Callable[..., Any], str]] = [
    (Quart, "finalize_request", _finalize, "has no parameter 'result'"),
    (Quart, "finalize_websocket", _finalize_quietly, "parameter 'from_error_handler'"),
    (Quart, "handle_user_exception", _handle, "has no parameter 'error'"),
]


@pytest.mark.parametrize(
    ("owner", "name", "method", "reason"), CHANGED, ids=[one[1] for one in CHANGED]
)
def test_other_arguments_end_the_start(
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    name: str,
    method: Callable[..., Any],
    reason: str,
) -> None:
    """The sentence names Quart, its version and the method; nothing is replaced."""
    monkeypatch.setattr(owner, name, method)
    app = Quart(__name__)
    with pytest.raises(IncompatibleDependencyError, match=reason) as caught:
        JWTManager(app)
    assert f"Quart {version('quart')}: {owner.__name__}.{name}" in str(caught.value)
    assert {"finalize_request", "handle_user_exception"}.isdisjoint(vars(app))


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (Quart, "finalize_request"),
        (Quart, "finalize_websocket"),
        (Quart, "handle_user_exception"),
        (Websocket, "accept"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_missing_method_ends_the_start(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str
) -> None:
    """A method that Quart does not have any more is not looked for at request time."""
    monkeypatch.delattr(owner, name)
    with pytest.raises(
        IncompatibleDependencyError, match=f"{owner.__name__} has no '{name}'"
    ):
        JWTManager(Quart(__name__))


async def test_a_guard_that_was_lost_is_an_error_and_not_an_answer() -> None:
    """An app that cannot be registered has no manager either, and verifies nothing."""
    app = Quart(__name__)
    app.config["JWT_SECRET_KEY"] = SECRET
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Quart, "handle_user_exception", _handle)
        with pytest.raises(IncompatibleDependencyError):
            JWTManager(app)
    assert app.extensions == {}
