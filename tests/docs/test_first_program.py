"""The README's first program, in two workers."""

import secrets
from typing import Any

import pytest
from quart import Quart

from docs.blocks import blocks_of
from docs.blocks import ROOT


def _worker(page: str) -> Quart:
    program = next(
        block for block in blocks_of(ROOT / page) if block.language == "python"
    )
    names: dict[str, Any] = {"__name__": "app"}
    exec(compile(program.text, page, "exec"), names)  # noqa: S102 - our own page
    app: Quart = names["app"]
    return app


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
async def test_a_token_of_one_worker_is_accepted_by_the_other(
    page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is the environment's, and not one that each worker makes."""
    monkeypatch.setenv("JWT_SECRET_KEY", secrets.token_hex(32))
    one, other = _worker(page), _worker(page)
    answer = await one.test_client().post(
        "/login", json={"username": "ada", "password": "lovelace"}
    )
    token = (await answer.get_json())["access_token"]
    headers = {"Authorization": f"Bearer {token}"}

    assert (
        await other.test_client().get("/protected", headers=headers)
    ).status_code == 200
