"""What a refresh asks of the stores: the user, and one step of the session's."""

import pytest

from service.kit import bearer
from service.kit import NAME
from service.test_sign_outs import _asked  # noqa: F401 - the fixture
from service.test_sign_outs import _log_in
from service.test_sign_outs import _workers  # noqa: F401 - the fixture
from service.test_sign_outs import Workers

REFRESHES = 3
EXPECTED = {
    "sqlite": ["read", "write"],
    "postgresql": ["read", "write"],
    # Read, decide, and put it in its place if nobody has changed it meanwhile.
    "redis": ["read", "HGETALL", "EVALSHA"],
}
"""What is lent of a database, and the commands to Redis, for each refresh."""

CONNECTING = {"HELLO", "CLIENT", "SELECT", "AUTH"}
"""What a new connection of a pool says to Redis."""


async def test_a_refresh_is_one_question_and_one_transaction(
    workers: Workers, asked: list[str], request: pytest.FixtureRequest
) -> None:
    """The user is read once, and the rotation decides about all else in one step."""
    worker, _ = workers
    await worker.add()
    token = (await _log_in(worker, NAME))["refresh_token"]
    store = request.node.callspec.params["workers"]
    for number in range(REFRESHES + 1):
        asked.clear()
        answer = await worker.client.post("/refresh", headers=bearer(token))
        assert answer.status_code == 200
        token = (await answer.get_json())["refresh_token"]
        # The first one teaches a Redis its script.
        sent = [one for one in asked if one not in CONNECTING]
        assert number == 0 or EXPECTED[store] == sent
