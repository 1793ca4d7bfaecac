"""The hint that the keys of workers may differ."""

import logging

import jwt as pyjwt
import pytest
from quart import Quart

from extension.apps import MakeApp
from quart_jwt import create_access_token
from quart_jwt import decode_token


async def _other_workers_token(make_app: MakeApp) -> str:
    async with make_app(JWT_SECRET_KEY="x" * 64).app_context():
        return create_access_token("joe")


async def test_a_token_of_another_worker_is_hinted_at_once(
    app: Quart, make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    """A token with our claims and another key suggests a secret made at start."""
    token = await _other_workers_token(make_app)
    async with app.app_context():
        with caplog.at_level(logging.INFO, "quart_jwt"):
            for _ in range(3):
                with pytest.raises(pyjwt.InvalidSignatureError):
                    decode_token(token)
    (record,) = caplog.records
    assert "same JWT_SECRET_KEY" in record.getMessage()
    assert token not in record.getMessage()


@pytest.mark.parametrize("payload", [{"sub": "joe"}, {"sub": "joe", "type": "access"}])
async def test_other_tokens_are_no_hint(
    app: Quart, caplog: pytest.LogCaptureFixture, payload: dict[str, str]
) -> None:
    """A stranger's token says nothing about our keys."""
    token = pyjwt.encode(payload, "y" * 64, "HS256")
    async with app.app_context():
        caplog.set_level(logging.INFO, "quart_jwt")
        with pytest.raises(pyjwt.InvalidSignatureError):
            decode_token(token)
    assert caplog.records == []
