"""
The ``quart-jwt config`` commands: are the settings right, and which ones count?
"""

import os
from collections.abc import Callable
from collections.abc import Sequence

import click

from quart_jwt.service.commands.output import examples
from quart_jwt.service.commands.output import json_option
from quart_jwt.service.commands.output import print_done
from quart_jwt.service.commands.output import print_rows
from quart_jwt.service.commands.start_check import check_start
from quart_jwt.service.commands.start_forecast import forecast
from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.serving.server_config import make_config
from quart_jwt.service.serving.server_config import read_values
from quart_jwt.service.serving.server_config import worker_count
from quart_jwt.service.settings.masking import masked
from quart_jwt.service.settings.reading import DEFAULT
from quart_jwt.service.settings.reading import Effective
from quart_jwt.service.settings.settings import NAMES
from quart_jwt.service.settings.settings import read_all
from quart_jwt.service.settings.settings import read_settings
from quart_jwt.service.settings.settings import reading_of
from quart_jwt.service.settings.sources import PREFIX
from quart_jwt.service.settings.sources import settings_file

FIRST_USER = "add the first user with `quart-jwt users add NAME`"


@click.group("config", epilog=examples("quart-jwt config check"))
def config_group() -> None:
    """
    Check and show the settings. Nothing is created, changed or started.
    """


@config_group.command(
    "check", epilog=examples("quart-jwt --settings /etc/quart-jwt.toml config check")
)
@json_option
def check(*, as_json: bool) -> None:
    """
    Check whether the service would start; report every fault.

    Reads the environment, the settings file and ./hypercorn.toml. Checks that the
    drivers, the user directory and the folders exist, that the databases answer and
    have their tables, and that there is a user.
    """
    faults = [*_faults_of(_check_service), *_faults_of(_check_server)]
    if faults:
        raise SettingsError(faults)
    path = settings_file(os.environ)
    where = "environment" if path is None else f"environment and {path}"
    if not as_json:
        click.echo(f"the settings are valid ({where})")
    found = forecast(read_settings(os.environ))
    if found.faults:
        raise SettingsError(found.faults)
    lines = ["the databases can be used"]
    if not found.has_users:
        lines.append(f"there are no users yet: {FIRST_USER}")
    print_done(
        "\n".join(lines), as_json=as_json, starts=True, has_users=found.has_users
    )


@config_group.command("show", epilog=examples("quart-jwt config show"))
@json_option
def show(*, as_json: bool) -> None:
    """
    Print every setting, its value and its source.

    Secrets are masked. Invalid settings are reported at the end, with exit status 1.
    """
    reading = reading_of(os.environ)
    faults = _faults_of(lambda: read_all(reading, os.environ))
    rows = [
        (f"{PREFIX}{name}", _shown(name, one), one.origin)
        for name, one in sorted(reading.effective.items(), key=_place)
    ]
    if as_json:
        print_rows((), [_member(*row) for row in rows], as_json=True)
    else:
        click.echo(_table(rows))
    if faults:
        raise SettingsError(faults)


def _check_service() -> None:
    check_start(read_settings(os.environ))


def _check_server() -> None:
    values = read_values(None)
    worker_count(values, None)
    make_config(values, [])


def _faults_of(look: Callable[[], object]) -> Sequence[str]:
    try:
        look()
    except SettingsError as error:
        return error.faults
    except StartError as error:
        return [str(error)]
    return []


def _place(setting: tuple[str, Effective]) -> int:
    name, _ = setting
    return NAMES.index(name) if name in NAMES else len(NAMES)


def _member(name: str, value: str, origin: str) -> dict[str, str | None]:
    return {"setting": name, "value": value or None, "from": origin}


def _table(rows: Sequence[tuple[str, str, str]]) -> str:
    shown = [(name, value or "-", origin) for name, value, origin in rows]
    widths = [max(len(row[column]) for row in shown) for column in (0, 1)]
    return "\n".join(
        f"{name:<{widths[0]}}  {value:<{widths[1]}}  {origin}"
        for name, value, origin in shown
    )


def _shown(name: str, one: Effective) -> str:
    return one.text if one.origin == DEFAULT else masked(name, one.text)
