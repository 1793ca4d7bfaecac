"""
What every function of sessions begins with: the store, and whom it is about.
"""

from typing import Any

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.extension.hooks.calling import call
from quart_jwt.extension.hooks.loaders import Loaders
from quart_jwt.extension.request.current import current_binding
from quart_jwt.extension.request.current import get_jwt
from quart_jwt.extension.sessions.claims import foreign_name
from quart_jwt.extension.sessions.claims import is_foreign
from quart_jwt.extension.sessions.claims import token_ref
from quart_jwt.extension.sessions.store import SessionStore
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.extension.tokens.json_provider import as_json


def session_store(settings: Settings) -> SessionStore:
    """
    The session store of an app.

    Raises:
        ConfigurationError: It has none.
    """
    if settings.sessions is None:
        raise ConfigurationError(
            "Sessions need a store: JWTManager(app, store=...) or JWT_STORE_URL"
        )
    return settings.sessions


async def subject_of(jwt: Loaders, identity: Any) -> str:
    """
    Whom a token speaks for: what the identity hook says.

    Raises:
        TypeError: It is not a string.
        ValueError: It begins with U+001F, which marks users of other issuers.
    """
    hook = jwt.issuing.identity
    subject = as_json(jwt.app, await call(hook, identity) if hook else identity)
    if not isinstance(subject, str):
        raise TypeError(
            f"The identity of a session must be a string, not {type(subject).__name__}:"
            " pass str(user.id), or return a string from @jwt.user_identity_loader"
        )
    if is_foreign(subject):
        raise ValueError("The identity of a session must not begin with U+001F")
    return subject


async def named_subject(identity: Any, issuer: str | None = None) -> str:
    """
    The name in the store of a named user, or of this request's for None.

    Args:
        identity: The user; None for whom the token of this request speaks for.
        issuer: The issuer of ``JWT_ISSUERS`` that has named the user; None for us.

    Raises:
        RuntimeError: Nothing was verified in this request.
        TypeError: The identity is not a string.
    """
    jwt, settings = current_binding()
    if issuer is not None:
        subject = foreign_name(issuer, identity)
    elif identity is not None:
        return await subject_of(jwt, identity)
    else:
        subject = token_ref(get_jwt(), settings).subject
    if not isinstance(subject, str):
        raise TypeError("The identity of this request's token is not a string")
    return subject
