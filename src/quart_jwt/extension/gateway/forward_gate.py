"""
The gate of forward-auth: for a known token, the whole answer is known.

The identity headers are made once and noted on the token's entry in the cache. The
gate reads the ASGI scope, once; a request that may have a body, or that needs no
token, takes the longer way.
"""

import json
from collections.abc import Mapping
from typing import Any

from quart_jwt.extension.gate import Gate
from quart_jwt.extension.gateway.forwarded import ForwardedPresentation
from quart_jwt.extension.gateway.forwarded import Forwarding
from quart_jwt.extension.gateway.forwarded import headers_of
from quart_jwt.extension.gateway.required_grants import REQUIRING
from quart_jwt.extension.gateway.unread_body import ANNOUNCED
from quart_jwt.extension.gateway.unread_body import ANNOUNCING
from quart_jwt.extension.hooks.loaders import Loaders
from quart_jwt.extension.request.requirement import Requirement
from quart_jwt.extension.settings.settings import Settings

Headers = list[tuple[bytes, bytes]]

_LONGER_WAY = ANNOUNCING | REQUIRING
"""Headers with which the gate does not answer: a body, or a site with requirements."""

HEADER_BYTES = 200
"""What Python accounts for a header, beside its characters."""


class ForwardGate(Gate):
    """
    Recognises the tokens that a gateway shows.

    Args:
        jwt: The manager.
        settings: The state of the settings.
        requirement: What is asked.
        forwarding: How the gateway in front says what was asked of it.
        names: Identity headers and the claim that each carries.
    """

    def __init__(
        self,
        jwt: Loaders,
        settings: Settings,
        requirement: Requirement,
        *,
        forwarding: Forwarding,
        names: Mapping[bytes, str],
    ) -> None:
        super().__init__(jwt, settings, requirement)
        self._forwarding = forwarding
        self._names = names
        self._as_json = (self, "json")
        self._raw_header = self._raw_scheme = b""
        reads_header = self._places[0] == "headers"
        if reads_header and self._scheme is not None and self._header.isascii():
            self._raw_header = self._header.encode("ascii")
            self._raw_scheme = self._scheme.encode("ascii")
            self._reads_cookie = self._places[1:2] == ("cookies",)
        else:
            self._reads_cookie = self._places[0] == "cookies"

    def answer(self, scope: Any) -> tuple[Headers, bytes] | None:
        """
        The headers and the body of a 200 for a known token.

        Args:
            scope: The ASGI scope of the gateway's call, of type ``http``.

        Returns:
            The caller's own headers; None if only ``verify`` can say.
        """
        wanted, scheme = self._raw_header, self._raw_scheme
        text, wants_json = b"", False
        for name, value in scope["headers"]:
            if name == wanted:
                text = b"" if text else value[len(scheme) :]
                if not text or not value.startswith(scheme):
                    return None
            elif name == b"accept":
                wants_json = wants_json or b"application/json" in value
            elif name in _LONGER_WAY:
                return None
        if self._asks or scope.get("http_version") not in ANNOUNCED:
            return None
        if text and not self._forwarding.pass_preflight:
            return self._noted(text.decode("latin-1"), wants_json)
        shown = ForwardedPresentation(scope, self._forwarding)
        known = text.decode("latin-1") if text else self._in_cookie(shown)
        if not known or shown.is_exempt():
            return None
        return self._noted(known, wants_json)

    def _in_cookie(self, shown: ForwardedPresentation) -> str | None:
        return self.cookie_in(shown) if self._reads_cookie else None

    def _noted(self, text: str, wants_json: bool) -> tuple[Headers, bytes] | None:
        entry = self.entry_of(text)
        if entry is None:
            return None
        name = self._as_json if wants_json else self
        noted = entry.notes.get(name)
        if noted is None:
            claim = entry.token.claims.get
            identity = {"sub": claim(self._identity_claim)}
            body = json.dumps(identity).encode("ascii") if wants_json else b""
            noted = complete(headers_of(self._names, claim), body), body
            size = sum(HEADER_BYTES + len(value) for _name, value in noted[0])
            self._cache.note(text, entry, name, noted, size=size + len(body))
        headers, body = noted
        return headers.copy(), body  # what stands around may add to the headers


def complete(headers: Headers, body: bytes) -> Headers:
    """The headers of an answer with those that every answer has."""
    common = [
        (b"cache-control", b"no-store"),
        (b"content-length", b"%d" % len(body)),
    ]
    if body:
        common.append((b"content-type", b"application/json"))
    return [*common, *headers]
