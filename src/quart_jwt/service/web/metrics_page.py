"""
``GET /metrics`` for Prometheus, and for nobody who comes from outside.

Who is not let in hears what a path that does not exist says.
"""

from collections.abc import Callable

from quart import Blueprint
from quart import request
from quart import Response
from werkzeug.exceptions import NotFound

from quart_jwt.extension.forwarded import trusted_peers
from quart_jwt.service.observability.observers import current_observers
from quart_jwt.service.openapi.documented import documented

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
"""A proxy's marks: with one of them, "from this machine" may mean from anywhere."""


def metrics_page(readers: tuple[str, ...]) -> Blueprint:
    """
    Return the route.

    Args:
        readers: Addresses and networks that may read it.
    """
    may_read = trusted_peers(readers)
    page = Blueprint("metrics", __name__)

    @page.get("/metrics")
    @documented(
        "For operators", gives=None, media="text/plain", refuses={404: "not_found"}
    )
    async def metrics() -> Response:
        """Show the metrics of all workers."""
        if not _may(may_read):
            raise NotFound
        accept = ",".join(request.headers.getlist("Accept"))
        body, media_type = await current_observers().page(accept)
        return Response(body, content_type=media_type)

    return page


def _may(may_read: Callable[[str], bool]) -> bool:
    if any(name in request.headers for name in FORWARDED):
        return False
    return may_read(request.remote_addr or "")
