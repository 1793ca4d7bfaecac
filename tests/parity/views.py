"""The views of the apps: plain functions of the kit, written once."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jwt
import jwt.exceptions

from parity.case import Kit
from parity.mint import mint

ACCESS = mint()
REFRESH = mint({"type": "refresh"})


def report(kit: Kit) -> Any:
    """Everything that the helpers say inside a view."""
    return {
        "jwt": _said(kit.jwt.get_jwt),
        "header": _said(kit.jwt.get_jwt_header),
        "identity": _said(kit.jwt.get_jwt_identity),
        "location": _said(kit.jwt.get_jwt_request_location),
        "user": _said(kit.jwt.get_current_user),
        "anyone": bool(kit.jwt.current_user),
    }


def strict(kit: Kit) -> Any:
    """A view that cannot do without a token."""
    return {"identity": kit.jwt.get_jwt_identity()}


def proxied(kit: Kit) -> Any:
    """A view that uses the user as if it were there."""
    return {"name": kit.jwt.current_user["name"]}


def _said(helper: Callable[[], Any]) -> Any:
    try:
        return helper()
    except RuntimeError as error:
        return f"RuntimeError: {error}"


def _raise(make: Callable[[Kit], Exception], _kit: Kit) -> Any:
    raise make(_kit)


_JUDGED = ("spoken by the view", {"alg": "HS256"}, {"sub": "ann"})
_OWN_ERRORS: dict[str, tuple[Any, ...]] = {
    "JWTExtendedException": _JUDGED[:1],
    "JWTDecodeError": _JUDGED[:1],
    "InvalidHeaderError": _JUDGED[:1],
    "InvalidQueryParamError": _JUDGED[:1],
    "NoAuthorizationError": _JUDGED[:1],
    "CSRFError": _JUDGED[:1],
    "WrongTokenError": _JUDGED[:1],
    "RevokedTokenError": _JUDGED[1:],
    "FreshTokenRequired": _JUDGED,
    "UserLookupError": _JUDGED,
    "UserClaimsVerificationError": _JUDGED,
}
_PYJWT_ERRORS = (
    *("PyJWTError", "InvalidTokenError", "DecodeError", "InvalidSignatureError"),
    *("InvalidAudienceError", "InvalidIssuerError", "InvalidIssuedAtError"),
    *("ImmatureSignatureError", "MissingRequiredClaimError", "InvalidKeyError"),
    *("InvalidAlgorithmError", "PyJWKError", "PyJWKSetError", "PyJWKClientError"),
)


def _own(name: str, arguments: tuple[Any, ...], kit: Kit) -> Exception:
    error = getattr(kit.exceptions, name)(*arguments)
    assert isinstance(error, Exception)
    return error


def _pyjwt(name: str, _kit: Kit) -> Exception:
    error = getattr(jwt, name, None) or getattr(jwt.exceptions, name)
    made = error("spoken by the view")
    assert isinstance(made, Exception)
    return made


RAISING_VIEWS: dict[str, Callable[[Kit], Any]] = {
    **{
        name: partial(_raise, partial(_own, name, arguments))
        for name, arguments in _OWN_ERRORS.items()
    },
    **{name: partial(_raise, partial(_pyjwt, name)) for name in _PYJWT_ERRORS},
}
"""Views that raise, each one of the errors that have a handler, or have none."""


def _cookies(calls: tuple[tuple[str, dict[str, Any]], ...], kit: Kit) -> Any:
    response = kit.jsonify(ok=True)
    for name, arguments in calls:
        helper = getattr(kit.jwt, name)
        if name == "set_access_cookies":
            helper(response, ACCESS, **arguments)
        elif name == "set_refresh_cookies":
            helper(response, REFRESH, **arguments)
        else:
            helper(response, **arguments)
    return response


def _cookie_views() -> dict[str, Callable[[Kit], Any]]:
    setting: dict[str, dict[str, Any]] = {
        "": {},
        "-max-age": {"max_age": 60},
        "-max-age-negative": {"max_age": -1},
        "-domain": {"domain": "other.example"},
        "-domain-dotted": {"domain": ".other.example"},
        "-both": {"max_age": 9, "domain": "other.example"},
    }
    unsetting = {name: setting[name] for name in ("", "-domain")}
    calls: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {}
    for suffix, arguments in setting.items():
        for kind in ("access", "refresh"):
            calls[f"set-{kind}{suffix}"] = ((f"set_{kind}_cookies", arguments),)
    for suffix, arguments in unsetting.items():
        for helper in ("jwt", "access", "refresh"):
            calls[f"unset-{helper}{suffix}"] = ((f"unset_{helper}_cookies", arguments),)
    calls["set-both"] = (("set_access_cookies", {}), ("set_refresh_cookies", {}))
    calls["set-then-unset"] = (*calls["set-both"], ("unset_jwt_cookies", {}))
    return {name: partial(_cookies, made) for name, made in calls.items()}


COOKIE_VIEWS = _cookie_views()
