"""
The ``quart-jwt keys`` commands: the keys that sign tokens, and their rotation.

They work on the database alone; every running process follows by itself.
"""

import asyncio
import json
import os
from collections.abc import Awaitable
from collections.abc import Callable
from datetime import datetime
from datetime import UTC
from math import inf
from typing import TypeVar

import click
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization import PublicFormat

from quart_jwt.building_blocks import read_public_jwk
from quart_jwt.service.commands.database_file import find_database
from quart_jwt.service.commands.database_file import init_option
from quart_jwt.service.commands.operator_acts import operator_acts
from quart_jwt.service.commands.output import examples
from quart_jwt.service.commands.output import json_option
from quart_jwt.service.commands.output import print_done
from quart_jwt.service.commands.output import print_rows
from quart_jwt.service.commands.output import timestamp
from quart_jwt.service.database.database import Database
from quart_jwt.service.ground.errors import KeyStateError
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.keys.schedule import ScheduledKey
from quart_jwt.service.keys.schedule import StoredKey
from quart_jwt.service.keys.signing_keys import signing_keys
from quart_jwt.service.keys.signing_keys import SigningKeys
from quart_jwt.service.settings.settings import read_settings
from quart_jwt.service.settings.sources import PREFIX

T = TypeVar("T")

COLUMNS = ("id", "algorithm", "state", "published", "signs_from", "verifies_until")


@click.group(
    "keys",
    epilog=examples(
        "quart-jwt keys list",
        "quart-jwt keys rotate",
        "quart-jwt keys export > jwks.json",
    ),
)
def keys() -> None:
    """
    Manage the keys that sign tokens. You can run this while the service is running.
    """


@keys.command(
    "list", epilog=examples("quart-jwt keys list", "quart-jwt keys list --all")
)
@click.option("--all", "ended", is_flag=True, help="Include keys that have ended.")
@json_option
def list_keys(*, ended: bool, as_json: bool) -> None:
    """
    List the keys.

    Without a terminal, prints one line each, separated by tabs, without headings.
    """
    now = datetime.now(UTC).timestamp()
    shown = (key for key in _scheduled() if ended or key.state(now) != "ended")
    print_rows(COLUMNS, (_row(key, now) for key in shown), as_json=as_json)


@keys.command("rotate", epilog=examples("quart-jwt keys rotate"))
@init_option
@json_option
def rotate(*, init: bool, as_json: bool) -> None:
    """
    Rotate the signing key.

    Publishes a new key, which signs after QUART_JWT_PUBLISH_BEFORE_USE. The previous
    key verifies until its last token has expired.
    """
    with operator_acts(os.environ) as say:
        made = _with_keys(lambda keys: keys.rotate(), init=init)
        say(Kind.KEY_PUBLISHED, key_id=made.kid)
    signs_from = timestamp(made.signs_from)
    print_done(
        f"published {made.kid}; it signs from {signs_from}",
        as_json=as_json,
        published=made.kid,
        signs_from=signs_from,
    )


@keys.command(
    "retire",
    epilog=examples("quart-jwt keys retire KID"),
    # One id in 64 begins with a hyphen, and is no option.
    context_settings={"ignore_unknown_options": True},
)
@click.argument("kid")
@json_option
def retire(kid: str, *, as_json: bool) -> None:
    """
    Retire the key KID now: every token that it signed is rejected.

    Use this for a key that has leaked. The key that signs cannot be retired: rotate
    first.
    """
    with operator_acts(os.environ) as say:
        _with_keys(lambda keys: keys.retire(kid))
        say(Kind.KEY_RETIRED, key_id=kid)
    print_done(
        f"ended {kid}; tokens that it signed are rejected", as_json=as_json, ended=kid
    )


@keys.command(
    "export",
    epilog=examples(
        "quart-jwt keys export > jwks.json", "quart-jwt keys export --format pem"
    ),
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["jwks", "pem"]),
    default="jwks",
    show_default=True,
    help="A JWK Set, or PEM for gateways without JWK Set support (Kong, APISIX).",
)
def export(form: str) -> None:
    """
    Print the public keys that verify tokens now.

    Private keys are never printed.
    """
    now = datetime.now(UTC).timestamp()
    verifying = [key.stored for key in _scheduled() if key.state(now) != "ended"]
    if form == "jwks":
        click.echo(json.dumps({"keys": [key.public for key in verifying]}, indent=2))
    for key in verifying if form == "pem" else []:
        click.echo(f"# {key.kid} {key.algorithm}\n{_pem(key)}", nl=False)


def _scheduled() -> list[ScheduledKey]:
    """Read all keys; nothing is made."""
    return _with_keys(lambda keys: keys.scheduled())


def _with_keys(work: Callable[[SigningKeys], Awaitable[T]], *, init: bool = False) -> T:
    """Run ``work`` with the keys of the configured database."""
    settings = read_settings(os.environ)
    if settings.secret_key is not None:
        raise KeyStateError(
            f"{PREFIX}SECRET_KEY is set: it signs (HS256), and there are no other keys"
        )
    find_database(settings.storage, init=init)

    async def run() -> T:
        database = Database(settings.storage.database_url)
        try:
            await database.open()
            return await work(signing_keys(settings, database))
        finally:
            await database.close()

    return asyncio.run(run())


def _row(key: ScheduledKey, now: float) -> dict[str, str | None]:
    stored, until = key.stored, key.verifies_until
    return {
        "id": stored.kid,
        "algorithm": stored.algorithm,
        "state": key.state(now),
        "published": timestamp(stored.published_at),
        "signs_from": timestamp(key.signs_from),
        "verifies_until": None if until == inf else timestamp(until),
    }


def _pem(key: StoredKey) -> str:
    public = read_public_jwk(key.public).material
    pem: bytes = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode("ascii")
