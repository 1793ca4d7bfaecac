"""Both sides at once, and the answers that the differences are about."""

from collections.abc import Callable
from typing import Any

from parity import flask_side
from parity import quart_side
from parity.case import Answer
from parity.case import Case
from parity.case import Kit
from parity.case import Outcome
from parity.case import Setup
from parity.quart_side import Colour
from parity.views import report

BROKEN = Answer(status=500, json=None)


def refused(status: int, message: str) -> Answer:
    """A default answer of either side."""
    return Answer(status=status, json={"msg": message})


async def both(case: Case, colour: Colour = "async") -> tuple[Answer, Answer]:
    """What Flask-JWT-Extended answers, and what quart-jwt does."""
    return flask_side.ask(case), await quart_side.ask(case, colour)


async def called(
    helper: Callable[[Kit], Any], *, config: str = "plain", hooks: str = "none"
) -> tuple[Outcome, Outcome]:
    """What a helper gives in Flask-JWT-Extended, and what in quart-jwt."""
    setup = Setup(config=config, hooks=hooks, guard=None, view=report)
    return flask_side.call(setup, helper), await quart_side.call(setup, helper)


def identity_of(answer: Answer) -> Any:
    """Whom the reporting view was called for, if it was."""
    return answer.json["identity"] if answer.status == 200 else None
