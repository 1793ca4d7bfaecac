"""
The credentials of a client: in the Authorization header, or in the form.

RFC 6749 §2.3.1 has both ways and lets a request use one. Its Basic credentials are
form-urlencoded before they are joined, which plain HTTP Basic is not.
"""

import binascii
from base64 import b64decode
from dataclasses import dataclass
from dataclasses import field
from urllib.parse import unquote_plus

from quart_jwt.service.clients.clients import Clients
from quart_jwt.service.ground.errors import ClientCredentialsError
from quart_jwt.service.ground.errors import OAuthRequestError
from quart_jwt.service.ground.events import happened
from quart_jwt.service.ground.events import Kind

SCHEME = "basic"


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Who a client says it is, and what it proves it with."""

    name: str
    secret: str = field(repr=False)


async def authenticate_client(
    clients: Clients, authorization: str | None, form: dict[str, str]
) -> str:
    """
    Return the name of the client that asks.

    Args:
        clients: Who there is.
        authorization: The ``Authorization`` header, if there is one.
        form: The body.

    Raises:
        OAuthRequestError: Both ways are used at once.
        ClientCredentialsError: There are no credentials, or they are wrong.
        StoreUnavailableError: The database does not answer.
    """
    presented = _presented(authorization, form)
    if presented is None:
        happened(Kind.CLIENT_REFUSED, reason="no_credentials")
        raise ClientCredentialsError
    if not await clients.knows(presented.name, presented.secret):
        happened(Kind.CLIENT_REFUSED, reason="wrong_credentials")
        raise ClientCredentialsError
    return presented.name


def _presented(
    authorization: str | None, form: dict[str, str]
) -> ClientCredentials | None:
    in_form = "client_secret" in form
    if authorization is not None and in_form:
        raise OAuthRequestError("Send the client's credentials in one way only")
    if authorization is not None:
        return _in_header(authorization)
    if in_form and "client_id" in form:
        return ClientCredentials(form["client_id"], form["client_secret"])
    return None


def _in_header(authorization: str) -> ClientCredentials | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != SCHEME:
        return None
    try:
        name, colon, secret = b64decode(encoded.strip(), validate=True).partition(b":")
        return _unquoted(name, secret) if colon else None
    except (binascii.Error, ValueError):
        return None


def _unquoted(name: bytes, secret: bytes) -> ClientCredentials:
    return ClientCredentials(
        *(
            unquote_plus(part.decode("ascii"), errors="strict")
            for part in (name, secret)
        )
    )
