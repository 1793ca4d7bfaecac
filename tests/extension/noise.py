"""
HTTP requests of line noise, each made from a seed so that it can be sent again.

A request is mostly well-formed, for otherwise the server would refuse all of them: it
has noise in its path, its query, its headers, its cookies, its body or its token.
"""

import random
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes

from forging import forge

PATHS: tuple[str, ...] = (
    "/async",
    "/sync",
    "/optional",
    "/scopes",
    "/purpose",
    "/body",
    "/auth/verify",
)
PATHS += ("/nothing",)

HEADERS = (
    b"Authorization",
    b"Cookie",
    b"X-CSRF-TOKEN",
    b"X-Forwarded-Method",
    b"X-Forwarded-Uri",
    b"X-Forwarded-For",
    b"X-Forwarded-Proto",
    b"Content-Type",
    b"Accept",
    b"Accept-Language",
    b"Origin",
    b"Referer",
    b"Range",
    b"If-Modified-Since",
    b"Sec-WebSocket-Protocol",
    b"Sec-WebSocket-Key",
    b"Upgrade",
    b"Expect",
    b"Connection",
    b"Traceparent",
)
NOT_IN_A_LINE = bytes([*range(9), *range(10, 32), 127])
"""What no header may have; a server refuses the request."""

METHODS = (b"GET", b"GET", b"GET", b"POST", b"PUT", b"DELETE", b"HEAD", b"OPTIONS")
CONTENT_TYPES = (
    b"application/json",
    b"application/json; charset=utf-16",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=x",
    b"text/\xe7",
)
CLAIMS: tuple[str, ...] = (
    "sub",
    "exp",
    "nbf",
    "iat",
    "jti",
    "type",
    "fresh",
    "csrf",
    "iss",
    "aud",
)
CLAIMS += ("sid", "scope", "kid", "alg", "typ", "crit")
VALUES: tuple[Any, ...] = (
    None,
    True,
    "",
    "joe",
    "access",
    "refresh",
    "download",
    "\ud800",
    "\0",
    [],
    {},
    ["a"],
    {"a": []},
    -1,
    0,
    1.5,
    1e308,
    2**63,
    10**400,
    "HS256",
    "none",
    "read",
)


@dataclass(frozen=True)
class Noise:
    """
    A request.

    Attributes:
        data: Its bytes.
        method: Its method.
        is_handshake: Whether it asks for a websocket.
    """

    data: bytes
    method: bytes
    is_handshake: bool


