"""
``JWTManager`` connects an app with its hooks, settings and error responses.
"""

from collections.abc import Callable
from collections.abc import Coroutine
from typing import Any
from weakref import WeakSet

from jwt.exceptions import DecodeError
from jwt.exceptions import ExpiredSignatureError
from jwt.exceptions import InvalidAudienceError
from jwt.exceptions import InvalidIssuerError
from jwt.exceptions import InvalidTokenError
from jwt.exceptions import MissingRequiredClaimError
from quart import current_app
from quart import has_app_context
from quart import jsonify
from quart import make_response
from quart import Quart

from quart_jwt.clock import system_time
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.exceptions import CSRFError
from quart_jwt.exceptions import FreshTokenRequired
from quart_jwt.exceptions import InsufficientScopeError
from quart_jwt.exceptions import InvalidHeaderError
from quart_jwt.exceptions import InvalidQueryParamError
from quart_jwt.exceptions import JWTDecodeError
from quart_jwt.exceptions import KeysUnavailableError
from quart_jwt.exceptions import NoAuthorizationError
from quart_jwt.exceptions import RevokedTokenError
from quart_jwt.exceptions import SessionEndedError
from quart_jwt.exceptions import SessionLimitError
from quart_jwt.exceptions import StoreError
from quart_jwt.exceptions import TokenReuseError
from quart_jwt.exceptions import UserClaimsVerificationError
from quart_jwt.exceptions import UserLookupError
from quart_jwt.exceptions import WrongTokenError
from quart_jwt.extension.hooks.calling import call
from quart_jwt.extension.hooks.request_thread import plain_code_in_one_thread
from quart_jwt.extension.hooks.workers import compute
from quart_jwt.extension.request.current import current_user_context_processor
from quart_jwt.extension.request.current import EXTENSION
from quart_jwt.extension.request.current import get_jwt_request_location
from quart_jwt.extension.request.current import key_sources_of
from quart_jwt.extension.request.current import SETTINGS
from quart_jwt.extension.request.current import settings_of
from quart_jwt.extension.request.current import this_app
from quart_jwt.extension.request.lifetime import end_with_token
from quart_jwt.extension.request.open_socket import close_with_tokens
from quart_jwt.extension.request.pending import refuse_unawaited
from quart_jwt.extension.request.quart_seams import when_dispatched
from quart_jwt.extension.request.refused import token_of
from quart_jwt.extension.sessions.store import Stores
from quart_jwt.extension.settings.settings import FollowedSettings
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.extension.tokens.cookies import unset_jwt_cookies
from quart_jwt.extension.tokens.maker import TokenMaker
from quart_jwt.stores.base import Store
from quart_jwt.tokens.verified import CacheInfo
from quart_jwt.typing import Claims

INVALID = (
    DecodeError,
    InvalidAudienceError,
    InvalidHeaderError,
    InvalidIssuerError,
    InvalidQueryParamError,
    InvalidTokenError,
    JWTDecodeError,
    MissingRequiredClaimError,
    WrongTokenError,
)
"""Answered by the invalid-token hook, with the reason."""

UNAUTHORIZED = (CSRFError, NoAuthorizationError)
"""Answered by the unauthorized hook, with the reason."""

OVER = (SessionEndedError, TokenReuseError)
"""Errors of a rotation that remove the cookies; no other error does."""

RETRY_AFTER_S = 1
"""When an issuer's keys may be there: a fetch that failed is tried again by then."""

ErrorHandler = Callable[[Any], Coroutine[Any, Any, Any]]
_WRITTEN_DOWN = ("JWT_KEY_RING", "JWT_ISSUERS", "JWT_PROFILE")


