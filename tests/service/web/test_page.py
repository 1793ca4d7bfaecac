"""The page's files: in development only, and loading nothing from elsewhere."""

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import httpx
import pytest

from quart_jwt.service.app import create_app
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.web.pages import HERE
from service.serving.test_process import _start
from service.serving.test_process import Start

start = _start

FILES = HERE / "page_files"
HTML = (FILES / "index.html").read_text("utf-8")
SCRIPTS = {path.name: path.read_text("utf-8") for path in FILES.glob("*.js")}
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}


@pytest.fixture(name="client")
def _client(settings: Settings) -> Any:
    storage = replace(settings.storage, mode="development")
    return create_app(replace(settings, storage=storage)).test_client()


async def test_the_page_is_there_in_development(client: Any) -> None:
    """The page and all its files are served, each with its type and the policy."""
    names = {path.name for path in FILES.iterdir()} - {"index.html"}
    paths = {"/": "text/html; charset=utf-8"}
    paths |= {f"/page/{name}": TYPES[name[name.rindex(".") :]] for name in names}
    for path, kind in paths.items():
        response = await client.get(path)
        assert response.status_code == 200, path
        assert response.headers["Content-Type"] == kind
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"].startswith(
            "default-src 'none'"
        )


@pytest.mark.parametrize("docs", [True, False])
async def test_it_links_to_the_documents_if_they_are_there(
    settings: Settings, *, docs: bool
) -> None:
    """A page that the operator does not want has no link to it."""
    storage = replace(settings.storage, mode="development")
    app = create_app(replace(settings, storage=storage, docs=docs))
    text = await (await app.test_client().get("/")).get_data(as_text=True)
    assert ('<a href="docs"' in text) is docs
    assert ('<a hidden href="docs"' in text) is not docs


def test_each_request_is_one_line_in_the_log(start: Start) -> None:
    """A client that hangs up when it has the whole answer was answered with 200."""
    running = start(MODE="development")
    paths = ["/", "/page/main.js", "/docs", "/docs/docs.css", "/openapi.json"]
    for path in paths * 10:
        assert httpx.get(running.address + path, timeout=60).status_code == 200
    assert running.stop() == 0
    lines = re.findall(r'"GET (\S+) 1\.1" (\S+) ', running.text)
    assert Counter(lines) == dict.fromkeys([(path, "200") for path in paths], 10)


async def test_the_page_is_not_there_in_production(settings: Settings) -> None:
    """An operator's service has no demonstration."""
    client = create_app(settings).test_client()
    for path in ("/", "/page/main.js"):
        assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("name", ["..%2fpage.py", "../page.py", "nothing.js", ""])
async def test_nothing_else_is_served(client: Any, name: str) -> None:
    """A path that leads elsewhere leads nowhere."""
    assert (await client.get(f"/page/{name}")).status_code == 404


def test_nothing_is_loaded_from_elsewhere() -> None:
    """No address of another host stands in a file, and no inline script or style."""
    for text in (HTML, (FILES / "style.css").read_text("utf-8"), *SCRIPTS.values()):
        assert re.findall(r"(?:https?:)?//[\w.-]+\.\w{2,}", text) == []
    assert re.findall(r"<style|style=|<script(?![^>]*src=)|\son\w+=", HTML) == []


def test_everything_that_is_imported_is_there() -> None:
    """Each module and each file that the page names exists."""
    named = set(re.findall(r'"page/([\w.]+)"', HTML))
    for text in SCRIPTS.values():
        named |= set(re.findall(r'from "\./([\w.]+)"', text))
    assert named == {path.name for path in FILES.iterdir()} - {"index.html"}


def test_both_languages_say_everything() -> None:
    """Every word that the page asks for exists in English and Chinese."""
    english, chinese = re.split(r"^  zh: \{", SCRIPTS["words.js"], flags=re.MULTILINE)
    words = [
        set(re.findall(r"^    (\w+):", text, re.MULTILINE))
        for text in (english, chinese)
    ]
    asked = set(re.findall(r'data-(?:word|label)="(\w+)"', HTML))
    asked |= set(re.findall(r'word\("(\w+)"\)', SCRIPTS["main.js"]))
    assert words[0] == words[1]
    assert asked == words[0]
