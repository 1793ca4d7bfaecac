"""What a view learns of the token of its request."""

from typing import Any

import pytest
from quart import jsonify
from quart import Quart
from quart import render_template_string
from quart import Response

from extension.apps import Client
from extension.apps import MakeApp
from extension.apps import Mint
from extension.apps import SECRET
from quart_jwt import create_access_token
from quart_jwt import current_user
from quart_jwt import get_current_user
from quart_jwt import get_jwt
from quart_jwt import get_jwt_header
from quart_jwt import get_jwt_identity
from quart_jwt import get_jwt_request_location
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import verify_jwt_in_request
from quart_jwt.exceptions import NoAuthorizationError

OUTSIDE = "You must call `@jwt_required"


async def test_outside_of_a_protected_view(app: Quart) -> None:
    """Where nothing was verified, asking is an error; the location is None."""
    async with app.test_request_context("/"):
        for ask in (get_jwt, get_jwt_header, get_jwt_identity, get_current_user):
            with pytest.raises(RuntimeError, match=OUTSIDE):
                ask()
        assert get_jwt_request_location() is None
        assert not current_user


async def test_before_the_verification_is_awaited(app: Quart, bearer: Mint) -> None:
    """Whoever asks too early is told which call has to be awaited."""
    async with app.test_request_context("/", headers=await bearer()):
        verification = verify_jwt_in_request()
        for ask in (get_jwt, get_jwt_header, get_jwt_identity, get_current_user):
            with pytest.raises(RuntimeError, match="`await verify_jwt_in_request"):
                ask()
        await verification
        assert get_jwt_identity() == "joe"


async def test_in_a_protected_view(app: Quart, client: Client, bearer: Mint) -> None:
    """Header, claims, identity and location are the token's."""

    @app.get("/all")
    @jwt_required()
    async def everything() -> Any:
        return jsonify(
            get_jwt_header(),
            get_jwt_identity(),
            get_jwt_request_location(),
            get_jwt()["type"],
        )

    response = await client.get("/all", headers=await bearer())
    assert await response.get_json() == [
        {"alg": "HS256", "typ": "JWT"},
        "joe",
        "headers",
        "access",
    ]


async def test_optional_and_absent(app: Quart, jwt: JWTManager, client: Client) -> None:
    """An optional token that is absent leaves everything empty."""
    jwt.user_lookup_loader(lambda *_: "nobody")

    @app.get("/all")
    @jwt_required(optional=True)
    async def everything() -> Any:
        return jsonify(
            get_jwt_header(),
            get_jwt_identity(),
            get_jwt_request_location(),
            get_jwt(),
            get_current_user(),
        )

    response = await client.get("/all")
    assert await response.get_json() == [{}, None, None, {}, None]


async def test_no_user_lookup(app: Quart, client: Client, bearer: Mint) -> None:
    """Without a user look-up hook there is no user to ask for."""

    @app.get("/me")
    @jwt_required()
    async def me() -> str:
        with pytest.raises(RuntimeError, match="user_lookup_loader"):
            get_current_user()
        return "none"

    response = await client.get("/me", headers=await bearer())
    assert await response.get_data() == b"none"


async def test_options_is_exempt(app: Quart, client: Client) -> None:
    """A preflight needs no token; the view runs for an anonymous client."""

    @app.route("/preflight", methods=["OPTIONS"])
    @jwt_required()
    async def preflight() -> Any:
        get_jwt()["role"] = "of this request alone"
        return jsonify(get_jwt_identity(), get_jwt_header(), get_current_user())

    for _ in range(2):
        response = await client.options("/preflight")
        assert await response.get_json() == [None, {}, None]


async def test_a_refusal_is_anonymous_afterwards(app: Quart, client: Client) -> None:
    """After-request functions and error handlers may ask for the identity, too."""
    seen: list[Any] = []

    @app.get("/private")
    @jwt_required()
    async def private() -> str:
        raise AssertionError("the view must not run")

    @app.errorhandler(NoAuthorizationError)
    async def refused(_error: Exception) -> tuple[str, int]:
        seen.append(get_jwt_identity())
        return "refused", 401

    @app.after_request
    async def after(response: Response) -> Response:
        seen.append(get_jwt())
        return response

    response = await client.get("/private")
    assert response.status_code == 401
    assert seen == [None, {}]


async def test_a_refusal_keeps_what_was_verified_before(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """A second, stricter verification that fails leaves the identity of the first."""
    seen: list[Any] = []

    @app.get("/fresh")
    @jwt_required()
    async def fresh() -> str:
        await verify_jwt_in_request(fresh=True)
        raise AssertionError("the token is not fresh")

    @app.after_request
    async def after(response: Response) -> Response:
        seen.append(get_jwt_identity())
        return response

    response = await client.get("/fresh", headers=await bearer())
    assert response.status_code == 401
    assert seen == ["joe"]


async def test_requests_do_not_share_claims(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """What one request does to its claims, the next never sees."""

    @app.get("/mutate")
    @jwt_required()
    async def mutate() -> Any:
        claims = get_jwt()
        claims["roles"]["extra"].append("root")
        return jsonify(claims["roles"])

    headers = await bearer(additional_claims={"roles": {"extra": ["user"]}})
    for _ in range(2):
        response = await client.get("/mutate", headers=headers)
        assert await response.get_json() == {"extra": ["user", "root"]}


@pytest.fixture(name="templated")
def _templated(clock: Any) -> Quart:
    app = Quart(__name__)
    app.config["JWT_SECRET_KEY"] = SECRET
    jwt = JWTManager(clock=clock)
    jwt.init_app(app, add_context_processor=True)
    jwt.user_lookup_loader(lambda _, claims: {"name": claims["sub"]})
    template = "{{ current_user.name if current_user else 'nobody' }}"

    @app.get("/protected-page")
    @jwt_required()
    async def protected_page() -> str:
        return await render_template_string(template)

    @app.get("/page")
    async def page() -> str:
        return await render_template_string(template)

    return app


async def test_context_processor(templated: Quart, clock: Any) -> None:
    """Templates get ``current_user``, and pages without a token still render."""
    from quart_jwt import create_access_token

    templated.extensions["quart-jwt"].clock = clock
    async with templated.app_context():
        headers = {"Authorization": f"Bearer {create_access_token('joe')}"}
    client = templated.test_client()
    response = await client.get("/protected-page", headers=headers)
    assert await response.get_data() == b"joe"
    response = await client.get("/page", headers=headers)
    assert await response.get_data() == b"nobody"


async def test_an_identity_is_the_requests_own(
    make_app: MakeApp,
) -> None:
    """A view that changes an identity changes it for itself and for nobody after."""
    app = make_app(JWT_VERIFY_SUB=False)

    @app.get("/mine")
    @jwt_required()
    async def mine() -> Any:
        get_jwt_identity()["roles"].append("admin")
        get_jwt()["sub"]["roles"].append("guest")
        return jsonify(get_jwt_identity())

    async with app.app_context():
        token = create_access_token({"roles": ["user"]})
    headers = {"Authorization": f"Bearer {token}"}
    for _ in range(2):
        response = await app.test_client().get("/mine", headers=headers)
        assert await response.get_json() == {"roles": ["user", "admin", "guest"]}
