"""
The pages for browsers: signing in, with the way back to a site, and signing out.

They need no JavaScript, and their policy allows none. Refusals are those of the other
endpoints, with a page in place of JSON.
"""

from urllib.parse import urlsplit

from jwt import ExpiredSignatureError
from jwt import InvalidTokenError
from quart import Blueprint
from quart import redirect
from quart import request
from quart import Response
from quart_schema import hide
from werkzeug.exceptions import NotFound

from quart_jwt import revoke_family
from quart_jwt import TokenPair
from quart_jwt import unset_jwt_cookies
from quart_jwt import verify_token
from quart_jwt.building_blocks import current_settings
from quart_jwt.exceptions import JWTExtendedException
from quart_jwt.exceptions import RevokedTokenError
from quart_jwt.exceptions import StoreError
from quart_jwt.service.ground.errors import ServiceError
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.sign_in.form_token import check_form
from quart_jwt.service.sign_in.form_token import drop_form_token
from quart_jwt.service.sign_in.form_token import form_token
from quart_jwt.service.sign_in.form_token import keep_form_token
from quart_jwt.service.sign_in.looks import language_of
from quart_jwt.service.sign_in.looks import Looks
from quart_jwt.service.sign_in.looks import WORDS
from quart_jwt.service.sign_in.return_address import asked_return_address
from quart_jwt.service.sign_in.return_address import return_address
from quart_jwt.service.sign_in.return_address import ReturnAddressError
from quart_jwt.service.sign_in.return_address import sign_in_query
from quart_jwt.service.web.oauth_form import read_form
from quart_jwt.service.web.pages import HEADERS
from quart_jwt.service.web.password_login import log_in
from quart_jwt.service.web.refusals import service_refusal
from quart_jwt.service.web.refusals import store_refusal
from quart_jwt.service.web.token_answers import put_in_cookies

SEE_OTHER = 303
UNAVAILABLE = 503


def sign_in_pages(settings: Settings) -> Blueprint:
    """
    Return the pages for the sites that the settings allow.

    Raises:
        SettingsError: The logo or a template cannot be used.
    """
    blueprint = Blueprint("sign_in", __name__)
    pages = _Pages(settings)
    for path, show, act in (
        ("/sign-in", pages.show_sign_in, pages.sign_in),
        ("/sign-out", pages.show_sign_out, pages.sign_out),
    ):
        name = path.removeprefix("/")
        blueprint.get(path, endpoint=name)(show)
        blueprint.post(path, endpoint=f"{name}-form")(act)
    blueprint.get("/sign-in/style.css", endpoint="style")(pages.style)
    blueprint.get("/sign-in/logo", endpoint="logo")(pages.logo)
    blueprint.after_request(pages.protect)
    return blueprint


