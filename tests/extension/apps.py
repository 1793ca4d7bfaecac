"""The names that the tests of the extension share."""

from collections.abc import Awaitable
from collections.abc import Callable

from quart import Quart
from quart.typing import TestClientProtocol

SECRET = "a secret that is long enough for HS512: 0123456789abcdef0123456789ab"

MakeApp = Callable[..., Quart]
Mint = Callable[..., Awaitable[dict[str, str]]]
Client = TestClientProtocol
