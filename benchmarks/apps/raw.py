# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202
# Why: what the peers stand on is not installed where types are checked.
"""A raw ASGI application that says hello: the least that a server can be asked."""

BODY = b"hello"
HEADERS = [(b"content-length", b"5"), (b"content-type", b"text/plain")]


async def app(scope, receive, send):
    """Answer everything with hello."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY, "more_body": False})


async def _lifespan(receive, send):
    for event in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{event}.complete"})
