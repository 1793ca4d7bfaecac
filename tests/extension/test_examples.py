"""The examples in the docstrings of the public API."""

import ast
import contextlib
import doctest
import inspect
import io
import secrets
from typing import Any

import pytest
from quart import jsonify
from quart import Quart
from quart import request

import quart_jwt

NAMES = [
    "JWTManager",
    "create_access_token",
    "create_refresh_token",
    "create_token_pair",
    "decode_token",
    "get_current_user",
    "get_jwt",
    "get_jwt_identity",
    "jwt_required",
    "set_access_cookies",
    "unset_jwt_cookies",
    "verify_jwt_in_request",
]
"""The most used names; ``current_user`` is in the example of its function."""


async def _names() -> dict[str, Any]:
    """Return the names that an example can use besides those of the package."""
    app = Quart("shop")
    app.config["JWT_SECRET_KEY"] = secrets.token_urlsafe(32)
    jwt = quart_jwt.JWTManager(app, store=quart_jwt.MemoryStore())
    async with app.app_context():
        token = quart_jwt.create_access_token("alice")
    return {
        **{name: getattr(quart_jwt, name) for name in quart_jwt.__all__},
        "app": app,
        "client": app.test_client(),
        "jsonify": jsonify,
        "jwt": jwt,
        "Quart": Quart,
        "request": request,
        "secrets": secrets,
        "signed_in": {"Authorization": f"Bearer {token}"},
    }


async def _printed(example: doctest.Example, names: dict[str, Any]) -> str:
    """Return what ``python -m asyncio`` prints, where await is allowed at the top."""
    code = compile(
        example.source, "<example>", "single", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    )
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        result = eval(code, names)  # noqa: S307 - the package's own docstrings
        if inspect.iscoroutine(result):
            await result
    return printed.getvalue()


@pytest.mark.parametrize("name", NAMES)
async def test_an_example_prints_what_it_says(name: str) -> None:
    """Each of the most used names has an example, and it is true."""
    text = inspect.getdoc(getattr(quart_jwt, name)) or ""
    examples = doctest.DocTestParser().get_examples(text)
    names = await _names()

    assert examples != []
    for example in examples:
        assert await _printed(example, names) == example.want, example.source
