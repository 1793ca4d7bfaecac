"""Fetching a JWK Set: whatever a server does, a fetch is bounded."""

import asyncio
import json
import logging
import ssl
import threading
from collections.abc import AsyncIterator
from datetime import datetime
from datetime import timedelta
from datetime import UTC
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

import key_material
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.exceptions import KeysUnavailableError
from quart_jwt.stores.jwks import http as jwks_http
from quart_jwt.stores.jwks.http import JwksAddress
from quart_jwt.stores.jwks.http import JwksHttp
from quart_jwt.stores.jwks.http import MAX_BYTES
from quart_jwt.stores.jwks.http import url_fault
from quart_jwt.stores.jwks.remote import FetchError
from quart_jwt.stores.jwks.remote import Freshness
from quart_jwt.stores.jwks.remote import RemoteKeys
from quart_jwt.tokens.jwks import read_published
from stores.jwks_server import HOSTILE
from stores.jwks_server import JwksServer
from stores.jwks_server import sends
from stores.jwks_server import serving
from tokens.test_jwk import jwk

DOCUMENT = {"keys": [jwk("RS256", kid="a")]}

logger = logging.getLogger(__name__)


@pytest.fixture(name="server")
async def _server() -> AsyncIterator[JwksServer]:
    async with serving(sends(DOCUMENT)) as server:
        yield server


def _address(url: str, *, discovery: bool = False, **changes: Any) -> JwksAddress:
    values: dict[str, Any] = {
        "issuer": "https://id.example",
        "jwks_uri": None if discovery else url,
        "discovery_uri": url if discovery else None,
        "timeout_s": 30.0,
        "allow_http": True,
        **changes,
    }
    return JwksAddress(**values)


async def test_a_set_is_fetched(server: JwksServer) -> None:
    """One request without a body, without compression, and the set as it is."""
    fetched = await JwksHttp(_address(f"{server.url}/keys"))()

    assert json.loads(fetched.body) == DOCUMENT
    assert fetched.max_age_s is None
    (request,) = server.requests
    assert request.startswith("GET /keys HTTP/1.1\r\n")
    assert "accept-encoding: identity\r\n" in request.lower()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("max-age=600", 600),
        ("public, max-age=600, must-revalidate", 600),
        ("Max-Age=600", 600),
        ('max-age="600"', 600),
        ("s-maxage=1,max-age=600", 600),
        ("x-max-age=1", None),
        ("max-age=-1", None),
        ("no-store", None),
    ],
)
async def test_the_server_may_say_how_long_it_holds(
    server: JwksServer, header: str, expected: float | None
) -> None:
    """``max-age`` of ``Cache-Control`` is taken, wherever it stands."""
    server.answer = sends(DOCUMENT, Cache_Control=header)

    fetched = await JwksHttp(_address(server.url))()
    assert expected == fetched.max_age_s


