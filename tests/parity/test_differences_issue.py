"""Rows of ``docs/flask/differences.md``: issuing tokens and setting cookies."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import jwt
import pytest

from parity.case import Case
from parity.case import Kit
from parity.case import Request
from parity.case import Setup
from parity.hooks import SHARED_CLAIMS
from parity.hooks import SHARED_HEADERS
from parity.mint import HOUR
from parity.mint import mint
from parity.mint import NOW
from parity.sides import both
from parity.sides import BROKEN
from parity.sides import called

MAKERS: dict[str, Callable[..., Any]] = {
    "access": lambda kit, **given: kit.jwt.create_access_token("ann", **given),
    "refresh": lambda kit, **given: kit.jwt.create_refresh_token("ann", **given),
}


def _lifetime(token: Any) -> int | None:
    """Seconds from ``iat`` to ``exp``; None for a token that never expires."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return claims["exp"] - claims["iat"] if "exp" in claims else None


@pytest.mark.parametrize("config", ["expires-zero", "expires-zero-delta"])
@pytest.mark.parametrize("kind", MAKERS)
async def test_a_configured_life_of_zero_is_no_life(kind: str, config: str) -> None:
    """An expiry of zero gives a token that has expired, not an eternal one."""
    theirs, ours = await called(MAKERS[kind], config=config)

    assert _lifetime(theirs.value) is None
    assert _lifetime(ours.value) == 0


@pytest.mark.parametrize("kind", MAKERS)
async def test_an_asked_for_life_of_zero_is_no_life(kind: str) -> None:
    """The argument ``timedelta(0)`` means the same."""
    theirs, ours = await called(
        lambda kit: MAKERS[kind](kit, expires_delta=timedelta(0))
    )

    assert _lifetime(theirs.value) is None
    assert _lifetime(ours.value) == 0


@pytest.mark.parametrize("life", [0, ""])
@pytest.mark.parametrize("kind", MAKERS)
async def test_a_life_that_is_no_timedelta_is_refused(kind: str, life: object) -> None:
    """Nothing that merely counts as false makes a token eternal."""
    theirs, ours = await called(lambda kit: MAKERS[kind](kit, expires_delta=life))

    assert _lifetime(theirs.value) is None
    assert ours.kinds[0] == "TypeError"


async def test_an_empty_algorithm_is_no_algorithm() -> None:
    """An ``alg`` that is empty leaves the configured one."""
    given = {"additional_headers": {"alg": ""}}
    theirs, ours = await called(partial(MAKERS["access"], **given))
    refusal, answer = await called(lambda kit: kit.jwt.decode_token(theirs.value))

    assert jwt.get_unverified_header(theirs.value)["alg"] == ""
    assert "InvalidTokenError" in refusal.kinds
    assert "InvalidTokenError" in answer.kinds
    assert jwt.get_unverified_header(ours.value)["alg"] == "HS256"


@pytest.mark.parametrize(
    ("algorithm", "their_error"),
    [("none", "InvalidKeyError"), ("XS256", "NotImplementedError")],
)
async def test_an_unknown_algorithm_is_a_mistake_in_the_configuration(
    algorithm: str, their_error: str
) -> None:
    """Both refuse to sign, in other classes."""
    given = {"additional_headers": {"alg": algorithm}}
    theirs, ours = await called(partial(MAKERS["access"], **given))

    assert theirs.kinds[0] == their_error
    assert ours.kinds[:2] == ("ConfigurationError", "RuntimeError")


@pytest.mark.parametrize("identity", [7, None, 1.5, True, ["ann"], {"name": "ann"}])
async def test_an_identity_that_is_no_string_is_refused_at_issue(
    identity: object,
) -> None:
    """The error comes where the mistake is, not with the next request."""
    theirs, ours = await called(lambda kit: kit.jwt.create_access_token(identity))
    refusal, _ = await called(lambda kit: kit.jwt.decode_token(theirs.value))

    assert refusal.error == "Subject must be a string"
    assert "TypeError" in ours.kinds


