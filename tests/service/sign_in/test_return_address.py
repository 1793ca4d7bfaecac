"""Where browsers go after signing in, and every trick to send them elsewhere."""

import pytest

from quart_jwt.service.settings.declared import FaultError
from quart_jwt.service.settings.sign_in import css_color
from quart_jwt.service.settings.sign_in import site_name
from quart_jwt.service.settings.sign_in import sites
from quart_jwt.service.sign_in.return_address import asked_return_address
from quart_jwt.service.sign_in.return_address import MAX_CHARACTERS
from quart_jwt.service.sign_in.return_address import return_address
from quart_jwt.service.sign_in.return_address import ReturnAddressError
from quart_jwt.service.sign_in.return_address import sign_in_query

SITE = "https://app.example.org"
ALLOWED = (SITE, "http://127.0.0.1:8080", "https://[2001:db8::1]:8443")

GOOD = {
    f"{SITE}/deep/link?a=1&b=2": f"{SITE}/deep/link?a=1&b=2",
    f"{SITE}/page#part": f"{SITE}/page",
    SITE: f"{SITE}/",
    f"{SITE}?a=1": f"{SITE}/?a=1",
    f"{SITE}:443/": f"{SITE}/",
    f"{SITE}:/": f"{SITE}/",
    "HTTPS://App.Example.ORG/Path": f"{SITE}/Path",
    f"{SITE}//evil.example/": f"{SITE}//evil.example/",
    f"{SITE}/?next=https://evil.example": f"{SITE}/?next=https://evil.example",
    f"{SITE}/@evil.example": f"{SITE}/@evil.example",
    f"{SITE}/%0d%0aSet-Cookie:x": f"{SITE}/%0d%0aSet-Cookie:x",
    "http://127.0.0.1:8080/": "http://127.0.0.1:8080/",
    "https://[2001:DB8::1]:8443/x": "https://[2001:db8::1]:8443/x",
}

ATTACKS = [
    # other sites and schemes
    "",
    "/",
    "page",
    "//app.example.org/",
    "//evil.example",
    "///evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https:app.example.org",
    "https:///app.example.org",
    "https://evil.example/",
    "http://app.example.org/",
    "http://app.example.org:443/",
    "javascript:alert(1)",
    "javascript://app.example.org/%0aalert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file://app.example.org/etc/passwd",
    "ftp://app.example.org/",
    "ftp://app.example.org:21/",
    "ws://app.example.org/",
    "blob:https://app.example.org/1",
    "view-source:https://app.example.org/",
    "https",
    "https://",
    "://app.example.org/",
    # host names that begin or end like an allowed one
    "https://app.example.org.evil.example/",
    "https://evilapp.example.org/",
    "https://evil-app.example.org/",
    "https://sub.app.example.org/",
    "https://example.org/",
    "https://app.example.orgevil.example/",
    "https://app.example.org./",
    "https://app.example.org../",
    "https://.app.example.org/",
    "https://app..example.org/",
    "https://evil.example?https://app.example.org/",
    "https://evil.example#https://app.example.org/",
    "https://evil.example;app.example.org/",
    "https://evil.example,app.example.org/",
    "https://app.example.org;evil.example/",
    "https://app.example.org,evil.example/",
    # userinfo
    "https://app.example.org@evil.example/",
    "https://app.example.org:443@evil.example/",
    "https://user@app.example.org/",
    "https://user:password@app.example.org/",
    "https://@app.example.org/",
    "https://evil.example@app.example.org/",
    "https://app.example.org%40evil.example/",
    # backslashes
    "https://app.example.org\\@evil.example/",
    "https://evil.example\\@app.example.org/",
    "https://evil.example\\.app.example.org/",
    "https:\\\\evil.example",
    "https:/\\evil.example",
    "https:\\/evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "https://app.example.org/\\evil.example",
    # encodings
    "https%3A%2F%2Fapp.example.org%2F",
    "https://app%2eexample.org/",
    "https://evil.example%2f@app.example.org/",
    "https://evil.example%23.app.example.org/",
    "https://evil.example%5c.app.example.org/",
    "https://app.example.org%00.evil.example/",
    "https://app.example.org%2f.evil.example/",
    "https://%61pp.example.org/",
    # ports
    "https://app.example.org:444/",
    "https://app.example.org:80/",
    "https://app.example.org:0443x/",
    "https://app.example.org:-1/",
    "https://app.example.org:99999/",
    "https://app.example.org:443:443/",
    "https://app.example.org:4\uff143/",
    "https://app.example.org:evil.example/",
    "http://127.0.0.1/",
    # spellings of an address
    "http://2130706433:8080/",
    "http://0x7f.1:8080/",
    "http://127.1:8080/",
    "http://[::ffff:127.0.0.1]:8080/",
    "https://[2001:db8::1/",
    "https://[2001:db8::1]evil.example:8443/",
    "https://[app.example.org]/",
    "https://[v1.x]/",
    # IDNA and look-alikes
    "https://\u0430pp.example.org/",
    "https://xn--pp-7ka.example.org/",
    "https://app\u3002example\u3002org/",
    "https://app\uff0eexample.org/",
    "https://\uff41pp.example.org/",
    "https://app.example.org\u2044evil.example/",
    "https://app.example.org\uff0fevil.example/",
    "https://evil.example\u2100app.example.org/",
    "https://app.ex\u00adample.org/",
    "https://app.example.org\u200b/",
    f"{SITE}/\u00e9",
    # control characters and blanks
    " https://app.example.org/",
    "https://app.example.org/ ",
    "\thttps://app.example.org/",
    "https://app.example.org/\r\nSet-Cookie: a=b",
    "https://app.example.org\n.evil.example/",
    "https://app.example.org\t/",
    "ht\ntps://app.example.org/",
    "java\tscript:alert(1)",
    "https://app.example.org/\x00",
    "https://app.example.org/\x7f",
    "\x01https://app.example.org/",
    "https://app.example.org/a b",
    # size
    f"{SITE}/{'a' * MAX_CHARACTERS}",
]


