"""What is written into ``app.config`` counts from the next request, on both sides."""

from functools import partial
from typing import Any

import pytest

from parity import carriers
from parity import flask_side
from parity import quart_side
from parity.case import Case
from parity.case import Kit
from parity.case import Request
from parity.case import Setup
from parity.keys import OTHER_SECRET
from parity.mint import mint
from parity.sides import both
from parity.views import report

CHANGES: dict[str, Any] = {
    "JWT_SECRET_KEY": OTHER_SECRET,
    "JWT_ALGORITHM": "HS512",
    "JWT_ERROR_MESSAGE_KEY": "reason",
    "JWT_HEADER_TYPE": "Token",
    "JWT_HEADER_NAME": "X-Token",
    "JWT_TOKEN_LOCATION": ["json"],
    "JWT_DECODE_AUDIENCE": "shop",
    "JWT_DECODE_ISSUER": "me",
    "JWT_IDENTITY_CLAIM": "user",
}


def _fresh_app(option: str, kit: Kit) -> Any:
    """The reporting view; each test has a partial of its own, so an app as well."""
    return report(kit)


@pytest.mark.parametrize("option", CHANGES)
async def test_a_change_counts_from_the_next_request(option: str) -> None:
    """An option that is changed between two requests counts for the second."""
    setup = Setup(view=partial(_fresh_app, option))
    cases = [
        Case(setup=setup, request=carriers.header("plain", token))
        for token in (mint(), "garbage")
    ]
    before = [await both(case) for case in cases]
    for app in (flask_side.app_of(setup), quart_side.app_of(setup)):
        app.config[option] = CHANGES[option]
    after = [await both(case) for case in cases]

    assert all(expected == actual for expected, actual in (*before, *after))
    assert before != after


async def test_a_list_changed_in_place_counts_as_well() -> None:
    """A location that is appended to the configured list is looked at."""
    setup = Setup(config="query_string", view=partial(_fresh_app, "in place"))
    header = carriers.header("plain", mint())
    case = Case(setup=setup, request=header)
    before, _ = await both(case)
    for app in (flask_side.app_of(setup), quart_side.app_of(setup)):
        app.config["JWT_TOKEN_LOCATION"].append("headers")
    expected, actual = await both(case)

    assert before.status == 401
    assert expected == actual
    assert expected.status == 200


async def test_an_emptied_option_is_an_error_to_both() -> None:
    """Without any location both refuse to serve."""
    setup = Setup(view=partial(_fresh_app, "emptied"))
    case = Case(setup=setup, request=Request())
    await both(case)
    for app in (flask_side.app_of(setup), quart_side.app_of(setup)):
        app.config["JWT_TOKEN_LOCATION"] = []
    expected, actual = await both(case)

    assert expected == actual
    assert expected.status == 500
