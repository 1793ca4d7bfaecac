"""The documentation site that `make docs` builds: its search index and its pages."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from quart import Quart

import quart_jwt
import quart_jwt.client
import quart_jwt.testing
from docs.blocks import ROOT
from quart_jwt import exceptions
from quart_jwt import JWTManager
from quart_jwt import signals
from quart_jwt.service.ground import errors as service_errors
from quart_jwt.service.settings.settings import TABLE
from quart_jwt.service.web.refusals import HTTP_CODES

pytestmark = pytest.mark.slow

BUILD_TIMEOUT_S = 600
LOADED = {"img": "src", "script": "src", "link": "href", "iframe": "src"}
FETCHING_RELS = {"stylesheet", "preconnect", "preload", "icon", "dns-prefetch"}


@pytest.fixture(name="site", scope="module")
def _site() -> Path:
    environ = {name: os.environ[name] for name in os.environ if "MAKE" not in name}
    subprocess.run(
        ["make", "docs"],  # noqa: S607
        cwd=ROOT,
        env=environ,
        check=True,
        timeout=BUILD_TIMEOUT_S,
    )
    return ROOT / "site"


@pytest.fixture(name="index", scope="module")
def _index(site: Path) -> str:
    items = json.loads((site / "search.json").read_text("utf-8"))["items"]
    return "\n".join(f"{item['title']} {item['text']}" for item in items)


def _codes(root: type) -> Iterator[str]:
    for kind in (root, *root.__subclasses__()):
        if "code" in vars(kind):
            yield kind.__dict__["code"]
        if kind is not root:
            yield from _codes(kind)


def _missing(names: Iterator[str] | list[str], text: str) -> list[str]:
    return [name for name in names if not re.search(rf"\b{re.escape(name)}\b", text)]


def test_search_finds_each_option_and_loader(index: str) -> None:
    """The index holds every `JWT_*` option and every loader of the manager."""
    app = Quart(__name__)
    JWTManager(app)
    options = [name for name in app.config if name.startswith("JWT_")]
    loaders = [name for name in dir(JWTManager) if name.endswith("_loader")]

    assert _missing([*options, *loaders], index) == []


def test_search_finds_each_setting(index: str) -> None:
    """The index holds every environment variable of the service."""
    assert _missing([f"QUART_JWT_{one.name}" for one in TABLE], index) == []


def test_search_finds_each_error_code(index: str) -> None:
    """The index holds the code of every error of the library and the service."""
    own = _codes(exceptions.JWTExtendedException)
    codes = {*own, *_codes(service_errors.ServiceError), *HTTP_CODES.values()}

    assert len(codes) > 20
    assert _missing(sorted(codes), index) == []


def test_reference_describes_each_public_name(site: Path) -> None:
    """Every public name has an entry that a link can lead to."""
    names = [
        f"{module.__name__}.{name}"
        for module in (quart_jwt, quart_jwt.client, quart_jwt.testing, signals)
        for name in module.__all__
    ]
    pages = [page.read_text("utf-8") for page in site.glob("reference/python*.html")]

    assert [one for one in names if not any(f'id="{one}"' in p for p in pages)] == []


class _Loads(HTMLParser):
    """Collects the addresses that a browser fetches for a page by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        rels = set(given.get("rel", "").split())
        if tag in LOADED and (tag != "link" or rels & FETCHING_RELS):
            self.addresses.append(given.get(LOADED[tag], ""))


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    """Scripts, styles, fonts and pictures come from the site itself."""
    loads = _Loads()
    for page in site.rglob("*.html"):
        loads.feed(page.read_text("utf-8"))

    assert len(loads.addresses) > 100
    assert [one for one in loads.addresses if "//" in one] == []
