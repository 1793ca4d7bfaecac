"""Binding a manager to an app, and errors to answers."""

from collections.abc import Callable
from typing import Any

import jwt as pyjwt
import pytest
from quart import Quart

from extension.apps import Client
from extension.apps import MakeApp
from extension.apps import Mint
from extension.apps import SECRET
from quart_jwt import exceptions
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import nonblocking


def test_factory_pattern() -> None:
    """``JWTManager()`` and ``init_app`` do what ``JWTManager(app)`` does."""
    early, late = Quart("early"), Quart("late")
    manager = JWTManager(early)
    other = JWTManager()
    other.init_app(late)
    assert early.extensions["quart-jwt"] is manager
    assert late.extensions["quart-jwt"] is other
    theirs, ours = (
        early.error_handler_spec[None][None],
        late.error_handler_spec[None][None],
    )
    assert set(theirs) == set(ours)


def test_twenty_error_handlers() -> None:
    """The errors that Flask-JWT-Extended answers are answered, and four of ours."""
    app = Quart(__name__)
    JWTManager(app)
    assert set(app.error_handler_spec[None][None]) == {
        exceptions.CSRFError,
        exceptions.FreshTokenRequired,
        exceptions.InsufficientScopeError,
        exceptions.InvalidHeaderError,
        exceptions.InvalidQueryParamError,
        exceptions.JWTDecodeError,
        exceptions.KeysUnavailableError,
        exceptions.NoAuthorizationError,
        exceptions.RevokedTokenError,
        exceptions.SessionLimitError,
        exceptions.StoreError,
        exceptions.UserClaimsVerificationError,
        exceptions.UserLookupError,
        exceptions.WrongTokenError,
        pyjwt.DecodeError,
        pyjwt.ExpiredSignatureError,
        pyjwt.InvalidAudienceError,
        pyjwt.InvalidIssuerError,
        pyjwt.InvalidTokenError,
        pyjwt.MissingRequiredClaimError,
    }


HEADER, CLAIMS = {"alg": "HS256"}, {"sub": "joe"}

ANSWERS: list[tuple[Exception, int, str]] = [
    (exceptions.CSRFError("why"), 401, "why"),
    (exceptions.NoAuthorizationError("why"), 401, "why"),
    (exceptions.InvalidHeaderError("why"), 422, "why"),
    (exceptions.InvalidQueryParamError("why"), 422, "why"),
    (exceptions.JWTDecodeError("why"), 422, "why"),
    (exceptions.WrongTokenError("why"), 422, "why"),
    (exceptions.RevokedTokenError(HEADER, CLAIMS), 401, "Token has been revoked"),
    (exceptions.FreshTokenRequired("", HEADER, CLAIMS), 401, "Fresh token required"),
    (exceptions.UserLookupError("", HEADER, CLAIMS), 401, "Error loading the user joe"),
    (
        exceptions.UserClaimsVerificationError("", HEADER, CLAIMS),
        400,
        "User claims verification failed",
    ),
    (pyjwt.ExpiredSignatureError("why"), 401, "Token has expired"),
    (pyjwt.InvalidSignatureError("why"), 422, "why"),
    (pyjwt.InvalidAudienceError("why"), 422, "why"),
    (pyjwt.MissingRequiredClaimError("iss"), 422, 'Token is missing the "iss" claim'),
]


@pytest.mark.parametrize(
    ("error", "status", "message"), ANSWERS, ids=[type(a[0]).__name__ for a in ANSWERS]
)
async def test_answer(
    make_app: MakeApp, error: Exception, status: int, message: str
) -> None:
    """Each error has its status and its message, also when a view raises it."""
    app = make_app(JWT_ERROR_MESSAGE_KEY="error")

    @app.get("/")
    async def view() -> str:
        raise error

    response = await app.test_client().get("/")
    assert (response.status_code, await response.get_json()) == (
        status,
        {"error": message},
    )


async def test_errors_carry_a_code_and_a_status() -> None:
    """Our errors have a stable code, and the status of their default answer."""
    for error, status, _ in ANSWERS:
        if isinstance(error, exceptions.JWTExtendedException):
            assert error.status == status
            assert error.code.replace("_", "").isalpha()


MALFORMED: list[tuple[str, dict[str, Any], int, str]] = [
    ("list", {"json": ["a"]}, 401, 'Missing "access_token" key in json data.'),
    ("string", {"json": "a"}, 401, 'Missing "access_token" key in json data.'),
    ("null", {"json": None}, 401, 'Missing "access_token" key in json data.'),
    ("number", {"json": {"access_token": 5}}, 422, "Invalid token type"),
    ("object", {"json": {"access_token": {"a": 1}}}, 422, "Invalid token type"),
    ("surrogate", {"json": {"access_token": "\ud800.a.b"}}, 422, "Invalid header"),
    ("UTF-8", {"data": b'{"access_token": "\xff"}'}, 401, 'Missing "access_token"'),
    ("broken", {"data": b"{"}, 401, 'Missing "access_token" key in json data.'),
    ("deep", {"data": b"[" * 100_000}, 401, 'Missing "access_token" key in json data.'),
    (
        "text",
        {"data": b"a", "headers": {"Content-Type": "text/plain"}},
        401,
        "Invalid content-type",
    ),
]


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [case[1:] for case in MALFORMED],
    ids=[case[0] for case in MALFORMED],
)
async def test_malformed_bodies(
    make_app: MakeApp, options: dict[str, Any], status: int, message: str
) -> None:
    """No body makes the json location fail with a server error."""
    app = make_app(JWT_TOKEN_LOCATION="json")
    if "data" in options:
        options = {"headers": {"Content-Type": "application/json"}, **options}
    response = await app.test_client().post("/protected", **options)
    assert response.status_code == status
    assert message in (await response.get_json())["msg"]


