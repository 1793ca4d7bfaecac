"""
The pytest plugin: the functions of ``quart_jwt.testing``, with the fixture ``app``.

It stands outside of ``quart_jwt`` because pytest imports it in every run: nothing but
pytest is loaded before a test asks for one of these fixtures.
"""

from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from quart import Quart
    from quart.typing import TestClientProtocol

    from quart_jwt.testing import Clock


@pytest.fixture
def make_token(app: "Quart") -> Callable[..., Awaitable[str]]:
    """
    A token of the app, good or bad.

    ::

        await make_token("ada", fault="expired")
    """
    from quart_jwt import testing  # noqa: PLC0415 - only where it is used

    return partial(testing.make_token, app)


@pytest.fixture
def auth_headers(app: "Quart") -> Callable[..., Awaitable[dict[str, str]]]:
    """
    The headers that carry a token.

    ::

        await auth_headers("ada", fresh=True)
    """
    from quart_jwt import testing  # noqa: PLC0415 - the same

    return partial(testing.auth_headers, app)


@pytest.fixture
def authenticated_client(
    app: "Quart",
) -> "Callable[..., Awaitable[TestClientProtocol]]":
    """
    A test client that is signed in.

    ::

        await authenticated_client("ada")
    """
    from quart_jwt import testing  # noqa: PLC0415 - the same

    return partial(testing.authenticated_client, app)


@pytest.fixture
def assert_protected(app: "Quart") -> Callable[..., Awaitable[None]]:
    """
    Who has no good token is refused.

    ::

        await assert_protected("/me")
    """
    from quart_jwt import testing  # noqa: PLC0415 - the same

    return partial(testing.assert_protected, app)


@pytest.fixture
def jwt_clock(app: "Quart") -> "Iterator[Clock]":
    """
    The clock of the app's tokens.

    ::

        jwt_clock.advance(900)
    """
    from quart_jwt import testing  # noqa: PLC0415 - the same

    with testing.moving_clock(app) as clock:
        yield clock
