"""The door of the service: 429, for whom and for how long."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from collections.abc import Iterator
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from clock import Clock
from quart_jwt.service.accounts.directory import User
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.errors import DirectoryError
from quart_jwt.service.ground.errors import HashingBusyError
from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.ground.errors import StoreUnavailableError
from quart_jwt.service.ground.errors import ThrottledError
from quart_jwt.service.ground.events import Event
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.ground.events import security_events
from quart_jwt.service.settings.groups import Throttling
from quart_jwt.service.settings.settings import read_settings
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.throttling.chosen import limits_of
from quart_jwt.service.throttling.digests import Digests
from quart_jwt.service.throttling.digests import Door
from quart_jwt.service.throttling.sql import AttemptsRow
from quart_jwt.service.throttling.throttle import Throttle
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service
from service.throttling.counters import memory_attempts

FREE = Throttling().free_failures
PER_MINUTE = Throttling().address_per_minute


async def _sign_in(
    service: Service, name: str = NAME, password: str = "wrong", *, address: str = "::"
) -> Any:
    return await service.client.post(
        "/login",
        json={"username": name, "password": password},
        headers={"X-Forwarded-For": address},
        scope_base={"client": ("127.0.0.1", 1)},
    )


async def _fail(service: Service, times: int, name: str = NAME) -> list[int]:
    """Guess from as many addresses; give the statuses."""
    answers = [
        await _sign_in(service, name, address=f"2001:db8:{number:x}::1")
        for number in range(times)
    ]
    return [answer.status_code for answer in answers]


@pytest.fixture(name="hashed")
def _hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What has been compared with a hash."""
    hashed: list[str] = []
    verify = PasswordHasher.verify

    def counting(self: PasswordHasher, stored: str, password: str) -> bool:
        hashed.append(password)
        return verify(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", counting)
    return hashed


@pytest.fixture(name="events")
def _events() -> Iterator[list[Event]]:
    events: list[Event] = []

    def heard(event: Event) -> None:
        events.append(event)

    with security_events.connected_to(heard):
        yield events


async def test_f07_a_hundred_guesses_from_a_hundred_addresses(
    service: Service, hashed: list[str]
) -> None:
    """The account waits, its owner gets in after the wait, others all along."""
    await service.add()
    await service.add("grace")

    assert await _fail(service, 100) == [401] * FREE + [429] * (100 - FREE)
    assert len(hashed) == FREE

    refused = await _sign_in(service, NAME, PASSWORD)
    assert refused.status_code == 429
    answer = await refused.get_json()
    assert (answer["code"], answer["limit"]) == ("too_many_attempts", "account")
    assert refused.headers["Retry-After"] == "30"
    assert len(hashed) == FREE  # the right password is not even looked at

    assert (await _sign_in(service, "grace", PASSWORD)).status_code == 200
    service.clock.advance(30)
    assert (await _sign_in(service, NAME, PASSWORD)).status_code == 200


@pytest.mark.parametrize(
    ("passed_s", "retry_after"), [(0, "30"), (0.001, "30"), (1, "29"), (29.5, "1")]
)
async def test_retry_after_is_rounded_up(
    service: Service, passed_s: float, retry_after: str
) -> None:
    """RFC 9110 section 10.2.3: whole seconds; a client that waits them gets in."""
    await service.add()
    await _fail(service, FREE)
    service.clock.advance(passed_s)
    refused = await _sign_in(service)
    assert retry_after == refused.headers["Retry-After"]
    service.clock.advance(int(retry_after))
    assert (await _sign_in(service, NAME, PASSWORD)).status_code == 200


async def test_an_unknown_name_is_counted_like_a_known_one(service: Service) -> None:
    """No name can be found out: the answers are the same, but for their ids."""
    await service.add()
    answers: dict[str, list[tuple[int, str, bytes]]] = {}
    for name in (NAME, "nobody"):
        for _ in range(FREE + 2):
            answer = await _sign_in(service, name, address="none")
            del answer.headers["X-Request-ID"]  # each request has its own
            seen = (answer.status_code, str(answer.headers), await answer.get_data())
            answers.setdefault(name, []).append(seen)
    assert answers[NAME] == answers["nobody"]
    assert [seen[0] for seen in answers[NAME]] == [401] * FREE + [429] * 2


async def test_a_name_counts_however_it_is_typed(service: Service) -> None:
    """Two spellings of one name are one account (NFC), upper and lower case two."""
    await _fail(service, FREE - 1, "Ren\u00e9")
    assert await _fail(service, 2, "Rene\u0301") == [401, 429]
    assert await _fail(service, 1, "ren\u00e9") == [401]


async def test_one_address_over_many_names(service: Service) -> None:
    """Password spraying: the address is slowed down, its /64 with it, and no other."""
    for number in range(PER_MINUTE):
        answer = await _sign_in(service, f"{number}", address=f"2001:db8::{number:x}")
        assert answer.status_code == 401
    refused = await _sign_in(service, "next", address="2001:db8::ffff:0:0:1")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")
    other = await _sign_in(service, "next", address="2001:db8:0:1::1")
    assert other.status_code == 401


async def test_a_header_of_the_clients_own_is_no_way_out(service: Service) -> None:
    """F08: neither through a proxy nor without one."""
    for peer, last in (("127.0.0.1", ", 203.0.113.9"), ("203.0.113.10", "")):
        statuses = [
            (
                await service.client.post(
                    "/login",
                    json={"username": f"{peer} {number}", "password": "wrong"},
                    headers={"X-Forwarded-For": f"198.51.100.{number}{last}"},
                    scope_base={"client": (peer, 1)},
                )
            ).status_code
            for number in range(PER_MINUTE + 1)
        ]
        assert statuses == [401] * PER_MINUTE + [429]
        # And nobody can use up somebody else's: the forged address is untouched.
        victim = await _sign_in(service, "victim", address="198.51.100.1")
        assert victim.status_code == 401


async def test_signing_in_costs_an_address_nothing(service: Service) -> None:
    """A whole company behind one address."""
    await service.add()
    for _ in range(PER_MINUTE + 1):
        assert (await _sign_in(service, NAME, PASSWORD)).status_code == 200


async def test_an_owner_at_home_is_not_kept_out(service: Service) -> None:
    """An attack that never ends: where the owner has signed in before, it is open."""
    await service.add()
    await _sign_in(service, NAME, PASSWORD, address="203.0.113.9")
    for _ in range(20):
        await _fail(service, FREE)
        home = await _sign_in(service, NAME, PASSWORD, address="203.0.113.9")
        abroad = await _sign_in(service, NAME, PASSWORD, address="203.0.113.10")
        assert (home.status_code, abroad.status_code) == (200, 429)
        service.clock.advance(3_600)


async def test_what_cannot_be_a_name_is_not_counted(service: Service) -> None:
    """It is nobody's account."""
    for _ in range(PER_MINUTE + 1):
        assert (await _sign_in(service, "a\n")).status_code == 400


async def test_no_name_and_no_address_is_stored(service: Service) -> None:
    """What is typed into the name field by mistake is often a password."""
    await service.add()
    await _sign_in(service, "hunter2-is-a-password", address="203.0.113.9")
    await _sign_in(service, NAME, PASSWORD, address="203.0.113.9")
    database = service.resources.database
    rows = await database.rows(select(*AttemptsRow.__table__.columns))
    text = json.dumps([dict(row) for row in rows])
    assert len(rows) == 3
    assert all(word not in text for word in ("hunter2", NAME, "203.0.113"))


async def test_what_cannot_be_a_password_is_not_counted(service: Service) -> None:
    """It is no guess, and must not lock anybody out."""
    await service.add()
    for password in ("", "x" * 1_025, "a\0") * PER_MINUTE:
        assert (await _sign_in(service, NAME, password)).status_code == 400
    assert (await _sign_in(service, NAME, PASSWORD)).status_code == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DirectoryError(), 503),
        (StoreUnavailableError(), 503),
        (HashingBusyError("full"), 503),
    ],
)
async def test_an_outage_is_no_wrong_password(
    service: Service, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    """Who tries again all through it gets in afterwards; older failures stay."""
    await service.add()

    async def away(_name: str, _password: str) -> User:
        raise error

    assert [(await _sign_in(service)).status_code for _ in range(FREE - 1)] == [401] * 9
    with monkeypatch.context() as patch:
        patch.setattr(service.resources.users.directory, "authenticate", away)
        for _ in range(2 * PER_MINUTE):
            assert (await _sign_in(service, NAME, PASSWORD)).status_code == status
    statuses = [(await _sign_in(service)).status_code for _ in range(2)]
    assert statuses == [401, 429]


def test_digests_are_keyed_and_apart() -> None:
    """Another secret, door, name or network is another digest; an address of it not."""
    visits = {
        Digests(secret).visit(door, name=name, address=address)
        for secret in (None, "one", "two")
        for door in Door
        for name in ("ada", "grace")
        for address in ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:0:1::")
    }
    words = [word for one in visits for word in (one.account, one.place)]
    assert len(set(words)) == 3 * 2 * 2 * (1 + 4)
    assert len({one.address for one in visits}) == 3 * 2 * 4
    one, other = (
        Digests(None).visit(Door.SIGN_IN, name="ada", address=address)
        for address in ("::ffff:192.0.2.1", "192.0.2.1")
    )
    assert one == other


async def test_a_refusal_is_an_event_without_a_name(
    service: Service, events: list[Event]
) -> None:
    """The user is not looked up for it; the reason is one of two words."""
    await _fail(service, FREE + 1)
    for number in range(PER_MINUTE + 1):
        await _sign_in(service, f"{number}", address="192.0.2.1")
    throttled = [one for one in events if one.kind is Kind.THROTTLED]
    assert throttled == [
        Event(kind=Kind.THROTTLED, reason="account"),
        Event(kind=Kind.THROTTLED, reason="address"),
    ]


async def test_it_can_be_switched_off(settings: Settings, clock: Clock) -> None:
    """By one setting; then nothing is counted."""
    off = dataclasses.replace(settings, throttling=Throttling(enabled=False))
    app = create_app(off, clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        assert await _fail(service, 2 * FREE) == [401] * 2 * FREE
        assert not await service.resources.database.rows(select(AttemptsRow.digest))


async def test_without_counters_nobody_gets_in(service: Service) -> None:
    """Fails closed: what cannot be counted is 503, before anything is hashed."""
    await service.add()
    await service.resources.database.close()
    await service.resources.database.step(_drop_counts)
    answer = await _sign_in(service, NAME, PASSWORD)
    assert answer.status_code == 503
    assert (await answer.get_json())["code"] == "store_unavailable"
    assert answer.headers["Retry-After"] == "5"


async def _drop_counts(connection: Any) -> None:
    await connection.exec_driver_sql("DROP TABLE attempts")


@pytest.fixture(name="throttle")
async def _throttle(clock: Clock) -> AsyncIterator[Throttle]:
    limits = limits_of(Throttling(free_failures=2, address_per_minute=2))
    throttle = Throttle(
        memory_attempts(limits), Digests(None), clock, at_once=2, per_address=2
    )
    yield throttle
    await throttle.close()


async def test_a_flood_does_not_queue_in_front_of_the_counters(
    throttle: Throttle,
) -> None:
    """So many attempts at once in a process; one more is 503, and leaves no trace."""
    leave = asyncio.Event()

    async def trying(name: str) -> None:
        async with throttle.attempt(Door.SIGN_IN, name=name, address=None):
            await leave.wait()

    tasks = [asyncio.create_task(trying(name)) for name in ("ada", "grace", "edsger")]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    leave.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in results] == [type(None), type(None), HashingBusyError]
    await trying("edsger")


async def test_an_attempt_that_is_given_up_counts(throttle: Throttle) -> None:
    """A client that hangs up before the answer has had its guess."""

    async def hanging() -> None:
        async with throttle.attempt(Door.SIGN_IN, name="ada", address=None):
            await asyncio.Event().wait()

    for _ in range(2):
        task = asyncio.create_task(hanging())
        await asyncio.wait([task], timeout=0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    with pytest.raises(ThrottledError):
        await hanging()


async def test_a_registration_stays_counted(throttle: Throttle) -> None:
    """It is one more account, and another count than that of signing in."""
    for _ in range(2):
        async with throttle.attempt(Door.REGISTRATION, address="::"):
            pass
    with pytest.raises(ThrottledError):
        async with throttle.attempt(Door.REGISTRATION, address="::"):
            pass
    async with throttle.attempt(Door.SIGN_IN, name="ada", address="::"):
        pass


def test_every_number_is_a_setting() -> None:
    """The defaults are on, and NIST's numbers."""
    assert read_settings({}).throttling == Throttling(
        enabled=True, free_failures=10, max_wait_s=3_600, address_per_minute=30
    )
    environ = {
        "QUART_JWT_THROTTLE": "no",
        "QUART_JWT_THROTTLE_FREE_FAILURES": "100",
        "QUART_JWT_THROTTLE_MAX_WAIT": "1",
        "QUART_JWT_THROTTLE_ADDRESS_PER_MINUTE": "60000",
    }
    assert read_settings(environ).throttling == Throttling(
        enabled=False, free_failures=100, max_wait_s=1, address_per_minute=60_000
    )


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "1e3", "many", "99999999999"])
def test_what_is_no_number_is_a_fault(text: str) -> None:
    """Each is named, and all at once."""
    names = ("FREE_FAILURES", "MAX_WAIT", "ADDRESS_PER_MINUTE")
    environ = {f"QUART_JWT_THROTTLE_{name}": text for name in names}
    with pytest.raises(SettingsError) as caught:
        read_settings(environ)
    assert [fault.split()[0] for fault in caught.value.faults] == list(environ)


@pytest.mark.parametrize(
    ("name", "text"),
    [("FREE_FAILURES", "101"), ("MAX_WAIT", "3601"), ("ADDRESS_PER_MINUTE", "60001")],
)
def test_a_number_has_a_bound(name: str, text: str) -> None:
    """More failures than NIST allows, or a wait that locks an owner out, are faults."""
    with pytest.raises(SettingsError, match=name):
        read_settings({f"QUART_JWT_THROTTLE_{name}": text})
