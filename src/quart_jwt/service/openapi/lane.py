"""
The lane for gateways, which is no route of Quart's and so describes itself.
"""

from typing import Any

_ERROR: dict[str, Any] = {"$ref": "#/components/schemas/Error"}
_JSON_ERROR = {"application/json": {"schema": _ERROR}}


def _header(says: str, kind: str = "string") -> dict[str, Any]:
    return {"description": says, "schema": {"type": kind}}


LANE: dict[str, Any] = {
    "get": {
        "tags": ["Gateways"],
        "operationId": "get_auth_verify",
        "summary": "Check whether a request is authorized, and return its user.",
        "description": (
            "Any method and any path below this one are accepted. The body is never "
            "read. The method and URI are taken from the headers of a trusted "
            "gateway. With a cookie, methods that change something need the CSRF value."
        ),
        "security": [{"bearer": []}, {"accessCookie": []}],
        "parameters": [
            {
                "name": name,
                "in": "header",
                "description": says,
                "schema": {"type": "string"},
            }
            for name, says in (
                ("X-Forwarded-Method", "The original method."),
                ("X-Forwarded-Uri", "The original path and query."),
            )
        ],
        "responses": {
            "200": {
                "description": "The request is authorized. With `Accept: "
                "application/json`, the body has `sub`; otherwise it is empty.",
                "headers": {
                    "X-Auth-Subject": _header("The user's name, percent-encoded.")
                },
            },
            "400": {"description": "bad_request", "content": _JSON_ERROR},
            "401": {
                "description": "missing_token, invalid_token, token_expired, "
                "token_revoked, wrong_token_type",
                "headers": {"WWW-Authenticate": _header("RFC 6750 §3.")},
                "content": _JSON_ERROR,
            },
            "403": {"description": "csrf_failed", "content": _JSON_ERROR},
            "500": {"description": "internal_error", "content": _JSON_ERROR},
            "503": {
                "description": "The check cannot be made now.",
                "headers": {"Retry-After": _header("Seconds.")},
            },
        },
    }
}
"""A path item of OpenAPI 3.1; errors have the shape of all others."""
