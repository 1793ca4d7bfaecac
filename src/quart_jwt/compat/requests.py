"""
Requests as Flask has them: the body in sync code, and 415 where it is not JSON.
"""

from collections.abc import Coroutine
from typing import Any

from quart import Quart
from quart import request
from quart.wrappers import Request
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.local import LocalProxy

from quart_jwt.extension.hooks.colour import WouldSuspendError
from quart_jwt.extension.hooks.waiting import run_from_sync

AWAITED_ATTRIBUTES = frozenset({"data", "files", "form", "json", "values"})
"""What is awaited in Quart and plain in Flask."""


class FlaskRequest(Request):
    """
    Quart's request, with Flask's answer to a body of another content type.
    """

    async def get_json(
        self, force: bool = False, silent: bool = False, cache: bool = True
    ) -> Any:
        """
        Same as Quart's, but a body that does not say it is JSON is refused.

        Raises:
            UnsupportedMediaType: The content type is not JSON, and neither ``force``
                nor ``silent`` is set. Quart gives None.
        """
        if not (force or silent or self.is_json):
            raise UnsupportedMediaType(
                "Did not attempt to load JSON data because the request "
                "Content-Type was not 'application/json'."
            )
        return await super().get_json(force=force, silent=silent, cache=cache)


class SyncRequest:
    """
    The current request for sync code in a worker thread: nothing is awaited.

    The body is waited for through the loop, so only the thread stands still.
    """

    def __init__(self, request: Request) -> None:
        object.__setattr__(self, "_request", request)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._request, name)
        return _wait(value) if name in AWAITED_ATTRIBUTES else value

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._request, name, value)

    def get_json(self, *args: Any, **kwargs: Any) -> Any:
        """Same as the request's, but waited for."""
        return _wait(self._request.get_json(*args, **kwargs))

    def get_data(self, *args: Any, **kwargs: Any) -> Any:
        """Same as the request's, but waited for."""
        return _wait(self._request.get_data(*args, **kwargs))


def _wait(coroutine: Coroutine[Any, Any, Any]) -> Any:
    try:
        return run_from_sync(coroutine)
    except WouldSuspendError:
        raise RuntimeError(
            "Sync code on the event loop cannot wait for the request's body: await it "
            "there (`await request.get_json()`), or call this from a `def` view, which "
            "Quart runs in a thread."
        ) from None


sync_request: Any = LocalProxy(lambda: SyncRequest(request._get_current_object()))  # type: ignore[attr-defined]  # noqa: SLF001 - a LocalProxy's own
"""The current request for code that has to stay sync."""


class FlaskRequests(Quart):
    """
    Lets ``get_json()`` refuse another content type with 415, as Flask's does.

    Not needed any more once no client is told apart by that.
    """

    request_class = FlaskRequest
