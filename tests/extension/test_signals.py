"""What an app hears of its tokens and sessions, and what it does not."""

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from quart import Quart

from clock import Clock
from docs.blocks import ROOT
from extension.asgi import ask
from extension.session_apps import session_app
from extension.session_apps import Walker
from quart_jwt import create_access_token
from quart_jwt import create_access_token_async
from quart_jwt import ForwardAuth
from quart_jwt import JWTManager
from quart_jwt import nonblocking
from quart_jwt import signals
from quart_jwt.exceptions import AsyncHookError
from stores.faulty import away
from stores.faulty import faulty_store

Heard = list[tuple[str, dict[str, Any]]]
IDS = {"jti", "subject", "session_id"}


@pytest.fixture(name="store")
def _store() -> Any:
    return faulty_store()


@pytest.fixture(name="app")
def _app(clock: Clock, store: Any) -> Quart:
    return session_app(
        clock, store, JWT_MAX_SESSIONS_PER_USER=2, JWT_STORE_FAILURE=("allow_for", 9)
    )


@pytest.fixture(name="heard")
def _heard(app: Quart) -> Iterator[Heard]:
    """Everything that the app says, in its order."""
    heard: Heard = []
    receivers = []
    for name in signals.__all__:

        async def receive(sender: Quart, *, _name: str = name, **facts: Any) -> None:
            assert sender is app
            heard.append((_name, facts))

        getattr(signals, name).connect(receive, app)
        receivers.append((name, receive))
    yield heard
    for name, receive in receivers:
        getattr(signals, name).disconnect(receive, app)


def _names(heard: Heard) -> list[str]:
    names = [name for name, _ in heard]
    heard.clear()
    return names


def _documented(name: str) -> set[str]:
    page = (ROOT / "docs" / "api" / "sessions.md").read_text("utf-8")
    row = re.search(rf"^\| `{name}` \| .+ \| (.+) \|$", page, re.MULTILINE)
    assert row is not None
    return set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", row[1])))


async def test_the_life_of_a_session_is_told(
    app: Quart, heard: Heard, clock: Clock, store: Any
) -> None:
    """Every step has its signal, with the arguments of the page and no token text."""
    walker = Walker(app)
    said: Heard = []

    def names() -> list[str]:
        said.extend(heard)
        return _names(heard)

    first = await walker.log_in()
    assert names() == ["token_issued"] * 2
    _, second = await walker.refresh(first["refresh_token"])
    assert names() == ["token_rotated", *["token_issued"] * 2]
    await walker.refresh(first["refresh_token"])
    assert names() == ["token_rotated", *["token_issued"] * 2]
    clock.advance(10)
    await walker.refresh(first["refresh_token"])
    assert names() == ["refresh_reuse_detected", "token_revoked"]
    await walker.refresh(first["refresh_token"], "/refresh-unchecked")
    assert names() == []
    await walker.status(second["access_token"])
    assert names() == ["token_refused"]
    pairs = []
    for _ in range(3):
        clock.advance(1)
        pairs.append(await walker.log_in())
    assert names() == [*["token_issued"] * 4, "token_revoked", *["token_issued"] * 2]
    await walker.ask("POST", "/revoke", pairs[1]["access_token"])
    assert names() == ["token_revoked"]
    await walker.ask("POST", "/logout", pairs[1]["refresh_token"])
    assert names() == ["token_revoked"]
    await walker.ask("POST", "/logout/all", pairs[2]["access_token"])
    assert names() == ["token_revoked"] * 2
    store.fault = away
    clock.advance(1)
    await walker.status(await _loose(app))
    assert names() == ["token_issued", "store_failed"]

    for name, facts in said:
        assert set(facts) == _documented(name)
        assert "eyJ" not in str(facts)
    assert {name for name, _ in said} == set(signals.__all__)


async def _loose(app: Quart) -> str:
    async with app.app_context():
        return await create_access_token_async("ada")


