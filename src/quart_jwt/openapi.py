"""
Protected routes in the OpenAPI document that quart-schema makes of an app.

It needs quart-schema, which the app has. What a route requires is read where
``quart-jwt routes`` reads it; ``security_scheme`` on a view overrides it.
"""

from typing import Any

from quart import Quart
from quart_schema import OpenAPIProvider
from quart_schema import QuartSchema
from werkzeug.routing import Rule

from quart_jwt.extension.protection import route_of
from quart_jwt.extension.request.current import settings_of
from quart_jwt.extension.request.requirement import places_of
from quart_jwt.extension.request.requirement import Requirement
from quart_jwt.extension.settings.settings import Settings

Scheme = dict[str, Any]
Needed = dict[str, Scheme]
"""Security schemes that a request needs all of, by name."""


class ProtectedOpenAPIProvider(OpenAPIProvider):
    """
    quart-schema's provider, which also says what protects each operation.

    ::

        QuartSchema(app, openapi_provider_class=ProtectedOpenAPIProvider)
    """

    def __init__(self, app: Quart, extension: QuartSchema) -> None:
        super().__init__(app, extension)
        self._protected = app
        self._used: Needed = {}

    def schema(self) -> dict[str, Any]:
        """Build the document, with the security schemes that its operations name."""
        self._used = {}
        document = super().schema()
        schemes = document["components"].get("securitySchemes", {})
        if self._used or schemes:
            document["components"]["securitySchemes"] = self._used | schemes
        return document

    def build_paths(self, rule: Rule) -> tuple[dict[str, Any], dict[str, Any]]:
        """Describe the operations of one route."""
        paths, components = super().build_paths(rule)
        for operations in paths.values():
            for method, operation in operations.items():
                if "security" not in operation:
                    self._mark(operation, rule, method.upper())
        return paths, components

    def _mark(self, operation: dict[str, Any], rule: Rule, method: str) -> None:
        route = route_of(self._protected, rule, method)
        if not route.requirements:
            return
        settings = settings_of(self._protected)
        # The one nearest to the view: guards around it ask for less, or for the same.
        requirement = route.requirements[-1]
        alternatives = _alternatives(requirement, settings, method)
        for needed in alternatives:
            self._used.update(needed)
        scopes = list(requirement.scopes)
        named = [dict.fromkeys(needed, scopes) for needed in alternatives]
        operation["security"] = [*named, {}] if route.is_open() else named


def _alternatives(
    requirement: Requirement, settings: Settings, method: str
) -> list[Needed]:
    refresh = requirement.refresh
    return [
        _in_place(place, settings, refresh=refresh, method=method)
        for place in places_of(requirement, settings)
    ]


def _in_place(place: str, settings: Settings, *, refresh: bool, method: str) -> Needed:
    if place == "headers":
        return {"jwtHeader": _header(settings)}
    if place == "query_string":
        return {"jwtQuery": _api_key("query", settings.query_string_name)}
    if place == "json":
        key = settings.refresh_json_key if refresh else settings.json_key
        says = f"The token is in the JSON body, as {key!r}."
        return {"jwtBody": {"type": "http", "scheme": "bearer", "description": says}}
    kind = "Refresh" if refresh else "Access"
    name = settings.refresh_cookie_name if refresh else settings.access_cookie_name
    needed: Needed = {f"jwt{kind}Cookie": _api_key("cookie", name)}
    if settings.cookie_csrf_protect and method in settings.csrf_methods:
        header, _field = settings.csrf_names(refresh=refresh)
        needed[f"jwt{kind}Csrf"] = _api_key("header", header)
    return needed


def _header(settings: Settings) -> Scheme:
    is_bearer = settings.header_name.lower() == "authorization"
    if is_bearer and (settings.header_type or "").lower() == "bearer":
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    return _api_key("header", settings.header_name)


def _api_key(where: str, name: str) -> Scheme:
    return {"type": "apiKey", "in": where, "name": name}
