"""
Quart's responses, made Flask's: an async view may return either.
"""

from collections.abc import Iterator
from typing import Any

from flask import Flask
from quart.wrappers import Response as QuartResponse

from quart_jwt.flask.waiting import wait

_END = object()


def flasks(app: Flask, answer: Any) -> Any:
    """
    Return one of Quart's responses as one of Flask's, and anything else as it is.

    Args:
        app: The Flask app.
        answer: What a view returned.
    """
    if not isinstance(answer, QuartResponse):
        return answer
    body = answer.response
    return app.response_class(
        body.data if isinstance(body, answer.data_body_class) else _pieces(body),
        status=answer.status,
        headers=list(answer.headers),
    )


def _pieces(body: Any) -> Iterator[bytes]:
    """The pieces of an async body; each is waited for in the request's thread."""

    async def entered() -> Any:
        return aiter(await body.__aenter__())

    async def next_piece() -> Any:
        return await anext(pieces, _END)

    async def left() -> None:
        await body.__aexit__(None, None, None)

    pieces = wait(entered())
    try:
        while (piece := wait(next_piece())) is not _END:
            yield piece
    finally:
        wait(left())
