"""
Draws the rotation rule as the page on sessions shows it, from the table itself.

    python tests/docs/rotation_diagram.py    prints the drawing for docs/api/sessions.md
"""

import sys

from quart_jwt.tokens.rotation import Standing
from quart_jwt.tokens.rotation import Transition
from quart_jwt.tokens.rotation import TRANSITIONS

Row = tuple[str, str, Transition]


def diagram() -> str:
    """Give one line for each transition; alike ones of a standing are one line."""
    rows = [row for standing in Standing for row in _rows(standing)]
    head = ("the family", "is presented", "outcome", "and is then")
    cells = [
        (standing, presented, way.outcome.name, way.then.value)
        for standing, presented, way in rows
    ]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    titles = [
        title.ljust(width + len(" ──→ "))
        for title, width in zip(head, widths, strict=True)
    ]
    return "\n".join(["".join(titles).rstrip(), *(_line(row, widths) for row in cells)])


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    *before, last = cells
    drawn = [
        f"{cell} ".ljust(width + 1, "─") + "──→ "
        for cell, width in zip(before, widths, strict=False)
    ]
    return "".join(drawn) + last


def _rows(standing: Standing) -> list[Row]:
    ways = {
        position.value: way
        for (its, position), way in TRANSITIONS.items()
        if its is standing
    }
    if len(set(ways.values())) == 1:
        return [(standing.value, "any token", next(iter(ways.values())))]
    return [(standing.value, presented, way) for presented, way in ways.items()]


if __name__ == "__main__":
    sys.stdout.write(diagram() + "\n")
