"""Whose address a request has, and that nobody can choose it."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clock import Clock
from extension.asgi import asgi_call
from quart_jwt.extension.gateway.peers import trusted_peers
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.settings.groups import Proxies
from quart_jwt.service.settings.settings import read_settings
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.web.client_address import client_of
from quart_jwt.service.web.client_address import ClientAddress
from quart_jwt.service.web.client_address import MAX_PROXIES
from service.kit import bearer
from service.kit import http_scope
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service

PROXIES = Proxies(trusted=("10.0.0.0/8", "unix"))
IS_TRUSTED = trusted_peers(PROXIES.trusted)
CLIENT = "203.0.113.9"


async def _seen(
    peer: str | None, *values: bytes, proxies: Proxies = PROXIES, kind: str = "http"
) -> Any:
    seen: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["client"])

    headers = [(b"host", b"x"), *((b"x-forwarded-for", value) for value in values)]
    client = None if peer is None else (peer, 1)
    scope = http_scope("/", client=client, headers=headers, type=kind)
    await asgi_call(ClientAddress(app, proxies), scope)
    assert scope["client"] == client  # the server's own is left alone
    return seen[0][0] if seen[0] else None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([b"203.0.113.9"], CLIENT, id="one-proxy"),
        pytest.param([b"203.0.113.9, 10.0.0.2"], CLIENT, id="two-proxies"),
        pytest.param([b"203.0.113.9", b"10.0.0.2"], CLIENT, id="two-lines"),
        pytest.param([b"1.1.1.1, 203.0.113.9"], CLIENT, id="forged"),
        pytest.param([b"10.0.0.9, 203.0.113.9"], CLIENT, id="forged-as-a-proxy"),
        pytest.param([b"1.1.1.1", b"203.0.113.9"], CLIENT, id="forged-line"),
        pytest.param([b"garbage,,;\xff, 203.0.113.9"], CLIENT, id="forged-garbage"),
        pytest.param([b"a" * 9_000 + b",203.0.113.9"], CLIENT, id="forged-long"),
        pytest.param([b"1.1.1.1," * 2_000 + b"203.0.113.9"], CLIENT, id="forged-many"),
        pytest.param([b"203.0.113.9:4711"], CLIENT, id="port"),
        pytest.param([b"::ffff:203.0.113.9"], CLIENT, id="ipv4-in-ipv6"),
        pytest.param([b"2001:DB8::0:1"], "2001:db8::1", id="ipv6"),
        pytest.param([b"[2001:db8::1]:4711"], "2001:db8::1", id="ipv6-port"),
        pytest.param([b"\t203.0.113.9 "], CLIENT, id="blanks"),
        pytest.param([b"10.0.0.7, 10.0.0.2"], "10.0.0.7", id="client-within"),
        pytest.param([b""], "10.0.0.1", id="empty"),
        pytest.param([b"unknown"], "10.0.0.1", id="word"),
        pytest.param([b"203.0.113.9,"], "10.0.0.1", id="nothing-at-the-right"),
        pytest.param([b"1.1.1.1, x, 10.0.0.2"], "10.0.0.1", id="word-in-the-way"),
        pytest.param([b"fe80::1%eth0"], "10.0.0.1", id="zone"),
        pytest.param([b"fe80::1%" + b"a" * 99], "10.0.0.1", id="long-zone"),
        pytest.param([b"0" * 60 + b"1.1.1.1"], "10.0.0.1", id="long-number"),
        pytest.param([b"010.1.1.1"], "10.0.0.1", id="octal"),
        pytest.param([b"\xd9\xa1.1.1.1"], "10.0.0.1", id="other-digits"),
    ],
)
async def test_the_first_stranger_from_the_right_is_the_client(
    values: list[bytes], expected: str
) -> None:
    """What stands left of it is the client's own; what cannot be read is no address."""
    assert expected == await _seen("10.0.0.1", *values)
    assert expected == await _seen("10.0.0.1", *values, kind="websocket")


@pytest.mark.parametrize("peer", ["203.0.113.1", "11.0.0.1", "::1", "127.0.0.1"])
async def test_a_stranger_at_the_other_end_is_the_client(peer: str) -> None:
    """F08: without a trusted proxy the header is not looked at."""
    assert peer == await _seen(peer, b"1.1.1.1")