class _Pages:
    """The views, for the settings of one application."""

    def __init__(self, settings: Settings) -> None:
        self._sites = settings.sign_in.origins
        self._secure = settings.cookie_secure
        self._looks = Looks(settings.sign_in)
        # Chromium holds a redirect after a form against form-action, too.
        allowed = " ".join(("form-action 'self'", *self._sites))
        self._headers = {
            **HEADERS,
            "Content-Security-Policy": (
                "default-src 'none'; img-src 'self' data:; style-src 'self'; "
                f"base-uri 'none'; frame-ancestors 'none'; {allowed}"
            ),
            # Without it, browsers send `Origin: null` with a form.
            "Referrer-Policy": "same-origin",
        }

    async def protect(self, response: Response) -> Response:
        """Put the policy on every answer."""
        response.headers.update(self._headers)
        return response

    @hide
    async def style(self) -> Response:
        """Answer the style sheet."""
        return Response(self._looks.style, mimetype="text/css")

    @hide
    async def logo(self) -> Response:
        """Answer the operator's logo."""
        if self._looks.logo is None:
            raise NotFound
        body, kind = self._looks.logo
        return Response(body, mimetype=kind)

    @hide
    async def show_sign_in(self) -> Response:
        """Show the form, unless the return address is refused."""
        try:
            return self._sign_in_page(self._return_address())
        except ReturnAddressError as error:
            return await self._refused(error)

    @hide
    async def sign_in(self) -> Response:
        """Sign a browser in and send it back to the site."""
        try:
            address = self._return_address()
        except ReturnAddressError as error:
            return await self._refused(error)

        def answer(pair: TokenPair) -> Response:
            response = self._see_other(address)
            put_in_cookies(response, pair)
            drop_form_token(response, secure=self._secure)
            return response

        username = ""
        try:
            form = await read_form(request)
            username = form.get("username", "")
            check_form(request, form, secure=self._secure)
            return await log_in(username, form.get("password", ""), answer)
        except (ServiceError, StoreError) as error:
            refusal = await _refusal(error)
            page = self._sign_in_page(
                address, username=username, problem=await _problem(refusal)
            )
            return _as(page, refusal)

    @hide
    async def show_sign_out(self) -> Response:
        """Ask whether to sign out, or say that it has happened."""
        return self._sign_out_page()

    @hide
    async def sign_out(self) -> Response:
        """End the session of a browser and remove its cookies."""
        try:
            form = await read_form(request)
            check_form(request, form, secure=self._secure)
            await _end_session()
        except (ServiceError, StoreError) as error:
            refusal = await _refusal(error)
            return _as(self._sign_out_page(await _problem(refusal)), refusal)
        response = self._see_other(f"sign-out?lang={language_of(request)}")
        unset_jwt_cookies(response)
        drop_form_token(response, secure=self._secure)
        return response

    def _return_address(self) -> str:
        """
        Return where the browser goes back to: without a wish, to the first site.

        Raises:
            ReturnAddressError: The wish is refused.
        """
        asked = asked_return_address(request.query_string.decode("latin-1"))
        return return_address(self._sites[0] if asked is None else asked, self._sites)

    def _sign_in_page(
        self, address: str, *, username: str = "", problem: str = ""
    ) -> Response:
        token = form_token(request, secure=self._secure)
        page = self._looks.page(
            "sign_in.html",
            request,
            form_token=token,
            username=username,
            problem=problem,
            query=sign_in_query(address),
            site=urlsplit(address).netloc,
        )
        keep_form_token(page, token, secure=self._secure)
        return page

    def _sign_out_page(self, problem: str = "") -> Response:
        token = form_token(request, secure=self._secure)
        page = self._looks.page(
            "sign_out.html",
            request,
            form_token=token,
            problem=problem,
            query="",
            is_signed_in=bool(_tokens()),
        )
        keep_form_token(page, token, secure=self._secure)
        return page

    async def _refused(self, error: ReturnAddressError) -> Response:
        refusal = await _refusal(error)
        problem = await _problem(refusal)
        page = self._looks.page("refused.html", request, problem=problem, query="")
        return _as(page, refusal)

    def _see_other(self, location: str) -> Response:
        response = redirect(location, SEE_OTHER)
        response.autocorrect_location_header = False
        return response  # type: ignore[return-value]  # Quart's redirect gives Quart's class


def _tokens() -> list[str]:
    """
    Return the tokens in the cookies of a request.

    A sibling host may have added one of the same name.
    """
    settings = current_settings()
    names = (settings.access_cookie_name, settings.refresh_cookie_name)
    found = (token for name in names for token in request.cookies.getlist(name))
    return [token for token in found if token]


async def _end_session() -> None:
    """
    End the session of each genuine token, also of an expired one.

    A token without a session has none to end: that it has one is judged after its end.

    Raises:
        StoreError: It could not be ended.
    """
    for token in _tokens():
        try:
            verified = await verify_token(
                token, verify_type=False, skip_revocation_check=True
            )
            claims = verified.claims
        except (ExpiredSignatureError, RevokedTokenError) as error:
            # Both are judged last: the signature and the other claims were good.
            claims = error.jwt_data  # type: ignore[union-attr]
        except (JWTExtendedException, InvalidTokenError):
            continue
        if isinstance(claims.get("sid"), str):
            await revoke_family(claims["sid"], identity=claims["sub"])


async def _refusal(error: ServiceError | StoreError) -> Response:
    """Return what another endpoint would answer."""
    if isinstance(error, StoreError):
        return await store_refusal(error)
    return await service_refusal(error)


async def _problem(refusal: Response) -> str:
    """Return what a page says about a refusal."""
    problems = WORDS[language_of(request)]["problems"]
    code = (await refusal.get_json())["code"]
    other = "unavailable" if refusal.status_code == UNAVAILABLE else "other"
    return str(problems.get(code, problems[other]))


def _as(page: Response, refusal: Response) -> Response:
    """Give a page the status of a refusal, and when to try again."""
    page.status_code = refusal.status_code
    for header in ("Retry-After", "WWW-Authenticate"):
        if header in refusal.headers:
            page.headers[header] = refusal.headers[header]
    return page
