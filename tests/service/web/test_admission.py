"""Each moment at which a change may overtake a login or a refresh, one at a time."""

from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from quart_jwt.service.ground.grants import Grants
from service.kit import bearer
from service.kit import claims
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service

Change = Callable[[Service], Awaitable[None]]


async def _disable(service: Service) -> None:
    await service.changes.disable(NAME)


async def _set_password(service: Service) -> None:
    stored = await service.resources.passwords.hash("another password")
    await service.changes.set_password(NAME, stored)


async def _sign_out(service: Service) -> None:
    await service.changes.change_grants(NAME, lambda grants: grants, sign_out=True)


async def _take_roles(service: Service) -> None:
    """Take them between two seconds, by the same clock."""
    service.clock.advance(2)
    await service.changes.change_grants(NAME, lambda _grants: Grants(), sign_out=False)
    service.clock.advance(2)


async def _delete(service: Service) -> None:
    """As somebody with a database client does, who tells nobody."""
    await service.resources.database.change(text("DELETE FROM users"))


async def _disable_by_hand(service: Service) -> None:
    """The same: the epoch stays as it was."""
    await service.resources.database.change(text("UPDATE users SET enabled = false"))


BY_HAND = pytest.mark.parametrize("change", [_delete, _disable_by_hand])
SHUTTING_OUT = pytest.mark.parametrize("change", [_disable, _set_password, _sign_out])


@pytest.fixture(name="overtaken")
def _overtaken(service: Service, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let a change happen once, right before or after the directory answers."""

    def overtake(verb: str, change: Change, *, when: str) -> None:
        directory = service.resources.users.directory
        asked = getattr(directory, verb)

        async def overtaking(*arguments: Any) -> Any:
            monkeypatch.undo()
            if when == "before":
                await change(service)
            answer = await asked(*arguments)
            if when == "after":
                await change(service)
            return answer

        monkeypatch.setattr(directory, verb, overtaking)

    return overtake


async def _log_in(service: Service) -> Any:
    return await service.client.post(
        "/login", json={"username": NAME, "password": PASSWORD}
    )


async def _refresh(service: Service, tokens: Any) -> Any:
    return await service.client.post(
        "/refresh", headers=bearer(tokens["refresh_token"])
    )


async def _live(service: Service) -> int:
    live = await service.resources.sessions.live(NAME, now=service.clock())
    return len(live)


@SHUTTING_OUT
@pytest.mark.parametrize(
    ("verb", "when"), [("authenticate", "after"), ("find", "before")]
)
async def test_a_login_that_was_overtaken_is_refused(
    service: Service, overtaken: Any, change: Change, verb: str, when: str
) -> None:
    """Before its session starts, or before the second look: no session is left."""
    await service.add()
    overtaken(verb, change, when=when)
    answer = await _log_in(service)

    assert answer.status_code == 401
    assert (await answer.get_json())["code"] == "invalid_credentials"
    assert await _live(service) == 0


@SHUTTING_OUT
async def test_a_login_that_is_overtaken_at_its_end_is_signed_out(
    service: Service, overtaken: Any, change: Change
) -> None:
    """After the second look the change finds the session, and ends it."""
    await service.add()
    overtaken("find", change, when="after")
    tokens = await (await _log_in(service)).get_json()

    assert await service.status("GET", "/protected", tokens["access_token"]) == 401
    assert (await _refresh(service, tokens)).status_code == 401
    assert await _live(service) == 0


@SHUTTING_OUT
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_refresh_that_was_overtaken_gives_nothing(
    service: Service, overtaken: Any, change: Change, when: str
) -> None:
    """The session is over, whether the refresh looks at the user before or after."""
    await service.add()
    tokens = await service.log_in()
    overtaken("find", change, when=when)

    assert (await _refresh(service, tokens)).status_code == 401
    assert await service.status("GET", "/protected", tokens["access_token"]) == 401


@pytest.mark.parametrize("verb", ["authenticate", "find"])
async def test_a_token_with_roles_from_before_a_change_is_refused(
    service: Service, overtaken: Any, verb: str
) -> None:
    """Though it was made after the change: it is dated by when the roles were read."""
    await service.add(grants=Grants(roles=("admin",)))
    tokens = await service.log_in()
    overtaken(verb, _take_roles, when="after")
    answer = await (
        _log_in(service) if verb == "authenticate" else _refresh(service, tokens)
    )
    made = await answer.get_json()

    assert claims(made["access_token"])["roles"] == ["admin"]
    assert await service.code("GET", "/protected", made["access_token"]) == (
        "token_revoked"
    )
    service.clock.advance(1)
    renewed = await (await _refresh(service, made)).get_json()
    assert "roles" not in claims(renewed["access_token"])
    assert await service.status("GET", "/protected", renewed["access_token"]) == 200


@SHUTTING_OUT
async def test_a_password_change_that_was_overtaken_signs_nobody_in(
    service: Service, overtaken: Any, change: Change
) -> None:
    """The password is changed, and the new session does not outlive the operator."""
    await service.add()
    tokens = await service.log_in()
    overtaken("change_password", change, when="after")
    answer = await service.client.post(
        "/password",
        json={"current_password": PASSWORD, "new_password": "a new password"},
        headers=bearer(tokens["access_token"]),
    )

    assert answer.status_code == 401
    assert (await answer.get_json())["code"] == "token_revoked"
    assert await _live(service) == 0


async def test_a_login_with_the_new_password_survives_a_late_sign_out(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is quicker than the end of the old sessions, and is not one of them."""
    await service.add()
    old, new = await service.log_in(), []
    accounts = service.resources.accounts
    write_row = accounts.set_password

    async def overtaken(name: str, stored: str) -> int:
        epoch = await write_row(name, stored)
        new.append(await service.log_in(password="another password"))
        return epoch

    monkeypatch.setattr(accounts, "set_password", overtaken)
    await _set_password(service)
    (tokens,) = new

    assert await service.status("GET", "/protected", tokens["access_token"]) == 200
    assert (await _refresh(service, tokens)).status_code == 200
    assert await service.status("GET", "/protected", old["access_token"]) == 401


@BY_HAND
async def test_a_login_is_refused_if_the_row_was_changed_by_hand_meanwhile(
    service: Service, overtaken: Any, change: Change
) -> None:
    """The second look finds it; nobody else ends the session."""
    await service.add()
    overtaken("authenticate", change, when="after")

    assert (await _log_in(service)).status_code == 401
    assert await _live(service) == 0


@BY_HAND
@pytest.mark.parametrize("path", ["/me", "/refresh"])
async def test_a_change_by_hand_ends_the_session_at_the_next_look(
    service: Service, change: Change, path: str
) -> None:
    """A page about the user looks, and a refresh does; access tokens run out."""
    await service.add()
    tokens = await service.log_in()
    await change(service)
    which = "refresh_token" if path == "/refresh" else "access_token"
    method = "POST" if path == "/refresh" else "GET"

    assert await service.code(method, path, tokens[which]) == "token_revoked"
    assert await service.status("GET", "/protected", tokens["access_token"]) == 401


async def test_tokens_say_nothing_of_the_epoch(service: Service) -> None:
    """It stands in the row of the user, and in that of the session."""
    account = await service.add()
    tokens = await service.log_in()
    (session,) = await service.resources.sessions.live(NAME, now=service.clock())

    assert session.epoch == account.session_epoch
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert "session_epoch" not in claims(token)
