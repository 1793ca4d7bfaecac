"""
The pages that the service shows, without a build step: a sign-in at ``/`` in
development, and at ``/docs`` what ``/openapi.json`` says.

Everything that they load comes from here, and their policy lets them load nothing else.
"""

import json
import mimetypes
from pathlib import Path
from typing import Any

from quart import Blueprint
from quart import current_app
from quart import Response
from quart_schema import hide
from werkzeug.exceptions import NotFound

from quart_jwt.service.openapi.document import openapi_document
from quart_jwt.service.openapi.documented import documented
from quart_jwt.service.openapi.documented import STORES
from quart_jwt.service.web.expired_token import expired_token

HERE = Path(__file__).parent
DOCUMENT = "quart-jwt-openapi"

HEADERS = {
    "Content-Security-Policy": (  # Content Security Policy Level 3
        "default-src 'none'; connect-src 'self'; img-src 'self'; script-src 'self'; "
        "style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
}

_UNSEEN = b"<a hidden "
"""A link to the other page, which the operator may not have."""


def _page(name: str, *, path: str, files: str, index: str, other: str) -> Blueprint:
    """
    A page and the few small files that it loads, answered from memory.

    From a disk they would go out in pieces. A client that has a whole answer by its
    length may close the connection before the last, empty piece, and Hypercorn then
    logs the request as one without an answer.

    Args:
        name: The name of the blueprint.
        path: Where the page is.
        files: Where its files are, those of both pages included; the folder has the
            name of the blueprint.
        index: The file that is the page.
        other: The blueprint of the other page, to which a link is shown if it is there.
    """
    blueprint = Blueprint(name, __name__)
    folders = (HERE / f"{name}_files", HERE / "shared_files")
    found = (one for folder in folders for one in folder.iterdir() if one.is_file())
    bodies = {one.name: one.read_bytes() for one in found}

    @blueprint.get(path, endpoint="page")
    @hide
    async def show() -> Response:
        is_linked = other in current_app.blueprints
        body = bodies[index].replace(_UNSEEN, b"<a ") if is_linked else bodies[index]
        return Response(body, mimetype="text/html")

    @blueprint.get(f"{files}/<name>", endpoint="asset")
    @hide
    async def give(name: str) -> Response:
        if name not in bodies:
            raise NotFound
        return Response(bodies[name], mimetype=mimetypes.guess_type(name)[0])

    @blueprint.after_request
    async def protect(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response

    return blueprint


page: Blueprint = _page(
    "page", path="/", files="/page", index="index.html", other="docs"
)
docs: Blueprint = _page(
    "docs", path="/docs", files="/docs", index="docs.html", other="page"
)
page.add_url_rule(
    "/page/expired-token", view_func=hide(expired_token), methods=["POST"]
)


@docs.get("/openapi.json")
@documented("For everybody", gives=None, refuses={**STORES, 404: "not_found"})
async def openapi() -> Response:
    """Describe this service (OpenAPI 3.1)."""
    extensions: dict[str, Any] = current_app.extensions
    if DOCUMENT not in extensions:  # routes do not change while the app serves
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Quart's own way to the app itself
        extensions[DOCUMENT] = json.dumps(openapi_document(app))
    return Response(extensions[DOCUMENT], content_type="application/json")
