"""
What the current request's token says, for views and whatever they call.

The result of the verification is noted on the request, and only after everything
passed; ``get_jwt`` and its kin read it there.
"""

from typing import Any

from quart import current_app
from quart import Quart
from werkzeug.local import LocalProxy

from quart_jwt.extension.hooks.loaders import Loaders
from quart_jwt.extension.request.pending import is_pending
from quart_jwt.extension.request.pending import unawaited_error
from quart_jwt.extension.request.subject import note
from quart_jwt.extension.request.subject import note_of
from quart_jwt.extension.request.subject import noted
from quart_jwt.extension.request.subject import Subject
from quart_jwt.extension.settings.issuers import KeySources
from quart_jwt.extension.settings.settings import FollowedSettings
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.extension.verify import Verified
from quart_jwt.typing import Claims

EXTENSION = "quart-jwt"
"""The key of the manager in ``app.extensions``."""

SETTINGS = "quart-jwt.settings"
"""The key of the app's own settings in ``app.extensions``."""


def current_manager() -> Loaders:
    """
    The manager of the current app.

    Raises:
        RuntimeError: The app has none.
    """
    return manager_of(current_app)


def manager_of(app: Quart) -> Loaders:
    """
    The manager of an app.

    Raises:
        RuntimeError: It has none.
    """
    try:
        manager: Loaders = app.extensions[EXTENSION]
    except KeyError:
        raise RuntimeError(
            "You must initialize a JWTManager with this flask application before "
            "using this method"
        ) from None
    return manager


def settings_of(app: Quart) -> Settings:
    """The settings of an app, as they stand now."""
    followed: FollowedSettings = app.extensions[SETTINGS]
    return followed(app.config)


def key_sources_of(app: Quart) -> KeySources:
    """The keys of the issuers that count in an app beside its own."""
    followed: FollowedSettings = app.extensions[SETTINGS]
    return followed.sources


def current_settings() -> Settings:
    """The settings of the current app, as they stand now."""
    return current_binding()[1]


def current_binding() -> tuple[Loaders, Settings]:
    """The manager of the current app, and its settings as they stand now."""
    app = this_app()
    return manager_of(app), settings_of(app)


def this_app() -> Quart:
    """The current app itself, and not the proxy to it."""
    app: Quart = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - werkzeug's way to the object
    return app


def remember(subject: Subject, verified: Verified) -> None:
    """Let this request rely on ``verified``."""
    note(subject, "verified", verified)


def remember_refusal(subject: Subject) -> None:
    """
    Let this request be anonymous from here on, unless a token was verified before.

    After-request functions and error handlers see the refusal, too, and may ask for
    the identity; the refusal must not become a server error.
    """
    if note_of(subject, "verified") is None:
        remember(subject, Verified(None, None))


def recall() -> Verified | None:
    """What this request may rely on, or None if nothing was verified."""
    verified: Verified | None = noted("verified")
    return verified


def verified_of(subject: Subject) -> Verified | None:
    """What a request may rely on, or None if nothing was verified yet."""
    verified: Verified | None = note_of(subject, "verified")
    return verified


def _verified() -> Verified:
    verified = recall()
    if verified is not None:
        return verified
    if is_pending():
        raise unawaited_error()
    raise RuntimeError(
        "You must call `@jwt_required()` or `verify_jwt_in_request()` before using "
        "this method. Hooks are asked before the token has passed: in a hook, use the "
        "header and the claims that it is given"
    )


def get_jwt() -> Claims:
    """
    The claims of the token of this request; empty where it is optional and
    there is none.

    Raises:
        RuntimeError: Nothing was verified in this request.
    """
    return _verified().claims


def get_jwt_header() -> Claims:
    """
    The header of the token of this request; empty where it is optional and
    there is none.

    Raises:
        RuntimeError: Nothing was verified in this request.
    """
    return _verified().header


def get_jwt_identity() -> Any:
    """
    The identity in the token of this request; None where it is optional and
    there is none.

    Raises:
        RuntimeError: Nothing was verified in this request.
    """
    return _verified().claim(current_settings().identity_claim_key)


def get_jwt_request_location() -> str | None:
    """Where the token was found: ``"headers"``, ``"cookies"``,
    ``"query_string"``, ``"json"``, or None. Never raises.
    """
    verified = recall()
    return verified.location if verified else None


def get_current_user() -> Any:
    """
    What the user look-up hook gave for this request; None where the token is
    optional and there is none.

    Raises:
        RuntimeError: Nothing was verified, or there is no such hook.
    """
    user = _verified().user
    if user is None:
        raise RuntimeError(
            "You must provide a `@jwt.user_lookup_loader` callback to use this method"
        )
    return user[0]


current_user: Any = LocalProxy(get_current_user)
"""The user of this request: a proxy to ``get_current_user()``."""


async def current_user_context_processor() -> dict[str, Any]:
    """Give templates ``current_user``, in requests that have one."""
    verified = recall()
    return {"current_user": verified.user[0]} if verified and verified.user else {}
