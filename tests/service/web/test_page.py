"""The page's files: in development only, and loading nothing from elsewhere."""

import re
from collections import Counter
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import httpx
import pytest

from clock import Clock
from quart_jwt.service.app import create_app
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.web.pages import HERE
from service.kit import bearer
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service
from service.promised import document
from service.serving.test_process import _start
from service.serving.test_process import Start

start = _start

FOLDERS = (HERE / "page_files", HERE / "shared_files")
FILES = {path.name: path for folder in FOLDERS for path in folder.iterdir()}
HTML = FILES["index.html"].read_text("utf-8")
TEXTS = {name: path.read_text("utf-8") for name, path in FILES.items()}
SCRIPTS = {name: text for name, text in TEXTS.items() if name.endswith(".js")}
MAX_BYTES = 60_000
EXPIRED_PATH = "/page/expired-token"
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
    names = FILES.keys() - {"index.html"}
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
    for file in TEXTS.values():
        text = file.replace("http://www.w3.org/2000/svg", "")
        assert re.findall(r"(?:https?:)?//[\w.-]+\.\w{2,}", text) == []
        assert re.findall(r"innerHTML|insertAdjacentHTML|\beval\(", text) == []
    assert re.findall(r"<style|style=|<script(?![^>]*src=)|\son\w+=", HTML) == []


def test_everything_that_is_imported_is_there() -> None:
    """Each module and each file that the page names exists."""
    named = set(re.findall(r'"page/([\w.]+)"', HTML))
    for text in SCRIPTS.values():
        named |= set(re.findall(r'from "\./([\w.]+)"', text))
    assert named == FILES.keys() - {"index.html"}


def test_the_page_is_small() -> None:
    """All that it loads together, without compression."""
    assert sum(path.stat().st_size for path in FILES.values()) < MAX_BYTES


def test_both_languages_say_everything() -> None:
    """Every word that the page asks for exists in English and Chinese."""
    english, chinese = re.split(r"^  zh: \{", SCRIPTS["words.js"], flags=re.MULTILINE)
    words = [
        set(re.findall(r"^    (\w+):", text, re.MULTILINE))
        for text in (english, chinese)
    ]
    asked = set(re.findall(r'data-(?:word|label)="(\w+)"', HTML))
    for text in SCRIPTS.values():
        asked |= set(re.findall(r'word\("(\w+)"\)', text))
        choices = re.findall(r'word\([\w.]+ \? "(\w+)" : "(\w+)"\)', text)
        asked |= {word for choice in choices for word in choice}
    assert words[0] == words[1]
    assert asked == words[0]


def test_every_error_of_the_service_has_its_chinese_sentence() -> None:
    """The pages translate what the service answers by its code."""
    promised = {
        code
        for item in document()["paths"].values()
        for operation in item.values()
        for status, answer in operation["responses"].items()
        if int(status) >= HTTPStatus.BAD_REQUEST
        if re.fullmatch(r"[a-z_, ]+", answer["description"])
        for code in answer["description"].split(", ")
    }
    translated = set(re.findall(r"^    (\w+):", SCRIPTS["codes.js"], re.MULTILINE))
    assert promised - translated == set()


async def test_an_expired_token_is_for_the_page_only(
    settings: Settings, clock: Clock
) -> None:
    """It needs a valid token, opens nothing, and ends nothing."""
    storage = replace(settings.storage, mode="development")
    app = create_app(replace(settings, storage=storage), clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        await service.add()
        token = (await service.log_in())["access_token"]
        assert (await service.client.post(EXPIRED_PATH)).status_code == 401
        answer = await service.client.post(EXPIRED_PATH, headers=bearer(token))
        expired = (await answer.get_json())["access_token"]
        assert await service.code("GET", "/protected", expired) == "token_expired"
        assert await service.code("POST", EXPIRED_PATH, expired) == "token_expired"
        assert await service.status("GET", "/protected", token) == 200
        # Signing out with it ends the session of the token that it stands for.
        assert await service.status("POST", "/logout", expired) == 200
        assert await service.code("GET", "/protected", token) == "token_revoked"


async def test_an_expired_cookie_needs_the_csrf_value(
    settings: Settings, clock: Clock
) -> None:
    """Another site cannot sign a user's browser out for a while."""
    storage = replace(settings.storage, mode="development")
    app = create_app(replace(settings, storage=storage), clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        await service.add()
        members = {"username": NAME, "password": PASSWORD, "cookies": True}
        await service.client.post("/login", json=members)
        refused = await service.client.post(EXPIRED_PATH)
        assert (await refused.get_json())["code"] == "csrf_failed"
        assert (await service.client.get("/protected")).status_code == 200
