"""Libraries that move the time of a whole process move ours, too."""

from datetime import datetime
from datetime import timedelta
from datetime import UTC
from typing import Any

import freezegun
import httpx
import pytest
import time_machine
from quart import Quart

from quart_jwt import create_access_token
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt.client import JWTAuth

SIGNED_IN = datetime(2030, 1, 1, tzinfo=UTC)


def _with_freezegun(moment: datetime) -> Any:
    return freezegun.freeze_time(moment)


def _with_time_machine(moment: datetime) -> Any:
    return time_machine.travel(moment, tick=False)


@pytest.mark.parametrize("moved", [_with_freezegun, _with_time_machine])
async def test_a_token_expires_in_moved_time(moved: Any) -> None:
    """A manager that was made before follows the time that a test sets."""
    app = Quart("app")
    app.config["JWT_SECRET_KEY"] = "x" * 32
    JWTManager(app)
    app.get("/")(jwt_required()(_page))
    client = app.test_client()

    with moved(SIGNED_IN):
        async with app.app_context():
            token = create_access_token("ada")
    statuses = []
    for minutes in (0, 14, 15):
        with moved(SIGNED_IN + timedelta(minutes=minutes)):
            headers = {"Authorization": f"Bearer {token}"}
            statuses.append((await client.get("/", headers=headers)).status_code)

    assert statuses == [200, 200, 401]


@pytest.mark.parametrize("moved", [_with_freezegun, _with_time_machine])
async def test_a_client_renews_in_moved_time(moved: Any) -> None:
    """Before its token expires, by the time that a test sets."""
    app = Quart("app")
    app.config["JWT_SECRET_KEY"] = "x" * 32
    JWTManager(app)
    app.get("/")(jwt_required()(_page))
    logins = []

    @app.post("/login")
    async def login() -> dict[str, str]:
        logins.append("one more")
        return {"access_token": create_access_token("ada")}

    seen = []
    served: Any = app
    async with httpx.AsyncClient(transport=httpx.ASGITransport(served)) as client:
        auth = JWTAuth("http://app", {"username": "ada"}, client=client)
        for minutes in (0, 10, 15):
            with moved(SIGNED_IN + timedelta(minutes=minutes)):
                answer = await client.get("http://app/", auth=auth)
            seen.append((answer.status_code, len(logins)))

    assert seen == [(200, 1), (200, 1), (200, 2)]


async def _page() -> str:
    return "page"
