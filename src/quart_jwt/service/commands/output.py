"""
What commands print: tables with headings on a terminal, lines with tabs elsewhere, and
JSON where it is asked for.
"""

import json
import sys
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import datetime
from datetime import UTC
from typing import Any

import click

Option = Callable[[Callable[..., Any]], Callable[..., Any]]
Row = Mapping[str, Any]

json_option: Option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON."
)


def examples(*lines: str) -> str:
    """Return examples for the end of a help text, which click must not wrap."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


def print_rows(
    columns: Sequence[str], rows: Iterable[Row], *, as_json: bool = False
) -> None:
    """
    Print a list.

    Args:
        columns: The members of a row, in the order in which they are printed.
        rows: The list.
        as_json: Whether to print one JSON array, with all members.
    """
    if as_json:
        click.echo(json.dumps(list(rows), indent=2))
        return
    lines = [[_text(row[name]) for name in columns] for row in rows]
    if not sys.stdout.isatty():
        for line in lines:
            click.echo("\t".join(line))
        return
    headings = [name.upper().replace("_", " ") for name in columns]
    widths = [max(map(len, column)) for column in zip(headings, *lines, strict=True)]
    for line in (headings, *lines):
        click.echo("  ".join(map(str.ljust, line, widths)).rstrip())


def print_done(sentence: str, *, as_json: bool, **members: Any) -> None:
    """Print what was done: a sentence, or its members as a JSON object."""
    click.echo(json.dumps(members) if as_json else sentence)


def timestamp(seconds: float) -> str:
    """Return a time in UTC, to the second (RFC 3339)."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


@contextmanager
def progress(label: str, length: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on standard error if that is a terminal; give what moves it."""
    with click.progressbar(
        length=length,
        label=label,
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
        show_pos=True,
    ) as bar:
        yield bar.update


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return " ".join(value)
    return "-" if value is None else str(value)
