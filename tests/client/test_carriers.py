"""How tokens travel."""

import httpx
import pytest

from forging import forge
from forging import HEADER
from quart_jwt.client.carriers import CookieCarrier
from quart_jwt.client.carriers import CookieNames
from quart_jwt.client.exchange import says_renew
from quart_jwt.client.waiting import run

TOKEN = forge(HEADER, {"csrf": "value"})
PLAIN = forge(HEADER, {})


def _request(method: str = "POST", **headers: str) -> httpx.Request:
    return httpx.Request(method, "https://example.com/", headers=headers)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", "access_token_cookie={}"),
        ("theme=dark", "theme=dark; access_token_cookie={}"),
        ("access_token_cookie=old; a=b", "a=b; access_token_cookie={}"),
        (
            "access_token_cookie_2=kept",
            "access_token_cookie_2=kept; access_token_cookie={}",
        ),
    ],
)
def test_a_token_takes_its_cookies_place(given: str, expected: str) -> None:
    """Other cookies stay as they are."""
    request = _request(Cookie=given)
    CookieCarrier(CookieNames()).put_access(request, TOKEN)

    assert expected.format(TOKEN) == request.headers["Cookie"]
    assert request.headers["X-CSRF-TOKEN"] == "value"


def test_names_are_the_servers() -> None:
    """Each name can be another one."""
    names = CookieNames(
        access="a", refresh="r", access_csrf_header="X-A", refresh_csrf_header="X-R"
    )
    request = _request()
    CookieCarrier(names).put_access(request, TOKEN)
    CookieCarrier(names).put_refresh(request, TOKEN)

    assert f"a={TOKEN}; r={TOKEN}" == request.headers["Cookie"]
    assert (request.headers["X-A"], request.headers["X-R"]) == ("value", "value")


@pytest.mark.parametrize(("method", "token"), [("GET", TOKEN), ("POST", PLAIN)])
def test_no_csrf_value_goes_where_none_is_asked_for(method: str, token: str) -> None:
    """A safe method needs none, and a token may have none."""
    request = _request(method)
    CookieCarrier(CookieNames()).put_access(request, token)

    assert "X-CSRF-TOKEN" not in request.headers


@pytest.mark.parametrize(
    ("challenge", "expected"),
    [
        ('Bearer error="invalid_token"', True),
        ("bearer error=invalid_token", True),
        ("Bearer no_error=x, error=invalid_tokens", False),
        ('Bearer realm="x", error="invalid_token", error_description="y"', True),
        ("Bearer", False),
        ('Bearer error="insufficient_scope"', False),
        ('Bearer error="invalid_request"', False),
    ],
)
def test_a_challenge_says_whether_to_renew(challenge: str, *, expected: bool) -> None:
    """Only ``invalid_token`` can be mended by another token."""
    headers = {"WWW-Authenticate": challenge}

    assert expected is says_renew(httpx.Response(401, headers=headers))
    assert not says_renew(httpx.Response(400, headers=headers))


def test_what_suspends_cannot_be_run_by_hand() -> None:
    """A blocking client never waits for a loop that nobody runs."""

    class Suspending:
        def __await__(self) -> object:
            yield

    async def suspends() -> None:
        await Suspending()  # type: ignore[misc] # it is not meant to be awaited

    with pytest.raises(RuntimeError, match="had to await"):
        run(suspends())
