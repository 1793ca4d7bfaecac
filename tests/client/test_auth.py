"""``JWTAuth`` against a server that rotates, in tasks and in threads."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from client.asking import Ask
from client.asking import in_tasks
from client.asking import in_threads
from client.token_server import CREDENTIALS
from client.token_server import LIFE_S
from client.token_server import TokenServer
from clock import Clock
from docs.running import serving
from held import DEADLINE_S
from quart_jwt.client import FileTokenStore
from quart_jwt.client import HeldTokens
from quart_jwt.client import JWTAuth
from quart_jwt.client import LoginRefusedError
from quart_jwt.client import LoginRequiredError
from quart_jwt.client import MemoryTokenStore
from quart_jwt.client import TokenEndpointError
from quart_jwt.client import TokenStoreError
from quart_jwt.client.waiting import Awaiting

EXPIRED = '{"msg": "Token has expired"}'
RENEW_AT_S = LIFE_S - 60


def _jtis(responses: list[httpx.Response]) -> Counter[str]:
    assert [200] * len(responses) == [one.status_code for one in responses]
    return Counter(one.json()["jti"] for one in responses)


async def test_many_first_requests_log_in_once(
    server: TokenServer, url: str, auth: JWTAuth, ask: Ask
) -> None:
    """Fifty requests at once get one access token, for one login."""
    assert len(_jtis(await ask(auth, f"{url}/me", times=50))) == 1
    assert Counter({"/me": 50, "/login": 1}) == server.asked


@pytest.mark.parametrize(
    ("passed_s", "renewals"),
    [(RENEW_AT_S - 1, 0), (RENEW_AT_S, 1), (RENEW_AT_S + 1, 1), (LIFE_S + 1, 1)],
)
async def test_a_token_is_renewed_ahead_of_its_end(
    server: TokenServer,
    url: str,
    auth: JWTAuth,
    ask: Ask,
    passed_s: float,
    renewals: int,
) -> None:
    """One minute before its end, by the clock, and not a second earlier."""
    await ask(auth, f"{url}/me")
    server.clock.advance(passed_s - 0.5)  # the Date header's half second
    _jtis(await ask(auth, f"{url}/me", times=20))

    assert renewals == server.asked["/refresh"]
    assert server.asked["/me"] == 21  # nothing was refused on the way


@pytest.mark.parametrize("ahead_s", [-600.0, 600.0])
async def test_a_clock_that_is_wrong_is_put_right(
    server: TokenServer, url: str, ask: Ask, ahead_s: float
) -> None:
    """Ten minutes off to either side change neither when nor how often it renews."""
    auth = JWTAuth(url, CREDENTIALS, clock=lambda: server.clock() + ahead_s)
    for _ in range(5):
        _jtis(await ask(auth, f"{url}/me", times=3))
    assert server.asked["/refresh"] == 0
    server.clock.advance(RENEW_AT_S)
    _jtis(await ask(auth, f"{url}/me"))
    assert (server.asked["/refresh"], server.asked["/me"]) == (1, 16)


async def test_a_rotated_refresh_token_is_used_at_once(
    server: TokenServer, url: str, auth: JWTAuth, ask: Ask
) -> None:
    """Through ten lives of an access token, there is one login and no refusal."""
    for _ in range(10):
        _jtis(await ask(auth, f"{url}/me", times=10))
        server.clock.advance(LIFE_S)
    assert server.asked["/login"] == 1
    assert len(server.refreshed) == len(set(server.refreshed)) == 9


@pytest.mark.parametrize(
    "body",
    [
        EXPIRED,
        '{"code": "token_expired"}',
        '{"code": "invalid_token"}',
        '{"code": "token_revoked"}',
    ],
)
async def test_a_refused_token_is_renewed_and_the_request_repeated(
    server: TokenServer, url: str, auth: JWTAuth, ask: Ask, body: str
) -> None:
    """A 401 that says expired or invalid: a new token, and once more."""
    first = _jtis(await ask(auth, f"{url}/me"))
    server.answers["/me"] = [(body, 401)]
    second = _jtis(await ask(auth, f"{url}/me", method="POST", json={"a": 1}))

    assert server.asked["/refresh"] == 1
    assert not first & second


async def test_a_second_refusal_is_the_answer(
    server: TokenServer, url: str, auth: JWTAuth, ask: Ask
) -> None:
    """A request is repeated once and not for ever."""
    server.answers["/me"] = [(EXPIRED, 401)] * 2
    (answer,) = await ask(auth, f"{url}/me")

    assert (answer.status_code, answer.text) == (401, EXPIRED)
    assert server.asked["/me"] == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"msg": "Fresh token required"}', 401),
        ("not JSON", 401),
        ("[]", 401),
        (EXPIRED, 403),
        (EXPIRED, 500),
    ],
)
async def test_another_refusal_is_the_answer(
    server: TokenServer, url: str, auth: JWTAuth, ask: Ask, body: str, status: int
) -> None:
    """What a new access token cannot mend is not tried again."""
    server.answers["/me"] = [(body, status)]
    (answer,) = await ask(auth, f"{url}/me")

    assert (status, body) == (answer.status_code, answer.text)
    assert server.asked["/me"] == 1


async def test_a_body_that_can_be_sent_once_is_sent_once(
    server: TokenServer, url: str, auth: JWTAuth
) -> None:
    """A generator's request is not repeated; the next one has a new token."""

    def body() -> Iterator[bytes]:
        yield b"once"

    server.answers["/me"] = [(EXPIRED, 401)]
    (answer,) = await in_threads(auth, f"{url}/me", method="POST", content=body())
    assert (answer.status_code, server.asked["/me"]) == (401, 1)
    _jtis(await in_threads(auth, f"{url}/me"))
    assert (server.asked["/me"], server.asked["/refresh"]) == (2, 1)


