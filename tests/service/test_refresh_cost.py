"""What a refresh and a login ask of the stores, question by question."""

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


LOGIN = ["read", "write", "read", "write", "write", "read"]
"""
What is lent of a database for each login: the attempt is counted, the user read, the
attempt taken back, the session started, and the user read again.
"""


# Redis forgets an attempt that the rate of these settings lets expire in a millisecond.
@pytest.mark.parametrize("workers", ["sqlite", "postgresql"], indirect=True)
async def test_a_login_reads_its_attempts_once(
    workers: Workers, asked: list[str]
) -> None:
    """What a right attempt has counted is known when it is taken back."""
    worker, _ = workers
    await worker.add()
    for number in range(REFRESHES + 1):
        asked.clear()
        await _log_in(worker, NAME)
        # The first one also removes what earlier processes left behind.
        assert number == 0 or asked == LOGIN