class JWTManager(TokenMaker):
    """
    The extension. One manager can serve several apps.

    Args:
        app: The app, or None to call ``init_app`` later.
        add_context_processor: Whether templates get ``current_user``.
        clock: Returns the time in epoch seconds; tests can replace it.
        store: The store of sessions and revocations, instead of ``JWT_STORE_URL``. The
            app opens it when serving starts, and closes it when serving ends.

    Examples:
        >>> app = Quart("shop")
        >>> app.config["JWT_SECRET_KEY"] = secrets.token_urlsafe(32)
        >>> jwt = JWTManager(app)
    """

    def __init__(
        self,
        app: Quart | None = None,
        add_context_processor: bool = False,
        *,
        clock: Callable[[], float] = system_time,
        store: Store | None = None,
    ) -> None:
        super().__init__()
        self.clock = clock
        self._store = store
        self._apps: WeakSet[Quart] = WeakSet()  # it may outlive the apps of a factory
        if app is not None:
            self.init_app(app, add_context_processor)

    def init_app(self, app: Quart, add_context_processor: bool = False) -> None:
        """
        Register this manager with an app.

        Args:
            app: The app. All options get defaults; you can change them later.
            add_context_processor: Whether templates get ``current_user``.

        Raises:
            IncompatibleDependencyError: This Quart version is not supported.
            ConfigurationError: The app already has a manager.
        """
        if EXTENSION in app.extensions:
            raise ConfigurationError(
                f"The app {app.name!r} already has a JWTManager. Register hooks with "
                "that one; to accept tokens of other issuers, set JWT_ISSUERS"
            )
        refuse_unawaited(app, end_with_token)
        when_dispatched(app, close_with_tokens)
        app.extensions[EXTENSION] = self
        stores = Stores(
            app, self._store, clock=self.clock, settings=lambda: settings_of(app)
        )
        app.extensions[SETTINGS] = FollowedSettings(app.config, stores)
        self._apps.add(app)
        plain_code_in_one_thread(app)
        app.before_serving(self._load_keys)
        app.before_serving(stores.open)
        app.after_serving(stores.close)
        app.after_serving(self._stop_fetching)
        if add_context_processor:
            app.context_processor(current_user_context_processor)
        self._register_error_handlers(app)

    @property
    def app(self) -> Quart:
        """
        The current app; without an app context, the only app of this manager.

        Raises:
            RuntimeError: There is no app context, and the manager has no single app.
        """
        return this_app() if has_app_context() else self.only_app()

    @property
    def settings(self) -> Settings:
        """The current settings of the current app."""
        return settings_of(self.app)

    def only_app(self) -> Quart:
        """
        Return the app of this manager.

        Raises:
            RuntimeError: The manager has no app, or several.
        """
        apps = list(self._apps)
        if len(apps) != 1:
            raise RuntimeError("The manager has no app, or several: pass the app")
        return apps[0]

    @property
    def has_questions(self) -> bool:
        """Whether verifying a token calls hooks, which need an app context."""
        return self.verifying.any()

    def cache_info(self) -> CacheInfo:
        """Return the state of the verified-token cache of the current app."""
        return self.settings.verified.info()

    async def ping_store(self, *, writing: bool = False) -> None:
        """
        Check that the session store of the current app answers, if it has one.

        Args:
            writing: Also check that the store can be written to.

        Raises:
            StoreError: The store does not answer, or cannot be written to.
        """
        if (sessions := self.settings.sessions) is not None:
            await (sessions.store.try_writing() if writing else sessions.store.ping())

    def jwks(self) -> Claims:
        """
        Return the public JWK Set of the current app (RFC 7517 §5).

        It is empty if the app signs with a secret, which must not be published.
        """
        return self.settings.jwks(self.clock())

    async def _load_keys(self) -> None:
        """Prepare the keys before the first request, off the loop."""
        settings = self.settings
        try:
            await compute(self._prepare, settings)
        except ConfigurationError:
            # A missing key may never be needed, unless the configuration names it or
            # requires strong keys.
            values = settings.values
            if settings.enforce_strong_keys or any(map(values.get, _WRITTEN_DOWN)):
                raise
        key_sources_of(current_app).start()

    async def _stop_fetching(self) -> None:
        await key_sources_of(current_app).close()

    def _prepare(self, settings: Settings) -> None:
        _ = settings.profile, settings.issuers
        if settings.key_ring is not None:
            return
        if self.verifying.key is None:
            for algorithm in settings.decode_algorithms:
                settings.verifying_keys(algorithm)
        if self.issuing.key is None:
            _ = settings.signing_key

    def _register_error_handlers(self, app: Quart) -> None:
        registered = app.error_handler_spec[None][None]
        for error, handler in self._error_handlers().items():
            registered.setdefault(
                error, handler
            )  # the app's own handlers take precedence

    def _error_handlers(self) -> dict[type[Exception], ErrorHandler]:
        return {
            **dict.fromkeys(INVALID, self._on_invalid),
            **dict.fromkeys(UNAUTHORIZED, self._on_unauthorized),
            ExpiredSignatureError: self._on_expired,
            FreshTokenRequired: self._on_not_fresh,
            InsufficientScopeError: self._on_insufficient_scope,
            KeysUnavailableError: self._on_unavailable_keys,
            RevokedTokenError: self._on_revoked,
            SessionLimitError: self._on_session_limit,
            StoreError: self._on_store_error,
            UserLookupError: self._on_user_not_found,
            UserClaimsVerificationError: self._on_verification_failed,
        }

    async def _on_invalid(self, error: Exception) -> Any:
        return await call(self._invalid_token, str(error))

    async def _on_unauthorized(self, error: Exception) -> Any:
        return await call(self._unauthorized, str(error))

    async def _on_expired(self, error: Exception) -> Any:
        return await call(self._expired_token, *token_of(error))

    async def _on_not_fresh(self, error: FreshTokenRequired) -> Any:
        return await call(self._needs_fresh_token, *token_of(error))

    async def _on_insufficient_scope(self, error: InsufficientScopeError) -> Any:
        message = {self.settings.error_msg_key: str(error)}
        return jsonify(message), error.status, {"WWW-Authenticate": error.challenge}

    async def _on_unavailable_keys(self, error: KeysUnavailableError) -> Any:
        message = {self.settings.error_msg_key: str(error)}
        return jsonify(message), error.status, {"Retry-After": str(RETRY_AFTER_S)}

    async def _on_revoked(self, error: RevokedTokenError) -> Any:
        answer = await call(self._revoked_token, *token_of(error))
        if not isinstance(error, OVER) or get_jwt_request_location() != "cookies":
            return answer
        response = await make_response(answer)
        unset_jwt_cookies(response)
        return response

    async def _on_session_limit(self, error: SessionLimitError) -> Any:
        return jsonify({self.settings.error_msg_key: str(error)}), error.status

    async def _on_store_error(self, error: StoreError) -> Any:
        answer = jsonify({self.settings.error_msg_key: "Sessions are not available"})
        return answer, error.status, {"Retry-After": str(error.retry_after_s)}

    async def _on_user_not_found(self, error: UserLookupError) -> Any:
        return await call(self._user_lookup_error, *token_of(error))

    async def _on_verification_failed(self, error: UserClaimsVerificationError) -> Any:
        return await call(self._token_verification_failed, *token_of(error))
