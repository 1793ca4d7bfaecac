"""
Fetching a JWK Set over HTTP: one bounded request, or two with discovery.

The only module that knows httpx. A fetch always ends within its deadline, reads at most
``MAX_BYTES``, follows no redirect, and requests only the configured URL or the
``jwks_uri`` that the issuer names.
"""

import asyncio
import re
from dataclasses import dataclass
from functools import cache
from ssl import SSLContext
from typing import Any

import httpx

from quart_jwt.stores.jwks.remote import FetchedSet
from quart_jwt.stores.jwks.remote import FetchError
from quart_jwt.stores.jwks.remote import in_worker
from quart_jwt.tokens import strict_json

MAX_BYTES = 256 * 1024
"""A set of ten RSA keys with certificates takes some 30 KiB."""

HEADERS = {
    "Accept": "application/jwk-set+json, application/json",
    # What is not compressed cannot grow.
    "Accept-Encoding": "identity",
}

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=\"?([0-9]{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class JwksAddress:
    """
    Where an issuer publishes its keys.

    Attributes:
        issuer: The issuer, as its tokens name it.
        jwks_uri: The URL of its JWK Set; None to ask its metadata.
        discovery_uri: The URL of its metadata, which has to name ``issuer``.
        timeout_s: The deadline of the whole, in seconds.
        allow_http: Whether a URL without TLS will do.
    """

    issuer: str
    jwks_uri: str | None
    discovery_uri: str | None
    timeout_s: float
    allow_http: bool


def url_fault(url: Any, *, allow_http: bool) -> str | None:
    """
    Say what is wrong with a URL that keys are to come from, or give None.

    Args:
        url: The URL.
        allow_http: Whether plain HTTP will do; keys that came by it are anybody's.
    """
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        return "is not a URL"
    if parsed.scheme != "https" and not (allow_http and parsed.scheme == "http"):
        return "is not an https URL"
    if not parsed.host or parsed.userinfo:
        return "has no host, or a password in it"
    return None


class JwksHttp:
    """
    Fetches one issuer's JWK Set.

    Args:
        address: Where it is.
    """

    def __init__(self, address: JwksAddress) -> None:
        self._address = address

    async def __call__(self) -> FetchedSet:
        """
        Fetch the set as it is now.

        Raises:
            FetchError: It did not come, or not as it should; says why.
        """
        tls = await in_worker(_tls)
        try:
            async with (
                asyncio.timeout(self._address.timeout_s),
                httpx.AsyncClient(
                    verify=tls,
                    headers=HEADERS,
                    follow_redirects=False,
                    timeout=self._address.timeout_s,
                ) as client,
            ):
                return await self._fetch(client)
        except TimeoutError:
            raise FetchError(f"no answer in {self._address.timeout_s} s") from None
        except (httpx.HTTPError, httpx.StreamError, OSError) as exc:
            raise FetchError(f"{type(exc).__name__} on the way") from exc

    async def _fetch(self, client: httpx.AsyncClient) -> FetchedSet:
        url = self._address.jwks_uri
        if url is None:
            metadata = await _get(client, str(self._address.discovery_uri))
            url = await in_worker(self._discovered, metadata.body)
        return await _get(client, url)

    def _discovered(self, body: bytes) -> str:
        """OpenID Connect Discovery §4.3: the document has to name the issuer."""
        try:
            metadata = strict_json.loads(body)
        except ValueError as exc:
            raise FetchError(f"the metadata are not strict JSON: {exc}") from None
        if not isinstance(metadata, dict):
            raise FetchError("the metadata are not a JSON object")
        if metadata.get("issuer") != self._address.issuer:
            raise FetchError("the metadata name another issuer")
        url = metadata.get("jwks_uri")
        fault = url_fault(url, allow_http=self._address.allow_http)
        if fault is not None:
            raise FetchError(f"the jwks_uri of the metadata {fault}")
        return str(url)


@cache
def _tls() -> SSLContext:
    """The certificates that count; reading them takes tens of milliseconds."""
    return httpx.create_ssl_context()


async def _get(client: httpx.AsyncClient, url: str) -> FetchedSet:
    async with client.stream("GET", url) as answer:
        if answer.status_code != httpx.codes.OK:
            raise FetchError(f"the answer has the status {answer.status_code}")
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise FetchError("the answer is compressed")
        body = bytearray()
        async for part in answer.aiter_raw():
            body += part
            if len(body) > MAX_BYTES:
                raise FetchError(f"the answer has more than {MAX_BYTES} bytes")
    return FetchedSet(bytes(body), _max_age_s(answer.headers))


def _max_age_s(headers: httpx.Headers) -> float | None:
    """RFC 9111 §5.2.2.1, as far as we need it."""
    found = _MAX_AGE.search(headers.get("cache-control", "").lower())
    return None if found is None else float(found[1])
