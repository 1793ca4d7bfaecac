"""
What has the same name in Flask and in Quart: the last step changes its import.

Everything that is not listed here remains, and is named: an extension, a module that
is imported as a whole, a function with other arguments.
"""

SAME = frozenset(
    {
        *("abort", "Blueprint", "current_app", "flash", "g", "get_flashed_messages"),
        *("has_app_context", "has_request_context", "jsonify", "redirect", "request"),
        *("session", "url_for"),
    }
)
AWAITED = frozenset({"make_response", "render_template", "render_template_string"})
"""Functions that Quart awaits."""

OF_QUART = frozenset(f"flask.{name}" for name in SAME | AWAITED)

REQUEST_CALLS = frozenset({"flask.request.get_data", "flask.request.get_json"})
REQUEST_VALUES = frozenset(
    {"flask.request.data", "flask.request.form", "flask.request.json"}
)
"""What Quart awaits of a request."""

NOT_IN_QUART = frozenset(
    {
        *("flask.request.environ", "flask.request.files", "flask.request.stream"),
        *("flask.request.input_stream", "flask.request.values"),
    }
)
"""Other there, or of other objects: the files of Quart are saved by a coroutine."""

APP_METHODS = frozenset(
    {"app_context", "test_cli_runner", "test_client", "test_request_context"}
)
"""Methods of an app whose results are used in another way in Quart."""

OF_QUART_JWT = frozenset(
    {
        *("JWTManager", "create_access_token", "create_refresh_token"),
        *("current_user", "decode_token", "get_csrf_token", "get_current_user"),
        *("get_jti", "get_jwt", "get_jwt_header", "get_jwt_identity"),
        *("get_jwt_request_location", "get_unverified_jwt_headers", "jwt_required"),
        *("set_access_cookies", "set_refresh_cookies", "unset_access_cookies"),
        *("unset_jwt_cookies", "unset_refresh_cookies"),
    }
)
"""Names of ``quart_jwt.flask`` that mean the same in ``quart_jwt``."""
