"""
Every error that the service raises itself, and what each one answers.

An error is a sentence for people, a ``code`` for machines and an HTTP status.
Only ``refusals`` turns errors into responses; the command line prints the
sentence. None of them carries a password, a token or a setting's value::

    ServiceError
    ├── RequestError         400  its own code   a request that cannot be read
    ├── MediaTypeError       415  unsupported_media_type
    ├── NameRuleError        400  invalid_username
    ├── PasswordRuleError    400  invalid_password
    ├── GrantRuleError            settings and command line only
    ├── CredentialsError     401  invalid_credentials
    ├── WrongPasswordError   403  wrong_password
    ├── OAuthRequestError    400  invalid_request     RFC 6749 §5.2, and ``error``
    ├── ClientCredentialsError 401 invalid_client     the same
    ├── ThrottledError       429  too_many_attempts
    ├── CookieSizeError      400  token_too_large
    ├── HashingBusyError     503  busy
    ├── StoreUnavailableError 503 store_unavailable
    ├── NotReadyError        503  not_ready           for probes
    ├── DirectoryError       503  directory_unavailable
    ├── UnknownSessionError  404  not_found
    ├── HashFormatError           command line only
    ├── UserFileError             command line only
    ├── NameTakenError            command line only
    ├── UnknownNameError          command line only
    ├── ElsewhereError            command line only
    ├── SignOutError              command line only
    ├── KeyStateError             command line only
    ├── SettingsError             start-up only
    ├── StartError                start-up only
    └── StopError                 shutdown only
"""

from collections.abc import Sequence


class ServiceError(Exception):
    """
    The root of the service's errors.

    Attributes:
        code: A stable name for machines.
        status: The HTTP status of the answer.
        retry_after_s: Seconds after which trying again makes sense, or None.
        limit: Which limit was reached, in a word of docs/operate/throttling.md.
            None if no limit was.
    """

    code: str = "refused"
    status: int = 400
    retry_after_s: int | None = None
    limit: str | None = None


class RequestError(ServiceError):
    """Raised when a request is not what the endpoint takes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class MediaTypeError(ServiceError):
    """Raised when a body does not say that it is JSON."""

    code = "unsupported_media_type"
    status = 415


class NameRuleError(ServiceError):
    """Raised when a text cannot be a user name."""

    code = "invalid_username"


class PasswordRuleError(ServiceError):
    """Raised when a text cannot be a password."""

    code = "invalid_password"


class GrantRuleError(ServiceError):
    """Raised when a text cannot be a role or a scope, or when they are too many."""


class CredentialsError(ServiceError):
    """
    Raised alike for unknown users, wrong passwords and disabled users.

    Args:
        reason: Which of them, in a word, for the audit log; no answer says it.
        subject: The user, if there is one of that name.
    """

    code = "invalid_credentials"
    status = 401

    def __init__(self, reason: str = "refused", subject: str | None = None) -> None:
        super().__init__("Wrong user name or password")
        self.reason = reason
        self.subject = subject


class OAuthRequestError(ServiceError):
    """
    Raised when a request of a client is not what RFC 6749 §3.2 asks for.

    Its answer says ``error``, too, where clients of OAuth look (RFC 6749 §5.2).
    """

    code = "invalid_request"
    challenge: str | None = None


class ClientCredentialsError(OAuthRequestError):
    """
    Raised alike for unknown clients, wrong secrets and no credentials at all.
    """

    code = "invalid_client"
    status = 401
    challenge: str | None = 'Basic realm="quart-jwt", charset="UTF-8"'

    def __init__(self) -> None:
        super().__init__("The client's credentials are missing or wrong")


class ThrottledError(ServiceError):
    """
    Raised alike for accounts and addresses, and for users that there are and are not.

    Args:
        wait_ms: When trying again makes sense, in milliseconds from now.
        limit: ``account`` or ``address``.
    """

    code = "too_many_attempts"
    status = 429

    def __init__(self, wait_ms: int, limit: str) -> None:
        super().__init__("Too many attempts; try again later")
        self.limit: str | None = limit
        # RFC 9110 section 10.2.3: whole seconds; rounded down it would be too early.
        self.retry_after_s: int | None = -(-wait_ms // 1_000)


class WrongPasswordError(ServiceError):
    """
    Raised when the current password of a signed-in user is another.

    Not a 401: the token was good, and a client that took another one and asked again
    would only repeat the mistake.
    """

    code = "wrong_password"
    status = 403

    def __init__(self) -> None:
        super().__init__("The current password is wrong")


class CookieSizeError(ServiceError):
    """Raised when a token is larger than browsers keep in a cookie."""

    code = "token_too_large"


class HashingBusyError(ServiceError):
    """
    Raised when too many passwords wait to be hashed.

    Args:
        limit: ``hash_queue``, ``attempts_at_once`` or ``attempts_of_address``.
    """

    code = "busy"
    status = 503
    retry_after_s: int | None = 1  # a full queue takes about that long to drain

    def __init__(self, *_said: object, limit: str = "hash_queue") -> None:
        # A directory from elsewhere may say something; it stays out of the answer.
        super().__init__("Too many logins at once; try again shortly")
        self.limit: str | None = limit


class StoreUnavailableError(ServiceError):
    """
    Raised when the database does not answer, or where else attempts are counted.

    Args:
        away: What it is that does not answer, for the log and the answer.
    """

    code = "store_unavailable"
    status = 503
    retry_after_s: int | None = 5  # the busy timeout of a connection

    def __init__(self, away: str = "The database") -> None:
        super().__init__(f"{away} is not available")
        self.away = away


class NotReadyError(ServiceError):
    """Raised for a probe while the database or the session store is away."""

    code = "not_ready"
    status = 503
    retry_after_s: int | None = 1  # the next look

    def __init__(self) -> None:
        super().__init__("The database or the session store does not answer")


class DirectoryError(ServiceError):
    """Raised when a user directory from elsewhere does not answer as it should."""

    code = "directory_unavailable"
    status = 503
    retry_after_s: int | None = 5  # as for the database

    def __init__(self) -> None:
        super().__init__("The user directory is not available")


class UnknownSessionError(ServiceError):
    """Raised when a user has no live session of that id."""

    code = "not_found"
    status = 404

    def __init__(self) -> None:
        super().__init__("There is no such session")


class HashFormatError(ServiceError):
    """Raised when a password hash cannot be imported; the hash is not in it."""


class UserFileError(ServiceError):
    """Raised once for everything that is wrong with a file of users."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))


class NameTakenError(ServiceError):
    """Raised when a user of that name exists already."""


class UnknownNameError(ServiceError):
    """Raised when there is no user of that name."""


class ElsewhereError(ServiceError):
    """Raised when users are asked for here and are in another directory."""


class SignOutError(ServiceError):
    """Raised when a user was changed, but access tokens could not be revoked."""


class KeyStateError(ServiceError):
    """Raised when a key is not in a state in which that can be done with it."""


class SettingsError(ServiceError):
    """
    Raised once for everything that is wrong with the settings.

    Attributes:
        faults: One sentence each, naming the setting and never its value.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults: tuple[str, ...] = tuple(faults)


class StartError(ServiceError):
    """Raised when the service cannot start although its settings are right."""


class StopError(ServiceError):
    """
    Raised when a stop was not a clean one.

    Args:
        killed: How many workers did not end by themselves.
    """

    def __init__(self, killed: int) -> None:
        super().__init__(
            f"workers killed at shutdown: {killed}; their open requests are lost"
        )
