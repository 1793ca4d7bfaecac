"""Rows of ``docs/differences.md``: hooks, handlers and the extension's place."""

import gc
from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from compat import carriers
from compat import flask_side
from compat import quart_side
from compat.case import Answer
from compat.case import Case
from compat.case import Kit
from compat.case import Request
from compat.case import Setup
from compat.guards import case
from compat.guards import GUARDS
from compat.mint import mint
from compat.sides import both
from compat.sides import BROKEN
from compat.sides import identity_of
from compat.sides import refused

pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
"""Flask-JWT-Extended drops the coroutine of an async hook."""


@pytest.fixture(name="collected", autouse=True)
def _collected() -> Iterator[None]:
    """Dropped coroutines are collected here, and not in some later test."""
    yield
    gc.collect()


def _hooked(hooks: str, guard: str = "required") -> Case:
    request = carriers.header("plain", mint())
    return case("", request, hooks=hooks, guard=GUARDS[guard])


async def test_an_async_verification_is_awaited() -> None:
    """An ``async def`` hook that says no lets nobody in."""
    theirs, ours = await both(_hooked("verification-awaits-false"))

    assert identity_of(theirs) == "ann"
    assert refused(400, "User claims verification failed") == ours


async def test_an_async_user_lookup_is_awaited() -> None:
    """An ``async def`` look-up that finds nobody lets nobody in."""
    theirs, ours = await both(_hooked("lookup-awaits-none"))

    assert theirs != ours  # the view meets a coroutine in place of a user
    assert refused(401, "Error loading the user ann") == ours


async def test_an_async_blocklist_is_awaited() -> None:
    """An ``async def`` blocklist that knows nothing refuses nobody."""
    theirs, ours = await both(_hooked("blocklist-awaits-false"))

    assert refused(401, "Token has been revoked") == theirs
    assert identity_of(ours) == "ann"


async def test_an_async_answer_is_awaited() -> None:
    """An ``async def`` loader of an answer gives that answer."""
    theirs, ours = await both(case("", Request(), hooks="unauthorized-awaits"))

    assert theirs == BROKEN
    assert Answer(status=499, json={"reason": "Missing Authorization Header"}) == ours


@pytest.mark.parametrize("hook", ["blocklist", "verification", "decode-key"])
async def test_a_hook_that_refuses_makes_nobody_anonymous(hook: str) -> None:
    """A hook's NoAuthorizationError refuses a token under ``optional=True``."""
    theirs, ours = await both(_hooked(f"{hook}-raises-no-authorization", "optional"))

    assert theirs.status == 200
    assert identity_of(theirs) is None
    assert refused(401, "by the hook") == ours


@pytest.mark.parametrize("given", ["none", "true", "zero", "empty", "list"])
async def test_a_key_hook_without_a_key_refuses(given: str) -> None:
    """A hook that gives no key for a token makes it a bad one, not a 500."""
    theirs, ours = await both(_hooked(f"decode-key-gives-{given}"))

    assert theirs == BROKEN
    assert refused(422, "Signature verification failed") == ours


async def test_a_key_hook_is_asked_for_allowed_algorithms_only() -> None:
    """A token of an algorithm that is not allowed does not reach the key hook."""
    request = carriers.header("plain", mint(algorithm="HS512"))
    hooks = "decode-key-raises-connection-error"
    theirs, ours = await both(case("", request, hooks=hooks))

    assert theirs == BROKEN
    assert refused(422, "The specified alg value is not allowed") == ours


def _expired_elsewhere(kit: Kit) -> Any:
    raise jwt.ExpiredSignatureError("of another token")


async def test_an_expired_token_of_the_view_itself_is_answered() -> None:
    """PyJWT's error from the view's own use of PyJWT is a 401, not a 500."""
    setup = Setup(guard=None, view=_expired_elsewhere)
    theirs, ours = await both(Case(name="", setup=setup, request=Request()))

    assert theirs == BROKEN
    assert refused(401, "Token has expired") == ours


def test_the_manager_has_its_own_place() -> None:
    """The manager stands in ``app.extensions`` under the project's name."""
    setup = _hooked("none").setup

    assert "flask-jwt-extended" in flask_side.app_of(setup).extensions
    assert "quart-jwt" in quart_side.app_of(setup).extensions
