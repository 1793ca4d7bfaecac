"""
What to do about a ``JWT_*`` setting that this library does not have.

Settings of quart-jwt-extended and Flask-JWT-Extended 3 have an answer of their own;
for any other, the most similar name is likely to be meant.
"""

import difflib
from collections.abc import Mapping

from quart_jwt.extension.settings.options import DEFAULTS
from quart_jwt.extension.settings.options import OWN_DEFAULTS

_BLOCKLIST = (
    "the token_in_blocklist_loader hook is called if one is registered; "
    "@jwt_required(skip_revocation_check=True) skips it"
)

FORMER: Mapping[str, str] = {
    "JWT_BLACKLIST_ENABLED": _BLOCKLIST,
    "JWT_BLACKLIST_TOKEN_CHECKS": _BLOCKLIST,
    "JWT_CLAIMS_IN_REFRESH_TOKEN": "additional claims are added to access and "
    "refresh tokens",
    "JWT_CSRF_FIELD_NAME": (
        "set JWT_ACCESS_CSRF_FIELD_NAME and JWT_REFRESH_CSRF_FIELD_NAME"
    ),
    "JWT_CSRF_HEADER_NAME": (
        "set JWT_ACCESS_CSRF_HEADER_NAME and JWT_REFRESH_CSRF_HEADER_NAME"
    ),
    "JWT_USER_CLAIMS": (
        "claims are at the top level of a token: "
        'additional_claims={"user_claims": {...}} keeps the old layout'
    ),
}
"""Settings of the predecessors, and what stands in their place."""


def hint(key: str) -> str:
    """The end of the warning about an unknown setting; empty if nothing is similar."""
    if key in FORMER:
        return f": {FORMER[key]}"
    names = (*DEFAULTS, *OWN_DEFAULTS)
    close = difflib.get_close_matches(key, names, n=1, cutoff=0.8)
    return f"; did you mean {close[0]}?" if close else ""
