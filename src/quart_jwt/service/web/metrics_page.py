"""
``GET /metrics`` for Prometheus, restricted by address.

A client without access gets a 404, as for an unknown path.
"""

from quart import Blueprint
from quart import request
from quart import Response
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.exceptions import NotFound

from quart_jwt.building_blocks import trusted_peers
from quart_jwt.service.observability.observers import current_observers
from quart_jwt.service.openapi.documented import documented
from quart_jwt.service.web.refusals import http_refusal

PATH = "/metrics"

FORWARDED = (
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "X-Client-IP",
    "CF-Connecting-IP",
)
"""A proxy's marks: with one of them, "from this machine" may mean from anywhere."""


MEDIA_TYPE = "text/plain"
"""Or OpenMetrics, for who asks for it."""


def metrics_page(readers: tuple[str, ...], address_header: str | None) -> Blueprint:
    """
    Return the route.

    Args:
        readers: Addresses and networks that may read it.
        address_header: The header in which the proxies in front say who asked them.
    """
    is_reader = trusted_peers(readers)
    marks = FORWARDED if address_header is None else (*FORWARDED, address_header)
    page = Blueprint("metrics", __name__)

    def may_read() -> bool:
        if any(name in request.headers for name in marks):
            return False
        return is_reader(request.remote_addr or "")

    @page.get(PATH, provide_automatic_options=False)
    @documented(
        "For operators", gives=None, refuses={404: "not_found"}, media=MEDIA_TYPE
    )
    async def metrics() -> Response:
        """Show the metrics of all workers."""
        if not may_read():
            raise NotFound
        accept = ",".join(request.headers.getlist("Accept"))
        body, media_type = await current_observers().page(accept)
        return Response(body, content_type=media_type)

    @page.app_errorhandler(MethodNotAllowed)
    async def other_method(error: MethodNotAllowed) -> Response:
        """Say nothing of the page here, either."""
        is_hidden = request.path == PATH and not may_read()
        return await http_refusal(NotFound() if is_hidden else error)

    return page
