"""Rows of ``docs/flask/differences.md``: what a request carries beside a token."""

from dataclasses import replace
from functools import partial
from typing import Any

import flask
import flask_jwt_extended
import pytest
import quart

import quart_jwt
from parity import carriers
from parity.case import Answer
from parity.case import Case
from parity.case import Request
from parity.case import Setup
from parity.guards import case
from parity.guards import GUARDS
from parity.keys import SECRET
from parity.mint import CSRF
from parity.mint import mint
from parity.sides import both
from parity.sides import BROKEN
from parity.sides import identity_of
from parity.sides import refused
from parity.views import strict

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


def _bearing(value: str) -> Case:
    return case(Request(headers=(("Authorization", value),)))


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "bEARER"])
async def test_the_scheme_of_the_header_has_no_case(scheme: str) -> None:
    """``bearer`` is the scheme ``Bearer``; the other side misses a token."""
    theirs, ours = await both(_bearing(f"{scheme} {mint()}"))

    assert theirs.status == 401
    assert identity_of(ours) == "ann"


@pytest.mark.parametrize("blank", ["\x85", "\xa0"])
async def test_only_space_and_tab_separate_the_words_of_a_header(blank: str) -> None:
    """Another blank is part of the scheme or of the token, which is then another."""
    before, after = f"Bearer{blank}{mint()}", f"Bearer {mint()}{blank}"
    for value, status in ((before, 401), (after, 422)):
        theirs, ours = await both(_bearing(value))

        assert identity_of(theirs) == "ann"
        assert ours.status == status


@pytest.mark.parametrize("guard", ["required", "optional"])
async def test_a_preflight_is_anonymous(guard: str) -> None:
    """An OPTIONS view that reads the identity runs without one, and is no 500."""
    options = replace(Setup(view=strict), guard=GUARDS[guard])
    asked = Case(setup=options, request=Request(method="OPTIONS"))
    theirs, ours = await both(asked)

    assert theirs == BROKEN
    assert ours == Answer(status=200, json={"identity": None})


async def test_a_refusal_is_anonymous_for_what_comes_after() -> None:
    """An after-request function that reads the identity does not break a refusal."""
    flask_app, quart_app = flask.Flask("theirs"), quart.Quart("ours")
    sides: list[tuple[Any, Any]] = [
        (flask_app, flask_jwt_extended),
        (quart_app, quart_jwt),
    ]
    for app, library in sides:
        app.config["JWT_SECRET_KEY"] = SECRET
        library.JWTManager(app)
        app.add_url_rule("/", view_func=library.jwt_required()(_page))
        app.after_request(partial(_read_identity, library))

    theirs = flask_app.test_client().get("/")
    ours = await quart_app.test_client().get("/")

    assert (theirs.status_code, ours.status_code) == (500, 401)


def _page() -> str:
    return "page"


def _read_identity(library: Any, response: Any) -> Any:
    library.get_jwt_identity()
    return response


@pytest.mark.parametrize("values", [("{t}", "x"), ("x", "{t}"), ("{t}", "{t}")])
async def test_several_cookies_of_a_tokens_name_are_refused(
    values: tuple[str, str],
) -> None:
    """Theirs takes the first; which one is genuine nobody can tell."""
    token = mint()
    pairs = "; ".join(f"access_token_cookie={one}" for one in values)
    request = Request(headers=(("Cookie", pairs.format(t=token)),))
    theirs, ours = await both(case(request, config="cookies"))

    assert ("ann" if values[0] == "{t}" else None) == identity_of(theirs)
    assert ours == refused(422, 'Several cookies are named "access_token_cookie"')
