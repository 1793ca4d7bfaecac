"""What a gateway requires for a site, and why no client can make it less."""

from typing import Any

import pytest

from extension.asgi import asgi_call
from quart_jwt.service.ground.grants import Grants
from service.kit import bearer
from service.kit import http_scope
from service.kit import NAME
from service.kit import Service

SCOPE = "X-Require-Scope"
ROLE = "X-Require-Role"


@pytest.fixture(name="token")
async def _token(service: Service) -> str:
    await service.add(grants=Grants(roles=("staff",), scopes=("reports", "wiki")))
    access: str = (await service.log_in())["access_token"]
    return access


async def _ask(
    service: Service,
    token: str | None,
    *lines: tuple[str, str],
    peer: str = "127.0.0.1",
) -> tuple[int, dict[bytes, bytes], bytes]:
    given = [*bearer(token).items(), *lines] if token else lines
    headers = [(name.lower().encode(), value.encode()) for name, value in given]
    scope = http_scope("/auth/verify", headers=headers, client=(peer, 1))
    start, *bodies = await asgi_call(service.app, scope)
    body = b"".join(one.get("body", b"") for one in bodies)
    return start["status"], dict(start["headers"]), body


@pytest.mark.parametrize(
    "lines",
    [
        [(SCOPE, "reports")],
        [(SCOPE, "wiki reports"), (ROLE, "staff")],
        [(SCOPE, "wiki"), (SCOPE, "reports")],
    ],
)
async def test_who_has_all_of_it_enters(
    service: Service, token: str, lines: Any
) -> None:
    """With the identity, as without a requirement."""
    for _ in range(2):
        status, headers, _body = await _ask(service, token, *lines)
        assert (status, headers[b"x-auth-subject"]) == (200, NAME.encode())


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("peer", ["127.0.0.1", "192.0.2.1"])
@pytest.mark.parametrize(
    "lines",
    [
        [(SCOPE, "admin")],
        [(ROLE, "admin")],
        # A role is not a scope, and a part of a name is not the name.
        [(SCOPE, "staff")],
        [(ROLE, "reports")],
        [(SCOPE, "report")],
        [(SCOPE, "Reports")],
        [(ROLE, "STAFF")],
        # One of several is not enough, in one line, in two, and in either order.
        [(SCOPE, "reports admin")],
        [(SCOPE, "reports"), (SCOPE, "admin")],
        [(SCOPE, "admin"), (SCOPE, "reports")],
        [(ROLE, "admin"), (SCOPE, "reports")],
        [(ROLE, "staff"), (SCOPE, "admin")],
        # Lines that a proxy has joined, and values that are none.
        [(SCOPE, "reports, admin")],
        [(SCOPE, "reports,wiki")],
        [(SCOPE, "")],
        [(ROLE, "")],
        [(ROLE, " ")],
        [(SCOPE, "reports"), (SCOPE, "")],
        [(ROLE, "staff"), (ROLE, "")],
        [(SCOPE, '"reports"')],
        [(SCOPE, "rep\\orts")],
        [(ROLE, "pers\u00f6nlich")],
    ],
)
async def test_others_are_refused(
    service: Service, token: str, lines: Any, peer: str, is_known: bool
) -> None:
    """Also for a token that was answered without a requirement just before."""
    if is_known:
        for _ in range(2):
            assert (await _ask(service, token, peer=peer))[0] == 200
    status, headers, body = await _ask(service, token, *lines, peer=peer)
    assert status == 403
    assert b"insufficient_scope" in body or b"requirement_not_met" in body
    assert b"x-auth-subject" not in headers
    assert (await _ask(service, token, peer=peer))[0] == 200


async def test_a_browser_without_a_session_signs_in_first(service: Service) -> None:
    """401 leads to the sign-in page; 403 would not."""
    for lines in ([(SCOPE, "reports")], [(ROLE, "")]):
        assert (await _ask(service, None, *lines))[0] == 401


async def test_a_missing_scope_is_named(service: Service, token: str) -> None:
    """RFC 6750 §3.1 has a challenge for it; there is none for roles."""
    _, headers, _body = await _ask(service, token, (SCOPE, "b a"))
    challenge = b'Bearer error="insufficient_scope", scope="a b"'
    assert headers[b"www-authenticate"] == challenge
    _, headers, _body = await _ask(service, token, (ROLE, "a"))
    assert b"www-authenticate" not in headers
