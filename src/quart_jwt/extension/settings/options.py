"""
The options: their names, their defaults, and the values of those that need no
interpretation, under Flask-JWT-Extended's property names.
"""

from collections.abc import Container
from collections.abc import Iterable
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from typing import Generic
from typing import TypeVar

T = TypeVar("T")

DEFAULTS: Mapping[str, Any] = {
    "JWT_ACCESS_COOKIE_NAME": "access_token_cookie",
    "JWT_ACCESS_COOKIE_PATH": "/",
    "JWT_ACCESS_CSRF_COOKIE_NAME": "csrf_access_token",
    "JWT_ACCESS_CSRF_COOKIE_PATH": "/",
    "JWT_ACCESS_CSRF_FIELD_NAME": "csrf_token",
    "JWT_ACCESS_CSRF_HEADER_NAME": "X-CSRF-TOKEN",
    "JWT_ACCESS_TOKEN_EXPIRES": timedelta(minutes=15),
    "JWT_ALGORITHM": "HS256",
    "JWT_COOKIE_CSRF_PROTECT": True,
    "JWT_COOKIE_DOMAIN": None,
    "JWT_COOKIE_SAMESITE": None,
    "JWT_COOKIE_SECURE": False,
    "JWT_CSRF_CHECK_FORM": False,
    "JWT_CSRF_IN_COOKIES": True,
    "JWT_CSRF_METHODS": ("POST", "PUT", "PATCH", "DELETE"),
    "JWT_DECODE_ALGORITHMS": None,
    "JWT_DECODE_AUDIENCE": None,
    "JWT_DECODE_ISSUER": None,
    "JWT_DECODE_LEEWAY": 0,
    "JWT_ENCODE_AUDIENCE": None,
    "JWT_ENCODE_ISSUER": None,
    "JWT_ENCODE_NBF": True,
    "JWT_ERROR_MESSAGE_KEY": "msg",
    "JWT_HEADER_NAME": "Authorization",
    "JWT_HEADER_TYPE": "Bearer",
    "JWT_IDENTITY_CLAIM": "sub",
    "JWT_JSON_KEY": "access_token",
    "JWT_PRIVATE_KEY": None,
    "JWT_PUBLIC_KEY": None,
    "JWT_QUERY_STRING_NAME": "jwt",
    "JWT_QUERY_STRING_VALUE_PREFIX": "",
    "JWT_REFRESH_COOKIE_NAME": "refresh_token_cookie",
    "JWT_REFRESH_COOKIE_PATH": "/",
    "JWT_REFRESH_CSRF_COOKIE_NAME": "csrf_refresh_token",
    "JWT_REFRESH_CSRF_COOKIE_PATH": "/",
    "JWT_REFRESH_CSRF_FIELD_NAME": "csrf_token",
    "JWT_REFRESH_CSRF_HEADER_NAME": "X-CSRF-TOKEN",
    "JWT_REFRESH_JSON_KEY": "refresh_token",
    "JWT_REFRESH_TOKEN_EXPIRES": timedelta(days=30),
    "JWT_SECRET_KEY": None,
    "JWT_SESSION_COOKIE": True,
    "JWT_TOKEN_LOCATION": ("headers",),
    "JWT_VERIFY_SUB": True,
}
"""Flask-JWT-Extended's 43 options and their defaults."""

OWN_DEFAULTS: Mapping[str, Any] = {
    "JWT_CACHE_MAX_BYTES": 32 * 1024 * 1024,
    "JWT_CACHE_MAX_ENTRIES": 10_000,
    "JWT_CLOCK_SKEW": 5,
    "JWT_COOKIE_PARTITIONED": False,
    "JWT_END_STREAMS_WITH_TOKEN": True,
    "JWT_ENFORCE_STRONG_KEYS": False,
    "JWT_EXPIRED_IS_ANONYMOUS": False,
    "JWT_ISSUERS": None,
    "JWT_KEY_RING": None,
    "JWT_MAX_SESSIONS_PER_USER": None,
    "JWT_MAX_SESSIONS_POLICY": "end_oldest",
    "JWT_PROFILE": None,
    "JWT_REFRESH_GRACE": 10,
    "JWT_REQUIRE_SESSION": False,
    "JWT_REVOCATION_BOUND": 1,
    "JWT_REVOCATION_MAX_ENTRIES": 100_000,
    "JWT_SESSION_ABSOLUTE_EXPIRES": timedelta(days=90),
    "JWT_SESSION_DETAILS": (),
    "JWT_STORE_FAILURE": "deny",
    "JWT_STORE_TIMEOUT": 0.25,
    "JWT_STORE_URL": None,
    "JWT_WEBSOCKET_ORIGINS": (),
    "JWT_WEBSOCKET_SUBPROTOCOL": None,
}
"""The options that this extension adds."""

