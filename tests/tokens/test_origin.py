"""Which texts are origins, for CORS and for websockets alike."""

import pytest

from quart_jwt.tokens.origin import is_origin


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org",
        "http://localhost:5173",
        "https://[2001:db8::1]:8443",
        "http://example.org:443",
        "capacitor://localhost",
        "ionic://localhost",
        "tauri://localhost",
        "http://tauri.localhost",
        "chrome-extension://abcdefghijklmnop",
    ],
)
def test_an_origin(text: str) -> None:
    """What browsers and app shells send as ``Origin``."""
    assert is_origin(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "null",
        "example.org",
        "https://",
        "https://example.org/",
        "https://example.org:443",
        "http://example.org:80",
        "HTTPS://example.org",
        "https://Example.org",
        "https://user@example.org",
        "https://example.org:0",
        "https://example.org:99999999",
        "https://exa mple.org",
        "https://example.org\n",
        "://example.org",
    ],
)
def test_no_origin(text: str) -> None:
    """Nothing else: it would be configured and never match."""
    assert not is_origin(text)
