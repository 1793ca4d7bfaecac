"""The OpenAPI document: complete, consistent, and no burden to a request."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from quart import Quart
from quart.json.provider import DefaultJSONProvider

from quart_jwt.extension.protection import routes_of
from quart_jwt.service.app import create_app
from quart_jwt.service.openapi import schemas
from quart_jwt.service.openapi.document import GROUPS
from quart_jwt.service.openapi.documented import NOTE
from quart_jwt.service.settings.settings import Settings
from service.kit import Service
from service.kit import with_registration
from service.promised import document
from service.promised import operation
from service.promised import unpromised

HIDDEN = {"page.page", "page.asset", "page.expired_token", "docs.page", "docs.asset"}
"""What a browser loads: no part of the API."""


@pytest.fixture(name="app")
def _app(settings: Settings) -> Quart:
    storage = replace(settings.storage, mode="development")
    settings = replace(with_registration(settings), storage=storage, docs=True)
    return create_app(settings)


def _operations() -> list[Any]:
    return [
        pytest.param(method, path, said, id=f"{method} {path}")
        for path, item in document()["paths"].items()
        for method, said in item.items()
    ]


def test_every_route_is_in_the_document(app: Quart) -> None:
    """Each rule, with each of its methods, has an operation and a note of its own."""
    for rule in app.url_map.iter_rules():
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        noted = hasattr(app.view_functions[rule.endpoint], NOTE)
        assert noted is (rule.endpoint not in HIDDEN), rule
        for method in methods:
            path = re.sub(r"<(\w+)>", r"{\1}", rule.rule)
            assert bool(operation(method, path)) is noted, rule
    assert operation("GET", "/auth/verify")


@pytest.mark.parametrize(("method", "path", "said"), _operations())
def test_an_operation_says_everything(
    method: str, path: str, said: dict[str, Any]
) -> None:
    """A sentence, a known group, a success, what can go wrong, and how to be let in."""
    document_ = document()
    assert said["summary"].endswith(".")
    assert "``" not in said["summary"] + said["description"]
    (group,) = said["tags"]
    assert group in GROUPS
    assert {"400", "500"} < said["responses"].keys()
    assert len({"200", "202"} & said["responses"].keys()) == 1
    assert ("401" in said["responses"]) is (
        said["security"] != [{}] or path == "/login"
    )
    for name in (name for together in said["security"] for name in together):
        assert name in document_["components"]["securitySchemes"]
    for answer in said["responses"].values():
        assert answer["description"]


def test_the_ids_are_unique() -> None:
    """Generated clients have a function for each."""
    ids = [
        said["operationId"]
        for item in document()["paths"].values()
        for said in item.values()
    ]
    assert len(set(ids)) == len(ids)


def test_every_reference_leads_somewhere() -> None:
    """Each shape that is named is there, and each that is there is named."""
    text = json.dumps(document())
    named = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert named == document()["components"]["schemas"].keys()


def test_what_protects_a_route_is_what_it_says(app: Quart) -> None:
    """Read from the decorators on one side and from the document on the other."""
    for route in routes_of(app):
        path = re.sub(r"<(\w+)>", r"{\1}", route.path)
        said = operation(route.method, path)
        if said is None or not route.requirements:
            continue
        (requirement,) = route.requirements
        names = {name for together in said["security"] for name in together}
        cookie = "refreshCookie" if requirement.refresh else "accessCookie"
        csrf = {"csrf"} if route.method not in {"GET", "HEAD", "OPTIONS"} else set()
        assert names == {"bearer", cookie} | csrf, route


def test_the_login_is_the_one_that_is_read() -> None:
    """The shape in the document has the members that the endpoint takes."""
    shape = document()["components"]["schemas"]["Credentials"]
    assert [*shape["properties"]] == ["username", "password", "cookies"]
    assert shape["required"] == ["username", "password"]
    assert shape["additionalProperties"] is False


def test_errors_are_not_undocumented_by_accident() -> None:
    """The check that every test of the service makes does find something."""
    assert unpromised([("GET", "/me", 200), ("GET", "/nowhere", 418)]) == set()
    strange = ("DELETE", "/sessions/x", 418)
    assert unpromised([("GET", "/me", 401), strange]) == {strange}


def test_a_request_meets_nothing_of_it(app: Quart) -> None:
    """Neither the JSON provider nor the making of answers is quart-schema's."""
    assert type(app.json) is DefaultJSONProvider
    assert "QUART_SCHEMA" not in app.extensions
    assert app.make_response.__func__ is Quart.make_response  # type: ignore[attr-defined]
    assert schemas.__doc__


async def test_it_is_served_where_it_is_wanted(
    app: Quart, settings: Settings, service: Service
) -> None:
    """The same bytes each time; without the setting, neither it nor the page."""
    client = app.test_client()
    first, second = [await client.get("/openapi.json") for _ in range(2)]
    assert first.status_code == 200
    assert first.headers["Content-Type"] == "application/json"
    assert await first.get_json() == document()
    assert await first.get_data() == await second.get_data()
    for path in ("/openapi.json", "/docs", "/docs/docs.js"):
        assert (await service.client.get(path)).status_code == 404
    production = create_app(replace(settings, docs=True)).test_client()
    assert (await production.get("/docs")).status_code == 200
    assert (await production.get("/")).status_code == 404
