"""
Flask's arguments for the test client of Quart.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from types import TracebackType
from typing import Any
from typing import Self
from urllib.parse import urlsplit

from quart import Quart
from quart.datastructures import FileStorage
from quart.testing import QuartClient
from quart.wrappers import Response
from werkzeug.datastructures import Headers


class FlaskClient(QuartClient):
    """
    Quart's test client, asked with Flask's arguments.
    """

    @property
    def application(self) -> Quart:
        """The app, under Flask's name."""
        return self.app

    async def open(self, path: str, *args: Any, **kwargs: Any) -> Response:
        """
        Send a request.

        Args:
            path: The path, with or without a query string.
            *args: As for Quart's client.
            **kwargs: As for Quart's client, and Flask's: ``content_type``, a mapping
                as ``data``, ``json=None`` for no JSON, ``query_string`` as text,
                ``environ_base`` with headers and REMOTE_ADDR, ``base_url``.
        """
        path = _in_quarts_words(path, kwargs)
        return await super().open(path, *args, **kwargs)

    def set_cookie(self, *args: Any, **kwargs: Any) -> None:
        """Set a cookie: ``(key, value)`` as in Flask, or Quart's arguments."""
        if len(args) + ("value" in kwargs) + ("key" in kwargs) <= 2:  # noqa: PLR2004 - key and value
            args = (kwargs.get("domain") or "localhost", *args)
        super().set_cookie(*args, **kwargs)

    def delete_cookie(self, *args: Any, **kwargs: Any) -> None:
        """Delete a cookie: ``(key)`` as in Flask, or Quart's arguments."""
        server = args[0] if len(args) > 1 else kwargs.get("domain") or "localhost"
        super().set_cookie(server, args[-1], expires=0, max_age=0, **kwargs)

    def get_cookie(
        self, key: str, domain: str = "localhost", path: str = "/"
    ) -> Any | None:
        """Give a cookie that was set, or None."""
        for cookie in self.cookie_jar or ():
            if (cookie.name, cookie.path) == (key, path) and domain in cookie.domain:
                return cookie
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Keep nothing: sync code cannot keep a request's context."""


def _in_quarts_words(path: str, kwargs: dict[str, Any]) -> str:
    """Turn Flask's arguments into Quart's, and give the path."""
    headers = kwargs["headers"] = Headers(kwargs.pop("headers", None) or ())
    _take_content_type(kwargs, headers)
    _take_environ(kwargs, headers)
    _take_base_url(kwargs, headers)
    _take_body(kwargs)
    return _take_query(kwargs, path)


def _take_content_type(kwargs: dict[str, Any], headers: Headers) -> None:
    for name in ("mimetype", "content_type"):
        if (value := kwargs.pop(name, None)) is not None:
            headers["Content-Type"] = value


def _take_environ(kwargs: dict[str, Any], headers: Headers) -> None:
    environ = kwargs.pop("environ_base", None) or {}
    environ |= kwargs.pop("environ_overrides", None) or {}
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            headers[name.removeprefix("HTTP_").replace("_", "-")] = value
    if address := environ.get("REMOTE_ADDR"):
        headers["Remote-Addr"] = address
        kwargs.setdefault("scope_base", {})["client"] = (address, 0)


def _take_base_url(kwargs: dict[str, Any], headers: Headers) -> None:
    if base_url := kwargs.pop("base_url", None):
        url = urlsplit(base_url)
        headers["Host"] = url.netloc
        kwargs |= {"scheme": url.scheme, "root_path": url.path.rstrip("/")}


def _take_query(kwargs: dict[str, Any], path: str) -> str:
    query = kwargs.get("query_string")
    if isinstance(query, str | bytes):
        text = query.decode() if isinstance(query, bytes) else query
        del kwargs["query_string"]
        return f"{path}?{text}"
    return path


def _take_body(kwargs: dict[str, Any]) -> None:
    if kwargs.get("json", ...) is None:
        del kwargs["json"]
    data = kwargs.get("data")
    if isinstance(data, Mapping):
        del kwargs["data"]
        files = {name: _file(value) for name, value in data.items() if _is_file(value)}
        form = {name: str(value) for name, value in data.items() if name not in files}
        kwargs |= {"files": files, "form": form} if files else {"form": form}


def _is_file(value: Any) -> bool:
    return isinstance(value, tuple | FileStorage) or hasattr(value, "read")


def _file(value: Any) -> FileStorage:
    if isinstance(value, FileStorage):
        return value
    parts: Iterable[Any] = value if isinstance(value, tuple) else (value,)
    stream, filename, content_type = (*parts, None, None)[:3]
    return FileStorage(stream, filename=filename, content_type=content_type)


class FlaskTestClient(Quart):
    """
    Lets tests ask with Flask's arguments.

    Not needed any more once they ask with Quart's.
    """

    test_client_class: Any = FlaskClient

    def test_client(self, use_cookies: bool = True, **kwargs: Any) -> Any:
        """Give a ``FlaskClient``, or one of ``test_client_class``."""
        return super().test_client(use_cookies, **kwargs)

    def test_request_context(self, path: str = "/", **kwargs: Any) -> Any:
        """Give the context of a made-up request; the path is ``/`` by default."""
        path = _in_quarts_words(path, kwargs)
        return super().test_request_context(path, **kwargs)
