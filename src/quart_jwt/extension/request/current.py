"""
What the current request's token says, for views and whatever they call.

The result of the verification is noted on the request, and only after everything
passed; ``get_jwt`` and its kin read it there.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from quart import current_app
from quart import g
from quart import has_app_context
from quart import Quart
from werkzeug.local import LocalProxy

from quart_jwt.extension.hooks.loaders import Loaders
from quart_jwt.extension.request.pending import is_pending
from quart_jwt.extension.request.pending import unawaited_error
from quart_jwt.extension.request.subject import find_subject
from quart_jwt.extension.request.subject import Subject
from quart_jwt.extension.request.subject import VERIFIED
from quart_jwt.extension.settings.issuers import KeySources
from quart_jwt.extension.settings.settings import FollowedSettings
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.tokens.token import Token
from quart_jwt.typing import Claims

OUTLIVED = "_quart_jwt_outlived"
"""What the last request inside an app context verified, in the context's ``g``.

Flask-JWT-Extended keeps identities in ``g``, so Flask's tests may read them after a
request. Only Flask's contexts leave this; inside of a request it is never read.
"""

EXTENSION = "quart-jwt"
"""The key of the manager in ``app.extensions``."""

SETTINGS = "quart-jwt.settings"
"""The key of the app's own settings in ``app.extensions``."""

IN_HOOK: ContextVar[bool] = ContextVar("in_hook", default=False)
"""Whether a hook is being asked about a token that has not passed yet."""


class Verified:
    """
    What a request may rely on.

    The header and the claims are the request's own copies, made when they are
    first asked for.

    Args:
        token: The token; None for an anonymous request.
        location: Where it was found; None for an anonymous request.
        identity_claim: The claim that holds the identity.

    Attributes:
        user: What the user look-up gave, in a tuple of one; None without such a hook.
        is_used_up: Whether this was the one use of the token, which is revoked by it.
    """

    __slots__ = (
        "_claims",
        "_header",
        "_identity_claim",
        "_token",
        "is_used_up",
        "location",
        "user",
    )

    def __init__(
        self, token: Token | None, location: str | None, identity_claim: str = "sub"
    ) -> None:
        self._token = token
        self._header: Claims | None = None
        self._claims: Claims | None = None
        self._identity_claim = identity_claim
        self.is_used_up: bool = False
        self.location: str | None = location
        self.user: tuple[Any] | None = None if token else (None,)

    def claim(self, name: str) -> Any:
        """One claim, without a copy of all where it is plain; None for none."""
        if self._claims is None and self._token is not None:
            claim = self._token.claims.get(name)
            if not isinstance(claim, dict | list):
                return claim
        return self.claims.get(name)

    def identity(self) -> Any:
        """The identity; None for an anonymous request."""
        return self.claim(self._identity_claim)

    @property
    def header(self) -> Claims:
        """The token's header; empty for an anonymous request."""
        if self._header is None:
            self._header = self._token.header_copy() if self._token else {}
        return self._header

    @property
    def claims(self) -> Claims:
        """The token's claims; empty for an anonymous request."""
        if self._claims is None:
            self._claims = self._token.claims_copy() if self._token else {}
        return self._claims


this_app: Callable[[], Quart] = current_app._get_current_object  # type: ignore[attr-defined] # noqa: SLF001 - werkzeug's way to the object
"""Gives the current app itself, and not the proxy to it."""


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


def remember_refusal(subject: Subject) -> None:
    """
    Let this request be anonymous from here on, unless a token was verified before.

    After-request functions and error handlers see the refusal, too, and may ask for
    the identity; the refusal must not become a server error.
    """
    subject.__dict__.setdefault(VERIFIED, Verified(None, None))


def recall() -> Verified | None:
    """What this request may rely on, or None if nothing was verified."""
    subject = find_subject()
    return _outlived() if subject is None else subject.__dict__.get(VERIFIED)


def _outlived() -> Verified | None:
    outlived: Verified | None = g.get(OUTLIVED) if has_app_context() else None
    return outlived


def verified_of(subject: Subject) -> Verified | None:
    """What a request may rely on, or None if nothing was verified yet."""
    verified: Verified | None = subject.__dict__.get(VERIFIED)
    return verified


def _verified() -> Verified:
    subject = find_subject()
    if subject is not None and VERIFIED in subject.__dict__:
        verified: Verified = subject.__dict__[VERIFIED]
        return verified
    if subject is None and (outlived := _outlived()) is not None:
        return outlived
    if is_pending():
        raise unawaited_error()
    hint = (
        ". Hooks are asked before the token has passed: in a hook, use the header and "
        "the claims that it is given"
    )
    raise RuntimeError(
        "You must call `@jwt_required()` or `verify_jwt_in_request()` before using "
        f"this method{hint if IN_HOOK.get() else ''}"
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
    return _verified().identity()


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
