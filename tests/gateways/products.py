"""
The gateways themselves, started with the files of ``deploy/`` as they stand.

Only addresses and directories in them are replaced: whatever else a file says is
what the tests see.
"""

import contextlib
import os
import re
import secrets
import shutil
import socket
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

import httpx
import pytest

from gateways.processes import Process
from gateways.processes import running
from required import missing
from source_tree import ROOT

DEPLOY = ROOT / "deploy"
OWN_PROGRAMS = ROOT / ".venv-gateways" / "bin"
"""Where `make gateways` puts what Debian does not have."""

GATEWAY, SERVICE, APPLICATION = "8080", "8000", "9000"
"""The ports that the files of deploy/ have."""

PATIENCE_S = 60
"""Longer than the time-out of any gateway: Traefik's are 30 seconds."""

ATTEMPTS = 3
BELOW_EPHEMERAL = range(20_000, 32_000)
"""Ports that the kernel gives to nobody who asks for any."""

NGINX = """\
daemon off;
{user}
worker_processes 1;
pid {where}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {where}/client_body;
    proxy_temp_path {where}/proxy;
    fastcgi_temp_path {where}/fastcgi;
    uwsgi_temp_path {where}/uwsgi;
    scgi_temp_path {where}/scgi;
    include {where}/quart-jwt.conf;
}}
"""