async def test_a_refresh_token_that_counts_no_more_is_replaced_by_a_login(
    server: TokenServer, url: str, auth: JWTAuth, ask: Ask
) -> None:
    """After the refresh token's own end the credentials buy a new session."""
    await ask(auth, f"{url}/me")
    server.clock.advance(31 * 24 * 3600)
    _jtis(await ask(auth, f"{url}/me", times=5))
    assert (server.asked["/login"], server.asked["/refresh"]) == (2, 1)


async def test_without_credentials_somebody_has_to_log_in(
    server: TokenServer, url: str, clock: Clock, ask: Ask
) -> None:
    """A refresh token is enough to begin with; when it ends, the error says so."""
    async with httpx.AsyncClient(timeout=60) as client:
        body = await client.post(f"{url}/login", json=CREDENTIALS)
    pair = HeldTokens(**{name[:-6]: token for name, token in body.json().items()})
    auth = JWTAuth(url, store=MemoryTokenStore(pair), clock=clock)
    _jtis(await ask(auth, f"{url}/me"))
    clock.advance(LIFE_S)
    _jtis(await ask(auth, f"{url}/me"))
    clock.advance(31 * 24 * 3600)
    with pytest.raises(LoginRequiredError, match="sign in again"):
        await ask(auth, f"{url}/me")
    assert server.asked["/login"] == 1


async def test_a_refused_login_is_not_repeated(
    server: TokenServer, url: str, clock: Clock, ask: Ask
) -> None:
    """All who wait get its error, and for a minute nobody guesses again."""
    auth = JWTAuth(url, {**CREDENTIALS, "password": "wrong"}, clock=clock)
    for passed_s in (0.0, 59.0):
        clock.advance(passed_s)
        with pytest.raises(LoginRefusedError, match="HTTP 401") as caught:
            await ask(auth, f"{url}/me", times=5)
        assert "wrong" not in str(caught.value)
    assert server.asked == {"/login": 1}
    clock.advance(1)
    with pytest.raises(LoginRefusedError):
        await ask(auth, f"{url}/me")
    assert server.asked == {"/login": 2}


