"""The page on sessions says what the code does."""

import inspect
import re

from docs.blocks import ROOT
from docs.rotation_diagram import diagram
from quart_jwt import signals
from quart_jwt.tokens.rotation import Position
from quart_jwt.tokens.rotation import Standing
from quart_jwt.tokens.rotation import TRANSITIONS

PAGE = (ROOT / "docs" / "api" / "sessions.md").read_text("utf-8")


def test_the_diagram_is_drawn_from_the_table() -> None:
    """`python tests/docs/rotation_diagram.py` prints what the page shows."""
    assert f"```\n{diagram()}\n```" in PAGE


def test_the_table_knows_every_case() -> None:
    """Each standing and position has its row, and no row leads back to life."""
    assert set(TRANSITIONS) == {
        (standing, position) for standing in Standing for position in Position
    }
    assert {
        way.then for (its, _), way in TRANSITIONS.items() if its is Standing.OVER
    } == {Standing.OVER}


def test_the_signals_are_listed_with_their_arguments() -> None:
    """Each signal has a row, with the arguments that its own text names."""
    rows = dict(re.findall(r"^\| `(\w+)` \| .+ \| (.+) \|$", PAGE, re.MULTILINE))

    assert set(signals.__all__) <= set(rows)
    for name in signals.__all__:
        signal = getattr(signals, name)
        assert set(re.findall(r"``(\w+)``", signal.__doc__)) >= set(
            re.findall(r"`(\w+)`(?= |,|$)", re.sub(r"\(.*?\)", "", rows[name]))
        )
        assert inspect.getdoc(signal)
