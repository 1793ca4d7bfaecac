"""
An app of one protected view, and the two public doors into it.

Whatever an advisory describes is tried at both: through ``decode_token``, and
over HTTP, where the answer has to be a plain refusal.
"""

from typing import Any

import jwt
import pytest
from quart import jsonify
from quart import Quart
from quart.typing import ResponseTypes

from clock import Clock
from clock import START
from forging import SECRET
from quart_jwt import decode_token
from quart_jwt import get_jwt
from quart_jwt import jwt_required
from quart_jwt import JWTManager


class Door:
    """
    A protected app.

    Args:
        config: Its settings; by default an HS256 secret.
    """

    def __init__(self, **config: Any) -> None:
        self.app = Quart("door")
        self.app.config.update(config or {"JWT_SECRET_KEY": SECRET})
        self.app.add_url_rule("/", view_func=_view)
        self.manager = JWTManager(self.app, clock=Clock())

    async def get(self, token: str) -> ResponseTypes:
        """What the view answers to a token."""
        headers = {"Authorization": f"Bearer {token}"}
        return await self.app.test_client().get("/", headers=headers)

    async def accepts(self, token: str) -> dict[str, Any]:
        """The claims of a token that both doors accept."""
        answer = await self.get(token)
        assert answer.status_code == 200
        async with self.app.app_context():
            claims = decode_token(token)
        assert claims == await answer.get_json()
        return claims

    async def refuses(self, token: Any) -> str:
        """The reason for which both doors refuse a token."""
        async with self.app.app_context():
            with pytest.raises(jwt.InvalidTokenError) as caught:
                decode_token(token)
        reason = str(caught.value)
        # Some damage cannot stand in a header: there it is another fault.
        presentable = token.isprintable() and " " not in token and "," not in token
        if presentable and token:
            await self.answers_with_a_refusal(token)
        assert not [
            part for part in token.split(".") if len(part) > 8 and part in reason
        ]
        return reason

    async def answers_with_a_refusal(self, token: str) -> None:
        """Over HTTP a bad token is 401 or 422, and is not repeated."""
        answer = await self.get(token)
        body: str = await answer.get_data(as_text=True)  # type: ignore[misc]
        assert answer.status_code in {401, 422}
        for part in (token, *token.split(".")):
            assert len(part) <= 8 or part not in body
            assert len(part) <= 8 or part not in str(answer.headers)


@jwt_required()
async def _view() -> Any:
    return jsonify(get_jwt())


CLAIMS = {
    "sub": "ann",
    "type": "access",
    "fresh": False,
    "jti": "the-jti",
    "iat": START,
    "nbf": START,
    "exp": START + 900,
}
"""What every door accepts, with a good signature."""
