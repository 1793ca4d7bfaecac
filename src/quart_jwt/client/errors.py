"""
What can go wrong with getting a token. What goes wrong with the network is httpx's
to say.

The tree::

    JWTAuthError
    ├── LoginRequiredError   no refresh token counts, and there are no credentials
    ├── LoginRefusedError    the credentials were refused
    ├── TokenEndpointError   the server answered something else than yes or no
    └── TokenStoreError      the kept tokens cannot be read or written

No error carries a token, a password, or the body of an answer.
"""

from typing import ClassVar


class JWTAuthError(Exception):
    """
    The root of the errors of ``quart_jwt.client``.

    Attributes:
        pause_s: Seconds without another request to the server; requests that need a
            token meanwhile fail with the same error.
    """

    pause_s: ClassVar[float] = 1.0


class LoginRequiredError(JWTAuthError):
    """Raised when only a person, or a ``JWTAuth`` with credentials, can go on."""


class LoginRefusedError(JWTAuthError):
    """
    Raised when the credentials were refused.

    Attributes:
        status: The HTTP status of the answer.
    """

    # The same credentials get the same answer, and count as attempts at guessing.
    pause_s: ClassVar[float] = 60.0

    def __init__(self, status: int) -> None:
        super().__init__(f"The login was refused with HTTP {status}")
        self.status = status


class TokenEndpointError(JWTAuthError):
    """
    Raised when the server neither gave a token nor refused to; the tokens are kept.

    Attributes:
        status: The HTTP status of the answer.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class TokenStoreError(JWTAuthError):
    """Raised when a token store cannot be read or written; names the place."""
