"""Protected routes in the app's own OpenAPI document."""

from typing import Any

import pytest
from quart import Blueprint
from quart import Quart
from quart_schema import HttpSecurityScheme
from quart_schema import QuartSchema
from quart_schema import security_scheme

from extension.apps import MakeApp
from quart_jwt import jwt_required
from quart_jwt.openapi import ProtectedOpenAPIProvider


async def _view(**_: Any) -> str:
    return ""


def _nothing() -> None:
    """A guard has nothing to do beyond verifying."""


def _document(app: Quart) -> dict[str, Any]:
    extension = QuartSchema(
        app,
        openapi_provider_class=ProtectedOpenAPIProvider,
        security_schemes={"own": HttpSecurityScheme(scheme="basic")},
        convert_casing=False,
    )
    document: dict[str, Any] = extension.openapi_provider.schema()
    return document


def _security(document: dict[str, Any], path: str, method: str = "get") -> Any:
    return document["paths"][path][method].get("security")


async def test_protected_routes_are_marked(make_app: MakeApp) -> None:
    """By what they require, and where the token may be; others are left alone."""
    app = make_app(JWT_TOKEN_LOCATION=["headers", "cookies"])
    rules: dict[str, Any] = {
        "/open": _view,
        "/refresh": jwt_required(refresh=True)(_view),
        "/optional": jwt_required(optional=True)(_view),
        "/scopes": jwt_required(scopes="read", locations="query_string")(_view),
        "/body": jwt_required(locations="json")(_view),
        "/said": security_scheme([{"own": []}])(jwt_required()(_view)),
    }
    for rule, view in rules.items():
        app.add_url_rule(rule, rule[1:], view)
    blueprint = Blueprint("inner", __name__)
    blueprint.before_request(jwt_required()(_nothing))
    blueprint.add_url_rule("/users/<int:number>", "user", _view, methods=["DELETE"])
    app.register_blueprint(blueprint)
    document = _document(app)

    header: dict[str, list[str]] = {"jwtHeader": []}
    cookie: dict[str, list[str]] = {"jwtAccessCookie": []}
    with_csrf: dict[str, list[str]] = {**cookie, "jwtAccessCsrf": []}
    assert _security(document, "/protected") == [header, cookie]
    assert _security(document, "/protected", "post") == [header, with_csrf]
    assert _security(document, "/users/{number}", "delete") == [header, with_csrf]
    assert _security(document, "/open") is None
    assert _security(document, "/refresh") == [header, {"jwtRefreshCookie": []}]
    assert _security(document, "/optional") == [header, cookie, {}]
    assert _security(document, "/scopes") == [{"jwtQuery": ["read"]}]
    assert _security(document, "/body") == [{"jwtBody": []}]
    assert _security(document, "/said") == [{"own": []}]
    schemes = document["components"]["securitySchemes"]
    assert schemes["jwtHeader"]["scheme"] == "bearer"
    assert schemes["jwtAccessCsrf"]["name"] == "X-CSRF-TOKEN"
    assert schemes["own"]["scheme"] == "basic"


@pytest.mark.parametrize(
    "config",
    [
        {"JWT_HEADER_NAME": "X-Token"},
        {"JWT_HEADER_TYPE": ""},
        {"JWT_HEADER_TYPE": "Token"},
    ],
)
async def test_a_header_of_another_kind(
    make_app: MakeApp, config: dict[str, str]
) -> None:
    """OpenAPI knows Bearer; whatever else is there is a key in a header."""
    document = _document(make_app(**config))
    scheme = document["components"]["securitySchemes"]["jwtHeader"]
    name = config.get("JWT_HEADER_NAME", "Authorization")
    assert scheme == {"type": "apiKey", "in": "header", "name": name}


async def test_the_document_is_served_with_its_marks(make_app: MakeApp) -> None:
    """As quart-schema serves it."""
    app = make_app()
    QuartSchema(app, openapi_provider_class=ProtectedOpenAPIProvider)
    answer = await (await app.test_client().get("/openapi.json")).get_json()
    assert _security(answer, "/protected") == [{"jwtHeader": []}]