QUART_KEYS: Mapping[str, Any] = {"SECRET_KEY": None, "SECRET_KEY_FALLBACKS": None}
"""What of Quart's own configuration counts here."""


class Option(Generic[T]):
    """
    A property that is the value of one option.

    It is looked up once: the options are one state of the configuration, and a
    descriptor without ``__set__`` steps back behind the instance's own attribute.

    Args:
        key: The option's key in ``app.config``.
    """

    def __init__(self, key: str) -> None:
        self.key = key

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, options: "Options", _owner: type | None = None) -> T:
        value: T = options.values[self.key]
        options.__dict__[self._name] = value
        return value


class Options:
    """
    One state of the configuration.

    Args:
        values: Every option by its configuration key.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    header_type: Option[str | None] = Option("JWT_HEADER_TYPE")
    query_string_name: Option[str] = Option("JWT_QUERY_STRING_NAME")
    query_string_value_prefix: Option[str] = Option("JWT_QUERY_STRING_VALUE_PREFIX")
    json_key: Option[str] = Option("JWT_JSON_KEY")
    refresh_json_key: Option[str] = Option("JWT_REFRESH_JSON_KEY")
    access_cookie_name: Option[str] = Option("JWT_ACCESS_COOKIE_NAME")
    refresh_cookie_name: Option[str] = Option("JWT_REFRESH_COOKIE_NAME")
    access_cookie_path: Option[str] = Option("JWT_ACCESS_COOKIE_PATH")
    refresh_cookie_path: Option[str] = Option("JWT_REFRESH_COOKIE_PATH")
    cookie_secure: Option[bool] = Option("JWT_COOKIE_SECURE")
    cookie_domain: Option[str | None] = Option("JWT_COOKIE_DOMAIN")
    cookie_samesite: Option[str | None] = Option("JWT_COOKIE_SAMESITE")
    cookie_partitioned: Option[bool] = Option("JWT_COOKIE_PARTITIONED")
    session_cookie: Option[bool] = Option("JWT_SESSION_COOKIE")
    cookie_csrf_protect: Option[bool] = Option("JWT_COOKIE_CSRF_PROTECT")
    csrf_in_cookies: Option[bool] = Option("JWT_CSRF_IN_COOKIES")
    csrf_check_form: Option[bool] = Option("JWT_CSRF_CHECK_FORM")
    access_csrf_cookie_name: Option[str] = Option("JWT_ACCESS_CSRF_COOKIE_NAME")
    refresh_csrf_cookie_name: Option[str] = Option("JWT_REFRESH_CSRF_COOKIE_NAME")
    access_csrf_cookie_path: Option[str] = Option("JWT_ACCESS_CSRF_COOKIE_PATH")
    refresh_csrf_cookie_path: Option[str] = Option("JWT_REFRESH_CSRF_COOKIE_PATH")
    access_csrf_header_name: Option[str] = Option("JWT_ACCESS_CSRF_HEADER_NAME")
    refresh_csrf_header_name: Option[str] = Option("JWT_REFRESH_CSRF_HEADER_NAME")
    access_csrf_field_name: Option[str] = Option("JWT_ACCESS_CSRF_FIELD_NAME")
    refresh_csrf_field_name: Option[str] = Option("JWT_REFRESH_CSRF_FIELD_NAME")
    algorithm: Option[str] = Option("JWT_ALGORITHM")
    identity_claim_key: Option[str] = Option("JWT_IDENTITY_CLAIM")
    error_msg_key: Option[str] = Option("JWT_ERROR_MESSAGE_KEY")
    decode_audience: Option[str | Iterable[str] | None] = Option("JWT_DECODE_AUDIENCE")
    encode_audience: Option[str | Iterable[str] | None] = Option("JWT_ENCODE_AUDIENCE")
    decode_issuer: Option[str | Container[str] | None] = Option("JWT_DECODE_ISSUER")
    encode_issuer: Option[str | None] = Option("JWT_ENCODE_ISSUER")
    verify_sub: Option[bool] = Option("JWT_VERIFY_SUB")
    require_session: Option[bool] = Option("JWT_REQUIRE_SESSION")
    encode_nbf: Option[bool] = Option("JWT_ENCODE_NBF")
    end_streams_with_token: Option[bool] = Option("JWT_END_STREAMS_WITH_TOKEN")
    expired_is_anonymous: Option[bool] = Option("JWT_EXPIRED_IS_ANONYMOUS")
    enforce_strong_keys: Option[bool] = Option("JWT_ENFORCE_STRONG_KEYS")
    cache_max_bytes: Option[int] = Option("JWT_CACHE_MAX_BYTES")
    cache_max_entries: Option[int] = Option("JWT_CACHE_MAX_ENTRIES")
    websocket_subprotocol: Option[str | None] = Option("JWT_WEBSOCKET_SUBPROTOCOL")