async def test_a_token_that_still_counts_is_used_when_renewing_fails(
    server: TokenServer,
    url: str,
    auth: JWTAuth,
    ask: Ask,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A server in trouble is left alone for a second, and asked again."""
    await ask(auth, f"{url}/me")
    server.clock.advance(RENEW_AT_S)
    server.answers["/refresh"] = [("{}", 503)] * 2
    _jtis(await ask(auth, f"{url}/me", times=10))
    assert server.asked["/refresh"] == 1
    assert "/refresh answered HTTP 503" in caplog.text
    server.clock.advance(1)
    _jtis(await ask(auth, f"{url}/me"))
    server.clock.advance(1)
    _jtis(await ask(auth, f"{url}/me"))
    assert (server.asked["/refresh"], server.asked["/login"]) == (3, 1)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (("{}", 503), "/refresh answered HTTP 503"),
        (("{}", 307), "/refresh answered HTTP 307"),
        (("{}", 200), "has no token"),
        (("[]", 200), "has no token"),
        (("no JSON", 200), "has no token"),
        (('{"access_token": ""}', 200), "has no token"),
    ],
)
async def test_an_answer_that_says_neither_yes_nor_no_costs_no_session(
    server: TokenServer,
    url: str,
    auth: JWTAuth,
    ask: Ask,
    answer: tuple[str, int],
    message: str,
) -> None:
    """The error names the endpoint and the status; the refresh token is kept."""
    await ask(auth, f"{url}/me")
    server.clock.advance(LIFE_S + 1)
    server.answers["/refresh"] = [answer]
    with pytest.raises(TokenEndpointError, match=message) as caught:
        await ask(auth, f"{url}/me", times=3)
    assert answer[1] == caught.value.status
    server.clock.advance(1)
    _jtis(await ask(auth, f"{url}/me"))
    assert (server.asked["/refresh"], server.asked["/login"]) == (2, 1)


async def test_another_origin_gets_no_token(
    server: TokenServer, url: str, auth: JWTAuth, ask: Ask
) -> None:
    """Neither another port nor another host is told who we are, unless it is named."""
    other = TokenServer(server.clock)
    async with serving(other.app, include_date_header=False) as elsewhere:
        (answer,) = await ask(auth, f"{elsewhere}/me")
        assert answer.json() == {
            "msg": "Missing JWT in headers or cookies (Missing Authorization Header; "
            'Missing cookie "access_token_cookie")'
        }
        named = JWTAuth(url, CREDENTIALS, origins=[elsewhere], clock=server.clock)
        _jtis(await ask(named, f"{elsewhere}/me"))
    assert (server.asked["/login"], other.asked["/login"]) == (1, 0)


async def test_cookies_travel_with_their_csrf_value(
    server: TokenServer, url: str, ask: Ask
) -> None:
    """Login, a safe and an unsafe method, renewal: all by cookies."""
    auth = JWTAuth(
        url,
        {**CREDENTIALS, "cookies": True},
        location="cookies",
        clock=server.clock,
    )
    _jtis(await ask(auth, f"{url}/me", times=3))
    _jtis(await ask(auth, f"{url}/me", method="POST"))
    server.clock.advance(LIFE_S)
    _jtis(await ask(auth, f"{url}/me", method="POST"))
    server.answers["/me"] = [(EXPIRED, 401)]
    _jtis(await ask(auth, f"{url}/me", method="POST"))
    assert (server.asked["/login"], server.asked["/refresh"]) == (1, 2)


async def test_tokens_are_forgotten(
    server: TokenServer, url: str, auth: JWTAuth
) -> None:
    """After ``forget`` the next request logs in."""
    await in_tasks(auth, f"{url}/me")
    await auth.aforget()
    await in_tasks(auth, f"{url}/me")
    auth.forget()
    await in_threads(auth, f"{url}/me")
    assert (server.asked["/login"], server.asked["/refresh"]) == (3, 0)


async def test_programs_with_one_store_share_their_tokens(
    server: TokenServer, url: str, ask: Ask, tmp_path: Path
) -> None:
    """A second program finds the first one's tokens, and its rotations."""
    store = FileTokenStore(tmp_path / "tokens.json")
    one, two = (
        JWTAuth(url, CREDENTIALS, store=store, clock=server.clock) for _ in range(2)
    )
    for auth in (one, two, one, two, two, one):
        _jtis(await ask(auth, f"{url}/me"))
        server.clock.advance(LIFE_S / 2)
    assert (server.asked["/login"], server.asked["/refresh"]) == (1, 2)


async def test_tokens_that_cannot_be_kept_are_used(
    server: TokenServer,
    url: str,
    ask: Ask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A store that fails does not undo a rotation, and the log says so."""
    path = tmp_path / "tokens.json"
    store = FileTokenStore(path)
    auth = JWTAuth(url, CREDENTIALS, store=store, clock=server.clock)
    _jtis(await ask(auth, f"{url}/me"))
    before = path.read_text()
    monkeypatch.setattr(store, "save", _failing)
    server.clock.advance(LIFE_S)
    _jtis(await ask(auth, f"{url}/me"))
    assert "disk full" in caplog.text
    assert before == path.read_text()
    server.clock.advance(LIFE_S)
    _jtis(await ask(auth, f"{url}/me"))
    assert (server.asked["/login"], server.asked["/refresh"]) == (1, 2)


async def test_who_is_cancelled_while_renewing_costs_nobody_else(
    server: TokenServer, url: str, auth: JWTAuth
) -> None:
    """The next in line renews, with the refresh token that was sent already."""
    await in_tasks(auth, f"{url}/me")
    server.clock.advance(LIFE_S + 1)
    server.held.clear()
    leading = asyncio.create_task(in_tasks(auth, f"{url}/me"))
    await server.holding.wait()
    following = asyncio.create_task(in_tasks(auth, f"{url}/me", times=10))
    leading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leading
    server.held.set()
    _jtis(await following)
    assert (server.asked["/refresh"], server.asked["/login"]) == (2, 1)
    assert len(set(server.refreshed)) == 1


async def test_others_do_not_wait_while_a_token_still_counts(
    server: TokenServer, url: str, auth: JWTAuth
) -> None:
    """One request renews ahead; those beside it go on with the old token."""
    before = _jtis(await in_tasks(auth, f"{url}/me"))
    server.clock.advance(RENEW_AT_S)
    server.held.clear()
    leading = asyncio.create_task(in_tasks(auth, f"{url}/me"))
    await server.holding.wait()
    beside = _jtis(await in_tasks(auth, f"{url}/me", times=10))
    server.held.set()
    assert before.keys() == beside.keys() != _jtis(await leading).keys()


def _failing(_pair: Any) -> None:
    raise TokenStoreError("disk full")


async def test_a_given_client_sends_the_requests_for_tokens(
    server: TokenServer, url: str
) -> None:
    """Its headers go along, and it may be the client that is being served."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        client.auth = JWTAuth(url, CREDENTIALS, client=client, clock=server.clock)
        assert (await client.get("/me")).status_code == 200
        blocking = JWTAuth(url, CREDENTIALS, client=client)
        with pytest.raises(TypeError, match=r"httpx\.Client"):
            await in_threads(blocking, f"{url}/me")
    with httpx.Client(timeout=60) as sync_client:
        awaiting = JWTAuth(url, CREDENTIALS, client=sync_client)
        with pytest.raises(TypeError, match=r"httpx\.AsyncClient"):
            await in_tasks(awaiting, f"{url}/me")
        again = JWTAuth(url, CREDENTIALS, client=sync_client, clock=server.clock)
        _jtis(await in_threads(again, f"{url}/me"))


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["auth.example.com"], {}),
        (["/login"], {}),
        (["https://example.com"], {"origins": ["api"]}),
        (["https://example.com"], {"location": "body"}),
    ],
)
def test_arguments_that_cannot_work_are_refused(
    arguments: list[Any], options: dict[str, Any]
) -> None:
    """An address without a host and an unknown location fail at once."""
    with pytest.raises(ValueError, match=r"absolute|location"):
        JWTAuth(*arguments, **options)


