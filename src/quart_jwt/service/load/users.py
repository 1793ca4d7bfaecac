"""
The users that sign in: made for one run, or an operator's own from a file.
"""

import csv
import json
import secrets
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from quart_jwt.service.ground.errors import UserFileError
from quart_jwt.service.ground.values import HashCost

NAMES = ("username", "name")
CSV = ".csv"


@dataclass(frozen=True, slots=True)
class User:
    """
    A user that signs in.

    Attributes:
        name: The user name.
        password: The password; it appears in no text.
    """

    name: str
    password: str = field(repr=False)


def made_users(count: int) -> tuple[User, ...]:
    """Return users with one random password, which leaves this process hashed only."""
    password = secrets.token_urlsafe(24)
    run = secrets.token_hex(4)  # a database may have the users of an earlier run
    return tuple(User(f"load-{run}-{number}", password) for number in range(count))


def import_lines(users: Sequence[User], cost: HashCost) -> Iterator[str]:
    """Return lines for ``quart-jwt users import``; they share one hash."""
    hasher = PasswordHasher(
        time_cost=cost.iterations,
        memory_cost=cost.memory_kib,
        parallelism=cost.lanes,
    )
    encoded = hasher.hash(users[0].password)
    for user in users:
        yield json.dumps({"name": user.name, "password_hash": encoded}) + "\n"


def read_users(path: Path) -> tuple[User, ...]:
    """
    Read ``username`` and ``password`` of each user from a .csv or .jsonl file.

    Raises:
        UserFileError: The file cannot be read. No message quotes its contents.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserFileError(f"cannot read {path}: {type(error).__name__}") from None
    rows = _csv_rows(text) if path.suffix == CSV else _json_rows(text)
    users = []
    for number, row in enumerate(rows, start=1):
        name = next((row[one] for one in NAMES if row.get(one)), None)
        password = row.get("password")
        if not isinstance(name, str) or not isinstance(password, str):
            raise UserFileError(
                f"{path}: user {number} needs a username and a password, both text"
            )
        users.append(User(name, password))
    if not users:
        raise UserFileError(f"{path} has no users")
    return tuple(users)


def _csv_rows(text: str) -> Iterator[Mapping[str, Any]]:
    try:
        yield from csv.DictReader(text.splitlines())
    except csv.Error:  # a field of more than 128 KiB, for one
        raise UserFileError("the file of users is not CSV") from None


def _json_rows(text: str) -> Iterator[Mapping[str, Any]]:
    for line in filter(str.strip, text.splitlines()):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        yield row if isinstance(row, dict) else {}
