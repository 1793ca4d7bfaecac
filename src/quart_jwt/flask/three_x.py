"""
Names of Flask-JWT-Extended 3.x, and what replaces them since 4.0.

Code for 3.x does not run under 4.x either; here it is told what to write.
"""

from types import MappingProxyType

NAMES = MappingProxyType(
    {
        "fresh_jwt_required": "jwt_required(fresh=True)",
        "get_jwt_claims": "get_jwt()",
        "get_raw_jwt": "get_jwt()",
        "get_raw_jwt_header": "get_jwt_header()",
        "jwt_optional": "jwt_required(optional=True)",
        "jwt_refresh_token_required": "jwt_required(refresh=True)",
        "verify_fresh_jwt_in_request": "verify_jwt_in_request(fresh=True)",
        "verify_jwt_in_request_optional": "verify_jwt_in_request(optional=True)",
        "verify_jwt_refresh_token_in_request": "verify_jwt_in_request(refresh=True)",
    }
)
"""Functions and decorators."""

LOADERS = MappingProxyType(
    {
        "claims_verification_failed_loader": "token_verification_failed_loader",
        "claims_verification_loader": "token_verification_loader",
        "token_in_blacklist_loader": "token_in_blocklist_loader",
        "user_claims_loader": "additional_claims_loader",
        "user_loader_callback_loader": "user_lookup_loader",
        "user_loader_error_loader": "user_lookup_error_loader",
    }
)
"""Decorators of the manager."""


def advice(name: str, replacement: str) -> str:
    """Return the sentence that names a replacement."""
    return f"{name} is of Flask-JWT-Extended 3.x; since 4.0 it is {replacement}"