@pytest.mark.parametrize(("over", "fits"), [(-1, True), (0, True), (1, False)])
async def test_a_set_has_at_most_256_kib(
    server: JwksServer, over: int, *, fits: bool
) -> None:
    """The bound itself is allowed, and one byte more is not."""
    server.answer = sends(b" " * (MAX_BYTES + over))
    if fits:
        assert len((await JwksHttp(_address(server.url))()).body) == MAX_BYTES + over
    else:
        with pytest.raises(FetchError, match="more than 262144 bytes"):
            await JwksHttp(_address(server.url))()


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_server_takes_nothing_away(
    server: JwksServer, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The last good keys work on, the loop turns, and the fetch has an end (G05)."""
    keys = RemoteKeys(JwksHttp(_address(server.url)), ("RS256",), Freshness())
    try:
        await keys.refresh()
        server.answer = HOSTILE[name]
        keys._fetch = JwksHttp(_address(server.url, timeout_s=0.5))
        refreshing = asyncio.create_task(keys.refresh())
        worst_s = await _worst_lag_s(refreshing, keys)
        caplog.set_level(logging.INFO)
        logger.info("worst lag of the loop under %s: %.1f ms", name, worst_s * 1000)
        assert keys._failures == 1
        assert [key.kid for key in await keys.candidates("a", "RS256")] == ["a"]
    finally:
        await keys.close()
    assert len(server.requests) == 2
    assert "The keys of an issuer could not be fetched: " in caplog.text


async def _worst_lag_s(refreshing: "asyncio.Task[None]", keys: RemoteKeys) -> float:
    """Turn the loop until the fetch is over; keys are at hand all the time."""
    loop, worst_s = asyncio.get_running_loop(), 0.0
    while not refreshing.done():
        before = loop.time()
        await asyncio.sleep(0.001)
        worst_s = max(worst_s, loop.time() - before - 0.001)
        assert await keys.candidates("a", "RS256")
    return worst_s


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_server_gives_no_keys(server: JwksServer, name: str) -> None:
    """Without keys in hand a request is told that they are not available."""
    server.answer = HOSTILE[name]
    fetch = JwksHttp(_address(server.url, timeout_s=0.5))
    keys = RemoteKeys(fetch, ("RS256",), Freshness())
    try:
        with pytest.raises(KeysUnavailableError):
            await keys.candidates("a", "RS256")
    finally:
        await keys.close()


async def test_a_redirect_is_not_followed(server: JwksServer) -> None:
    """Not even to where the keys really are."""
    async with serving(sends(DOCUMENT)) as elsewhere:
        server.answer = sends(b"", "307 Temporary Redirect", Location=elsewhere.url)
        with pytest.raises(FetchError, match="status 307"):
            await JwksHttp(_address(server.url))()

    assert elsewhere.requests == []


async def test_nobody_there() -> None:
    """A closed port is an error like any other."""
    async with serving(sends(DOCUMENT)) as gone:
        url = gone.url
    with pytest.raises(FetchError, match="ConnectError on the way"):
        await JwksHttp(_address(url))()


async def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    """TLS is checked: who answers under the issuer's name has to prove it."""
    async with serving(sends(DOCUMENT), tls=_self_signed(tmp_path)) as server:
        with pytest.raises(FetchError, match="ConnectError on the way"):
            await JwksHttp(_address(server.url))()

    assert server.requests == []


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = key_material.private("ES256")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    pem = certificate.public_bytes(Encoding.PEM).decode()
    file.write_text(key_material.private_pem("ES256") + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def _metadata(url: Any, **changes: Any) -> dict[str, Any]:
    return {"issuer": "https://id.example", "jwks_uri": url, **changes}


async def test_discovery_names_the_set(server: JwksServer) -> None:
    """The metadata lead to the keys, in one deadline."""
    server.pages["/keys"] = sends(DOCUMENT, Cache_Control="max-age=60")
    server.answer = sends(_metadata(f"{server.url}/keys"))
    fetched = await JwksHttp(_address(f"{server.url}/metadata", discovery=True))()

    assert (json.loads(fetched.body), fetched.max_age_s) == (DOCUMENT, 60)
    assert [request.split(" ")[1] for request in server.requests] == [
        "/metadata",
        "/keys",
    ]


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        (_metadata("https://a.b/k", issuer="https://id.example/"), "another issuer"),
        (_metadata("https://a.b/k", issuer=None), "another issuer"),
        (_metadata(None), "the jwks_uri of the metadata is not"),
        (_metadata(["https://a.b/k"]), "the jwks_uri of the metadata is not a URL"),
        (_metadata("file:///etc/passwd"), "is not an https URL"),
        (_metadata("gopher://a.b/k"), "is not an https URL"),
        (_metadata("https://"), "has no host"),
        (b"[]", "not a JSON object"),
        (b"<html>", "not strict JSON"),
        (b'{"issuer": 1, "issuer": 2}', "not strict JSON"),
    ],
)
async def test_metadata_that_are_wrong_lead_nowhere(
    server: JwksServer, metadata: Any, reason: str
) -> None:
    """Another issuer's metadata, or no URL for keys, end it there."""
    server.answer = sends(metadata)
    with pytest.raises(FetchError, match=reason):
        await JwksHttp(_address(server.url, discovery=True))()

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://id.example/keys", None),
        ("https://[::1]:8443/keys", None),
        ("http://id.example/keys", "is not an https URL"),
        ("file:///etc/passwd", "is not an https URL"),
        ("ftp://id.example/keys", "is not an https URL"),
        ("/keys", "is not an https URL"),
        ("", "is not an https URL"),
        ("https:///keys", "has no host, or a password in it"),
        ("https://user:pass@id.example", "has no host, or a password in it"),
        ("https://id.example:port/", "is not a URL"),
        (None, "is not a URL"),
        (5, "is not a URL"),
    ],
)
def test_keys_come_over_https(url: Any, fault: str | None) -> None:
    """Any other scheme could be anybody's answer, or a file of ours."""
    assert url_fault(url, allow_http=False) == fault


def test_http_may_be_allowed() -> None:
    """For a test, or for a sidecar on the same machine; never anything else."""
    assert url_fault("http://127.0.0.1:1/", allow_http=True) is None
    assert url_fault("file:///etc/passwd", allow_http=True) == "is not an https URL"


async def test_certificates_are_read_once_and_off_the_loop(
    server: JwksServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trust store of the machine is a large file."""
    threads = []
    create = httpx.create_ssl_context

    def spy() -> ssl.SSLContext:
        threads.append(threading.current_thread().name)
        return create()

    jwks_http._tls.cache_clear()
    monkeypatch.setattr(httpx, "create_ssl_context", spy)
    for _ in range(2):
        await JwksHttp(_address(server.url))()

    assert threads == ["quart-jwt-jwks_0"]


def test_a_drip_feed_of_keys_is_read_in_bounded_time() -> None:
    """The largest document that is accepted at all is refused for its many keys."""
    many = json.dumps({"keys": [{"kty": "RSA"}] * 18_000}).encode()[:MAX_BYTES]
    with pytest.raises(ConfigurationError):
        read_published(many, ("RS256",))