@pytest.mark.parametrize(("text", "address"), GOOD.items())
def test_a_page_of_an_allowed_site_is_returned_to(text: str, address: str) -> None:
    """The address is normalised, and path and query are kept."""
    assert return_address(text, ALLOWED) == address


@pytest.mark.parametrize("text", ATTACKS)
def test_an_open_redirect_is_refused(text: str) -> None:
    """No spelling leads to a site that is not allowed."""
    with pytest.raises(ReturnAddressError):
        return_address(text, ALLOWED)


def test_without_sites_nothing_is_returned_to() -> None:
    """An empty origin is not an allowed one."""
    for text in (SITE, "", "x"):
        with pytest.raises(ReturnAddressError):
            return_address(text, ("",))


def test_a_gateway_need_not_escape() -> None:
    """An address as it is reaches to the end; an escaped one is decoded once."""
    deep = f"{SITE}/a?b=1&c=%252F&return_to=x"
    assert asked_return_address(f"return_to={deep}") == deep
    assert asked_return_address(f"lang=zh&return_to={deep}") == deep
    assert asked_return_address(f"lang=zh&{sign_in_query(deep)}&x=1") == deep
    assert asked_return_address("lang=zh") is None


@pytest.mark.parametrize(
    "query",
    [
        "return_to=a&return_to=b",
        f"return_to=a&return_to={SITE}",
        f"return_to={'%68'}ttps://a.example&return_to=b",
        "return_to=%ff",
        "a=1&" * 30 + "return_to=a",
    ],
)
def test_an_ambiguous_query_is_refused(query: str) -> None:
    """Two addresses, and one that is not UTF-8, are none."""
    with pytest.raises(ReturnAddressError):
        asked_return_address(query)


def test_settings_are_checked() -> None:
    """Sites are exact origins of web pages, and looks cannot leave their place."""
    assert sites(f"{SITE}, http://127.0.0.1:8080") == (SITE, "http://127.0.0.1:8080")
    for text in ("*", "app.example.org", f"{SITE}/", "capacitor://localhost"):
        with pytest.raises(FaultError):
            sites(text)
    assert css_color("#2F6FDB") == "#2f6fdb"
    for text in ("red", "#fff", "#2f6fdb;}", "#2f6fdb\n"):
        with pytest.raises(FaultError):
            css_color(text)
    for text in ("a\nb", "x" * 61):
        with pytest.raises(FaultError):
            site_name(text)