NGINX_SIGN_IN = "include /etc/nginx/snippets/quart-jwt-sign-in.conf"
YAML_SIGNS_IN = {"#+ ": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """
    A gateway program.

    Attributes:
        name: Its folder in ``deploy/``.
        arguments: How it is started there; ``{where}`` is its directory.
        listens: What its file says of its address, and what a test says.
        unhurried: How long its file waits for a verdict, and what a test says that
            may run on a machine with other things to do.
        settings: What the service needs to be told of it.
        signs_in: What turns the sign-in page on in its file.
        requires: What makes its file require the scope "reports".
        renews: What makes it pass new cookies on to the browser; empty if nothing does.
    """

    name: str
    arguments: tuple[str, ...]
    listens: tuple[str, str]
    unhurried: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    signs_in: Mapping[str, str]
    requires: Mapping[str, str]
    renews: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Its name, for the tests' ids."""
        return self.name

    def program(self) -> str:
        """Where it is installed; skips, or fails, where it is not."""
        path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", str(OWN_PROGRAMS)])
        found = shutil.which(self.name, path=path)
        if found is None:
            missing(f"{self.name} is not installed: apt-get or `make gateways` has it")
        return found


def _after(as_shipped: str, more: str) -> dict[str, str]:
    return {as_shipped: f"{as_shipped} {more}"}


PRODUCTS = (
    Product(
        name="nginx",
        arguments=("-c", "{where}/main.conf", "-e", "stderr"),
        listens=("listen 8080;", "listen 127.0.0.1:8080;"),
        unhurried={"proxy_read_timeout 1s": "proxy_read_timeout 30s"},
        signs_in={f"#{NGINX_SIGN_IN}": NGINX_SIGN_IN},
        requires=_after(
            "proxy_set_header X-Forwarded-Uri $request_uri;",
            'proxy_set_header X-Require-Scope "reports";',
        ),
    ),
    Product(
        name="caddy",
        arguments=("run", "--config", "{where}/Caddyfile", "--adapter", "caddyfile"),
        listens=("\n:8080 {", "\n{\n\tadmin off\n}\n:8080 {\n\tbind 127.0.0.1"),
        unhurried={"response_header_timeout 1s": "response_header_timeout 30s"},
        signs_in={"#import sign_in": "import sign_in"},
        requires=_after("uri /auth/verify", "\nheader_up X-Require-Scope reports"),
    ),
    Product(
        name="haproxy",
        arguments=("-db", "-f", "{where}/haproxy.cfg"),
        listens=("bind :8080", "bind 127.0.0.1:8080"),
        unhurried={"/auth/verify 250": "/auth/verify 30000"},
        signs_in={
            "#acl is_token": "acl is_token",
            "#http-re": "http-re",
        },
        requires=_after(
            '["x-forwarded-uri"] = { txn.sf:pathq() },',
            '["x-require-scope"] = { "reports" },',
        ),
    ),
    Product(
        name="envoy",
        arguments=(
            *("-c", "{where}/envoy.yaml", "--concurrency", "1"),
            *("--use-dynamic-base-id", "--log-level", "error"),
        ),
        listens=("address: 0.0.0.0, port", "address: 127.0.0.1, port"),
        unhurried={"timeout: 1s": "timeout: 30s"},
        settings={"METHOD_HEADER": "none", "URI_HEADER": "none"},
        signs_in=YAML_SIGNS_IN,
        requires={
            "authorization_response:": "authorization_request: { headers_to_add: "
            "[{ key: x-require-scope, value: reports }] }\n"
            f"{24 * ' '}authorization_response:"
        },
        renews={"#allowed_client_headers": "allowed_client_headers"},
    ),
    Product(
        name="traefik",
        arguments=("--configfile={where}/traefik.yaml",),
        listens=('address: ":8080"', 'address: "127.0.0.1:8080"'),
        signs_in=YAML_SIGNS_IN,
        requires={
            'X-Auth-Scope: ""': 'X-Auth-Scope: ""\n          X-Require-Scope: reports',
            "Sec-WebSocket-Key]": "Sec-WebSocket-Key, X-Require-Scope]",
        },
        renews={"#addAuthCookies": "addAuthCookies"},
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A started gateway."""

    product: Product
    process: Process
    port: int

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> httpx.Client:
        """A client that talks to it."""
        return httpx.Client(
            base_url=self.url,
            timeout=PATIENCE_S,
            verify=False,  # noqa: S501 - no TLS here, and reading its roots takes long
        )

    def is_ready_or_over(self) -> bool:
        """Whether it passes requests on, or has ended and never will."""
        with contextlib.suppress(httpx.TransportError), self.client() as client:
            return client.get("/public/ready").is_success
        return self.process.has_ended()


@contextlib.contextmanager
def started(
    product: Product,
    where: Path,
    *,
    service: int,
    application: int,
    changes: Mapping[str, str],
) -> Iterator[Gateway]:
    """
    Start a gateway between a service and an application.

    Args:
        product: Which one.
        where: A directory for its files.
        service: The port of the service that it asks.
        application: The port of what it protects.
        changes: Further texts of its files, and what stands there instead.
    """
    program = product.program()
    with contextlib.ExitStack() as ending:
        for attempt in range(ATTEMPTS):
            port = free_port()
            here = where / f"attempt-{attempt}"
            ports = {GATEWAY: port, SERVICE: service, APPLICATION: application}
            _write_files(product, here, ports, changes)
            arguments = [part.format(where=here) for part in product.arguments]
            process = ending.enter_context(running([program, *arguments], here, {}))
            gateway = Gateway(product=product, process=process, port=port)
            process.wait_until(gateway.is_ready_or_over)
            if not process.has_ended():
                yield gateway
                return
        pytest.fail(process.text)


def free_port() -> int:
    """Choose a port that nobody has, nor is given by the kernel meanwhile."""
    while True:
        port = secrets.choice(BELOW_EPHEMERAL)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def _write_files(
    product: Product, where: Path, ports: Mapping[str, int], changes: Mapping[str, str]
) -> None:
    where.mkdir(parents=True)
    user = "user root;" if os.geteuid() == 0 else ""
    (where / "main.conf").write_text(NGINX.format(where=where, user=user), "utf-8")
    expected = {product.listens[0], *changes}
    folder = DEPLOY / product.name
    for source in sorted(path for path in folder.iterdir() if path.is_file()):
        text = source.read_text("utf-8")
        expected -= {each for each in expected if each in text}
        text = text.replace(*product.listens)
        for as_shipped, instead in changes.items():
            text = text.replace(as_shipped, instead)
        for written, here in ports.items():
            text = re.sub(rf"\b{written}\b", str(here), text)
        text = re.sub(r"/etc/\w+/(snippets/)?(?=[\w-])", f"{where}/", text)
        text = text.replace("/run/", f"{where}/")
        (where / source.name).write_text(text, "utf-8")
    assert expected == set(), f"deploy/{product.name} does not say {expected}"
