"""The configurations, each by its name; what is not named has its default."""

from datetime import timedelta
from typing import Any

from parity.keys import OTHER_SECRET
from parity.keys import PAIRS
from parity.keys import SECRET

Config = dict[str, Any]

LOCATIONS = ("headers", "cookies", "query_string", "json")
ISSUER = "https://issuer.example"


def _keyed(**options: Any) -> Config:
    return {"JWT_SECRET_KEY": SECRET, **options}


def _at(*locations: str, **options: Any) -> Config:
    return _keyed(JWT_TOKEN_LOCATION=list(locations), **options)


_ASYMMETRIC: dict[str, Config] = {
    algorithm: {
        "JWT_ALGORITHM": algorithm,
        "JWT_PRIVATE_KEY": private,
        "JWT_PUBLIC_KEY": public,
    }
    for algorithm, (private, public) in PAIRS.items()
}

CLAIM_CONFIGS: dict[str, Config] = {
    "plain": _keyed(),
    "app-secret": {"SECRET_KEY": SECRET},
    "identity-claim": _keyed(JWT_IDENTITY_CLAIM="user"),
    "no-verify-sub": _keyed(JWT_VERIFY_SUB=False),
    "error-key": _keyed(JWT_ERROR_MESSAGE_KEY="error"),
    "aud": _keyed(JWT_DECODE_AUDIENCE="shop", JWT_ENCODE_AUDIENCE="shop"),
    "aud-list": _keyed(JWT_DECODE_AUDIENCE=["shop", "bank"]),
    "aud-empty-list": _keyed(JWT_DECODE_AUDIENCE=[]),
    "iss": _keyed(JWT_DECODE_ISSUER=ISSUER, JWT_ENCODE_ISSUER=ISSUER),
    "iss-list": _keyed(JWT_DECODE_ISSUER=["https://a.example", ISSUER]),
    "aud-iss": _keyed(JWT_DECODE_AUDIENCE="shop", JWT_DECODE_ISSUER=ISSUER),
    "leeway": _keyed(JWT_DECODE_LEEWAY=30),
    "HS384": _keyed(JWT_ALGORITHM="HS384"),
    "HS512": _keyed(JWT_ALGORITHM="HS512"),
    "decode-HS512-too": _keyed(JWT_DECODE_ALGORITHMS=["HS512"]),
    "decode-all-HS": _keyed(JWT_DECODE_ALGORITHMS=["HS256", "HS384", "HS512"]),
    **_ASYMMETRIC,
}
"""What decides about a token, wherever it was found."""

PLACE_CONFIGS: dict[str, Config] = {
    **{location: _at(location) for location in LOCATIONS},
    "everywhere": _at(*LOCATIONS),
    "everywhere-reversed": _at(*reversed(LOCATIONS)),
    "cookies-headers": _at("cookies", "headers"),
    "json-query": _at("json", "query_string"),
    "location-word": _keyed(JWT_TOKEN_LOCATION="cookies"),
    "location-tuple": _keyed(JWT_TOKEN_LOCATION=("query_string", "headers")),
    "header-name": _keyed(JWT_HEADER_NAME="X-Token"),
    "header-type-JWT": _keyed(JWT_HEADER_TYPE="JWT"),
    "header-type-empty": _keyed(JWT_HEADER_TYPE=""),
    "header-type-none": _keyed(JWT_HEADER_TYPE=None),
    "query-name": _at("query_string", JWT_QUERY_STRING_NAME="token"),
    "query-prefix": _at("query_string", JWT_QUERY_STRING_VALUE_PREFIX="Bearer "),
    "json-keys": _at("json", JWT_JSON_KEY="at", JWT_REFRESH_JSON_KEY="rt"),
    "cookie-names": _at(
        "cookies",
        JWT_ACCESS_COOKIE_NAME="at",
        JWT_REFRESH_COOKIE_NAME="rt",
        JWT_ACCESS_CSRF_COOKIE_NAME="at_csrf",
        JWT_REFRESH_CSRF_COOKIE_NAME="rt_csrf",
    ),
}
"""Where a token is looked for."""

CSRF_CONFIGS: dict[str, Config] = {
    "csrf": _at("cookies"),
    "csrf-off": _at("cookies", JWT_COOKIE_CSRF_PROTECT=False),
    "csrf-form": _at("cookies", JWT_CSRF_CHECK_FORM=True),
    "csrf-form-names": _at(
        "cookies",
        JWT_CSRF_CHECK_FORM=True,
        JWT_ACCESS_CSRF_FIELD_NAME="at_csrf",
        JWT_REFRESH_CSRF_FIELD_NAME="rt_csrf",
    ),
    "csrf-header-names": _at(
        "cookies",
        JWT_ACCESS_CSRF_HEADER_NAME="X-AT",
        JWT_REFRESH_CSRF_HEADER_NAME="X-RT",
    ),
    "csrf-methods": _at("cookies", JWT_CSRF_METHODS=["GET", "PUT"]),
    "csrf-methods-none": _at("cookies", JWT_CSRF_METHODS=[]),
    "csrf-fallthrough": _at("cookies", "headers"),
}
"""How a cookie is protected."""

