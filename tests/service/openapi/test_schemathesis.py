"""Schemathesis asks the running service whether it keeps what its document promises."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from service.fleet import COMMAND
from service.fleet import Fleet
from service.fleet import fleet_of
from service.fleet import SERVICE
from service.kit import NAME
from service.kit import PASSWORD

pytestmark = pytest.mark.slow

LIMIT_S = 15
"""A run has that long for random data, after every boundary has had its turn."""

BUT = "positive_data_acceptance"
"""What a name may not hold (a control character) has no words in a JSON Schema."""


@pytest.fixture(name="fleet")
async def _fleet(tmp_path: Path) -> AsyncIterator[Fleet]:
    with fleet_of(SERVICE, tmp_path, QUART_JWT_DOCS="true") as fleet:
        await fleet.serving()
        yield fleet


def _command(where: Path, *arguments: str, given: str = "") -> str:
    done = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, *arguments],
        cwd=where,
        input=given,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def _bearer(fleet: Fleet, where: Path) -> tuple[str, str]:
    """The option that lets a new user in."""
    _command(where, "users", "add", NAME, "--init", "--password-stdin", given=PASSWORD)
    login = {"username": NAME, "password": PASSWORD}
    token = httpx.post(f"{_address(fleet)}/login", json=login, timeout=60).json()[
        "access_token"
    ]
    return "-H", f"Authorization: Bearer {token}"


def _schemathesis(where: Path, document: str, *options: str, but: str = BUT) -> None:
    """Run it; what it has found is what the test shows."""
    done = subprocess.run(  # noqa: S603 - our own words
        [
            *(Path(sys.executable).with_name("schemathesis"), "run", document),
            *("--checks", "all", "--exclude-checks", but, "--mode", "all"),
            *("--phases", "examples,coverage,fuzzing", "--max-time", str(LIMIT_S)),
            *("--seed", "1", "--no-color", "--warnings", "off", *options),
        ],
        cwd=where,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-2_000:]


def _address(fleet: Fleet) -> str:
    return f"http://127.0.0.1:{fleet.port}"


def _promised(fleet: Fleet) -> str:
    return f"{_address(fleet)}/openapi.json"


READING = (
    *(
        "--include-tag",
        "User",
        "--include-tag",
        "Health",
        "--include-path",
        "/sessions",
    ),
    *("--include-tag", "For everybody"),
)
ENDING = (
    *("--include-tag", "Signing in"),
    *("--include-path-regex", "^/(logout/|sessions/)"),
)


@pytest.mark.parametrize("which", [READING, ENDING], ids=["reading", "ending"])
async def test_a_user_is_answered_as_promised(
    fleet: Fleet, tmp_path: Path, which: tuple[str, ...]
) -> None:
    """No 5xx, no status and no shape beyond the document, and no way past the token."""
    option = await asyncio.to_thread(_bearer, fleet, tmp_path)
    await asyncio.to_thread(_schemathesis, tmp_path, _promised(fleet), *option, *which)
    assert "Traceback" not in fleet.text


async def test_a_gateway_is_answered_as_promised(fleet: Fleet, tmp_path: Path) -> None:
    """The same; it asks with whatever method its client has used."""
    token = await asyncio.to_thread(_bearer, fleet, tmp_path)
    options = (*token, "--include-tag", "Gateways")
    but = f"{BUT},unsupported_method"
    await asyncio.to_thread(
        partial(_schemathesis, but=but), tmp_path, _promised(fleet), *options
    )
    assert "Traceback" not in fleet.text


async def test_a_client_is_answered_as_promised(fleet: Fleet, tmp_path: Path) -> None:
    """The same for introspection and revocation."""
    secret = await asyncio.to_thread(_command, tmp_path, "clients", "add", "orders")
    option = ("-a", f"orders:{secret}", "--include-tag", "Clients")
    await asyncio.to_thread(_schemathesis, tmp_path, _promised(fleet), *option)
    assert "Traceback" not in fleet.text
    assert secret not in fleet.text


async def test_what_is_not_promised_is_found(fleet: Fleet, tmp_path: Path) -> None:
    """The same look at an endpoint under a document that promises less."""
    async with httpx.AsyncClient(timeout=60) as client:
        told = (await client.get(_promised(fleet))).json()
    del told["paths"]["/me"]["get"]["responses"]["401"]
    promise = tmp_path / "openapi.json"
    promise.write_text(json.dumps(told))
    options = (
        "--url",
        _address(fleet),
        "--include-path",
        "/me",
        "--phases",
        "coverage",
    )
    with pytest.raises(AssertionError, match="Undocumented status code: 1"):
        await asyncio.to_thread(_schemathesis, tmp_path, str(promise), *options)
