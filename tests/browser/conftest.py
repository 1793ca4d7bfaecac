"""The service under a real Hypercorn, and Debian's Chromium in front of it."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import hypercorn.asyncio
import pytest
from hypercorn.config import Config
from playwright.async_api import async_playwright
from playwright.async_api import Browser
from playwright.async_api import ConsoleMessage
from playwright.async_api import expect
from playwright.async_api import Page
from playwright.async_api import ViewportSize

from clock import Clock
from quart_jwt.service.app import create_app
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.storage import Storage
from required import missing
from service.kit import PASSWORD
from service.kit import QUICK
from service.kit import SECRET
from service.kit import Service

NAME = "demo"
LIFE_S = 60

expect.set_options(timeout=60_000)  # a loaded machine may take its time

QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--host-resolver-rules=MAP *.test 127.0.0.1"),
)
"""Chromium as root, talking to nobody but the page's server."""


@dataclass(frozen=True, slots=True)
class Served:
    """A service that listens, and the page that it serves."""

    service: Service
    address: str


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> Settings:
    storage = Storage(
        mode="development",
        state_dir=tmp_path,
        database_url=f"sqlite+aiosqlite:///{tmp_path}/test.db",
        store_timeout_ms=60_000,  # a loaded machine may take its time
    )
    return Settings(
        storage=storage,
        secret_key=SECRET,
        access_token_expires_s=LIFE_S,
        cookie_secure=False,
        hash_cost=QUICK,
    )


@pytest.fixture(name="served")
async def _served(settings: Settings, clock: Clock) -> AsyncIterator[Served]:
    app = create_app(settings, clock)
    stop = asyncio.Event()
    with socket.create_server(("127.0.0.1", 0)) as bound:
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        config = Config()
        config.bind = [f"fd://{bound.detach()}"]
        config.accesslog = config.errorlog = None
        serving = asyncio.create_task(
            hypercorn.asyncio.serve(app, config, shutdown_trigger=stop.wait)
        )
        service = Service(app=app, client=app.test_client(), clock=clock)
        await service.resources.database.open()
        await service.add(NAME, PASSWORD)
        yield Served(service, address)
        stop.set()
        await serving


@pytest.fixture(name="chromium")
async def _chromium() -> AsyncIterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        missing("no chromium: install Debian's package of that name")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=list(QUIET)
        )
        yield browser
        await browser.close()


@pytest.fixture(name="page", params=["en", "zh"])
async def _page(
    request: pytest.FixtureRequest, served: Served, chromium: Browser
) -> AsyncIterator[Page]:
    """The page in one language, with a clock of the test's own."""
    page = await chromium.new_page(locale=request.param, viewport=VIEWPORT)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.extend(console_faults(message)))
    await page.clock.install()
    await page.goto(served.address)
    yield page
    await page.screenshot(path=_artefact(request), full_page=True)
    assert faults == []


VIEWPORT = ViewportSize(width=1280, height=900)
ARTEFACTS = Path(__file__).parents[2] / ".screenshots"


REFUSED = "Failed to load resource: the server responded with a status of 4"
UNREACHABLE = "Failed to load resource: net::"


def console_faults(message: ConsoleMessage) -> list[str]:
    """What the console says, but for the refusals that a test provokes."""
    expected = message.text.startswith((REFUSED, UNREACHABLE))
    return [] if expected else [message.text]


def _artefact(request: pytest.FixtureRequest) -> Path:
    ARTEFACTS.mkdir(exist_ok=True)
    name = "".join(c if c.isalnum() else "-" for c in request.node.name).strip("-")
    return ARTEFACTS / f"{name}.png"
