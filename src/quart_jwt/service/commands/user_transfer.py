"""
The ``quart-jwt users import`` and ``export`` commands.

A file is read twice: all of it is checked before anybody is added.
"""

import os
import sys
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

import click

from quart_jwt.service.accounts.accounts import Accounts
from quart_jwt.service.accounts.passwords import Passwords
from quart_jwt.service.accounts.stored_hashes import method_of_new
from quart_jwt.service.accounts.user_file import checked
from quart_jwt.service.accounts.user_file import CSV
from quart_jwt.service.accounts.user_file import form_of
from quart_jwt.service.accounts.user_file import JSON_LINES
from quart_jwt.service.accounts.user_file import records
from quart_jwt.service.accounts.user_file import write_accounts
from quart_jwt.service.commands.database_file import init_option
from quart_jwt.service.commands.operator_acts import operator_acts
from quart_jwt.service.commands.output import examples
from quart_jwt.service.commands.output import json_option
from quart_jwt.service.commands.output import print_done
from quart_jwt.service.commands.output import progress
from quart_jwt.service.commands.user_stores import own_settings
from quart_jwt.service.commands.user_stores import with_accounts
from quart_jwt.service.ground.errors import NameTakenError
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.settings.state_dir import PRIVATE_FILE

T = TypeVar("T")

TOGETHER = 500
"""Users in one transaction: short enough for the sign-ins that wait meanwhile."""
SHOWN = 5


@click.command(
    "import",
    epilog=examples(
        "quart-jwt users import users.jsonl",
        "quart-jwt users import users.csv --skip-existing",
    ),
)
@click.argument(
    "path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--skip-existing", is_flag=True, help="Skip users that already exist.")
@init_option
@json_option
def import_users(path: Path, *, skip_existing: bool, init: bool, as_json: bool) -> None:
    """
    Add the users of FILE, with their password hashes.

    FILE is .jsonl or .csv with name and password_hash, and optionally roles, scopes,
    enabled and created_at. A hash is Argon2, bcrypt, or PBKDF2 or scrypt as Werkzeug or
    Django write it; the next sign-in replaces it. If a line is invalid or a user
    already exists, nothing is imported.
    """
    settings = own_settings(init=init)
    names, methods = checked(path)

    async def work(accounts: Accounts, _passwords: Passwords) -> Sequence[str]:
        known = await _taken(accounts, names)
        if known and not skip_existing:
            raise NameTakenError(_exist(known))
        with progress("Adding users", len(names) - len(known)) as advance:
            return await _add(accounts, path, known, advance)

    with operator_acts(os.environ) as say:
        added = with_accounts(work, init=init)
        for name in added:
            say(Kind.USER_ADDED, subject=name)
    skipped = len(names) - len(added)
    sentence = f"added {len(added)} users" + (f", skipped {skipped}" if skipped else "")
    print_done(sentence, as_json=as_json, added=len(added), skipped=skipped)
    others = set(methods) - {method_of_new(settings.hash_cost).text}
    if added and others:
        click.echo(
            "Until these users have signed in, each refused sign-in also computes "
            f"{', '.join(sorted(others))}: its time must not tell users apart.",
            err=True,
        )


@click.command(
    "export",
    epilog=examples(
        "quart-jwt users export users.jsonl", "quart-jwt users export > users.jsonl"
    ),
)
@click.argument(
    "path", metavar="[FILE]", required=False, type=click.Path(path_type=Path)
)
@click.option(
    "--format",
    "form",
    type=click.Choice([JSON_LINES, CSV]),
    help="The format on standard output, or if FILE does not end with it.",
)
@json_option
def export_users(path: Path | None, form: str | None, *, as_json: bool) -> None:
    """
    Write all users and their password hashes, for import.

    Store the file as safely as passwords, because hashes can be attacked. Only the
    owner can read a new FILE. Without FILE, JSON Lines are written to standard output.
    """
    form = form or (JSON_LINES if path is None else form_of(path))
    found = with_accounts(lambda accounts, _passwords: accounts.listed())
    if path is None:
        write_accounts(found, sys.stdout, form)
        return
    try:
        new = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from error
    with os.fdopen(new, "w", encoding="utf-8") as file:
        write_accounts(found, file, form)
    sentence = f"wrote {len(found)} users to {path}"
    print_done(sentence, as_json=as_json, written=len(found), file=str(path))


async def _taken(accounts: Accounts, names: Sequence[str]) -> set[str]:
    known: set[str] = set()
    for some in _batches(names):
        known.update(await accounts.taken(some))
    return known


async def _add(
    accounts: Accounts, path: Path, known: set[str], advance: Callable[[int], None]
) -> Sequence[str]:
    added: list[str] = []
    wanted = (record for record in records(path) if record.name not in known)
    for some in _batches(wanted):
        added += await accounts.add_all(some)
        advance(len(some))
    return added


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, TOGETHER)):
        yield some


def _exist(known: set[str]) -> str:
    first = ", ".join(repr(name) for name in sorted(known)[:SHOWN])
    more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return f"there are users of these names: {first}{more}; --skip-existing skips them"
