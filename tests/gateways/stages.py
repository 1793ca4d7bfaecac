"""Service, gateway and application together, started once and kept for the session."""

import contextlib
import re
import sys
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from typing import TypeVar

import httpx

from gateways import application
from gateways import products
from gateways import told_service
from gateways.application import Application
from gateways.processes import Process
from gateways.processes import running
from gateways.products import Gateway
from gateways.products import Product
from gateways.told_service import ToldService

COMMAND = [
    sys.executable,
    "-c",
    "from quart_jwt.cli import main; main()",
]
USER = "demo"
SITE = "http://app.test"
"""What browsers call the gateway that has the sign-in page."""

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running ``quart-jwt serve`` and the demo account's password."""

    process: Process
    port: int
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A gateway in front of the application, with the service to ask."""

    gateway: Gateway
    service: Service
    application: Application

    def client(self) -> httpx.Client:
        """A client that talks to the gateway."""
        return self.gateway.client()

    @contextlib.contextmanager
    def signed_in(self, *, cookies: bool = False) -> Iterator[httpx.Client]:
        """
        Sign in through the gateway.

        Gives a client that sends the token with every request: in the header, or
        in cookies and without their CSRF value.
        """
        with self.client() as client:
            login = {"username": USER, "password": self.service.password}
            answer = client.post("/login", json={**login, "cookies": cookies})
            assert answer.status_code == 200, answer.text
            if not cookies:
                token = answer.json()["access_token"]
                client.headers["Authorization"] = f"Bearer {token}"
            yield client


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldStage:
    """A gateway in front of the application, with a told service to ask."""

    gateway: Gateway
    told: ToldService
    application: Application

    def client(self) -> httpx.Client:
        """A client that talks to the gateway."""
        return self.gateway.client()


class Stages(contextlib.ExitStack):
    """
    Whatever was started stays until the session ends: order does not matter.

    Args:
        where: A directory for all that the processes write.
    """

    def __init__(self, where: Path) -> None:
        super().__init__()
        self._where = where
        self._kept: dict[tuple[Any, ...], Any] = {}

    @cached_property
    def application(self) -> Application:
        """What all gateways protect."""
        return self.enter_context(application.served())

    @cached_property
    def told(self) -> ToldService:
        """The service that answers as it is told."""
        return self.enter_context(told_service.served())

    def of(self, product: Product, *, as_shipped: bool = False) -> Stage:
        """
        A stage with our own service, which lets preflights pass.

        Args:
            product: The gateway.
            as_shipped: Whether it waits no longer than its file says.
        """
        service = self._service({**product.settings, "PASS_PREFLIGHT": "true"})
        changes = {} if as_shipped else product.unhurried
        return Stage(
            gateway=self._gateway(product, service.port, changes),
            service=service,
            application=self.application,
        )

    def with_sign_in_page(self, product: Product, **settings: str) -> Stage:
        """
        A stage whose gateway sends browsers of ``SITE`` to the sign-in page.

        Args:
            product: The gateway.
            settings: What else the service needs to be told.
        """
        told = {**product.settings, "SIGN_IN_ORIGINS": SITE, **settings}
        service = self._service(told)
        changes = {**product.unhurried, **product.signs_in}
        return Stage(
            gateway=self._gateway(product, service.port, changes),
            service=service,
            application=self.application,
        )

    def told_of(self, product: Product, *, as_shipped: bool = False) -> ToldStage:
        """The same with the told service."""
        changes = {} if as_shipped else product.unhurried
        return ToldStage(
            gateway=self._gateway(product, self.told.port, changes),
            told=self.told,
            application=self.application,
        )

    def without_service(self, product: Product) -> Gateway:
        """A gateway as shipped, whose service refuses connections."""
        port = self._once(
            ("refuses",), lambda: self.enter_context(told_service.port_that_refuses())
        )
        return self._gateway(product, port, {})

    def changed(self, stage: Stage, changes: Mapping[str, str]) -> Gateway:
        """
        Another gateway in a stage, with further changes in its files.

        Args:
            stage: Where.
            changes: What its files say, and what stands there instead.
        """
        product = stage.gateway.product
        changes = {**product.unhurried, **changes}
        return self._gateway(product, stage.service.port, changes)

    def _gateway(
        self, product: Product, service: int, changes: Mapping[str, str]
    ) -> Gateway:
        key = ("gateway", product.name, service, *sorted(changes.items()))
        return self._once(key, lambda: self._start(product, service, changes))

    def _start(
        self, product: Product, service: int, changes: Mapping[str, str]
    ) -> Gateway:
        return self.enter_context(
            products.started(
                product,
                self._folder(product.name),
                service=service,
                application=self.application.port,
                changes=changes,
            )
        )

    def _service(self, settings: Mapping[str, str]) -> Service:
        key = ("service", *sorted(settings.items()))
        return self._once(key, lambda: self._start_service(settings))

    def _start_service(self, settings: Mapping[str, str]) -> Service:
        where = self._folder("service")
        environ = {f"QUART_JWT_{name}": value for name, value in settings.items()}
        environ["QUART_JWT_MODE"] = "development"
        command = [*COMMAND, "serve", "--port", "0"]
        process = self.enter_context(running(command, where, environ))
        ready = "\n  password  "
        process.wait_until(lambda: process.has_ended() or ready in process.text)
        port = re.search(r" on http://127\.0\.0\.1:(\d+)$", process.text, re.MULTILINE)
        password = re.search(r"^  password  (\S+)$", process.text, re.MULTILINE)
        assert port is not None
        assert password is not None
        return Service(process=process, port=int(port[1]), password=password[1])

    def _folder(self, name: str) -> Path:
        return Path(mkdtemp(prefix=f"{name}-", dir=self._where))

    def _once(self, key: tuple[Any, ...], make: Callable[[], Made]) -> Made:
        if key not in self._kept:
            self._kept[key] = make()
        kept: Made = self._kept[key]
        return kept
