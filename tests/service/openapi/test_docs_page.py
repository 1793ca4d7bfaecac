"""The files of the page at ``/docs``: ours, and loading nothing from elsewhere."""

import re
from dataclasses import replace
from typing import Any

import pytest

from quart_jwt.service.app import create_app
from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.settings.settings import read_settings
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.storage import Mode
from quart_jwt.service.web.pages import HERE

FOLDERS = (HERE / "docs_files", HERE / "shared_files")
FILES = [path for folder in FOLDERS for path in folder.iterdir()]
TEXTS = {path.name: path.read_text("utf-8") for path in FILES}


@pytest.fixture(name="client")
def _client(settings: Settings) -> Any:
    return create_app(replace(settings, docs=True)).test_client()


async def test_every_file_is_served(client: Any) -> None:
    """With its type, and with a policy under which it can load only what is ours."""
    kinds = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
    kinds["svg"] = "image/svg+xml"
    for name in TEXTS:
        path = "/docs" if name == "docs.html" else f"/docs/{name}"
        answer = await client.get(path)
        assert answer.status_code == 200, path
        assert answer.mimetype == kinds[name.rpartition(".")[2]]
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("mode", ["development", "production"])
async def test_it_links_to_the_page_if_that_is_there(
    settings: Settings, mode: Mode
) -> None:
    """An operator's service has no demonstration, and no link to one."""
    storage = replace(settings.storage, mode=mode)
    app = create_app(replace(settings, storage=storage, docs=True))
    text = await (await app.test_client().get("/docs")).get_data(as_text=True)
    assert ('<a href="."' in text) is (mode == "development")
    assert ('<a hidden href="."' in text) is (mode == "production")


@pytest.mark.parametrize(
    "name", ["..%2fpages.py", "../pages.py", "%2e%2e/pages.py", "no.js", ""]
)
async def test_nothing_else_is_served(client: Any, name: str) -> None:
    """A path that leads elsewhere leads nowhere."""
    assert (await client.get(f"/docs/{name}")).status_code == 404


def test_nothing_is_loaded_from_elsewhere() -> None:
    """No address of another host, no inline script or style, no HTML from strings."""
    for file in TEXTS.values():
        text = file.replace("http://www.w3.org/2000/svg", "")
        assert re.findall(r"(?:https?:)?//[\w.-]+\.\w{2,}", text) == []
        assert re.findall(r"innerHTML|insertAdjacentHTML|\beval\(", text) == []
    html = TEXTS["docs.html"]
    assert re.findall(r"<style|style=|<script(?![^>]*src=)|\son\w+=", html) == []


def test_everything_that_is_named_is_there() -> None:
    """Each file that the page or a module names exists, and no other does."""
    named = set(re.findall(r'"docs/([\w.]+)"', TEXTS["docs.html"]))
    for name, text in TEXTS.items():
        if name.endswith(".js"):
            named |= set(re.findall(r'from "\./([\w.]+)"', text))
    assert named == TEXTS.keys() - {"docs.html"}


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({}, False),
        ({"MODE": "development"}, True),
        ({"DOCS": "true"}, True),
        ({"MODE": "development", "DOCS": "false"}, False),
    ],
)
def test_it_is_a_setting(values: dict[str, str], *, shown: bool) -> None:
    """On in development and off in production, unless the operator says otherwise."""
    environ = {f"QUART_JWT_{name}": value for name, value in values.items()}
    assert read_settings(environ).docs is shown
    with pytest.raises(SettingsError, match="QUART_JWT_DOCS"):
        read_settings({"QUART_JWT_DOCS": "maybe"})
