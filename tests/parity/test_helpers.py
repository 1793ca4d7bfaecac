"""The functions that take a token, or ask about the request."""

from collections.abc import Callable
from typing import Any

import flask
import jwt
import pytest
import quart

from parity import flask_side
from parity import quart_side
from parity.case import Kit
from parity.case import Outcome
from parity.case import raised
from parity.mint import CSRF
from parity.sides import called
from parity.tokens import TOKENS


def _unverified_header(kit: Kit, token: str) -> Any:
    """The header, if the payload is JSON at all: see ``docs/flask/differences.md``."""
    try:
        jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return None
    return kit.jwt.get_unverified_jwt_headers(token)


TAKING_A_TOKEN: dict[str, Callable[[Kit, str], Any]] = {
    "decode_token": lambda kit, token: kit.jwt.decode_token(token),
    "decode_token-csrf": lambda kit, token: kit.jwt.decode_token(token, CSRF),
    "decode_token-wrong-csrf": lambda kit, token: kit.jwt.decode_token(token, "x"),
    "decode_token-empty-csrf": lambda kit, token: kit.jwt.decode_token(
        token, csrf_value=""
    ),
    "decode_token-allow-expired": lambda kit, token: kit.jwt.decode_token(
        token, allow_expired=True
    ),
    "decode_token-both": lambda kit, token: kit.jwt.decode_token(
        token, CSRF, allow_expired=True
    ),
    "decode_token-positional": lambda kit, token: kit.jwt.decode_token(
        *(token, CSRF, True)
    ),
    "decode_token-bytes": lambda kit, token: kit.jwt.decode_token(token.encode()),
    "get_jti": lambda kit, token: kit.jwt.get_jti(token),
    "get_unverified_jwt_headers": _unverified_header,
    "get_csrf_token": lambda kit, token: kit.jwt.get_csrf_token(token),
}
ASKING: dict[str, Callable[[Kit], Any]] = {
    "get_jwt": lambda kit: kit.jwt.get_jwt(),
    "get_jwt_header": lambda kit: kit.jwt.get_jwt_header(),
    "get_jwt_identity": lambda kit: kit.jwt.get_jwt_identity(),
    "get_jwt_request_location": lambda kit: kit.jwt.get_jwt_request_location(),
    "get_current_user": lambda kit: kit.jwt.get_current_user(),
    "current_user": lambda kit: kit.jwt.current_user.name,
    "bool-current_user": lambda kit: bool(kit.jwt.current_user),
    "verify_jwt_in_request": lambda kit: kit.jwt.verify_jwt_in_request(),
    "verify-optional": lambda kit: kit.jwt.verify_jwt_in_request(optional=True),
    "verify-positional": lambda kit: kit.jwt.verify_jwt_in_request(
        *(False, True, True, ["json", "cookies"], False, True)
    ),
    "verify-nowhere": lambda kit: kit.jwt.verify_jwt_in_request(locations="body"),
}
ODD_TOKENS: dict[str, Any] = {"none": None, "int": 7, "list": [], "empty": ""}


@pytest.mark.parametrize("config", ["plain", "aud-iss", "identity-claim", "leeway"])
@pytest.mark.parametrize("name", TAKING_A_TOKEN)
async def test_a_token_means_the_same_to_both(name: str, config: str) -> None:
    """Each function that takes a token gives or raises the same for all states."""
    helper = TAKING_A_TOKEN[name]
    disagreements: dict[str, tuple[Outcome, Outcome]] = {}
    for state, token in TOKENS.items():
        # A plain loop variable would be bound too late for a lambda.
        expected, actual = await called(_bound(helper, token), config=config)
        if not actual.fits(expected):
            disagreements[state] = expected, actual

    assert disagreements == {}


@pytest.mark.parametrize("odd", ODD_TOKENS)
@pytest.mark.parametrize("name", ["decode_token", "get_unverified_jwt_headers"])
async def test_what_is_no_text_is_no_token(name: str, odd: str) -> None:
    """Something that is not a string is refused with the same words."""
    expected, actual = await called(lambda kit: getattr(kit.jwt, name)(ODD_TOKENS[odd]))

    assert expected.error is not None
    assert actual.fits(expected), (expected, actual)


@pytest.mark.parametrize("hooks", ["none", "working"])
@pytest.mark.parametrize("name", ASKING)
async def test_before_verification_helpers_say_the_same(name: str, hooks: str) -> None:
    """Outside a verified request each helper gives or raises the same."""
    expected, actual = await called(ASKING[name], hooks=hooks)

    assert actual.fits(expected), (expected, actual)


@pytest.mark.parametrize(
    "name", ["create_access_token", "create_refresh_token", "decode_token"]
)
async def test_without_a_manager_the_error_is_the_same(name: str) -> None:
    """An app that nobody gave to a manager is told so in the same class."""
    with flask.Flask(__name__).app_context():
        expected = _attempt(flask_side.KIT, name)
    async with quart.Quart(__name__).app_context():
        actual = _attempt(quart_side.KIT, name)

    assert actual.kinds
    assert expected.kinds[0] in actual.kinds
    assert "You must initialize a JWTManager" in str(actual.error)


def _bound(helper: Callable[[Kit, str], Any], token: str) -> Callable[[Kit], Any]:
    return lambda kit: helper(kit, token)


def _attempt(kit: Kit, name: str) -> Outcome:
    try:
        return Outcome(value=getattr(kit.jwt, name)("ann"))
    except Exception as error:  # noqa: BLE001 - the error is the outcome
        return raised(error)