REFUSABLE: dict[str, tuple[str, dict[str, Any]]] = {
    "nan": ("ValueError", {"additional_claims": {"x": float("nan")}}),
    "infinity": ("ValueError", {"additional_claims": {"x": [float("inf")]}}),
    "nul": ("ValueError", {"additional_claims": {"x": "a\0"}}),
    "surrogate": ("ValueError", {"additional_claims": {"x": "\ud800"}}),
    "surrogate-name": ("ValueError", {"additional_claims": {"\ud800": 1}}),
    "jti": ("TypeError", {"additional_claims": {"jti": 7}}),
    "exp": ("TypeError", {"additional_claims": {"exp": "soon"}}),
    "iat": ("TypeError", {"additional_claims": {"iat": True}}),
    "long": ("ValueError", {"additional_claims": {"x": "y" * 7000}}),
    "kid": ("InvalidTokenError", {"additional_headers": {"kid": "k" * 257}}),
    "jwk": ("InvalidTokenError", {"additional_headers": {"jwk": {"kty": "oct"}}}),
    "zip": ("InvalidTokenError", {"additional_headers": {"zip": "DEF"}}),
}


@pytest.mark.parametrize("fault", REFUSABLE)
@pytest.mark.parametrize("kind", MAKERS)
async def test_what_would_be_refused_is_not_issued(kind: str, fault: str) -> None:
    """A token that the next request would refuse is an error where it is made."""
    error, given = REFUSABLE[fault]
    theirs, ours = await called(partial(MAKERS[kind], **given))
    _, refusal = await called(lambda kit: kit.jwt.decode_token(theirs.value))

    assert theirs.error is None
    assert "InvalidTokenError" in refusal.kinds
    assert error in ours.kinds


@pytest.mark.parametrize("config", ["RS256", "ES256", "EdDSA"])
async def test_a_key_of_another_kind_is_a_mistake_in_the_configuration(
    config: str,
) -> None:
    """A private key is no secret: both refuse to sign with it, in other classes."""
    given = {"additional_headers": {"alg": "HS512"}}
    theirs, ours = await called(partial(MAKERS["access"], **given), config=config)

    assert theirs.kinds[0] == "InvalidKeyError"
    assert "RuntimeError" in ours.kinds


async def test_loaders_keep_their_dicts() -> None:
    """What a loader returned is not written into; a shared dict stays as it is."""
    given = {"additional_claims": {"a": 1}, "additional_headers": {"b": 2}}
    _forget_shared()
    _, ours = await called(partial(_issued, given), hooks="sharing")
    # Flask-JWT-Extended was asked first and left its marks.
    assert SHARED_CLAIMS == {"from": "loader", "a": 1}
    assert SHARED_HEADERS == {"from": "loader", "b": 2}

    _forget_shared()
    assert ours.error is None
    _, ours = await called(_issued_plain, hooks="sharing")
    claims = jwt.decode(ours.value, options={"verify_signature": False})
    assert claims["from"] == "loader"
    assert SHARED_CLAIMS == SHARED_HEADERS == {"from": "loader"}


def _forget_shared() -> None:
    for shared in (SHARED_CLAIMS, SHARED_HEADERS):
        shared.clear()
        shared["from"] = "loader"


def _issued(given: dict[str, Any], kit: Kit) -> Any:
    return kit.jwt.create_access_token("ann", **given)


def _issued_plain(kit: Kit) -> Any:
    return kit.jwt.create_access_token("ann")


def _cookie_case(config: str, helper: str, token: str, **given: Any) -> Case:
    def view(kit: Kit) -> Any:
        response = kit.jsonify(ok=True)
        getattr(kit.jwt, helper)(response, token, **given)
        return response

    setup = Setup(config=config, guard=None, view=view)
    return Case(setup=setup, request=Request())


@pytest.mark.parametrize("helper", ["set_access_cookies", "set_refresh_cookies"])
@pytest.mark.parametrize("config", ["cookie-default", "cookie-kept"])
async def test_a_max_age_of_zero_is_honoured(config: str, helper: str) -> None:
    """``max_age=0`` removes the cookie at once instead of being ignored."""
    theirs, ours = await both(_cookie_case(config, helper, mint(), max_age=0))

    assert not any("Max-Age=0" in cookie for cookie in theirs.set_cookies)
    assert len(ours.set_cookies) == 2
    assert all("Max-Age=0" in cookie for cookie in ours.set_cookies)


async def test_setting_cookies_does_not_verify_the_token_again() -> None:
    """A token is only read for its CSRF value; whoever made it has verified it."""
    token = mint({"exp": NOW - HOUR})
    theirs, ours = await both(
        _cookie_case("cookie-default", "set_access_cookies", token)
    )

    assert theirs.status == 500 or theirs.json == {"msg": "Token has expired"}
    assert ours.status == 200
    assert ours != BROKEN
    assert len(ours.set_cookies) == 2
