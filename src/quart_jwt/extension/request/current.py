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
    The verified token of a request.

    The header and the claims are copies for this request, made on first access.

    Args:
        token: The token; None for an anonymous request.
        location: Where it was found; None for an anonymous request.
        identity_claim: The claim that holds the identity.

    Attributes:
        user: The result of the user lookup, in a tuple; None without such a hook.
        is_used_up: Whether this request used up a ``single_use`` token.
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
        """Return one claim without copying all; None if it is absent."""
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
"""Return the current app itself, not its proxy."""


def current_manager() -> Loaders:
    """
    Return the manager of the current app.

    Raises:
        RuntimeError: The app has no manager.
    """
    return manager_of(current_app)


def manager_of(app: Quart) -> Loaders:
    """
    Return the manager of an app.

    Raises:
        RuntimeError: The app has no manager.
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
    """Return the current settings of an app."""
    followed: FollowedSettings = app.extensions[SETTINGS]
    return followed(app.config)


def key_sources_of(app: Quart) -> KeySources:
    """Return the keys of the other issuers that an app trusts."""
    followed: FollowedSettings = app.extensions[SETTINGS]
    return followed.sources


def current_settings() -> Settings:
    """Return the current settings of the current app."""
    return current_binding()[1]


def current_binding() -> tuple[Loaders, Settings]:
    """Return the manager of the current app, and its current settings."""
    app = this_app()
    return manager_of(app), settings_of(app)


def remember_refusal(subject: Subject) -> None:
    """
    Treat this request as anonymous from here on, unless a token was verified before.

    After-request functions and error handlers may then call ``get_jwt_identity()``
    without turning the rejection into a server error.
    """
    subject.__dict__.setdefault(VERIFIED, Verified(None, None))


def recall() -> Verified | None:
    """Return what was verified for the current request, or None."""
    subject = find_subject()
    return _outlived() if subject is None else subject.__dict__.get(VERIFIED)


def _outlived() -> Verified | None:
    outlived: Verified | None = g.get(OUTLIVED) if has_app_context() else None
    return outlived


def verified_of(subject: Subject) -> Verified | None:
    """Return what was verified for a request, or None."""
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
        ". Hooks run before the token is accepted: in a hook, use the header and the "
        "claims that are passed to it"
    )
    raise RuntimeError(
        "You must call `@jwt_required()` or `verify_jwt_in_request()` before using "
        f"this method{hint if IN_HOOK.get() else ''}"
    )


def get_jwt() -> Claims:
    """
    Return the claims of this request's token; empty for an optional, absent token.

    Raises:
        RuntimeError: No token was verified in this request.

    Examples:
        >>> @app.get("/expiry")
        ... @jwt_required()
        ... async def expiry():
        ...     return {"seconds": get_jwt()["exp"] - get_jwt()["iat"]}
        >>> await (await client.get("/expiry", headers=signed_in)).get_json()
        {'seconds': 900}
    """
    return _verified().claims


def get_jwt_header() -> Claims:
    """
    Return the header of this request's token; empty for an optional, absent token.

    Raises:
        RuntimeError: No token was verified in this request.
    """
    return _verified().header


def get_jwt_identity() -> Any:
    """
    Return the identity in this request's token; None for an optional, absent token.

    Raises:
        RuntimeError: No token was verified in this request.

    Examples:
        >>> @app.get("/hello")
        ... @jwt_required(optional=True)
        ... async def hello():
        ...     return f"Hello, {get_jwt_identity() or 'stranger'}"
        >>> await (await client.get("/hello")).get_data(as_text=True)
        'Hello, stranger'
    """
    return _verified().identity()


def get_jwt_request_location() -> str | None:
    """Return the location of the token, or None without one; never raises.

    The locations are ``"headers"``, ``"cookies"``, ``"query_string"`` and ``"json"``.
    """
    verified = recall()
    return verified.location if verified else None


def get_current_user() -> Any:
    """
    Return the result of the user lookup hook; None for an optional, absent token.

    Raises:
        RuntimeError: No token was verified in this request, or the app has no
            ``user_lookup_loader``.

    Examples:
        >>> @jwt.user_lookup_loader
        ... async def load_user(header, claims):
        ...     return {"name": claims["sub"], "plan": "pro"}
        >>> @app.get("/plan")
        ... @jwt_required()
        ... async def plan():
        ...     return {"plan": current_user["plan"]}
        >>> await (await client.get("/plan", headers=signed_in)).get_json()
        {'plan': 'pro'}
    """
    user = _verified().user
    if user is None:
        raise RuntimeError(
            "You must provide a `@jwt.user_lookup_loader` callback to use this method"
        )
    return user[0]


current_user: Any = LocalProxy(get_current_user)
"""The user of this request: a proxy for ``get_current_user()``."""


async def current_user_context_processor() -> dict[str, Any]:
    """Provide templates with ``current_user``, in requests that have one."""
    verified = recall()
    return {"current_user": verified.user[0]} if verified and verified.user else {}
