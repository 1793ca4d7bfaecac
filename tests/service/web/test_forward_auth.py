"""The gateway's question at ``/auth/verify``."""

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from clock import Clock
from extension.asgi import ask
from quart_jwt.exceptions import StoreError
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.settings.groups import Gateway
from quart_jwt.service.settings.settings import read_settings
from quart_jwt.service.settings.settings import Settings
from service.kit import bearer
from service.kit import NAME
from service.kit import SECRET
from service.kit import Service


async def test_session_opens_the_gate_until_it_ends(service: Service) -> None:
    """A gateway hears yes as long as the session lives, and no after logout."""
    await service.add()
    tokens = await service.log_in()
    headers = bearer(tokens["access_token"])
    reply = await ask(service.app, "/auth/verify/some/page", headers=headers)
    assert (reply.status, reply.headers["x-auth-subject"]) == (200, NAME)
    assert reply.headers["cache-control"] == "no-store"
    await service.client.post("/logout", headers=headers)
    reply = await ask(service.app, "/auth/verify", headers=headers)
    assert (reply.status, b"token_revoked" in reply.body) == (401, True)


async def test_gate_is_shut(service: Service, clock: Clock) -> None:
    """Without a token, with a refresh token and with an expired one: 401."""
    await service.add()
    tokens = await service.log_in()
    refresh = bearer(tokens["refresh_token"])
    access = bearer(tokens["access_token"])
    clock.advance(15 * 60)
    replies = [
        await ask(service.app, "/auth/verify", headers=headers)
        for headers in ({}, refresh, access)
    ]
    assert [reply.status for reply in replies] == [401, 401, 401]
    codes = [b"missing_token", b"wrong_token_type", b"token_expired"]
    assert all(code in reply.body for code, reply in zip(codes, replies, strict=True))


async def test_store_that_is_away(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When nobody can say whether the session lives, the gateway hears 503."""

    async def away(*_arguments: Any, **_options: Any) -> Any:
        raise StoreError("away")

    await service.add()
    tokens = await service.log_in()
    for verb in ("is_revoked", "changes"):
        monkeypatch.setattr(service.resources.sessions, verb, away)
    headers = bearer(tokens["access_token"])
    # As old as the store's data, so that the store has to be asked about it.
    reply = await ask(service.app, "/auth/verify", headers=headers)
    assert (reply.status, reply.headers["retry-after"]) == (503, "1")


@pytest.fixture(name="envoy")
async def _envoy(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    """A service behind a gateway that asks with the original method."""
    gateway = Gateway(method_header=None, uri_header=None, pass_preflight=True)
    app = create_app(dataclasses.replace(settings, gateway=gateway), clock)
    async with app.test_app():
        yield Service(app=app, client=app.test_client(), clock=clock)


async def test_gateway_is_configured(service: Service, envoy: Service) -> None:
    """The settings say whether the question's own method is the original one."""
    for one, status in ((service, 401), (envoy, 200)):
        reply = await ask(one.app, "/auth/verify", method="OPTIONS")
        assert reply.status == status


def test_gateway_settings(tmp_path: Path) -> None:
    """Networks and header names are read, and ``none`` is none."""
    environ = {
        "QUART_JWT_SECRET_KEY": SECRET,
        "QUART_JWT_STATE_DIR": str(tmp_path),
        "QUART_JWT_TRUSTED_GATEWAYS": "10.0.0.0/8, ::1",
        "QUART_JWT_METHOD_HEADER": "X-Original-Method",
        "QUART_JWT_URI_HEADER": "none",
        "QUART_JWT_PASS_PREFLIGHT": "yes",
    }
    assert read_settings(environ).gateway == Gateway(
        trusted=("10.0.0.0/8", "::1"),
        method_header="X-Original-Method",
        uri_header=None,
        pass_preflight=True,
    )
    assert read_settings({"QUART_JWT_SECRET_KEY": SECRET}).gateway == Gateway()


def test_bad_gateway_settings() -> None:
    """Each fault is named, and all at once."""
    environ = {
        "QUART_JWT_SECRET_KEY": SECRET,
        "QUART_JWT_TRUSTED_GATEWAYS": "10.0.0.0/8, nonsense",
        "QUART_JWT_METHOD_HEADER": "X Method",
    }
    with pytest.raises(SettingsError) as caught:
        read_settings(environ)
    assert len(caught.value.faults) == 2
