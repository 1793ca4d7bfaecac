"""
The page at ``/`` in development: a sign-in to look at, without a build step.

Everything it loads comes from here, and its policy lets it load nothing else.
"""

from pathlib import Path

from quart import Blueprint
from quart import Response
from quart import send_from_directory

FILES = Path(__file__).with_name("page_files")

POLICY = (  # Content Security Policy Level 3
    "default-src 'none'; connect-src 'self'; img-src 'self'; script-src 'self'; "
    "style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

page: Blueprint = Blueprint("page", __name__)


@page.get("/")
async def index() -> Response:
    """Show the page."""
    return await send_from_directory(FILES, "index.html")


@page.get("/page/<name>")
async def asset(name: str) -> Response:
    """Give one of its files."""
    return await send_from_directory(FILES, name)


@page.after_request
async def protect(response: Response) -> Response:
    """Let the page load nothing from elsewhere, and be framed by nobody."""
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
