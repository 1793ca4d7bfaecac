"""
What a form of OAuth says: RFC 6749 §3.2 and appendix B, read strictly.
"""

from urllib.parse import parse_qsl

from quart import Request

from quart_jwt.service.ground.errors import OAuthRequestError

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 20
"""RFC 7009 has two and the client's credentials are two; others are ignored."""


async def read_form(request: Request) -> dict[str, str]:
    """
    Read the body of a request; a parameter without a value counts as not sent.

    Raises:
        OAuthRequestError: It is no such form, is not UTF-8, or has a parameter twice.
    """
    if request.mimetype != FORM:
        raise OAuthRequestError(f"Send a form with Content-Type: {FORM}")
    body = await request.get_data(cache=False, as_text=False, parse_form_data=False)
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise OAuthRequestError("The body is not a form in UTF-8") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise OAuthRequestError("A parameter must not be repeated")
    return form


def token_in(form: dict[str, str]) -> str:
    """
    Return the token that a form is about.

    Raises:
        OAuthRequestError: It names none.
    """
    if "token" not in form:
        raise OAuthRequestError("The parameter 'token' is missing")
    return form["token"]
