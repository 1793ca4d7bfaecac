"""
The parts of quart-jwt that an authorization server of your own is built from.

``quart_jwt.service`` imports nothing else of the rings below it, beside the public API
(``quart_jwt``, ``quart_jwt.exceptions``, ``quart_jwt.signals``, ``quart_jwt.typing``).
A name is loaded when it is first read.
"""

from typing import TYPE_CHECKING

from quart_jwt.lazy import lazy_names

if TYPE_CHECKING:
    from quart_jwt.extension.gateway.forward_auth import LOOPBACK
    from quart_jwt.extension.gateway.forwarded import trusted_peers
    from quart_jwt.extension.gateway.forwarded import UNIX
    from quart_jwt.extension.gateway.unread_body import answer_unread
    from quart_jwt.extension.protection import open_routes
    from quart_jwt.extension.protection import Route
    from quart_jwt.extension.protection import routes_of
    from quart_jwt.extension.protection import spelt
    from quart_jwt.extension.protection import VERIFIER
    from quart_jwt.extension.request.current import current_binding
    from quart_jwt.extension.request.current import current_settings
    from quart_jwt.extension.request.current import settings_of
    from quart_jwt.extension.request.refused import REFUSALS
    from quart_jwt.extension.request.requirement import Requirement
    from quart_jwt.extension.sessions.context import session_store
    from quart_jwt.extension.settings.sessions import DETAILS
    from quart_jwt.extension.settings.settings import Settings as JWTSettings
    from quart_jwt.extension.verify import verify
    from quart_jwt.stores.base import Changes
    from quart_jwt.stores.base import Limit
    from quart_jwt.stores.base import Store
    from quart_jwt.stores.redis.scripts import Client
    from quart_jwt.stores.redis.scripts import Script
    from quart_jwt.stores.redis.scripts import translated
    from quart_jwt.stores.redis.store import client_from_url
    from quart_jwt.stores.sql.connections import Connections
    from quart_jwt.stores.sql.connections import POSTGRESQL
    from quart_jwt.stores.sql.connections import SQLITE
    from quart_jwt.stores.sql.connections import Work
    from quart_jwt.stores.sql.schema import require as require_schema
    from quart_jwt.stores.sql.schema import Schema
    from quart_jwt.stores.sql.schema import upgrade as upgrade_schema
    from quart_jwt.stores.sql.store import SQLStore
    from quart_jwt.stores.urls import SCHEMES
    from quart_jwt.stores.urls import store_from_url
    from quart_jwt.tokens.jwk import key_thumbprint
    from quart_jwt.tokens.jwk import read_public_jwk
    from quart_jwt.tokens.key_ring import KeyRing
    from quart_jwt.tokens.key_ring import ring_key
    from quart_jwt.tokens.key_ring import RingKey
    from quart_jwt.tokens.keys import weakness
    from quart_jwt.tokens.revocation import Revocation
    from quart_jwt.tokens.revocation import TokenRef
    from quart_jwt.tokens.rotation import Family
    from quart_jwt.tokens.rotation import Outcome
    from quart_jwt.tokens.rotation import Presented
    from quart_jwt.tokens.rotation import Rotation
    from quart_jwt.tokens.rotation import Successor
    from quart_jwt.tokens.scopes import granted_scopes
    from quart_jwt.tokens.scopes import is_scope
    from quart_jwt.tokens.strict_json import loads as strict_json_loads
    from quart_jwt.tokens.verified import CacheInfo
    from quart_jwt.tokens.verified import VerifiedTokens

__getattr__ = lazy_names(
    __name__,
    {
        "quart_jwt.extension.gateway.forward_auth": ("LOOPBACK",),
        "quart_jwt.extension.gateway.forwarded": (
            "UNIX",
            "trusted_peers",
        ),
        "quart_jwt.extension.gateway.unread_body": ("answer_unread",),
        "quart_jwt.extension.protection": (
            "Route",
            "VERIFIER",
            "open_routes",
            "routes_of",
            "spelt",
        ),
        "quart_jwt.extension.request.current": (
            "current_binding",
            "current_settings",
            "settings_of",
        ),
        "quart_jwt.extension.request.requirement": ("Requirement",),
        "quart_jwt.extension.request.refused": ("REFUSALS",),
        "quart_jwt.extension.sessions.context": ("session_store",),
        "quart_jwt.extension.settings.sessions": ("DETAILS",),
        "quart_jwt.extension.settings.settings": ("Settings as JWTSettings",),
        "quart_jwt.extension.verify": ("verify",),
        "quart_jwt.stores.base": (
            "Changes",
            "Limit",
            "Store",
        ),
        "quart_jwt.stores.redis.scripts": (
            "Client",
            "Script",
            "translated",
        ),
        "quart_jwt.stores.redis.store": ("client_from_url",),
        "quart_jwt.stores.sql.connections": (
            "Connections",
            "POSTGRESQL",
            "SQLITE",
            "Work",
        ),
        "quart_jwt.stores.sql.schema": (
            "Schema",
            "require as require_schema",
            "upgrade as upgrade_schema",
        ),
        "quart_jwt.stores.sql.store": ("SQLStore",),
        "quart_jwt.stores.urls": (
            "SCHEMES",
            "store_from_url",
        ),
        "quart_jwt.tokens.jwk": (
            "key_thumbprint",
            "read_public_jwk",
        ),
        "quart_jwt.tokens.key_ring": (
            "KeyRing",
            "RingKey",
            "ring_key",
        ),
        "quart_jwt.tokens.keys": ("weakness",),
        "quart_jwt.tokens.revocation": (
            "Revocation",
            "TokenRef",
        ),
        "quart_jwt.tokens.rotation": (
            "Family",
            "Outcome",
            "Presented",
            "Rotation",
            "Successor",
        ),
        "quart_jwt.tokens.scopes": (
            "granted_scopes",
            "is_scope",
        ),
        "quart_jwt.tokens.strict_json": ("loads as strict_json_loads",),
        "quart_jwt.tokens.verified": (
            "CacheInfo",
            "VerifiedTokens",
        ),
    },
)

__all__ = [
    "DETAILS",
    "LOOPBACK",
    "POSTGRESQL",
    "REFUSALS",
    "SCHEMES",
    "SQLITE",
    "UNIX",
    "VERIFIER",
    "CacheInfo",
    "Changes",
    "Client",
    "Connections",
    "Family",
    "JWTSettings",
    "KeyRing",
    "Limit",
    "Outcome",
    "Presented",
    "Requirement",
    "Revocation",
    "RingKey",
    "Rotation",
    "Route",
    "SQLStore",
    "Schema",
    "Script",
    "Store",
    "Successor",
    "TokenRef",
    "VerifiedTokens",
    "Work",
    "answer_unread",
    "client_from_url",
    "current_binding",
    "current_settings",
    "granted_scopes",
    "is_scope",
    "key_thumbprint",
    "open_routes",
    "read_public_jwk",
    "require_schema",
    "ring_key",
    "routes_of",
    "session_store",
    "settings_of",
    "spelt",
    "store_from_url",
    "strict_json_loads",
    "translated",
    "trusted_peers",
    "upgrade_schema",
    "verify",
    "weakness",
]
