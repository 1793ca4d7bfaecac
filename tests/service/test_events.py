"""Listeners hear what happens, and decide about nothing."""

from collections.abc import Iterator
from typing import NoReturn

import pytest

from clock import Clock
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.events import answer_refused
from quart_jwt.service.ground.events import Event
from quart_jwt.service.ground.events import happened
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.ground.events import security_events
from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.settings.settings import Settings
from service.kit import bearer
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service
from service.kit import with_registration


def _raise(_what: object) -> NoReturn:
    raise RuntimeError("a listener is broken")


@pytest.fixture(name="_broken_listeners")
def _broken() -> Iterator[None]:
    with security_events.connected_to(_raise), answer_refused.connected_to(_raise):
        yield


@pytest.mark.usefixtures("_broken_listeners")
def test_the_others_hear_it(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever raises is logged, and the others are told."""
    heard: list[Event] = []
    with security_events.connected_to(heard.append):
        happened(Kind.SIGNED_IN, subject=NAME)
    assert heard == [Event(kind=Kind.SIGNED_IN, subject=NAME)]
    assert "A listener to security events or refusals failed" in caplog.text


@pytest.mark.usefixtures("_broken_listeners")
async def test_a_broken_listener_decides_no_login(service: Service) -> None:
    """Right and wrong passwords hear what they always hear."""
    await service.add()
    await service.log_in()
    wrong = {"username": NAME, "password": "a wrong password"}
    response = await service.client.post("/login", json=wrong)
    assert response.status_code == 401


@pytest.mark.usefixtures("_broken_listeners")
async def test_a_broken_listener_leaves_no_session(service: Service) -> None:
    """A new password ends the old sessions all the same."""
    await service.add()
    tokens = await service.log_in()
    response = await service.client.post(
        "/password",
        json={"current_password": PASSWORD, "new_password": "a new pass phrase"},
        headers=bearer(tokens["access_token"]),
    )
    assert response.status_code == 200
    code = await service.code("POST", "/refresh", tokens["refresh_token"])
    assert code == "token_revoked"


@pytest.mark.usefixtures("_broken_listeners")
async def test_a_broken_listener_tells_no_name(
    settings: Settings, clock: Clock
) -> None:
    """A free name and a taken one hear the same at a registration."""
    app = create_app(with_registration(settings, Grants()), clock)
    async with app.test_app():
        asking = app.test_client()
        for _ in range(2):
            wanted = {"username": NAME, "password": PASSWORD}
            response = await asking.post("/register", json=wanted)
            assert response.status_code == 202
