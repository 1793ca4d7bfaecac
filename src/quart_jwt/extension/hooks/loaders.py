"""
The fifteen loaders: the hooks that an app may set, and what answers without them.

``None`` stands for "not set", so that a request does not pay for hooks that are not
registered. The default responses are exactly those of Flask-JWT-Extended.
"""

from abc import ABC
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from typing import TypeVar

from quart import jsonify
from quart import Quart
from quart import Response

from quart_jwt.extension.hooks.calling import nonblocking
from quart_jwt.extension.settings.settings import Settings

Hook = Callable[..., Any]
AnyHook = TypeVar("AnyHook", bound=Hook)
Answer = tuple[Response, HTTPStatus]


@dataclass(frozen=True, slots=True)
class IssueHooks:
    """What may be asked when a token is made; another hook is another value."""

    claims: Hook | None = None
    headers: Hook | None = None
    identity: Hook | None = None
    key: Hook | None = None


@dataclass(frozen=True, slots=True)
class VerifyHooks:
    """What may be asked when a token is verified; another hook is another value."""

    key: Hook | None = None
    blocklist: Hook | None = None
    verification: Hook | None = None
    user: Hook | None = None

    def any(self) -> bool:
        """Whether anything is asked at all."""
        return bool(self.blocklist or self.user or self.verification or self.key)


class Loaders(ABC):
    """
    The loader decorators; each gives the decorated function back unchanged.

    Attributes:
        settings: The settings of the current app.
        clock: Gives the time in epoch seconds.
        issuing: The hooks that say what goes into a token.
        verifying: The hooks that say what a token has to pass.
    """

    clock: Callable[[], float]

    def __init__(self) -> None:
        self.issuing: IssueHooks = IssueHooks()
        self.verifying: VerifyHooks = VerifyHooks()
        self._expired_token: Hook = self._default_expired_token
        self._invalid_token: Hook = self._default_invalid_token
        self._unauthorized: Hook = self._default_unauthorized
        self._needs_fresh_token: Hook = self._default_needs_fresh_token
        self._revoked_token: Hook = self._default_revoked_token
        self._user_lookup_error: Hook = self._default_user_lookup_error
        self._token_verification_failed: Hook = self._default_verification_failed

    @property
    @abstractmethod
    def app(self) -> Quart:
        """The current app, or the only one of this manager."""

    @property
    @abstractmethod
    def settings(self) -> Settings:
        """The settings of the current app."""

    def hooks(self) -> list[Hook]:
        """Every hook that a request to a protected route may call."""
        asked = self.verifying
        verifying = (asked.key, asked.blocklist, asked.verification, asked.user)
        return [
            *filter(None, verifying),
            self._expired_token,
            self._invalid_token,
            self._unauthorized,
            self._needs_fresh_token,
            self._revoked_token,
            self._user_lookup_error,
            self._token_verification_failed,
        ]

    # What goes into a token -------------------------------------------------

    def additional_claims_loader(self, callback: AnyHook) -> AnyHook:
        """Set ``(identity) -> dict``: further claims for every new token."""
        self.issuing = replace(self.issuing, claims=callback)
        return callback

    def additional_headers_loader(self, callback: AnyHook) -> AnyHook:
        """Set ``(identity) -> dict``: further header parameters."""
        self.issuing = replace(self.issuing, headers=callback)
        return callback

    def user_identity_loader(self, callback: AnyHook) -> AnyHook:
        """Set ``(identity) -> str``: what stands for the user in a token."""
        self.issuing = replace(self.issuing, identity=callback)
        return callback

    def encode_key_loader(self, callback: AnyHook) -> AnyHook:
        """Set ``(identity) -> key``: the key that signs this user's tokens."""
        self.issuing = replace(self.issuing, key=callback)
        return callback

    # What a token has to pass -----------------------------------------------

    def decode_key_loader(self, callback: AnyHook) -> AnyHook:
        """
        Set ``(header, claims) -> key``: the key that verifies this token.

        Both arguments are **unverified**: anybody can have written them.
        """
        self.verifying = replace(self.verifying, key=callback)
        return callback

    def token_in_blocklist_loader(self, callback: AnyHook) -> AnyHook:
        """Set ``(header, claims) -> bool``: whether the token was revoked."""
        self.verifying = replace(self.verifying, blocklist=callback)
        return callback

    def token_verification_loader(self, callback: AnyHook) -> AnyHook:
        """Set ``(header, claims) -> bool``: whether the token may pass."""
        self.verifying = replace(self.verifying, verification=callback)
        return callback

    def user_lookup_loader(self, callback: AnyHook) -> AnyHook:
        """Set ``(header, claims) -> user``; None refuses the request."""
        self.verifying = replace(self.verifying, user=callback)
        return callback

    # What a refusal looks like ----------------------------------------------

    def expired_token_loader(self, callback: AnyHook) -> AnyHook:
        """Set ``(header, claims) -> response`` for an expired token."""
        self._expired_token = callback
        return callback

    def invalid_token_loader(self, callback: AnyHook) -> AnyHook:
        """Set ``(reason) -> response`` for a token that is not valid."""
        self._invalid_token = callback
        return callback

    def unauthorized_loader(self, callback: AnyHook) -> AnyHook:
        """Set ``(reason) -> response`` for a request without a token."""
        self._unauthorized = callback
        return callback

    def needs_fresh_token_loader(self, callback: AnyHook) -> AnyHook:
        """Set ``(header, claims) -> response`` for a token that is not fresh."""
        self._needs_fresh_token = callback
        return callback

    def revoked_token_loader(self, callback: AnyHook) -> AnyHook:
        """Set ``(header, claims) -> response`` for a revoked token."""
        self._revoked_token = callback
        return callback

    def user_lookup_error_loader(self, callback: AnyHook) -> AnyHook:
        """Set ``(header, claims) -> response`` for a user that is not found."""
        self._user_lookup_error = callback
        return callback

    def token_verification_failed_loader(self, callback: AnyHook) -> AnyHook:
        """Set ``(header, claims) -> response`` for a failed verification hook."""
        self._token_verification_failed = callback
        return callback

    # The default answers ----------------------------------------------------

    def _answer(self, message: str, status: HTTPStatus) -> Answer:
        return jsonify({self.settings.error_msg_key: message}), status

    @nonblocking
    def _default_expired_token(self, _header: object, _claims: object) -> Answer:
        return self._answer("Token has expired", HTTPStatus.UNAUTHORIZED)

    @nonblocking
    def _default_invalid_token(self, reason: str) -> Answer:
        return self._answer(reason, HTTPStatus.UNPROCESSABLE_ENTITY)

    @nonblocking
    def _default_unauthorized(self, reason: str) -> Answer:
        return self._answer(reason, HTTPStatus.UNAUTHORIZED)

    @nonblocking
    def _default_needs_fresh_token(self, _header: object, _claims: object) -> Answer:
        return self._answer("Fresh token required", HTTPStatus.UNAUTHORIZED)

    @nonblocking
    def _default_revoked_token(self, _header: object, _claims: object) -> Answer:
        return self._answer("Token has been revoked", HTTPStatus.UNAUTHORIZED)

    @nonblocking
    def _default_user_lookup_error(
        self, _header: object, claims: dict[str, Any]
    ) -> Answer:
        identity = claims.get(self.settings.identity_claim_key)
        return self._answer(
            f"Error loading the user {identity}", HTTPStatus.UNAUTHORIZED
        )

    @nonblocking
    def _default_verification_failed(self, _header: object, _claims: object) -> Answer:
        return self._answer("User claims verification failed", HTTPStatus.BAD_REQUEST)
