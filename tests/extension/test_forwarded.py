"""What a gateway forwards, where it is ambiguous."""

from typing import Any

import pytest

from quart_jwt.exceptions import InvalidHeaderError
from quart_jwt.extension.gateway.forwarded import ForwardedPresentation
from quart_jwt.extension.gateway.forwarded import Forwarding

FORWARDING = Forwarding(
    is_trusted=lambda _: True,
    pass_preflight=False,
    method_header=None,
    uri_header=None,
)


def _presentation(*cookies: str) -> ForwardedPresentation:
    headers = [(b"cookie", each.encode()) for each in cookies]
    scope: Any = {"type": "http", "headers": headers}
    return ForwardedPresentation(scope, FORWARDING)


@pytest.mark.parametrize(
    "cookies",
    [["jwt=one; jwt=two"], ["jwt=one; a=b", "jwt=two"], ["jwt=one; jwt=one"]],
    ids=["one-header", "two-headers", "twice-the-same"],
)
def test_several_cookies_of_one_name_are_none(cookies: list[str]) -> None:
    """Which of them the application will take, nobody knows: it is refused."""
    with pytest.raises(InvalidHeaderError, match='Several cookies are named "jwt"'):
        _presentation(*cookies).cookie("jwt")


def test_other_cookies_may_stand_there_twice() -> None:
    """Only the token's cookie has to be the only one."""
    presentation = _presentation("a=1; jwt=one; a=2", "b=3")

    assert presentation.cookie("jwt") == "one"
    assert presentation.cookie("missing") is None