async def test_a_peer_of_a_unix_socket_has_no_address() -> None:
    """The socket's rights decide who that is, so its word can count."""
    assert await _seen(None, b"203.0.113.9") == CLIENT
    nobody = Proxies(trusted=())
    assert await _seen(None, b"203.0.113.9", proxies=nobody) is None


@pytest.mark.parametrize(("more", "is_read"), [(-1, True), (0, False), (1, False)])
def test_so_many_proxies_may_be_in_a_row(more: int, *, is_read: bool) -> None:
    """Beyond that the header is not read further."""
    hops = b",".join([b"203.0.113.9", *[b"10.0.0.2"] * (MAX_PROXIES + more)])
    assert (client_of([hops], IS_TRUSTED) == CLIENT) == is_read


async def test_another_header_does_not_count() -> None:
    """There is one header; none at all is possible, too."""
    other = Proxies(trusted=PROXIES.trusted, address_header="X-Real-IP")
    none = Proxies(trusted=PROXIES.trusted, address_header=None)
    for proxies in (other, none):
        seen = await _seen("10.0.0.1", b"203.0.113.9", proxies=proxies)
        assert seen == "10.0.0.1"


@given(left=st.binary(max_size=200))
def test_nothing_that_a_client_writes_changes_its_address(left: bytes) -> None:
    """F08: whatever stands before the proxy's own entry."""
    assert client_of([left + b",203.0.113.9"], IS_TRUSTED) == CLIENT
    assert client_of([left, b"203.0.113.9"], IS_TRUSTED) == CLIENT


@given(values=st.lists(st.binary(max_size=60), max_size=40))
def test_no_header_is_a_fault(values: list[bytes]) -> None:
    """Anything gives an address or nothing."""
    found = client_of(values, IS_TRUSTED)
    assert found is None or "," not in found


async def test_a_session_remembers_the_client_behind_the_proxy(
    settings: Settings, clock: Clock
) -> None:
    """``QUART_JWT_SESSION_DETAILS=address`` shows who signed in, and not nginx."""
    wanted = dataclasses.replace(settings, session_details=("address",))
    app = create_app(wanted, clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        await service.add()
        for peer in ("127.0.0.1", "198.51.100.7"):
            answer = await service.client.post(
                "/login",
                json={"username": NAME, "password": PASSWORD},
                headers={"X-Forwarded-For": "1.1.1.1, 203.0.113.9"},
                scope_base={"client": (peer, 1)},
            )
            token = (await answer.get_json())["access_token"]
        listed = await service.client.get("/sessions", headers=bearer(token))
        sessions = (await listed.get_json())["sessions"]
    assert {one["address"] for one in sessions} == {CLIENT, "198.51.100.7"}


async def test_the_gateways_lane_looks_at_the_peer(
    settings: Settings, clock: Clock
) -> None:
    """A gateway that is trusted as such stays so, whoever it forwards for."""
    app = create_app(settings, clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        await service.add()
        token = (await service.log_in())["access_token"]
        for address in ("203.0.113.9", "127.0.0.1"):
            answer = await service.client.get(
                "/auth/verify",
                headers={**bearer(token), "X-Forwarded-For": address},
                scope_base={"client": ("127.0.0.1", 1)},
            )
            assert answer.status_code == 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ("127.0.0.0/8", "::1", "unix")),
        ("none", ()),
        ("10.0.0.0/8, 192.0.2.1,unix", ("10.0.0.0/8", "192.0.2.1", "unix")),
    ],
)
def test_the_proxies_are_a_setting(text: str | None, expected: tuple[str, ...]) -> None:
    """This machine by default."""
    environ = {} if text is None else {"QUART_JWT_TRUSTED_PROXIES": text}
    assert expected == read_settings(environ).proxies.trusted
    assert read_settings(environ).proxies.address_header == "X-Forwarded-For"


def test_bad_proxies_are_faults() -> None:
    """Each is named, and all at once."""
    environ = {
        "QUART_JWT_TRUSTED_PROXIES": "10.0.0.0/8, nonsense",
        "QUART_JWT_CLIENT_ADDRESS_HEADER": "Forwarded",
    }
    with pytest.raises(SettingsError) as caught:
        read_settings(environ)
    assert [fault.split()[0] for fault in caught.value.faults] == [
        "QUART_JWT_TRUSTED_PROXIES",
        "QUART_JWT_CLIENT_ADDRESS_HEADER",
    ]
