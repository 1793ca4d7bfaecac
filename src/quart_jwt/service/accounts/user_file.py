"""
Files of users, for the import and the export: JSON Lines or CSV.

A record has ``name`` and ``password_hash``, and may have ``roles``, ``scopes``,
``enabled`` and ``created_at``. In CSV, roles and scopes have blanks between them. A
fault names the line and never a hash.
"""

import csv
import json
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from typing import TextIO

from quart_jwt.service.accounts.account_rows import Account
from quart_jwt.service.accounts.names import normalised_name
from quart_jwt.service.accounts.records import Record
from quart_jwt.service.accounts.stored_hashes import adopted
from quart_jwt.service.accounts.stored_hashes import Method
from quart_jwt.service.accounts.stored_hashes import method_of
from quart_jwt.service.ground.errors import GrantRuleError
from quart_jwt.service.ground.errors import HashFormatError
from quart_jwt.service.ground.errors import NameRuleError
from quart_jwt.service.ground.errors import UserFileError
from quart_jwt.service.ground.grants import checked_grants

FIELDS = ("name", "password_hash", "roles", "scopes", "enabled", "created_at")
JSON_LINES = "jsonl"
CSV = "csv"

MAX_FAULTS = 20
"""An operator mends a kind of fault, and then reads the next ones."""

MAX_FAMILIES = 8
"""A refused sign-in computes a hash of each (``stored_hashes.missing_work``)."""

_FLAGS = {"true": True, "1": True, "": True, "false": False, "0": False}


def form_of(path: Path) -> str:
    """
    Return the format of a file by its name.

    Raises:
        UserFileError: It is neither ``.jsonl`` nor ``.csv``.
    """
    form = path.suffix.lower().removeprefix(".")
    if form not in {JSON_LINES, CSV}:
        raise UserFileError([f"{path}: the name must end with .{JSON_LINES} or .{CSV}"])
    return form


def checked(path: Path) -> tuple[Sequence[str], Sequence[str]]:
    """
    Read a whole file, and return its names, and the methods of its hashes.

    Raises:
        UserFileError: Lists the lines that are wrong, or the methods are too many.
    """
    faults: list[str] = []
    names: dict[str, int] = {}
    methods: dict[str, Method] = {}
    for number, record in _records(path):
        if isinstance(record, str):
            faults.append(f"{path}:{number}: {record}")
        elif record.name in names:
            also = f"{record.name!r} is in line {names[record.name]} as well"
            faults.append(f"{path}:{number}: {also}")
        else:
            names[record.name] = number
            method = method_of(record.password_hash)
            if method is not None:
                methods.setdefault(method.text, method)
        if len(faults) > MAX_FAULTS:
            raise UserFileError([*faults[:MAX_FAULTS], "and more"])
    if faults:
        raise UserFileError(faults)
    if len({method.family for method in methods.values()}) > MAX_FAMILIES:
        raise UserFileError(
            [f"{path}: more than {MAX_FAMILIES} different algorithms or costs"]
        )
    return list(names), sorted(methods)


def records(path: Path) -> Iterator[Record]:
    """Read a file that was checked."""
    for number, record in _records(path):
        if isinstance(record, str):
            raise UserFileError([f"{path}:{number}: {record}"])
        yield record


def write_accounts(accounts: Sequence[Account], file: TextIO, form: str) -> None:
    """Write users with their hashes, as the import reads them."""
    table = csv.DictWriter(file, FIELDS, lineterminator="\n")
    if form == CSV:
        table.writeheader()
    for account in accounts:
        row = _row(account)
        if form == CSV:
            flat = {
                "roles": " ".join(row["roles"]),
                "scopes": " ".join(row["scopes"]),
                "enabled": str(row["enabled"]).lower(),
            }
            table.writerow({**row, **flat})
        else:
            file.write(json.dumps(row) + "\n")


def _row(account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "password_hash": account.password_hash,
        "roles": list(account.grants.roles),
        "scopes": list(account.grants.scopes),
        "enabled": account.enabled,
        "created_at": account.created_at,
    }


def _records(path: Path) -> Iterator[tuple[int, Record | str]]:
    """Give each line's number with its record, or with what is wrong with it."""
    reading = _json_lines if form_of(path) == JSON_LINES else _csv_lines
    try:
        # A BOM is what Excel begins a CSV file with.
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, members in reading(file):
                yield number, _checked(members)
    except UnicodeDecodeError as error:
        raise UserFileError([f"{path}: is not UTF-8"]) from error
    except csv.Error as error:
        raise UserFileError([f"{path}: is not CSV: {error}"]) from error


def _json_lines(file: TextIO) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
    for number, line in enumerate(file, 1):
        if line.strip():
            try:
                members = json.loads(line)
            except (ValueError, RecursionError):
                members = None
            yield number, members if isinstance(members, dict) else None


def _csv_lines(file: TextIO) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
    table = csv.DictReader(file, restkey="more columns than headings")
    for row in table:
        members: dict[str, Any] = {key: row[key] for key in row if row[key] != ""}
        for name in ("roles", "scopes"):
            members[name] = str(members.get(name) or "").split()
        enabled = str(row.get("enabled") or "").lower()
        members["enabled"] = _FLAGS.get(enabled, enabled)
        if str(row.get("created_at") or "").isascii():
            text = row.get("created_at") or ""
            members["created_at"] = int(text) if text.isdigit() else text or None
        yield table.line_num, members


def _checked(members: Mapping[str, Any] | None) -> Record | str:
    if members is None:
        return "is not a JSON object"
    unknown = sorted(str(name) for name in members if name not in FIELDS)
    if unknown:
        return f"has unknown fields: {', '.join(unknown)}"
    wrong = [name for name, fits in _fits(members).items() if not fits]
    if wrong:
        return f"lacks a field, or has one of a wrong type: {', '.join(wrong)}"
    try:
        return Record(
            name=normalised_name(members["name"]),
            password_hash=adopted(members["password_hash"]),
            grants=checked_grants(
                roles=members.get("roles", ()), scopes=members.get("scopes", ())
            ),
            enabled=members.get("enabled", True),
            created_at=members.get("created_at"),
        )
    except (NameRuleError, GrantRuleError, HashFormatError) as error:
        return str(error)


def _fits(members: Mapping[str, Any]) -> Mapping[str, bool]:
    created = members.get("created_at")
    is_time = type(created) is int and 0 <= created < 2**53
    return {
        "name": isinstance(members.get("name"), str),
        "password_hash": isinstance(members.get("password_hash"), str),
        "roles": _is_words(members.get("roles", [])),
        "scopes": _is_words(members.get("scopes", [])),
        "enabled": isinstance(members.get("enabled", True), bool),
        "created_at": created is None or is_time,
    }


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)
