"""
The CSRF protection of forms of a browser that is not signed in yet.

A form repeats the value of a cookie. A page on a sibling host could set such a cookie
and submit a form with its value. Three defences stand against it: the ``__Host-``
prefix (draft-ietf-httpbis-rfc6265bis §4.1.3.2), the refusal of a second cookie, and a
check of the origin that the browser says the form comes from.
"""

import re
import secrets
from hmac import compare_digest

from quart import Request
from quart import Response

from quart_jwt.building_blocks import is_welcome
from quart_jwt.service.ground.errors import ServiceError

FIELD = "form_token"
_TOKEN = re.compile("[A-Za-z0-9_-]{43}")
_BYTES = 32


class FormTokenError(ServiceError):
    """Raised for a form that was not submitted from the page it is on."""

    code = "csrf_failed"
    status = 403

    def __init__(self) -> None:
        super().__init__("The form has expired; load the page again")


def form_token(request: Request, *, secure: bool) -> str:
    """
    Return the value for a form: that of the browser's cookie, or a new one.

    Two tabs share it.

    Args:
        request: The request for the page.
        secure: Whether cookies are for HTTPS only.
    """
    known = request.cookies.getlist(_cookie(secure=secure))
    if len(known) == 1 and _TOKEN.fullmatch(known[0]):
        return known[0]
    return secrets.token_urlsafe(_BYTES)


def keep_form_token(response: Response, token: str, *, secure: bool) -> None:
    """Set the cookie of a form's value; it ends with the browser's session."""
    response.set_cookie(
        _cookie(secure=secure), token, secure=secure, httponly=True, samesite="Lax"
    )


def drop_form_token(response: Response, *, secure: bool) -> None:
    """Remove the cookie, so that its value is not good for the session that begins."""
    response.delete_cookie(
        _cookie(secure=secure), secure=secure, httponly=True, samesite="Lax"
    )


def check_form(request: Request, form: dict[str, str], *, secure: bool) -> None:
    """
    Check that a form was submitted from a page of ours, in the browser that loaded it.

    Args:
        request: The request that submits it.
        form: Its fields.
        secure: Whether cookies are for HTTPS only.

    Raises:
        FormTokenError: It was not, or the cookie is gone.
    """
    cookies = request.cookies.getlist(_cookie(secure=secure))
    given = form.get(FIELD, "")
    is_bound = (
        len(cookies) == 1
        and _TOKEN.fullmatch(given) is not None
        and compare_digest(cookies[0].encode(), given.encode())
    )
    if not is_bound or not _is_from_here(request, secure=secure):
        raise FormTokenError


def _is_from_here(request: Request, *, secure: bool) -> bool:
    """
    Say whether the form is on a page of this origin, by what the browser says.

    Browsers send ``Sec-Fetch-Site`` over HTTPS only (Fetch Metadata §2), and ``Origin``
    with each POST.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin", "")
    return is_welcome(origin, request.headers.get("Host", ""), (), secure=secure)


def _cookie(*, secure: bool) -> str:
    return "__Host-sign_in" if secure else "sign_in"
