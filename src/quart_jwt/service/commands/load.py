"""
The ``quart-jwt load`` command.
"""

import asyncio
import json
import os
import platform
from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from typing import TypeVar

import click

from quart_jwt import __version__
from quart_jwt.clock import system_time
from quart_jwt.service.commands.load_options import load_options
from quart_jwt.service.commands.load_options import LoadOptions
from quart_jwt.service.commands.output import examples
from quart_jwt.service.commands.output import timestamp
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.load.capacity import measure
from quart_jwt.service.load.capacity import table
from quart_jwt.service.load.connections import Address
from quart_jwt.service.load.connections import ExchangeError
from quart_jwt.service.load.page import page
from quart_jwt.service.load.results import Results
from quart_jwt.service.load.run import Plan
from quart_jwt.service.load.run import run
from quart_jwt.service.load.run import Target
from quart_jwt.service.load.shipped import shipped
from quart_jwt.service.load.shipped import shown_settings
from quart_jwt.service.load.users import made_users
from quart_jwt.service.load.users import read_users
from quart_jwt.service.serving.event_loop import loop_factory

T = TypeVar("T")

MADE_USERS = 200


@click.command(
    "load",
    epilog=examples(
        "quart-jwt load",
        "quart-jwt load --rate 5 --duration 20 --p99 500 --max-errors 0",
        "quart-jwt load --kind verify --workers 2 --json results.json",
        "quart-jwt load --url https://auth.example.com --users users.csv --rate 10",
    ),
)
@load_options
def load_command(**given: Any) -> None:
    """
    Measure the service under load, and write an HTML page.

    Starts the service with the shipped settings and test users in a temporary
    directory, unless --url names a server. Without --rate, raises the rate until a
    threshold is missed. Exits with 1 if no rate meets the thresholds or --at-least is
    missed. Test only servers that you are allowed to put under load.
    """
    options = LoadOptions(**given)
    options.check()
    plan = options.plan
    with _target(options) as target:
        if options.capacity is not None:
            row = _finished(measure(plan, target, options.capacity, _tell)).as_json()
            _write_json(options.json_path, row)
            click.echo(table([row]), nl=False)
            return
        began = timestamp(system_time())
        stages = _finished(run(plan, target, _tell))
    results = Results(
        kind=plan.kind,
        is_search=plan.rate is None,
        thresholds=plan.thresholds,
        settings={**_shown(options), **_load_settings(plan, len(target.users))},
        machine=_machine(),
        began=began,
        stages=stages,
    )
    _write_json(options.json_path, results.as_json())
    options.html_path.write_text(page(results), "utf-8")
    _conclude(results, options)


def _shown(options: LoadOptions) -> Mapping[str, str]:
    if options.address is not None:
        return {"url": options.address.authority}
    return shown_settings(options.workers, options.given)


def _conclude(results: Results, options: LoadOptions) -> None:
    best, html_path = results.best, options.html_path
    if best is None:
        missed = "; ".join(results.stages[-1].missed)
        raise click.ClickException(f"thresholds missed: {missed} (see {html_path})")
    if options.at_least is not None and best.rate < options.at_least:
        raise click.ClickException(
            f"thresholds missed above {best.rate:.1f} arrivals/s, "
            f"below --at-least {options.at_least:g} (see {html_path})"
        )
    word = "saturation point" if results.is_search else "thresholds met at"
    click.echo(f"{word}: {best.rate:.1f} {results.kind}/s; see {html_path}")


@contextmanager
def _target(options: LoadOptions) -> Iterator[Target]:
    if options.address is not None and options.users_path is not None:
        users = read_users(options.users_path)
        yield Target(address=options.address, users=users, process=None)
        return
    users, workers = made_users(MADE_USERS), options.workers
    _tell(f"starting the service with {workers} worker(s) and {len(users)} users")
    with shipped(users, workers=workers, given=options.given) as service:
        where = Address.of(service.url)
        yield Target(address=where, users=users, process=service.process)


def _finished(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end on the fastest loop, for the generator must not be the limit."""
    factory: Callable[[], asyncio.AbstractEventLoop] | None = loop_factory("uvloop")
    with asyncio.Runner(loop_factory=factory) as runner:
        try:
            return runner.run(work)
        except ExchangeError as error:
            raise StartError(f"no session could be started: {error}") from None


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _write_json(path: Path | None, value: Any) -> None:
    if path is not None:
        path.write_text(json.dumps(value, indent=2) + "\n", "utf-8")


def _load_settings(plan: Plan, users: int) -> Mapping[str, str]:
    return {
        "users": str(users),
        "sessions": str(plan.sessions),
        "seconds at each rate": f"{plan.duration_s:g}",
        "timeout": f"{plan.timeout_s:g} s",
    }


def _machine() -> Mapping[str, str]:
    return {
        "quart-jwt": __version__,
        "Python of the generator": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": str(os.cpu_count()),
    }
