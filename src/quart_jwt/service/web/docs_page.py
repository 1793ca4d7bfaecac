"""
``/openapi.json``, and the page at ``/docs`` that shows it.

The page is ours, because the usual ones load a program from elsewhere. What it loads
comes from here, and its policy lets it load nothing else.
"""

import json
from pathlib import Path
from typing import Any

from quart import Blueprint
from quart import current_app
from quart import Response
from quart_schema import hide

from quart_jwt.service.openapi.document import openapi_document
from quart_jwt.service.openapi.documented import documented
from quart_jwt.service.openapi.documented import STORES
from quart_jwt.service.web.files_in_memory import FilesInMemory
from quart_jwt.service.web.page_policy import protect

FILES = Path(__file__).with_name("docs_files")
DOCUMENT = "quart-jwt-openapi"

docs: Blueprint = Blueprint("docs", __name__)
_files = FilesInMemory(FILES)
docs.after_request(protect)


@docs.get("/openapi.json")
@documented("For everybody", gives=None, refuses={**STORES, 404: "not_found"})
async def openapi() -> Response:
    """Describe this service (OpenAPI 3.1)."""
    extensions: dict[str, Any] = current_app.extensions
    if DOCUMENT not in extensions:  # routes do not change while the app serves
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Quart's own way to the app itself
        extensions[DOCUMENT] = json.dumps(openapi_document(app))
    return Response(extensions[DOCUMENT], content_type="application/json")


@docs.get("/docs")
@hide
async def page() -> Response:
    """Show the page."""
    return _files.answer("docs.html", linked="page" in current_app.blueprints)


@docs.get("/docs/<name>")
@hide
async def asset(name: str) -> Response:
    """Give one of its files."""
    return _files.answer(name)
