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
EpochSeconds = Annotated[int, Meta(description="Seconds since 1970, in UTC.")]
DateTime = Annotated[
    str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", description="In UTC.")
]


NewPassword = Annotated[
    str, Meta(min_length=MIN_NEW_CHARACTERS, max_length=MAX_PASSWORD_BYTES)
]


class Error(Struct):
    """Every error: a sentence for people, and a stable code for programs."""

    msg: Text
    code: Text
    limit: Annotated[
        Text | UnsetType, Meta(description="Which limit was reached, with 429 and 503.")
    ] = UNSET


class OAuthError(Struct):
    """The same, with the error of RFC 6749 section 5.2."""

    msg: Text
    code: Text
    error: Literal["invalid_request", "invalid_client"]


class Credentials(Struct, forbid_unknown_fields=True):
    """Who signs in."""

    username: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARACTERS)]
    password: Annotated[str, Meta(min_length=1, max_length=MAX_PASSWORD_BYTES)]
    cookies: Annotated[
        bool, Meta(description="Whether the tokens go into cookies.")
    ] = False


class NewUser(Struct, forbid_unknown_fields=True):
    """Who wants to become a user."""

    username: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARACTERS)]
    password: NewPassword


class NewPasswords(Struct, forbid_unknown_fields=True):
    """The password of before, and the one from now on."""

    current_password: Annotated[str, Meta(min_length=1, max_length=MAX_PASSWORD_BYTES)]
    new_password: NewPassword


class Accepted(Struct):
    """The request was fine; whether the name was free is not said."""

    accepted: Literal[True]


class Tokens(Struct):
    """The two tokens of a session."""

    access_token: Text
    refresh_token: Text
    token_type: Literal["Bearer"]
    expires_in: Seconds


class TokensInCookies(Struct):
    """
    The tokens are in cookies, which scripts cannot read.

    The CSRF values stand here only where pages of other origins may send cookies.
    """

    cookies: Literal[True]
    expires_in: Seconds
    csrf_access_token: Text | UnsetType = UNSET
    csrf_refresh_token: Text | UnsetType = UNSET


class LoggedIn(Struct):
    """Who is logged in."""

    logged_in_as: Text


class LoggedOut(Struct):
    """The session has ended."""

    logged_out: Literal[True]


class Me(Struct):
    """A user, as the token says it."""

    name: Text
    session_id: Text
    expires_at: EpochSeconds
    fresh: Annotated[bool, Meta(description="Whether a password was given just now.")]
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
    """Where a user is signed in."""

    sessions: list[Session]


class Ended(Struct):
    """How many sessions this request has ended."""

    ended: Annotated[int, Meta(ge=0)]


class TokenForm(Struct):
    """
    A token, and who asks about it unless the header says so.

    What is empty counts as not sent (RFC 6749 section 3.2).
    """

    token: Text
    token_type_hint: str | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    client_secret: str | UnsetType = UNSET


class Inactive(Struct):
    """Whatever it is, it counts for nothing."""

    active: Literal[False]


class Active(Struct):
    """A token that counts now (RFC 7662 section 2.2)."""

    active: Literal[True]
    username: Text
    token_type: Annotated[
        Literal["Bearer", "N_A"],
        Meta(description="N_A is said of a refresh token, which opens no resource."),
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
    """The token counts no more, if it ever did."""

    revoked: Literal[True]


class Health(Struct):
    """It is well."""

    status: Literal["ok", "live", "ready"]


class JWKSet(Struct):
    """Public keys (RFC 7517)."""

    keys: list[dict[str, str | list[str]]]


class Issuer(Struct):
    """Who makes the tokens, and where its keys are."""

    issuer: Text
    jwks_uri: Text
