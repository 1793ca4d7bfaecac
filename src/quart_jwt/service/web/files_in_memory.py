"""
The few small files of a page, read once and answered from memory.

From a disk they would go out in pieces. Who has a whole answer by its length may close
the connection before the last, empty piece, and Hypercorn then logs the request as one
without an answer, and at times once more with it.
"""

import mimetypes
from pathlib import Path

from quart import Response
from werkzeug.exceptions import NotFound

_UNSEEN = b"<a hidden "
"""A link to the other page, which the operator may not have."""


class FilesInMemory:
    """
    The files of one folder.

    Args:
        folder: Where they are; what is below it is not among them.
    """

    def __init__(self, folder: Path) -> None:
        files = (path for path in folder.iterdir() if path.is_file())
        self._bodies = {path.name: path.read_bytes() for path in files}

    def answer(self, name: str, *, linked: bool = False) -> Response:
        """
        Return a file as an answer.

        Args:
            name: Which.
            linked: Whether to show its link to the other page.

        Raises:
            NotFound: There is none of that name.
        """
        body = self._bodies.get(name)
        if body is None:
            raise NotFound
        if linked:
            body = body.replace(_UNSEEN, b"<a ")
        return Response(body, mimetype=mimetypes.guess_type(name)[0])
