from typing import Any

import pytest

from quart_jwt.exceptions import CSRFError
from quart_jwt.exceptions import InvalidHeaderError
from quart_jwt.exceptions import InvalidQueryParamError
from quart_jwt.exceptions import JWTExtendedException
from quart_jwt.exceptions import NoAuthorizationError
from quart_jwt.tokens import locations

EXPECTED = "Expected 'Authorization: Bearer <JWT>'"
MISSING = (NoAuthorizationError, "Missing Authorization Header")
OTHER = (
    NoAuthorizationError,
    f"Missing 'Bearer' type in 'Authorization' header. {EXPECTED}",
)
BAD = (InvalidHeaderError, f"Bad Authorization header. {EXPECTED}")
BARE = (InvalidHeaderError, "Bad Authorization header. Expected 'Authorization: <JWT>'")


def found(function: Any, *args: Any, **kwargs: Any) -> Any:
    """What a location gives, or the class and the words of its error."""
    try:
        return function(*args, **kwargs)
    except JWTExtendedException as error:
        return type(error), str(error)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", MISSING),
        (" ", MISSING),
        (",", MISSING),
        (" ,, ", MISSING),
        ("Bearer a.b.c", "a.b.c"),
        ("  Bearer a.b.c  ", "a.b.c"),
        ("Bearer  a.b.c", "a.b.c"),
        ("Bearer\ta.b.c", "a.b.c"),
        ("Bearer a.b.c,", "a.b.c"),
        (",Bearer a.b.c", "a.b.c"),
        ("Basic eDp5, Bearer a.b.c", "a.b.c"),
        ("Basic eDp5,Bearer a.b.c", "a.b.c"),
        ("Bearer a.b.c, Basic eDp5", "a.b.c"),
        ("Basic x,  Digest y,\tBearer a.b.c, Foo", "a.b.c"),
        ("Basic x, , Bearer a.b.c", "a.b.c"),
        ("Bearer", BAD),
        ("Bearer ", BAD),
        ("Bearer ,", BAD),
        ("Bearer a b", BAD),
        ("Bearer a.b.c d, Basic x", BAD),
        ("Basic x, Bearer", BAD),
        ("bearer a.b.c", "a.b.c"),
        ("BEARER a.b.c", "a.b.c"),
        ("Basic x, bEARER a.b.c", "a.b.c"),
        ("Bearer\x85a.b.c", OTHER),
        ("Bearer\xa0a.b.c", OTHER),
        ("Bearer\x1ca.b.c", OTHER),
        ("Bearer a.b.c\x85", "a.b.c\x85"),
        ("Bearer a.b.c \xa0", BAD),
        ("Bearera.b.c", OTHER),
        ("Bearer:a.b.c", OTHER),
        ("a.b.c", OTHER),
        ("Basic eDp5", OTHER),
        ("Token Bearer a.b.c", OTHER),
        ("Bearer a.b.c, Bearer d.e.f", OTHER),
        ("Bearer a.b.c, Bearer a.b.c", OTHER),
        ("Bearer a.b.c,Bearer", OTHER),
        ("Bearer a.b.c Bearer d.e.f", BAD),
        ("Bearer é", "é"),
    ],
)
def test_a_header_holds_one_token(value: str, expected: Any) -> None:
    """Every shape of the header gives its token or Flask-JWT-Extended's words."""
    actual = found(locations.from_header, value, name="Authorization", scheme="Bearer")

    assert expected == actual


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", MISSING),
        (" ", MISSING),
        ("a.b.c", "a.b.c"),
        (" a.b.c ", "a.b.c"),
        ("a.b.c,", "a.b.c"),
        ("Bearer a.b.c", BARE),
        ("a b c", BARE),
        ("a.b.c, d.e.f", BARE),
        ("a.b.c,d.e.f", "a.b.c,d.e.f"),
    ],
)
@pytest.mark.parametrize("scheme", ["", None])
def test_a_header_without_a_scheme_is_the_token(
    value: str, expected: Any, scheme: str | None
) -> None:
    """Without a scheme the whole value is the token."""
    actual = found(locations.from_header, value, name="Authorization", scheme=scheme)

    assert expected == actual


