"""
The page at ``/`` in development: a sign-in to look at, without a build step.

Everything it loads comes from here, and its policy lets it load nothing else.
"""

from pathlib import Path

from quart import Blueprint
from quart import current_app
from quart import Response
from quart_schema import hide

from quart_jwt.service.web.files_in_memory import FilesInMemory
from quart_jwt.service.web.page_policy import protect

FILES = Path(__file__).with_name("page_files")

page: Blueprint = Blueprint("page", __name__)
_files = FilesInMemory(FILES)
page.after_request(protect)


@page.get("/")
@hide
async def index() -> Response:
    """Show the page."""
    return _files.answer("index.html", linked="docs" in current_app.blueprints)


@page.get("/page/<name>")
@hide
async def asset(name: str) -> Response:
    """Give one of its files."""
    return _files.answer(name)
