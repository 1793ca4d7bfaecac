"""
One way to ask both sides: a client with one awaitable verb and plain answers.

Quart's test client is awaited and Flask's is not; a walk written against `Client` runs
on either, so the same requests reach both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from typing import Protocol

import flask
import quart


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the JSON body, and the names of cookies it set."""

    status: int
    json: Any
    cookies: tuple[str, ...]


class Client(Protocol):
    """Sends one request to one of the two sides."""

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> Answer:
        """Give the answer to the request; `json=None` sends no body."""
        ...

    def cookie(self, name: str) -> str:
        """Give the value of a cookie that the client holds."""
        ...


class QuartClient:
    """A `Client` of an app of ours."""

    def __init__(self, app: quart.Quart) -> None:
        self._client = app.test_client()

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> Answer:
        """Give the answer to the request."""
        body = {} if json is None else {"json": json}
        response = await self._client.open(
            path, method=method, headers=dict(headers or {}), **body
        )
        return Answer(
            response.status_code, await response.get_json(), _names(response.headers)
        )

    def cookie(self, name: str) -> str:
        """Give the value of a cookie that the client holds."""
        assert self._client.cookie_jar is not None
        values = [c.value for c in self._client.cookie_jar if c.name == name]
        assert len(values) == 1
        assert values[0] is not None
        return values[0]


class FlaskClient:
    """A `Client` of the Flask twin."""

    def __init__(self, app: flask.Flask) -> None:
        self._client = app.test_client()

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> Answer:
        """Give the answer to the request."""
        body = {} if json is None else {"json": json}
        response = self._client.open(
            path, method=method, headers=dict(headers or {}), **body
        )
        return Answer(
            response.status_code, response.get_json(), _names(response.headers)
        )

    def cookie(self, name: str) -> str:
        """Give the value of a cookie that the client holds."""
        held = self._client.get_cookie(name)
        assert held is not None
        return held.value


def bearer(token: str) -> dict[str, str]:
    """Give the header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def _names(headers: Any) -> tuple[str, ...]:
    set_cookie = headers.getlist("Set-Cookie")
    return tuple(sorted(line.partition("=")[0] for line in set_cookie))
