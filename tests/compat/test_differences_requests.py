"""Rows of ``docs/differences.md``: what a request carries beside a token."""

import pytest

from compat import carriers
from compat.case import Case
from compat.case import Request
from compat.guards import case
from compat.mint import CSRF
from compat.mint import mint
from compat.sides import both
from compat.sides import BROKEN
from compat.sides import identity_of
from compat.sides import refused

CSRF_DIFFERS = refused(401, "CSRF double submit tokens do not match")
NO_KEY = refused(401, 'Missing "access_token" key in json data.')
DEEP = b"[" * 100_000


def _json(body: bytes) -> Case:
    request = Request(method="POST", headers=(carriers.JSON,), body=body)
    return case(request, config="json")


def _csrf(token: str, *extra: Request, config: str = "csrf") -> Case:
    cookie = carriers.cookie(config, token)
    request = carriers.together(cookie, Request(method="POST"), *extra)
    return case(request, config=config)


@pytest.mark.parametrize("body", [b'["x"]', b'"text"', b"5", b"1.5", b"true", DEEP])
async def test_a_json_body_that_is_no_object_has_no_token(body: bytes) -> None:
    """A body that is not an object is a request without a token, not a 500."""
    theirs, ours = await both(_json(body))

    assert theirs == BROKEN
    assert ours == NO_KEY


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
async def test_a_json_body_is_utf_8(encoding: str) -> None:
    """A body in another encoding has no token; Quart reads bodies as UTF-8."""
    body = f'{{"access_token": "{mint()}"}}'.encode(encoding)
    theirs, ours = await both(_json(body))

    assert identity_of(theirs) == "ann"
    assert ours == NO_KEY


async def test_a_lone_surrogate_in_place_of_a_token_is_refused() -> None:
    """A JSON string that cannot be encoded is a bad token, not a 500."""
    theirs, ours = await both(_json(b'{"access_token": "\\ud800"}'))

    assert theirs == BROKEN
    assert ours.status == 422


@pytest.mark.parametrize("value", ["\u00e9", "\u00e9" * 36, CSRF + "\u00ff"])
async def test_a_csrf_header_beyond_ascii_does_not_match(value: str) -> None:
    """A CSRF header with any other byte is a wrong value, not a 500."""
    header = Request(headers=(("X-CSRF-TOKEN", value),))
    theirs, ours = await both(_csrf(mint(), header))

    assert theirs == BROKEN
    assert ours == CSRF_DIFFERS


async def test_a_csrf_field_beyond_ascii_does_not_match() -> None:
    """The same in a form field."""
    form = Request(headers=(carriers.FORM,), body=b"csrf_token=%C3%A9")
    theirs, ours = await both(_csrf(mint(), form, config="csrf-form"))

    assert theirs == BROKEN
    assert ours == CSRF_DIFFERS


@pytest.mark.parametrize("claim", [None, 1, True, [CSRF], {"value": CSRF}])
async def test_a_csrf_claim_that_is_no_string_does_not_match(claim: object) -> None:
    """A ``csrf`` claim of another type matches nothing, and is no 500."""
    header = Request(headers=(("X-CSRF-TOKEN", CSRF),))
    theirs, ours = await both(_csrf(mint({"csrf": claim}), header))

    assert theirs == BROKEN
    assert ours == CSRF_DIFFERS


@pytest.mark.parametrize(
    ("value", "identity"), [(", ,", None), (f", , Bearer {mint()}", "ann")]
)
async def test_an_empty_field_of_the_header_counts_as_none(
    value: str, identity: str | None
) -> None:
    """Blanks between the commas of an authorization header are no 500."""
    request = Request(headers=(("Authorization", value),))
    theirs, ours = await both(case(request))

    assert theirs == BROKEN
    assert identity == identity_of(ours)
    assert ours.status in {200, 401}
