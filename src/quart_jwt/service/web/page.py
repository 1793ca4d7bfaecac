"""
The page at ``/`` in development: a sign-in to look at, without a build step.

Everything it loads comes from here, and its policy lets it load nothing else.
"""

from pathlib import Path

from quart import Blueprint
from quart import Response
from quart import send_from_directory
from quart_schema import hide

from quart_jwt.service.web.page_policy import protect

FILES = Path(__file__).with_name("page_files")

page: Blueprint = Blueprint("page", __name__)
page.after_request(protect)


@page.get("/")
@hide
async def index() -> Response:
    """Show the page."""
    return await send_from_directory(FILES, "index.html")


@page.get("/page/<name>")
@hide
async def asset(name: str) -> Response:
    """Give one of its files."""
    return await send_from_directory(FILES, name)
