"""Plain Flask code on a real ASGI server and on a real WSGI server."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from werkzeug.serving import make_server

import flask_shop
from flask_apps import bearer

PATIENCE_S = 60


@pytest.fixture(name="hypercorn", scope="module")
def _hypercorn() -> Iterator[str]:
    """Serves the shop with Hypercorn; gives its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    descriptor = listening.fileno()
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        [
            *(sys.executable, "-m", "hypercorn", "--bind", f"fd://{descriptor}"),
            "flask_shop:asgi_app",
        ],
        cwd=Path(__file__).parent.parent,
        pass_fds=[descriptor],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        listening.close()


@pytest.fixture(name="wsgi", scope="module")
def _wsgi() -> Iterator[str]:
    """Serves the shop with werkzeug's threaded server; gives its address."""
    server = make_server("127.0.0.1", 0, flask_shop.app, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        serving.join(PATIENCE_S)
        server.server_close()


@pytest.fixture(name="client", params=["hypercorn", "wsgi"])
def _client(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    address: str = request.getfixturevalue(request.param)
    with httpx.Client(base_url=address, timeout=PATIENCE_S) as client:
        yield client


def test_a_check_in_a_dict_refuses(client: httpx.Client) -> None:
    """403 stays 403."""
    assert client.post("/door/open", json={"pin": "0"}).status_code == 403
    assert client.post("/door/open", json={"pin": "1234"}).json() == {
        "done": "you open"
    }


def test_an_upload_is_kept(client: httpx.Client, tmp_path: Path) -> None:
    """Every byte of it, and only with a token."""
    content, kept = bytes(range(256)) * 8192, tmp_path / "kept.png"
    files = {"photo": ("a.png", content)}

    # Hypercorn closes a connection whose answer is out before the body is in.
    closing = {"Connection": "close"}
    refused = client.post(f"/photos{kept}", files=files, headers=closing)
    answer = client.post(f"/photos{kept}", files=files, headers=bearer(flask_shop.app))

    assert refused.status_code == 401
    assert answer.json() == {"kept": "a.png", "by": "ada"}
    assert kept.read_bytes() == content


def test_the_first_or_404(client: httpx.Client) -> None:
    """404 with its message."""
    missing = client.get("/first/0")

    assert (missing.status_code, missing.json()) == (404, {"message": "nothing"})
    assert client.get("/first/1").json() == {"id": 0}


def test_an_async_view(client: httpx.Client) -> None:
    """In a thread or without one."""
    assert client.get("/native").status_code == 401
    answer = client.get("/native", headers=bearer(flask_shop.app))
    assert answer.json() == {"user": "ada"}


def test_an_endless_stream_ends_with_its_client(client: httpx.Client) -> None:
    """Its generator is closed."""
    before = client.get("/ended").json()["ended"]

    with client.stream("GET", "/endless") as stream:
        assert len(next(stream.iter_raw(1000))) == 1000

    deadline = time.monotonic() + PATIENCE_S
    while client.get("/ended").json()["ended"] == before:
        assert time.monotonic() < deadline
