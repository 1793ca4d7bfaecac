"""
What arrives: whole visits of users, or one kind of request.

A visit is login, protected, verify, refresh with rotation, protected and logout, with
the tokens of one session. Its first request counts from the time at which the visit was
due; each later one is due when the response before it is there.
"""

import asyncio
import itertools
import json
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from quart_jwt.service.load.arrivals import Act
from quart_jwt.service.load.arrivals import Clock
from quart_jwt.service.load.connections import Connections
from quart_jwt.service.load.connections import ExchangeError
from quart_jwt.service.load.outcomes import Outcome
from quart_jwt.service.load.users import User

OK = 200
TOGETHER = 2
"""Sign-ins at once while sessions are prepared, which no threshold judges."""
FRESH_S = 240
"""Access tokens outlive this and a run of ten minutes, by the shipped settings."""
BENCHMARK_NETWORK = "198.18"
"""RFC 2544 reserves it for benchmarks, so no client has such an address."""

FIRST_RATES: Mapping[str, float] = {
    "visit": 4,
    "login": 8,
    "refresh": 40,
    "protected": 200,
    "verify": 400,
}
"""The kinds of arrival, and the rate at which the search begins, per second."""


@dataclass(slots=True)
class Tokens:
    """The tokens of one session; they appear in no text."""

    user: int
    access: str = field(repr=False)
    refresh: str = field(repr=False)


class Scenario:
    """
    The users and their sessions.

    Args:
        users: Who signs in, one after another.
        connections: Where the requests go.
        clock: Gives the time in seconds.
        as_proxy: Whether to give each user an address of its own in
            ``X-Forwarded-For``; a service started for the test trusts this machine.

    Attributes:
        outcomes: What became of each request.
    """

    def __init__(
        self,
        users: Sequence[User],
        connections: Connections,
        *,
        clock: Clock,
        as_proxy: bool,
    ) -> None:
        self.outcomes: list[Outcome] = []
        self._users = users
        self._numbers = itertools.cycle(range(len(users)))
        self._connections = connections
        self._clock = clock
        self._as_proxy = as_proxy
        self._sessions: asyncio.Queue[Tokens] = asyncio.Queue()
        self._prepared_s = 0.0

    def act(self, kind: str) -> Act:
        """Return what one arrival of a kind does, one of ``FIRST_RATES``."""
        acts = {
            "visit": self._visit,
            "login": self._login_only,
            "refresh": self._refresh_only,
            "protected": self._protected_only,
            "verify": self._verify_only,
        }
        return acts[kind]

    async def prepare(self, sessions: int) -> None:
        """
        Sign in, for requests that need a token, unless that was done just now.

        Args:
            sessions: How many sessions there should be.

        Raises:
            ExchangeError: None could be started.
        """
        if not self._sessions.empty() and self._clock() - self._prepared_s < FRESH_S:
            return
        self._prepared_s = self._clock()
        while not self._sessions.empty():
            self._sessions.get_nowait()
        places = asyncio.Semaphore(TOGETHER)

        async def one() -> None:
            async with places:
                tokens = await self._login(self._clock())
            if tokens is not None:
                self._sessions.put_nowait(tokens)

        await asyncio.gather(*(one() for _ in range(sessions)))
        fault = next((one.fault for one in self.outcomes if one.fault), None)
        if self._sessions.empty() and fault is not None:
            raise ExchangeError(fault)
        self.outcomes.clear()

    async def _visit(self, due_s: float) -> None:
        tokens = await self._login(due_s)
        if tokens is None:
            return
        await self._use("protected", "GET", "/protected", tokens.access)
        await self._use("verify", "GET", "/auth/verify", tokens.access)
        await self._refresh(tokens, self._clock())
        await self._use("protected", "GET", "/protected", tokens.access)
        await self._use("logout", "POST", "/logout", tokens.access)

    async def _login_only(self, due_s: float) -> None:
        await self._login(due_s)

    async def _refresh_only(self, due_s: float) -> None:
        tokens = await self._sessions.get()  # a session rotates once at a time
        try:
            await self._refresh(tokens, due_s)
        finally:
            self._sessions.put_nowait(tokens)

    async def _protected_only(self, due_s: float) -> None:
        access = self._next_session().access
        await self._use("protected", "GET", "/protected", access, due_s)

    async def _verify_only(self, due_s: float) -> None:
        access = self._next_session().access
        await self._use("verify", "GET", "/auth/verify", access, due_s)

    def _next_session(self) -> Tokens:
        tokens = self._sessions.get_nowait()
        self._sessions.put_nowait(tokens)
        return tokens

    async def _login(self, due_s: float) -> Tokens | None:
        number = next(self._numbers)
        user = self._users[number]
        body = json.dumps({"username": user.name, "password": user.password}).encode()
        headers = [("Content-Type", "application/json")]
        if self._as_proxy:
            high, low = divmod(number, 250)
            address = f"{BENCHMARK_NETWORK}.{high % 250}.{low + 1}"
            headers.append(("X-Forwarded-For", address))
        given = await self._ask("login", due_s, "POST", "/login", headers, body)
        access, refresh = given.get("access_token"), given.get("refresh_token")
        if not isinstance(access, str) or not isinstance(refresh, str):
            return None
        return Tokens(number, access, refresh)

    async def _refresh(self, tokens: Tokens, due_s: float) -> None:
        headers = [("Authorization", f"Bearer {tokens.refresh}")]
        given = await self._ask("refresh", due_s, "POST", "/refresh", headers)
        tokens.access = given.get("access_token", tokens.access)
        tokens.refresh = given.get("refresh_token", tokens.refresh)

    async def _use(
        self, kind: str, method: str, path: str, access: str, due_s: float | None = None
    ) -> None:
        headers = [("Authorization", f"Bearer {access}")]
        due_s = self._clock() if due_s is None else due_s
        await self._ask(kind, due_s, method, path, headers)

    async def _ask(
        self,
        kind: str,
        due_s: float,
        method: str,
        path: str,
        headers: Sequence[tuple[str, str]],
        body: bytes = b"",
    ) -> Mapping[str, Any]:
        """Send a request, note its outcome, and return the members of a 200."""
        members: Mapping[str, Any] = {}
        fault: str | None = None
        try:
            answer = await self._connections.ask(method, path, headers, body)
        except ExchangeError as error:
            fault = f"{kind}: {error}"
        else:
            if answer.status == OK:
                members = answer.members if method == "POST" else members
            else:
                fault = _fault(kind, answer.status, answer.members)
        self.outcomes.append(Outcome(kind, due_s, self._clock(), fault))
        return members


def _fault(kind: str, status: int, members: Mapping[str, Any]) -> str:
    """Return a status with the code and limit of an error body, if they are words."""
    words = [members.get("code"), members.get("limit")]
    said = [one for one in words if isinstance(one, str) and one.isidentifier()]
    return " ".join([f"{kind}: {status}", *said])