async def test_reuse_says_whose_it_was(app: Quart, heard: Heard, clock: Clock) -> None:
    """The session, the user and the token that came again."""
    import jwt as pyjwt

    walker = Walker(app)
    pair = await walker.log_in()
    await walker.refresh(pair["refresh_token"])
    clock.advance(10)
    heard.clear()
    await walker.refresh(pair["refresh_token"])
    claims = pyjwt.decode(pair["refresh_token"], options={"verify_signature": False})

    assert heard == [
        (
            "refresh_reuse_detected",
            {"session_id": pair["session_id"], "subject": "ada", "jti": claims["jti"]},
        ),
        ("token_revoked", {"scope": "family", "name": pair["session_id"]}),
    ]


@pytest.mark.parametrize("by_gateway", [False, True])
async def test_a_refusal_is_told(app: Quart, heard: Heard, *, by_gateway: bool) -> None:
    """With what is known of the token: nothing, if its signature was not good."""
    walker = Walker(app)
    pair = await walker.log_in()
    await walker.ask("POST", "/logout", pair["access_token"])
    manager: JWTManager = app.extensions["quart-jwt"]
    lane = ForwardAuth(manager, app)
    heard.clear()
    for token in ("a.b.c", pair["access_token"]):
        if by_gateway:
            headers = {"Authorization": f"Bearer {token}"}
            await ask(lane, "/auth/verify", headers=headers)
        else:
            await walker.status(token)
    (_, unknown), (_, known) = heard

    assert unknown == {"code": "invalid_token", **dict.fromkeys(IDS)}
    assert known["code"] == "token_revoked"
    assert (known["subject"], known["session_id"]) == ("ada", pair["session_id"])


@pytest.mark.parametrize(("seen", "allowed"), [(True, True), (False, False)])
async def test_a_failure_says_whether_the_token_may_pass(
    app: Quart, heard: Heard, store: Any, *, seen: bool, allowed: bool
) -> None:
    """So that ``allow_for`` can be counted."""
    walker = Walker(app)
    pair = await walker.log_in()
    if seen:
        await walker.status(pair["access_token"])
    store.fault = away
    heard.clear()
    await walker.status(pair["access_token"])

    told = {"verb": "is_revoked", "error": "StoreError", "allowed": allowed}
    assert heard == [("store_failed", told)]


async def test_a_receiver_that_fails_changes_nothing(
    app: Quart, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told what happened, and is not asked."""

    async def fail(_app: Quart, **_facts: Any) -> None:
        raise LookupError

    with signals.token_issued.connected_to(fail, app):
        assert (await Walker(app).log_in())["session_id"]

    assert {record.levelno for record in caplog.records} == {logging.ERROR}


async def test_a_plain_receiver_does_not_hold_up_the_loop(app: Quart) -> None:
    """It runs in a worker thread, unless it says that it cannot block."""
    import threading

    threads: list[bool] = []

    def blocking(_app: Quart, **_facts: Any) -> None:
        threads.append(threading.current_thread() is threading.main_thread())

    quick = nonblocking(lambda _app, **_facts: blocking(_app))
    for receiver in (blocking, quick):
        with signals.token_issued.connected_to(receiver, app):
            await _loose(app)

    assert threads == [False, True]


async def test_a_sync_function_refuses_an_async_receiver(app: Quart) -> None:
    """As it refuses async hooks, and names its twin; a plain one is told at once."""
    told: list[str] = []

    async def receive(_app: Quart, **_facts: Any) -> None:
        told.append("async")

    def plain(_app: Quart, **facts: Any) -> None:
        told.append(facts["token_type"])

    async with app.app_context():
        with (
            signals.token_issued.connected_to(receive, app),
            pytest.raises(AsyncHookError, match="create_access_token_async"),
        ):
            create_access_token("ada")
        with signals.token_issued.connected_to(plain, app):
            create_access_token("ada")

    assert told == ["access"]


async def test_other_apps_do_not_hear(app: Quart, clock: Clock, heard: Heard) -> None:
    """The sender is the app, and a receiver may choose."""
    await Walker(session_app(clock, faulty_store())).log_in()

    assert heard == []
