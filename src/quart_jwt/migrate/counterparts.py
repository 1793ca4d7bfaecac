"""
What has a counterpart in ``quart_jwt.flask``: the names of Flask-JWT-Extended 4.7.4.

Tests compare the tables with the library and with ``quart_jwt.flask`` itself.
"""

import re

FLASK = "quart_jwt.flask"
"""Where the names are imported from after a migration."""

OLD = "flask_jwt_extended"

FLASK_CLASSES = frozenset({"flask.Flask", "flask.app.Flask"})
"""The names of Flask's class."""

EXPORTED = frozenset(
    {
        *("JWTManager", "create_access_token", "create_refresh_token", "current_user"),
        *("decode_token", "get_csrf_token", "get_current_user", "get_jti", "get_jwt"),
        *("get_jwt_header", "get_jwt_identity", "get_jwt_request_location"),
        *("get_unverified_jwt_headers", "jwt_required", "set_access_cookies"),
        *("set_refresh_cookies", "unset_access_cookies", "unset_jwt_cookies"),
        *("unset_refresh_cookies", "verify_jwt_in_request"),
    }
)

MODULES: dict[str, frozenset[str]] = {
    "": EXPORTED,
    "config": frozenset({"config"}),
    "exceptions": frozenset(
        {
            *("CSRFError", "FreshTokenRequired", "InvalidHeaderError"),
            *("InvalidQueryParamError", "JWTDecodeError", "JWTExtendedException"),
            *("NoAuthorizationError", "RevokedTokenError"),
            *("UserClaimsVerificationError", "UserLookupError", "WrongTokenError"),
        }
    ),
    "internal_utils": frozenset({"get_jwt_manager", "has_user_lookup"}),
    "jwt_manager": frozenset({"JWTManager"}),
    "typing": frozenset({"ExpiresDelta", "Fresh"}),
    "utils": (EXPORTED | {"current_user_context_processor"})
    - {"JWTManager", "jwt_required", "verify_jwt_in_request"},
    "view_decorators": frozenset({"jwt_required", "verify_jwt_in_request"}),
}
"""The public names of each module; the package itself is the empty name."""

_DOTTED = re.compile(rf"(?:{OLD}|{re.escape(FLASK)})((?:\.\w+)*)")


def is_old(module: str) -> bool:
    """Whether a module is Flask-JWT-Extended's."""
    return module == OLD or module.startswith(f"{OLD}.")


def moved(module: str) -> str:
    """Give the counterpart of one of Flask-JWT-Extended's modules, or of a name."""
    return FLASK + module.removeprefix(OLD)


def inner_path(dotted: str) -> list[str] | None:
    """
    Give the parts of a dotted name below the package, in its old or new place.

    Returns:
        None for anything else.
    """
    found = _DOTTED.fullmatch(dotted)
    return None if found is None else [part for part in found[1].split(".") if part]


def is_public(path: list[str]) -> bool:
    """Whether the parts of a name below the package lead to a public name."""
    match path:
        case []:
            return True
        case [name]:
            return name in MODULES or name in EXPORTED or name == "Flask"
        case [module, name, *_]:
            return name in MODULES.get(module, ()) or module in EXPORTED
    return False
