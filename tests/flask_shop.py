"""The app that the tests serve with real servers: plain Flask code, imports changed."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import quart
from flask import abort
from flask import jsonify
from flask import make_response
from flask import request
from flask import Response

from quart_jwt.flask import Flask
from quart_jwt.flask import get_jwt_identity
from quart_jwt.flask import jwt_required
from quart_jwt.flask import JWTManager

SECRET = "the-shop-of-the-tests-has-a-secret-of-48-bytes!!"

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = SECRET
JWTManager(app)
asgi_app = app.asgi_app
ended: list[float] = []


class Door:
    """Its check is found in a dict."""

    def may_open(self) -> bool:
        """Whether the request has the PIN."""
        return bool(request.get_json().get("pin") == "1234")

    def enter(self, action: str) -> str:
        """Do it, if its check passes."""
        check, verb = {"open": (self.may_open, "open")}[action]
        if not check():
            abort(403)
        return f"you {verb}"


def first_or_404(found: list[Any]) -> Any:
    """The first, or a 404 with a message."""
    if not found:
        abort(make_response(jsonify(message="nothing"), 404))
    return found[0]


@app.post("/door/<action>")
def enter(action: str) -> Any:
    """Answer 403 to a wrong PIN."""
    return {"done": Door().enter(action)}


@app.post("/photos/<path:where>")
@jwt_required()
def photos(where: str) -> Any:
    """Keep an uploaded file."""
    request.files["photo"].save(Path("/") / where)
    return {"kept": request.files["photo"].filename, "by": get_jwt_identity()}


@app.get("/first/<int:count>")
def first(count: int) -> Any:
    """Answer with the first, or 404."""
    return {"id": first_or_404(list(range(count)))}


@app.get("/native")
@jwt_required()
async def native() -> Any:
    """Needs no thread."""
    return {"user": get_jwt_identity()}


@app.get("/endless")
def endless() -> Response:
    """Ends when its client leaves."""

    def pieces() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 1000
        finally:
            ended.append(time.monotonic())

    return Response(pieces())


@app.get("/ended")
def how_many_ended() -> Any:
    """Say how many endless streams have ended."""
    return {"ended": len(ended)}


@app.quart.websocket("/echo")
@jwt_required()
async def echo() -> None:
    """Answer the client's name."""
    said = await quart.websocket.receive()
    await quart.websocket.send(f"{get_jwt_identity()} {said!s}")