class NoiseSource:
    """
    Makes requests.

    Args:
        seed: Which of them.
        tokens: Tokens that are good.
        secret: What they are signed with.
    """

    def __init__(self, seed: int, tokens: list[bytes], secret: str) -> None:
        self._random = random.Random(seed)  # noqa: S311 - noise that can be repeated
        self._tokens = tokens
        self._secret = secret

    def request(self) -> Noise:
        """Give one request."""
        source = self._random
        method = source.choice(METHODS)
        is_handshake = source.random() < 0.1
        headers = [(b"Host", b"localhost")]
        headers += [(self._name(), self._value()) for _ in range(source.randrange(4))]
        if source.random() < 0.5:
            headers.append((b"Cookie", self._cookies()))
        if source.random() < 0.5:
            headers.append((b"Authorization", self._authorization()))
        body = b""
        if is_handshake:
            method = b"GET"
            headers += [
                (b"Connection", b"Upgrade"),
                (b"Upgrade", b"websocket"),
                (b"Sec-WebSocket-Version", b"13"),
                (b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
            ]
        elif method in {b"POST", b"PUT", b"DELETE"}:
            body = self._body()
            headers.append((b"Content-Type", source.choice(CONTENT_TYPES)))
            headers.append((b"Content-Length", str(len(body)).encode("ascii")))
        target = self._target(b"/socket" if is_handshake else None)
        lines = [method + b" " + target + b" HTTP/1.1"]
        lines += [name + b": " + value for name, value in headers]
        data = b"\r\n".join(lines) + b"\r\n\r\n" + body
        return Noise(data, method, is_handshake)

    def _bytes(self, most: int = 12) -> bytes:
        source = self._random
        noise = source.randbytes(source.randrange(1, most))
        if source.random() < 0.02:  # what ends a line is the server's to refuse
            return noise
        return noise.translate(None, NOT_IN_A_LINE)

    def _name(self) -> bytes:
        if self._random.random() < 0.97:
            return self._random.choice(HEADERS)
        return self._bytes()

    def _value(self) -> bytes:
        pieces: list[Callable[[], bytes]] = [
            self._bytes,
            self._token,
            lambda: self._random.choice(METHODS),
            lambda: b"%00%ff/..;=,",
            lambda: b"a" * self._random.choice((1, 300, 5_000)),
            lambda: self._random.choice((b",", b";", b"=", b'"', b" ", b"\t", b"\\")),
        ]
        chosen = self._random.choices(pieces, k=self._random.randrange(1, 4))
        return b"".join(piece() for piece in chosen)

    def _authorization(self) -> bytes:
        schemes = (b"Bearer ", b"bearer\t", b"Bearer", b"BEARER  ", b"Basic ", b"")
        return self._random.choice(schemes) + self._credential()

    def _credential(self) -> bytes:
        return self._token() if self._random.random() < 0.8 else self._value()

    def _cookies(self) -> bytes:
        names = (b"access_token_cookie", b"refresh_token_cookie", b"csrf", b"lang")
        cookies = []
        for _ in range(self._random.randrange(1, 4)):
            name = self._random.choice(names)
            name = name if self._random.random() < 0.9 else self._bytes()
            cookies.append(name + b"=" + self._credential())
        return self._random.choice((b"; ", b";", b",", b"; ;")).join(cookies)

    def _target(self, path: bytes | None) -> bytes:
        source = self._random
        path = path or source.choice(PATHS).encode("ascii")
        if source.random() < 0.3:
            path += b"/" + self._escaped(self._bytes())
        if source.random() < 0.5:
            query = b"jwt=" + self._escaped(self._credential())
            path += b"?" + query + (b"&" + self._escaped(self._bytes()))
        return path

    def _escaped(self, noise: bytes) -> bytes:
        if self._random.random() < 0.1:
            return noise  # not what a URL may have
        return quote_from_bytes(noise, safe="/=&.").encode("ascii")

    def _body(self) -> bytes:
        token = self._token().decode("latin-1")
        bodies = (
            f'{{"access_token": "{token}"}}'.encode("latin-1"),
            f'{{"access_token": ["{token}"]}}'.encode("latin-1"),
            b"[" * self._random.choice((1, 100, 5_000)),
            b'{"access_token": "\xff"}',
            b'{"a": 1, "a": 2}',
            self._bytes(200),
            b"",
        )
        return self._random.choice(bodies)

    def _token(self) -> bytes:
        kind = self._random.random()
        if kind < 0.3:
            return self._random.choice(self._tokens)
        if kind < 0.5:
            return self._damaged(self._random.choice(self._tokens))
        if kind < 0.9:
            return self._forged()
        return b".".join(urlsafe_b64encode(self._bytes(40)) for _ in range(3))

    def _damaged(self, token: bytes) -> bytes:
        at = self._random.randrange(len(token))
        return token[:at] + self._bytes() + token[at + self._random.randrange(4) :]

    def _forged(self) -> bytes:
        header: dict[str, Any] = {"alg": "HS256", "typ": "JWT"}
        claims: dict[str, Any] = {"sub": "joe", "type": "access", "jti": "x"}
        claims.update({"exp": 4e9, "iat": 1, "nbf": 1, "fresh": False})
        for changed in (claims, claims, header):
            for _ in range(self._random.randrange(3)):
                value = self._random.choice(VALUES)
                changed[self._random.choice(CLAIMS)] = value
        return forge(header, claims, self._secret).encode("ascii")
