"""
The shapes of bodies, as the OpenAPI document has them.

Views take from them which members a request has; answers are written without them, so
a request costs what it did before there was a document. That they tell the truth is
tested.
"""

from typing import Annotated
from typing import Literal

from msgspec import Meta
from msgspec import Struct
from msgspec import UNSET
from msgspec import UnsetType

from quart_jwt.service.accounts.names import MAX_NAME_CHARACTERS
from quart_jwt.service.accounts.passwords import MAX_PASSWORD_BYTES
from quart_jwt.service.accounts.passwords import MIN_NEW_CHARACTERS

Text = Annotated[str, Meta(min_length=1)]
Seconds = Annotated[int, Meta(ge=0, description="Seconds.")]
EpochSeconds = Annotated[int, Meta(description="Unix time, in seconds.")]
DateTime = Annotated[
    str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", description="In UTC.")
]


NewPassword = Annotated[
    str, Meta(min_length=MIN_NEW_CHARACTERS, max_length=MAX_PASSWORD_BYTES)
]


class Error(Struct):
    """An error: a message for people, and a stable code for programs."""

    msg: Text
    code: Text
    limit: Annotated[
        Text | UnsetType,
        Meta(description="The limit that was reached (429 and 503 only)."),
    ] = UNSET


class OAuthError(Struct):
    """An error with the error code of RFC 6749 section 5.2."""

    msg: Text
    code: Text
    error: Literal["invalid_request", "invalid_client"]


class Credentials(Struct, forbid_unknown_fields=True):
    """The name and password of a user."""

    username: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARACTERS)]
    password: Annotated[str, Meta(min_length=1, max_length=MAX_PASSWORD_BYTES)]
    cookies: Annotated[
        bool,
        Meta(
            description="Set the tokens as cookies instead of returning them "
            "in the body."
        ),
    ] = False


class NewUser(Struct, forbid_unknown_fields=True):
    """The name and password of a new user."""

    username: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARACTERS)]
    password: NewPassword


class NewPasswords(Struct, forbid_unknown_fields=True):
    """The current password and the new one."""

    current_password: Annotated[str, Meta(min_length=1, max_length=MAX_PASSWORD_BYTES)]
    new_password: NewPassword


class Accepted(Struct):
    """
    The request was accepted. The response does not reveal whether the name was free.
    """

    accepted: Literal[True]


class Tokens(Struct):
    """The two tokens of a session."""

    access_token: Text
    refresh_token: Text
    token_type: Literal["Bearer"]
    expires_in: Seconds


class TokensInCookies(Struct):
    """
    The tokens are set as HttpOnly cookies.

    The body has the CSRF values only if pages of other origins may send cookies.
    """

    cookies: Literal[True]
    expires_in: Seconds
    csrf_access_token: Text | UnsetType = UNSET
    csrf_refresh_token: Text | UnsetType = UNSET


class LoggedIn(Struct):
    """The user who is signed in."""

    logged_in_as: Text


class LoggedOut(Struct):
    """The session has ended."""

    logged_out: Literal[True]


class Me(Struct):
    """The user that the access token identifies."""

    name: Text
    session_id: Text
    expires_at: EpochSeconds
    fresh: Annotated[
        bool,
        Meta(
            description="Whether the token comes directly from a "
            "sign-in with a password."
        ),
    ]
    roles: list[str]
    scopes: list[str]


class Session(Struct):
    """One sign-in."""

    id: Text
    created_at: DateTime
    refreshed_at: DateTime
    expires_at: DateTime | None
    user_agent: str | None
    address: str | None
    is_current: bool


class Sessions(Struct):
    """The sessions of a user."""

    sessions: list[Session]


class Ended(Struct):
    """The number of sessions that this request ended."""

    ended: Annotated[int, Meta(ge=0)]


class TokenForm(Struct):
    """
    A token, and the client's credentials unless they are in the Authorization header.

    Empty parameters are ignored (RFC 6749 section 3.2).
    """

    token: Text
    token_type_hint: str | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    client_secret: str | UnsetType = UNSET


class Inactive(Struct):
    """The token is not active."""

    active: Literal[False]


class Active(Struct):
    """An active token (RFC 7662 section 2.2)."""

    active: Literal[True]
    username: Text
    token_type: Annotated[
        Literal["Bearer", "N_A"],
        Meta(
            description="N_A for a refresh token, which cannot be used to access "
            "resources."
        ),
    ]
    sub: Text
    sid: Text
    jti: Text
    exp: EpochSeconds
    iat: EpochSeconds
    nbf: EpochSeconds
    aud: str | list[str] | UnsetType = UNSET
    iss: str | UnsetType = UNSET
    scope: str | UnsetType = UNSET
    roles: list[str] | UnsetType = UNSET
    client_id: str | UnsetType = UNSET


class Revoked(Struct):
    """The token is revoked, or was not valid before."""

    revoked: Literal[True]


class Health(Struct):
    """Healthy."""

    status: Literal["ok", "live", "ready"]


class JWKSet(Struct):
    """Public keys (RFC 7517)."""

    keys: list[dict[str, str | list[str]]]


class Issuer(Struct):
    """The issuer of the tokens, and the address of its keys."""

    issuer: Text
    jwks_uri: Text