def test_header_and_scheme_have_the_configured_names() -> None:
    """The messages name what the app has configured."""
    expected = "Expected 'X-Token: JWT <JWT>'"

    assert locations.from_header("JWT a.b.c", name="X-Token", scheme="JWT") == "a.b.c"
    assert (NoAuthorizationError, "Missing X-Token Header") == found(
        locations.from_header, "", name="X-Token", scheme="JWT"
    )
    assert (
        NoAuthorizationError,
        f"Missing 'JWT' type in 'X-Token' header. {expected}",
    ) == found(locations.from_header, "Bearer a", name="X-Token", scheme="JWT")
    assert (InvalidHeaderError, f"Bad X-Token header. {expected}") == found(
        locations.from_header, "JWT", name="X-Token", scheme="JWT"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, (NoAuthorizationError, 'Missing cookie "tok"')),
        ("", (NoAuthorizationError, 'Missing cookie "tok"')),
        ("a.b.c", "a.b.c"),
        (" ", " "),
    ],
)
def test_a_cookie_is_the_token(value: str | None, expected: Any) -> None:
    """A cookie that is not there and an empty one are the same."""
    assert expected == found(locations.from_cookie, value, name="tok")


@pytest.mark.parametrize(
    ("header", "field", "expected"),
    [
        ("h", None, "h"),
        ("h", "f", "h"),
        (None, "f", "f"),
        ("", "f", "f"),
        (None, None, (CSRFError, "Missing CSRF token")),
        ("", "", (CSRFError, "Missing CSRF token")),
    ],
)
def test_the_csrf_header_goes_before_the_field(
    header: str | None, field: str | None, expected: Any
) -> None:
    """The header counts, and the form field only where there is none."""
    assert expected == found(locations.csrf_value, header, field)


NO_ARGUMENT = (NoAuthorizationError, "Missing 'jwt' query paramater")
BAD_ARGUMENT = (
    InvalidQueryParamError,
    (
        "Invalid value for query parameter 'jwt'. "
        "Expected the value to start with 'Bearer '"
    ),
)


@pytest.mark.parametrize(
    ("value", "prefix", "expected"),
    [
        (None, "", NO_ARGUMENT),
        ("", "", NO_ARGUMENT),
        ("", "Bearer ", NO_ARGUMENT),
        ("a.b.c", "", "a.b.c"),
        ("Bearer a.b.c", "Bearer ", "a.b.c"),
        ("Bearer ", "Bearer ", ""),
        ("Bearer Bearer a", "Bearer ", "Bearer a"),
        ("a.b.c", "Bearer ", BAD_ARGUMENT),
        ("bearer a.b.c", "Bearer ", BAD_ARGUMENT),
        ("Bearer", "Bearer ", BAD_ARGUMENT),
    ],
)
def test_an_argument_follows_its_prefix(
    value: str | None, prefix: str, expected: Any
) -> None:
    """The token is what stands after the configured prefix."""
    actual = found(locations.from_argument, value, name="jwt", prefix=prefix)

    assert expected == actual


NO_KEY = (NoAuthorizationError, 'Missing "access_token" key in json data.')


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (None, NO_KEY),
        ([], NO_KEY),
        (["access_token"], NO_KEY),
        ("access_token", NO_KEY),
        (7, NO_KEY),
        (True, NO_KEY),
        ({}, NO_KEY),
        ({"refresh_token": "x"}, NO_KEY),
        ({"access_token": None}, NO_KEY),
        ({"access_token": ""}, NO_KEY),
        ({"access_token": 0}, NO_KEY),
        ({"access_token": []}, NO_KEY),
        ({"access_token": "a.b.c"}, "a.b.c"),
        ({"access_token": 7}, 7),
        ({"access_token": ["a"]}, ["a"]),
    ],
)
def test_a_body_holds_the_token_under_its_key(body: Any, expected: Any) -> None:
    """Any body that is no object with that key has no token."""
    assert expected == found(locations.from_json, body, key="access_token")


def test_a_body_of_another_type_has_no_token() -> None:
    """A body that does not say that it is JSON is told so."""
    expected = (
        NoAuthorizationError,
        "Invalid content-type. Must be application/json.",
    )

    assert expected == found(locations.not_json)


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (("headers",), "r0"),
        (("headers", "cookies"), "Missing JWT in headers or cookies (r0; r1)"),
        (
            locations.LOCATIONS,
            "Missing JWT in headers, cookies, query_string or json (r0; r1; r2; r3)",
        ),
    ],
    ids=["one", "two", "all"],
)
def test_nowhere_says_where_it_looked(places: tuple[str, ...], expected: str) -> None:
    """One location gives its own reason, several give all of theirs."""
    error = locations.nowhere(places, [f"r{at}" for at in range(len(places))])

    assert (NoAuthorizationError, expected) == (type(error), str(error))
