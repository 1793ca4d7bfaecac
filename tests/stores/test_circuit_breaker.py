import pytest

from clock import Clock
from quart_jwt.exceptions import StoreSuspendedError
from quart_jwt.stores.in_use.circuit_breaker import CircuitBreaker
from quart_jwt.stores.in_use.circuit_breaker import FAILURES
from quart_jwt.stores.in_use.circuit_breaker import PAUSE_S


@pytest.fixture(name="breaker")
def _breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(clock)


def _fail(breaker: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        breaker.admit()
        breaker.failed()


@pytest.mark.parametrize(
    ("failures", "is_open"), [(FAILURES - 1, False), (FAILURES, True)]
)
def test_a_row_of_failures_opens_it(
    breaker: CircuitBreaker, failures: int, *, is_open: bool
) -> None:
    """One failure less than the row changes nothing."""
    _fail(breaker, failures)

    assert is_open is breaker.is_open
    if is_open:
        with pytest.raises(StoreSuspendedError):
            breaker.admit()
    else:
        breaker.admit()


def test_a_success_ends_the_row(breaker: CircuitBreaker) -> None:
    """Failures count only in a row."""
    for _ in range(5):
        _fail(breaker, FAILURES - 1)
        breaker.succeeded()

    assert not breaker.is_open


@pytest.mark.parametrize(("moved", "admits"), [(-0.01, False), (0, True), (0.01, True)])
def test_one_call_may_try_after_the_pause(
    breaker: CircuitBreaker, clock: Clock, moved: float, *, admits: bool
) -> None:
    """It is let through alone; a second one at the same time is not."""
    _fail(breaker, FAILURES)
    clock.advance(PAUSE_S + moved)
    if admits:
        breaker.admit()
    with pytest.raises(StoreSuspendedError):
        breaker.admit()


def test_the_one_that_tries_decides(breaker: CircuitBreaker, clock: Clock) -> None:
    """A failure keeps it open for another pause, a success closes it."""
    _fail(breaker, FAILURES)
    clock.advance(PAUSE_S)
    _fail(breaker, 1)
    with pytest.raises(StoreSuspendedError):
        breaker.admit()
    clock.advance(PAUSE_S)
    breaker.admit()
    breaker.succeeded()

    assert not breaker.is_open
    breaker.admit()


def test_a_call_that_never_comes_back_does_not_keep_it_open(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    """The next pause lets another one try."""
    _fail(breaker, FAILURES)
    for _ in range(3):
        clock.advance(PAUSE_S)
        breaker.admit()
