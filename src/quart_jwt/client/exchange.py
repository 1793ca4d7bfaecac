"""
The exchange at the server's two endpoints: credentials, or a refresh token, for
tokens; and what its answers mean.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import httpx

from quart_jwt.client.carriers import Carrier
from quart_jwt.client.errors import LoginRefusedError
from quart_jwt.client.errors import LoginRequiredError
from quart_jwt.client.errors import TokenEndpointError
from quart_jwt.client.held_tokens import HeldTokens
from quart_jwt.client.server_clock import ServerClock
from quart_jwt.client.waiting import AnyClient
from quart_jwt.client.waiting import Build
from quart_jwt.client.waiting import Waiting

REFUSALS = frozenset({400, 401, 403, 422})
"""Statuses that say no to what was presented. Any other says nothing about it."""

RETRIES_AFTER_S = (0.0, 0.5)
"""When a request got no answer. At once: an idle connection was closed under it, or
the answer was lost; then after a while, for a server that is being restarted."""

UNAUTHORIZED = 401

INVALID_TOKEN = re.compile(r'\berror[ \t]*=[ \t]*"?invalid_token\b', re.IGNORECASE)
"""The parameter of a challenge; RFC 9110 §11.2 allows a value without quotes."""

RENEWABLE_CODES = frozenset({"token_expired", "invalid_token", "token_revoked"})
EXPIRED_MESSAGE = "Token has expired"
"""What Flask-JWT-Extended says, in a member that ``JWT_ERROR_MESSAGE_KEY`` names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """
    The two endpoints.

    Attributes:
        login_url: Takes the credentials, as a JSON object.
        refresh_url: Takes the refresh token.
        credentials: What the login is sent; None if this client cannot sign in.
        carrier: How tokens travel.
        clock: Learns the server's time from each answer.
    """

    login_url: httpx.URL
    refresh_url: httpx.URL
    credentials: Mapping[str, Any] | None = field(repr=False)
    carrier: Carrier
    clock: ServerClock

    async def renew(self, refresh: str | None, waiting: Waiting) -> HeldTokens:
        """
        Get new tokens: for the refresh token or, failing that, the credentials.

        Args:
            refresh: The refresh token, if there is one. It is not given up before
                an answer has come: the server may have rotated it, and knows it
                again when it is sent once more.
            waiting: How to wait.

        Raises:
            LoginRequiredError, LoginRefusedError: Neither does.
            TokenEndpointError: The server says neither yes nor no.
            httpx.TransportError: It does not answer.
        """
        if refresh is not None:
            answer = await self._post(self._refresh_request(refresh), waiting)
            if answer.status_code not in REFUSALS:
                return self._taken(answer, refresh)
        if self.credentials is None:
            raise LoginRequiredError("There is no valid refresh token: sign in again")
        answer = await self._post(self._login_request, waiting)
        if answer.status_code in REFUSALS:
            raise LoginRefusedError(answer.status_code)
        return self._taken(answer, None)

    async def _post(self, build: Build, waiting: Waiting) -> httpx.Response:
        for pause_s in RETRIES_AFTER_S:
            try:
                return self._learnt(await waiting.send(build))
            except httpx.TransportError:
                await waiting.sleep(pause_s)
        return self._learnt(await waiting.send(build))

    def _learnt(self, answer: httpx.Response) -> httpx.Response:
        self.clock.learn(answer)
        return answer

    def _login_request(self, client: AnyClient) -> httpx.Request:
        return client.build_request("POST", self.login_url, json=self.credentials)

    def _refresh_request(self, refresh: str) -> Build:
        def build(client: AnyClient) -> httpx.Request:
            request = client.build_request("POST", self.refresh_url)
            self.carrier.put_refresh(request, refresh)
            return request

        return build

    def _taken(self, answer: httpx.Response, refresh: str | None) -> HeldTokens:
        place, status = answer.request.url.path, answer.status_code
        if not answer.is_success:
            raise TokenEndpointError(f"{place} answered HTTP {status}", status)
        pair = self.carrier.take(answer, refresh)
        if pair is None:
            raise TokenEndpointError(f"The answer of {place} has no token", status)
        return pair


def says_renew(response: httpx.Response) -> bool:
    """
    Whether a refusal is one that a new access token may mend.

    RFC 6750 §3.1: ``invalid_token`` stands for "expired, revoked, malformed, or
    invalid for other reasons"; an answer without a challenge may say it in JSON.

    Args:
        response: An answer that has been read.
    """
    if response.status_code != UNAUTHORIZED:
        return False
    challenges = response.headers.get("WWW-Authenticate", "")
    if INVALID_TOKEN.search(challenges):
        return True
    try:
        body = response.json()
    except ValueError:
        return False
    if not isinstance(body, dict):
        return False
    return body.get("code") in RENEWABLE_CODES or EXPIRED_MESSAGE in body.values()
