"""
For the tests of apps: tokens good and bad, a client that is signed in, a clock that
moves, a blocklist and failures on demand, and the assertion that a route is shut.

Everything takes the app first and goes its real way: a token is made by the app's own
settings and hooks, and a request is refused by the app's own handlers. The fixtures of
the pytest plugin are these functions, with the fixture ``app`` filled in.
"""

from quart_jwt.testing.assertions import assert_no_open_routes
from quart_jwt.testing.assertions import assert_protected
from quart_jwt.testing.moving_clock import Clock
from quart_jwt.testing.moving_clock import moving_clock
from quart_jwt.testing.sign_in import auth_headers
from quart_jwt.testing.sign_in import authenticated_client
from quart_jwt.testing.sign_in import Fault
from quart_jwt.testing.sign_in import make_token
from quart_jwt.testing.stand_ins import Failing
from quart_jwt.testing.stand_ins import FakeBlocklist

__all__ = [
    "Clock",
    "Failing",
    "FakeBlocklist",
    "Fault",
    "assert_no_open_routes",
    "assert_protected",
    "auth_headers",
    "authenticated_client",
    "make_token",
    "moving_clock",
]