async def test_body_over_the_limit(make_app: MakeApp) -> None:
    """A body that is too large keeps its own status."""
    app = make_app(JWT_TOKEN_LOCATION="json", MAX_CONTENT_LENGTH=10)
    response = await app.test_client().post(
        "/protected", json={"access_token": "a" * 50}
    )
    assert response.status_code == 413


async def test_two_authorization_headers(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """Two credentials are one too many: the first is not silently taken."""
    from werkzeug.datastructures import Headers

    first, second = await bearer(), await bearer(identity="eve")
    headers = Headers([*first.items(), *second.items()])
    response = await client.get("/protected", headers=headers)
    assert response.status_code == 401


@pytest.mark.parametrize("csrf", ["\xe9\xe8", "x" * 5000], ids=["latin-1", "long"])
async def test_csrf_value_of_any_bytes(
    make_app: MakeApp, bearer: Mint, csrf: str
) -> None:
    """A CSRF header may hold any byte and is just wrong."""
    app = make_app(JWT_TOKEN_LOCATION="cookies")
    token = (await bearer())["Authorization"].split()[1]
    headers = {"Cookie": f"access_token_cookie={token}", "X-CSRF-TOKEN": csrf}
    response = await app.test_client().post("/protected", headers=headers)
    assert (response.status_code, await response.get_json()) == (
        401,
        {"msg": "CSRF double submit tokens do not match"},
    )


async def test_csrf_value_from_a_form(make_app: MakeApp, bearer: Mint) -> None:
    """Where forms count, the field does what the header does."""
    from quart_jwt import get_csrf_token

    app = make_app(JWT_TOKEN_LOCATION="cookies", JWT_CSRF_CHECK_FORM=True)
    token = (await bearer())["Authorization"].split()[1]
    async with app.app_context():
        csrf = get_csrf_token(token)
    headers = {"Cookie": f"access_token_cookie={token}"}
    client = app.test_client()
    for form, status in (
        ({"csrf_token": csrf}, 200),
        ({"csrf_token": "x"}, 401),
        ({}, 401),
    ):
        response = await client.post("/protected", headers=headers, form=form)
        assert response.status_code == status


async def test_handlers_of_the_app_go_before(clock: Callable[[], float]) -> None:
    """A handler that the app registered before its manager is kept."""
    app = Quart(__name__)
    app.config["JWT_SECRET_KEY"] = SECRET

    @app.errorhandler(pyjwt.ExpiredSignatureError)
    async def expired(_error: Exception) -> Any:
        return {"app": "expired"}, 419

    JWTManager(app, clock=clock)

    @app.get("/")
    async def view() -> str:
        raise pyjwt.ExpiredSignatureError

    response = await app.test_client().get("/")
    assert (response.status_code, await response.get_json()) == (
        419,
        {"app": "expired"},
    )


RAISED: list[tuple[Exception, int, str]] = [
    (exceptions.RevokedTokenError("gone"), 401, "Token has been revoked"),
    (exceptions.RevokedTokenError(), 401, "Token has been revoked"),
    (exceptions.FreshTokenRequired("stale"), 401, "Fresh token required"),
    (exceptions.UserLookupError("who?"), 401, "Error loading the user joe"),
    (
        exceptions.UserClaimsVerificationError("no access to that"),
        400,
        "User claims verification failed",
    ),
    (
        exceptions.InsufficientScopeError(("write",)),
        403,
        "The token lacks a required scope",
    ),
]


@pytest.mark.parametrize(
    ("error", "status", "message"), RAISED, ids=[type(a[0]).__name__ for a in RAISED]
)
async def test_a_view_raises_with_a_message_alone(
    app: Quart,
    jwt: JWTManager,
    bearer: Mint,
    error: Exception,
    status: int,
    message: str,
) -> None:
    """An error with a message alone is about the token of the request."""
    seen: list[Any] = []

    @jwt.token_verification_failed_loader
    @nonblocking
    def failed(header: Any, claims: Any) -> Any:
        seen.append((header["alg"], claims["sub"]))
        return {"msg": message}, status

    @app.get("/raises")
    @jwt_required()
    async def view() -> str:
        raise error

    response = await app.test_client().get("/raises", headers=await bearer())
    answer = (response.status_code, (await response.get_json())["msg"])
    assert answer == (status, message)
    if isinstance(error, exceptions.UserClaimsVerificationError):
        assert seen == [("HS256", "joe")]


async def test_an_error_with_a_message_alone_without_a_token(app: Quart) -> None:
    """Where nothing was verified, the answer is about nobody and still no 500."""

    @app.get("/raises")
    async def view() -> str:
        raise exceptions.UserLookupError("who?")

    response = await app.test_client().get("/raises")
    assert response.status_code == 401
