"""What the OpenAPI document promises, held against what tests of the service hear."""

import re
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from quart_jwt.service.app import create_app
from quart_jwt.service.openapi.document import openapi_document
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.storage import Storage
from quart_jwt.service.web.asgi_guard import AsgiGuard
from service.kit import SECRET
from service.kit import with_registration

OPTIONAL = {"/password", "/register"}
"""Not there in a service whose settings or whose user directory do not want them."""

Answer = tuple[str, str, int]
"""Method, path and status."""


@cache
def document() -> dict[str, Any]:
    """The document of a service in production that shows it."""
    storage = Storage(
        mode="production",
        state_dir=Path(),
        database_url="sqlite+aiosqlite:///never-opened.db",
    )
    settings = Settings(storage=storage, secret_key=SECRET, docs=True)
    return openapi_document(create_app(with_registration(settings)))


def operation(method: str, path: str) -> dict[str, Any] | None:
    """The operation that a request means, if it means one."""
    for template, item in document()["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path):
            found: dict[str, Any] | None = item.get(method.lower())
            return found
    return None


def unpromised(answers: Iterable[Answer]) -> set[Answer]:
    """The answers that the document does not know."""
    return {
        (method, path, status)
        for method, path, status in answers
        if (meant := operation(method, path)) is not None
        and str(status) not in meant["responses"]
        and not (status == HTTPStatus.NOT_FOUND and path in OPTIONAL)
    }


def listening(answers: list[Answer]) -> type[AsgiGuard]:
    """The outermost layer of the service, which writes down what it answers."""

    class Listening(AsgiGuard):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async def heard(event: Any) -> None:
                if event["type"] == "http.response.start":
                    answers.append((scope["method"], scope["path"], event["status"]))
                await send(event)

            await super().__call__(scope, receive, heard)

    return Listening
