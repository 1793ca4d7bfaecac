"""
ASGI in front of Flask's pipeline.

A request gets one thread, which has it from the before-request functions to the
teardown functions and the end of its stream. A request whose view and hooks are all
async is handled on the event loop instead. Websockets, the lifespan and the routes of
``app.quart`` are Quart's.
"""

import io
from collections.abc import Awaitable
from collections.abc import Callable
from functools import partial
from typing import Any
from typing import TYPE_CHECKING

from werkzeug.exceptions import ClientDisconnected
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import RequestTimeout
from werkzeug.exceptions import ServiceUnavailable

from quart_jwt.extension.hooks.colour import remember_loop
from quart_jwt.extension.hooks.request_thread import HOST
from quart_jwt.extension.hooks.request_thread import RequestThread
from quart_jwt.flask.environ import environ_of
from quart_jwt.flask.incoming import Incoming
from quart_jwt.flask.native import handle_natively
from quart_jwt.flask.native import runs_natively
from quart_jwt.flask.outgoing import joined
from quart_jwt.flask.outgoing import Outgoing
from quart_jwt.flask.outgoing import Send

if TYPE_CHECKING:
    from quart_jwt.flask.app import Flask

Receive = Callable[[], Awaitable[Any]]


async def answer(app: "Flask", scope: Any, receive: Receive, send: Send) -> None:
    """
    Answer one ASGI call.

    Args:
        app: The Flask app.
        scope: ASGI's, as the other two.
        receive: Receives events.
        send: Sends events.
    """
    if scope["type"] != "http" or _is_quarts(app, scope):
        await app.quart(scope, receive, send)
        return
    incoming = Incoming(receive, app.config["BODY_TIMEOUT"])
    outgoing = Outgoing(send, incoming)
    try:
        body = await incoming.begin()
    except ClientDisconnected:
        return
    except RequestTimeout as error:
        late = _refused(error, environ_of(scope, io.BytesIO()), outgoing)
        await incoming.drop_rest_while(outgoing.finish(late))
        return
    remember_loop()
    thread = RequestThread(app.threads)
    token = HOST.set(thread)
    environ = environ_of(scope, body)
    try:
        short = await _handle(app, environ, thread, incoming, outgoing)
    finally:
        HOST.reset(token)
        thread.end()
        incoming.stop()
    await incoming.drop_rest_while(outgoing.finish(short))


async def _handle(
    app: "Flask",
    environ: dict[str, Any],
    thread: RequestThread,
    incoming: Incoming,
    outgoing: Outgoing,
) -> bytes | None:
    """Handle a request; return the body of a short response, which is yet to send."""
    start_response = outgoing.start_response
    if incoming.is_complete and runs_natively(app, environ):
        pieces, in_memory = await handle_natively(app, environ, start_response)
        if in_memory:
            return joined(pieces)
        return await _run(thread, partial(outgoing.send_from_thread, pieces))
    try:
        return await _run(thread, partial(_in_the_thread, app, environ, outgoing))
    except ServiceUnavailable as error:  # no thread became free
        return _refused(error, environ, outgoing)


def _refused(
    error: HTTPException, environ: dict[str, Any], outgoing: Outgoing
) -> bytes:
    return b"".join(error(environ, outgoing.start_response))


async def _run(thread: RequestThread, work: Callable[[], bytes | None]) -> bytes | None:
    body: bytes | None = await thread.run(work, keep=True)
    return body


def _in_the_thread(
    app: "Flask", environ: dict[str, Any], outgoing: Outgoing
) -> bytes | None:
    return outgoing.send_from_thread(app.wsgi_app(environ, outgoing.start_response))


def _is_quarts(app: "Flask", scope: Any) -> bool:
    """Whether the Quart app has a route of its own for a request."""
    if not app.quart.has_http_routes:
        return False
    headers = dict(scope["headers"])
    host = headers.get(b"host", b"localhost").decode("latin-1")
    root = scope.get("root_path", "")
    path = scope["path"].removeprefix(root)
    try:
        adapter = app.quart.url_map.bind(host, path_info=path)
        adapter.match(method=scope["method"])
    except HTTPException:
        return False
    return True
