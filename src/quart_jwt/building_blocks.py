"""
The parts of quart-jwt that an authorization server of your own is built from.

``quart_jwt.service`` imports nothing else of the rings below it, beside the public API
(``quart_jwt``, ``quart_jwt.exceptions``, ``quart_jwt.signals``, ``quart_jwt.typing``).
A name is loaded when it is first read.
"""

from typing import TYPE_CHECKING

from quart_jwt.lazy import lazy_names

if TYPE_CHECKING:
    from quart_jwt.extension.gateway.forwarded import ForwardedPresentation
    from quart_jwt.extension.gateway.forwarded import Forwarding
    from quart_jwt.extension.gateway.peers import LOOPBACK
    from quart_jwt.extension.gateway.peers import trusted_peers
    from quart_jwt.extension.gateway.peers import UNIX
    from quart_jwt.extension.gateway.unread_body import answer_unread
    from quart_jwt.extension.protection import open_routes
    from quart_jwt.extension.protection import OWN_ROUTES
    from quart_jwt.extension.protection import Route
    from quart_jwt.extension.protection import routes_of
    from quart_jwt.extension.protection import spelt
    from quart_jwt.extension.protection import VERIFIER
    from quart_jwt.extension.request.current import current_binding
    from quart_jwt.extension.request.current import current_settings
    from quart_jwt.extension.request.current import settings_of
    from quart_jwt.extension.request.current import verified_of
    from quart_jwt.extension.request.presentation import Credential
    from quart_jwt.extension.request.quart_seams import check_quart
    from quart_jwt.extension.request.refused import REFUSALS
    from quart_jwt.extension.request.requirement import Requirement
    from quart_jwt.extension.sessions.context import session_store
    from quart_jwt.extension.settings.sessions import DETAILS
    from quart_jwt.extension.settings.settings import Settings as JWTSettings
    from quart_jwt.extension.verify import verify
    from quart_jwt.stores.base import Store
    from quart_jwt.stores.in_use.answers import SingleFlight
    from quart_jwt.stores.in_use.deadline import wait_within
    from quart_jwt.stores.redis.scripts import Client
    from quart_jwt.stores.redis.scripts import Script
    from quart_jwt.stores.redis.scripts import translated
    from quart_jwt.stores.redis.store import client_from_url
    from quart_jwt.stores.sql.connections import Connections
    from quart_jwt.stores.sql.schema import require as require_schema
    from quart_jwt.stores.sql.schema import Schema
    from quart_jwt.stores.sql.schema import upgrade as upgrade_schema
    from quart_jwt.stores.sql.store import SQLStore
    from quart_jwt.stores.sql.urls import for_asyncpg
    from quart_jwt.stores.sql.urls import POSTGRESQL
    from quart_jwt.stores.sql.urls import SQLITE
    from quart_jwt.stores.sql.work import Work
    from quart_jwt.stores.urls import SCHEMES
    from quart_jwt.stores.urls import store_from_url
    from quart_jwt.stores.wrapped import Call as StoreCall
    from quart_jwt.stores.wrapped import wrapped as wrapped_store
    from quart_jwt.tokens.jwk import key_thumbprint
    from quart_jwt.tokens.jwk import read_public_jwk
    from quart_jwt.tokens.key_ring import KeyRing
    from quart_jwt.tokens.key_ring import ring_key
    from quart_jwt.tokens.key_ring import RingKey
    from quart_jwt.tokens.keys import weakness
    from quart_jwt.tokens.origin import is_origin
    from quart_jwt.tokens.origin import is_welcome
    from quart_jwt.tokens.revocation import Revocation
    from quart_jwt.tokens.revocation import Scope
    from quart_jwt.tokens.rotation import Family
    from quart_jwt.tokens.rotation import Outcome
    from quart_jwt.tokens.scopes import granted_scopes
    from quart_jwt.tokens.scopes import is_scope
    from quart_jwt.tokens.strict_json import loads as strict_json_loads
    from quart_jwt.tokens.verified import CacheInfo
    from quart_jwt.tokens.verified import VerifiedTokens
else:
    __getattr__ = lazy_names(__name__, __file__)

__all__ = [
    "DETAILS",
    "LOOPBACK",
    "OWN_ROUTES",
    "POSTGRESQL",
    "REFUSALS",
    "SCHEMES",
    "SQLITE",
    "UNIX",
    "VERIFIER",
    "CacheInfo",
    "Client",
    "Connections",
    "Credential",
    "Family",
    "ForwardedPresentation",
    "Forwarding",
    "JWTSettings",
    "KeyRing",
    "Outcome",
    "Requirement",
    "Revocation",
    "RingKey",
    "Route",
    "SQLStore",
    "Schema",
    "Scope",
    "Script",
    "SingleFlight",
    "Store",
    "StoreCall",
    "VerifiedTokens",
    "Work",
    "answer_unread",
    "check_quart",
    "client_from_url",
    "current_binding",
    "current_settings",
    "for_asyncpg",
    "granted_scopes",
    "is_origin",
    "is_scope",
    "is_welcome",
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
    "verified_of",
    "verify",
    "wait_within",
    "weakness",
    "wrapped_store",
]
