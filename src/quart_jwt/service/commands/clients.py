"""
The ``quart-jwt clients`` commands: which programs may ask about tokens.
"""

import asyncio
import os
from collections.abc import Awaitable
from collections.abc import Callable
from typing import TypeVar

import click

from quart_jwt.clock import system_time
from quart_jwt.service.clients.clients import Client
from quart_jwt.service.clients.clients import Clients
from quart_jwt.service.commands.database_file import find_database
from quart_jwt.service.commands.database_file import init_option
from quart_jwt.service.commands.operator_acts import operator_acts
from quart_jwt.service.commands.output import examples
from quart_jwt.service.commands.output import json_option
from quart_jwt.service.commands.output import print_done
from quart_jwt.service.commands.output import print_rows
from quart_jwt.service.commands.output import timestamp
from quart_jwt.service.database.database import Database
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.settings.settings import read_storage_settings

T = TypeVar("T")


@click.group(
    "clients",
    epilog=examples(
        "quart-jwt clients add orders-api",
        "quart-jwt clients list",
        "quart-jwt clients remove orders-api",
    ),
)
def clients() -> None:
    """
    Manage API clients that introspect and revoke tokens.

    They use /introspect and /revoke. You can run this while the service is running.
    """


@clients.command("add", epilog=examples("quart-jwt clients add orders-api"))
@click.argument("name")
@init_option
@json_option
def add(name: str, *, init: bool, as_json: bool) -> None:
    """
    Add the client NAME, and print its secret, which is shown only once.

    Only the secret is written to standard output, for scripts.
    """
    with operator_acts(os.environ) as say:
        secret = _with_clients(lambda clients: clients.add(name), init=init)
        say(Kind.CLIENT_ADDED, client=name)
    if not as_json:
        click.echo(f"added {name}; its secret cannot be shown again:", err=True)
    print_done(secret, as_json=as_json, added=name, secret=secret)


@clients.command("list", epilog=examples("quart-jwt clients list"))
@json_option
def list_clients(*, as_json: bool) -> None:
    """
    List all clients.

    Without a terminal, prints one line each, separated by tabs, without headings.
    """
    found = _with_clients(lambda clients: clients.listed())
    print_rows(("name", "added"), map(_row, found), as_json=as_json)


@clients.command("remove", epilog=examples("quart-jwt clients remove orders-api"))
@click.argument("name")
@json_option
def remove(name: str, *, as_json: bool) -> None:
    """
    Remove NAME; its secret stops working at once.

    To change a secret, remove the client and add it again.
    """
    with operator_acts(os.environ) as say:
        _with_clients(lambda clients: clients.remove(name))
        say(Kind.CLIENT_REMOVED, client=name)
    print_done(f"removed {name}", as_json=as_json, removed=name)


def _with_clients(work: Callable[[Clients], Awaitable[T]], *, init: bool = False) -> T:
    """Run ``work`` with the clients of the configured database."""
    storage = read_storage_settings(os.environ)
    find_database(storage, init=init)

    async def run() -> T:
        database = Database(storage.database_url)
        try:
            await database.open()
            return await work(Clients(database, system_time))
        finally:
            await database.close()

    return asyncio.run(run())


def _row(client: Client) -> dict[str, str]:
    return {"name": client.name, "added": timestamp(client.created_at)}