COOKIE_CONFIGS: dict[str, Config] = {
    "cookie-default": _at("cookies"),
    "cookie-names": PLACE_CONFIGS["cookie-names"],
    "cookie-paths": _at(
        "cookies",
        JWT_ACCESS_COOKIE_PATH="/api",
        JWT_REFRESH_COOKIE_PATH="/refresh",
        JWT_ACCESS_CSRF_COOKIE_PATH="/a",
        JWT_REFRESH_CSRF_COOKIE_PATH="/r",
    ),
    "cookie-domain": _at("cookies", JWT_COOKIE_DOMAIN="app.example"),
    "cookie-lax": _at("cookies", JWT_COOKIE_SAMESITE="Lax"),
    "cookie-strict-secure": _at(
        "cookies", JWT_COOKIE_SAMESITE="Strict", JWT_COOKIE_SECURE=True
    ),
    "cookie-none-secure": _at(
        "cookies", JWT_COOKIE_SAMESITE="None", JWT_COOKIE_SECURE=True
    ),
    "cookie-kept": _at("cookies", JWT_SESSION_COOKIE=False),
    "cookie-no-csrf": _at("cookies", JWT_COOKIE_CSRF_PROTECT=False),
    "cookie-csrf-elsewhere": _at("cookies", JWT_CSRF_IN_COOKIES=False),
    "cookie-headers-only": _keyed(),
}
"""What a cookie looks like when it is set."""

ISSUE_CONFIGS: dict[str, Config] = {
    "no-nbf": _keyed(JWT_ENCODE_NBF=False),
    "no-csrf": _keyed(JWT_COOKIE_CSRF_PROTECT=False),
    "aud-list-encoded": _keyed(JWT_ENCODE_AUDIENCE=["shop", "bank"]),
    "expires-int": _keyed(JWT_ACCESS_TOKEN_EXPIRES=60, JWT_REFRESH_TOKEN_EXPIRES=90),
    "expires-never": _keyed(
        JWT_ACCESS_TOKEN_EXPIRES=False, JWT_REFRESH_TOKEN_EXPIRES=False
    ),
    "expires-delta": _keyed(
        JWT_ACCESS_TOKEN_EXPIRES=timedelta(minutes=2),
        JWT_REFRESH_TOKEN_EXPIRES=timedelta(hours=2),
    ),
    "expires-past": _keyed(JWT_ACCESS_TOKEN_EXPIRES=timedelta(seconds=-9)),
    "expires-text": _keyed(
        JWT_ACCESS_TOKEN_EXPIRES="soon", JWT_REFRESH_TOKEN_EXPIRES="late"
    ),
}
"""What stands in a new token."""

BROKEN_CONFIGS: dict[str, Config] = {
    "no-key": {},
    "no-private-key": {"JWT_ALGORITHM": "RS256"},
    "no-header-name": _keyed(JWT_HEADER_NAME=""),
    "location-unknown": _at("headers", "body"),
    "location-empty": _at(),
    "location-number": _keyed(JWT_TOKEN_LOCATION=7),
}
"""What cannot work: a RuntimeError on both sides."""

ODD_CONFIGS: dict[str, Config] = {
    "expires-zero": _keyed(JWT_ACCESS_TOKEN_EXPIRES=0, JWT_REFRESH_TOKEN_EXPIRES=0),
    "expires-zero-delta": _keyed(
        JWT_ACCESS_TOKEN_EXPIRES=timedelta(0), JWT_REFRESH_TOKEN_EXPIRES=timedelta(0)
    ),
    "decode-RS256-only": {
        **_keyed(JWT_DECODE_ALGORITHMS=["RS256"]),
        "JWT_PUBLIC_KEY": PAIRS["RS256"][1],
    },
    "pair-and-secret": {
        "JWT_ALGORITHM": "RS256",
        "JWT_DECODE_ALGORITHMS": ["RS256", "HS256"],
        "JWT_PRIVATE_KEY": PAIRS["RS256"][0],
        "JWT_PUBLIC_KEY": PAIRS["RS256"][1],
        "JWT_SECRET_KEY": SECRET,
        "SECRET_KEY": OTHER_SECRET,
    },
    "pair-and-session-secret": {
        "JWT_ALGORITHM": "RS256",
        "JWT_DECODE_ALGORITHMS": ["RS256", "HS256"],
        "JWT_PRIVATE_KEY": PAIRS["RS256"][0],
        "JWT_PUBLIC_KEY": PAIRS["RS256"][1],
        "SECRET_KEY": SECRET,
        "SECRET_KEY_FALLBACKS": [SECRET],
    },
    "old-secrets": {"SECRET_KEY": SECRET, "SECRET_KEY_FALLBACKS": [OTHER_SECRET]},
    "old-secrets-own-key": _keyed(
        SECRET_KEY=SECRET, SECRET_KEY_FALLBACKS=[OTHER_SECRET]
    ),
}
"""What the two sides mean differently; in no matrix."""

CONFIGS: dict[str, Config] = {
    "skew": _keyed(JWT_CLOCK_SKEW=5),
    **ODD_CONFIGS,
    **CLAIM_CONFIGS,
    **PLACE_CONFIGS,
    **CSRF_CONFIGS,
    **COOKIE_CONFIGS,
    **ISSUE_CONFIGS,
    **BROKEN_CONFIGS,
}
