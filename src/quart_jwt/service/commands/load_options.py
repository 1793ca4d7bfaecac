"""
The options of ``quart-jwt load``.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import click

from quart_jwt.service.load.connections import Address
from quart_jwt.service.load.run import Plan
from quart_jwt.service.load.scenarios import FIRST_RATES
from quart_jwt.service.load.thresholds import Thresholds
from quart_jwt.service.serving.exposure import exposed
from quart_jwt.service.serving.server_config import MAX_WORKERS

MAX_S = 600
"""Access tokens of the shipped settings expire after 15 minutes."""

_WRITTEN = click.Path(dir_okay=False, writable=True, path_type=Path)


def _settings(
    _ctx: click.Context, _param: click.Parameter, given: Sequence[str]
) -> dict[str, str]:
    """Parse NAME=VALUE; the message leaves the value out, which may be a secret."""
    found = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign or not name.isidentifier():
            raise click.BadParameter("expected NAME=VALUE, such as THROTTLE=false")
        found[name.upper().removeprefix("QUART_JWT_")] = value
    return found


def _address(
    _ctx: click.Context, _param: click.Parameter, url: str | None
) -> Address | None:
    try:
        address = None if url is None else Address.of(url)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    if address is not None and not address.is_secure and exposed([address.authority]):
        click.echo("Warning: the passwords are sent without TLS", err=True)
    return address


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """What stands on the command line; ``OPTIONS`` has a help text for each."""

    kind: str
    rate: float | None
    first_rate: float | None
    duration_s: float
    p99_ms: float
    errors_percent: float
    at_least: float | None
    address: Address | None
    users_path: Path | None
    workers: int
    given: Mapping[str, str]
    sessions: int
    timeout_s: float
    html_path: Path
    json_path: Path | None
    capacity: str | None

    def check(self) -> None:
        """Raise UsageError for options that exclude each other."""
        if (self.address is None) != (self.users_path is None):
            raise click.UsageError("--url and --users need each other")
        if self.address is not None and (self.given or self.capacity):
            raise click.UsageError(
                "--set and --capacity are for a service started here"
            )

    @property
    def plan(self) -> Plan:
        """What to offer."""
        return Plan(
            kind=self.kind,
            rate=self.rate,
            first_rate=self.first_rate,
            duration_s=self.duration_s,
            sessions=self.sessions,
            timeout_s=self.timeout_s,
            thresholds=Thresholds(
                p99_ms=self.p99_ms, errors_percent=self.errors_percent
            ),
        )


OPTIONS = (
    click.option(
        "--kind",
        type=click.Choice(list(FIRST_RATES)),
        default="visit",
        show_default=True,
        help="Kind of arrival: a whole visit (login, protected, verify, refresh, "
        "protected, logout), or one kind of request.",
    ),
    click.option(
        "--rate",
        type=click.FloatRange(0, min_open=True),
        help="Arrivals per second (default: search for the saturation point).",
    ),
    click.option(
        "--first-rate",
        type=click.FloatRange(0, min_open=True),
        help="Arrivals per second at which the search begins (default: by kind).",
    ),
    click.option(
        "--duration",
        "duration_s",
        type=click.FloatRange(1, MAX_S),
        default=10,
        show_default=True,
        metavar="SECONDS",
        help="Seconds at each rate.",
    ),
    click.option(
        "--p99",
        "p99_ms",
        type=click.FloatRange(0, min_open=True),
        default=250,
        show_default=True,
        metavar="MS",
        help="Threshold: the 99th percentile of each kind of request.",
    ),
    click.option(
        "--max-errors",
        "errors_percent",
        type=click.FloatRange(0, 100),
        default=1,
        show_default=True,
        metavar="PERCENT",
        help="Threshold: failed requests, in percent of all requests.",
    ),
    click.option(
        "--at-least",
        type=click.FloatRange(0, min_open=True),
        metavar="RATE",
        help="Lowest acceptable saturation point, in arrivals per second.",
    ),
    click.option("--url", "address", callback=_address, help="Test the server at URL."),
    click.option(
        "--users",
        "users_path",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="With --url: a .csv or .jsonl file with username and password.",
    ),
    click.option(
        "--workers",
        type=click.IntRange(1, MAX_WORKERS),
        default=1,
        show_default=True,
        help="Workers of the service (without --url).",
    ),
    click.option(
        "--set",
        "given",
        multiple=True,
        callback=_settings,
        metavar="NAME=VALUE",
        help="Setting of the service (without --url), such as STORE_URL=redis://...",
    ),
    click.option(
        "--sessions",
        type=click.IntRange(1, 10_000),
        default=50,
        show_default=True,
        help="Sessions for --kind refresh, protected and verify.",
    ),
    click.option(
        "--timeout",
        "timeout_s",
        type=click.FloatRange(0.1, 300),
        default=10,
        show_default=True,
        metavar="SECONDS",
        help="Seconds after which a request fails.",
    ),
    click.option(
        "--html",
        "html_path",
        type=_WRITTEN,
        default="quart-jwt-load.html",
        show_default=True,
        help="File for the HTML page.",
    ),
    click.option(
        "--json", "json_path", type=_WRITTEN, help="File for the results as JSON."
    ),
    click.option(
        "--capacity",
        metavar="STORE",
        help="Measure one row of the capacity table, label it STORE, and print it as "
        "Markdown.",
    ),
)
"""In the order of the help text."""


def load_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options."""
    return reduce(lambda made, option: option(made), reversed(OPTIONS), command)
