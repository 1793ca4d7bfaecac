"""
Who is measured as served: the service, and what stands beside it under the same file.

Raw ASGI and bare Quart run under the shipped hypercorn.toml, with its loop and its
access log. Envoy verifies a token with the service's own keys and answers itself:
nothing that asks another process can be quicker.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.answers import get
from benchmarks.answers import OK
from benchmarks.bench import Bench
from benchmarks.refreshes import service_on
from benchmarks.servers import free_port
from benchmarks.servers import ROOT
from benchmarks.servers import Running
from benchmarks.servers import ServerError
from benchmarks.servers import started
from benchmarks.service import SHIPPED
from benchmarks.store_servers import store

ENVOY = ROOT / ".venv-gateways" / "bin" / "envoy"
"""``make gateways`` installs it."""


@contextlib.contextmanager
def under_shipped_settings(bench: Bench, app: str) -> Iterator[Running]:
    """
    Run an application of ``benchmarks.apps`` under the shipped hypercorn.toml.

    Raises:
        ServerError: It does not take connections.
    """
    port = free_port()
    command = [sys.executable, "-m", "hypercorn", "-c", str(SHIPPED)]
    command += ["-b", f"127.0.0.1:{port}", f"benchmarks.apps.{app}:app"]
    with _pinned(bench, command, port, name=app) as running:
        yield running


@contextlib.contextmanager
def fastapi_rotation(bench: Bench) -> Iterator[Running]:
    """
    Run FastAPI + PyJWT with rotation on PostgreSQL, under uvicorn as it comes.

    Raises:
        ServerError: It does not take connections.
        StoreServerError: There is no PostgreSQL.
    """
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--port", str(port)]
    command += ["benchmarks.apps.fastapi_rotation:app"]
    with (
        store("postgresql") as url,
        _pinned(bench, command, port, name="fastapi", database_url=url) as running,
    ):
        yield running


@contextlib.contextmanager
def served(bench: Bench, store_name: str, *, workers: int = 0) -> Iterator[Running]:
    """
    Serve as shipped on one of the stores, with cheap hashes.

    Args:
        bench: The run.
        store_name: One of ``STORES``.
        workers: Worker processes; 0 serves in one process.

    Raises:
        ServerError: It does not take connections.
        StoreServerError: The store is not installed.
    """
    with service_on(store_name, core=bench.cores.server, workers=workers) as running:
        yield running


@contextlib.contextmanager
def envoy(bench: Bench, issuer: Running) -> Iterator[Running]:
    """
    Run Envoy with the keys of a service.

    Args:
        bench: The run.
        issuer: The service whose tokens it verifies.

    Raises:
        ServerError: It is not installed, or does not take connections.
    """
    if not ENVOY.exists():
        raise ServerError("Envoy is not installed; `make gateways` fetches it")
    status, keys = get(issuer, "/.well-known/jwks.json", None)
    if status != OK:
        raise ServerError(f"the keys were answered {status}")
    port = free_port()
    settings = bench.folder / "envoy.json"
    settings.write_text(json.dumps(_envoy_settings(port, keys)), "utf-8")
    command = [str(ENVOY), "-c", str(settings), "--concurrency", "1"]
    command += ["--log-level", "error"]
    with _pinned(bench, command, port, name="envoy") as running:
        yield running


@contextlib.contextmanager
def _pinned(
    bench: Bench, command: list[str], port: int, *, name: str, database_url: str = ""
) -> Iterator[Running]:
    pinned = ["taskset", "-c", str(bench.cores.server), *command]
    env = {
        **os.environ,
        "BENCH_SECRET": bench.secret,
        "BENCH_FOLDER": str(bench.folder),
        "BENCH_DATABASE_URL": database_url,
    }
    log: Path = bench.folder / f"served-{name}.log"
    with started(pinned, port, env=env, log=log) as running:
        yield running


def _envoy_settings(port: int, keys: str) -> dict[str, object]:
    """One listener that verifies, and answers what it accepts itself."""
    extension = "type.googleapis.com/envoy.extensions.filters.http"
    authenticates = {
        "@type": f"{extension}.jwt_authn.v3.JwtAuthentication",
        "providers": {"service": {"local_jwks": {"inline_string": keys}}},
        "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "service"}}],
    }
    route = {"match": {"prefix": "/"}, "direct_response": {"status": 200}}
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network."
        "http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bench",
        "route_config": {"virtual_hosts": [_host(route)]},
        "http_filters": [
            {"name": "envoy.filters.http.jwt_authn", "typed_config": authenticates},
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{extension}.router.v3.Router"},
            },
        ],
    }
    chain = {
        "filters": [
            {
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": manager,
            }
        ]
    }
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    listener = {"address": address, "filter_chains": [chain]}
    return {"static_resources": {"listeners": [listener]}}


def _host(route: dict[str, object]) -> dict[str, object]:
    return {"name": "all", "domains": ["*"], "routes": [route]}