def test_nothing_secret_is_shown() -> None:
    """Neither tokens nor credentials stand in what is printed of these objects."""
    pair = HeldTokens("access", "refresh")
    auth = JWTAuth("https://example.com", CREDENTIALS, store=MemoryTokenStore(pair))
    shown = f"{auth!r} {pair!r} {auth._session._exchange!r}"

    assert not any(word in shown for word in ("lovelace", "'access'", "'refresh'"))


def test_one_object_serves_one_loop_after_another(clock: Clock) -> None:
    """``asyncio.run`` may be called again and again with the same ``JWTAuth``."""
    server = TokenServer(clock)
    app: Any = server.app  # httpx knows less of ASGI's types
    transport = httpx.ASGITransport(app=app)
    auths: list[JWTAuth] = []

    async def ask() -> None:
        async with httpx.AsyncClient(
            transport=transport, base_url="http://server.example"
        ) as client:
            if not auths:
                auths.append(JWTAuth(client.base_url, CREDENTIALS, clock=clock))
            # The client for tokens is this loop's, too.
            auths[0]._awaiting._client = client
            client.auth = auths[0]
            _jtis(list(await asyncio.gather(*(client.get("/me") for _ in range(10)))))

    for _ in range(3):
        asyncio.run(ask())
        clock.advance(LIFE_S)
    assert (server.asked["/login"], server.asked["/refresh"]) == (1, 2)


async def test_event_loops_in_threads_renew_once(
    server: TokenServer, url: str, auth: JWTAuth
) -> None:
    """One JWTAuth serves several event loops at once, and one renewal serves all."""

    async def burst() -> list[httpx.Response]:
        async with httpx.AsyncClient(auth=auth, timeout=60) as client:
            return await asyncio.gather(*(client.get(f"{url}/me") for _ in range(10)))

    loops = (asyncio.to_thread(asyncio.run, burst()) for _ in range(4))
    async with asyncio.timeout(DEADLINE_S):
        responses = [one for part in await asyncio.gather(*loops) for one in part]
    assert len(_jtis(responses)) == 1
    assert server.asked["/login"] == 1


async def test_a_wait_for_another_thread_can_be_cancelled() -> None:
    """A task that gives up while a thread renews leaves the lock to others."""
    lock = threading.Lock()
    waiting = Awaiting(None, lock)

    async def renew() -> None:
        async with waiting.lock():
            pass

    with lock:
        assert waiting.is_locked
        task = asyncio.create_task(renew())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with asyncio.timeout(DEADLINE_S):
        await renew()
