import pytest
from hypothesis import given
from hypothesis import strategies as st

from clock import START
from quart_jwt.service.settings.groups import Throttling
from quart_jwt.service.throttling.chosen import limits_of
from quart_jwt.service.throttling.waits import Count
from quart_jwt.service.throttling.waits import HOUR_MS
from quart_jwt.service.throttling.waits import MINUTE_MS
from quart_jwt.service.throttling.waits import Rate
from quart_jwt.service.throttling.waits import Waits

NOW = START * 1_000
DEFAULT = limits_of(Throttling())


@pytest.mark.parametrize(
    ("attempts", "wait_s"),
    [
        *((attempts, 0) for attempts in (0, 1, 9)),
        *((10, 30), (11, 60), (12, 120), (16, 1_920), (17, 3_600), (18, 3_600)),
        (1_000_000, 3_600),
    ],
)
def test_waits_grow_from_half_a_minute_to_an_hour(attempts: int, wait_s: int) -> None:
    """NIST SP 800-63B section 5.2.2: ten are free, then 30 s doubles up to 1 h."""
    assert wait_s * 1_000 == DEFAULT.waits.after(attempts)


@pytest.mark.parametrize(("max_wait_s", "first_s"), [(1, 1), (29, 29), (31, 30)])
def test_no_wait_is_longer_than_the_longest(max_wait_s: int, first_s: int) -> None:
    """Also where the first wait would be."""
    waits = limits_of(Throttling(free_failures=1, max_wait_s=max_wait_s)).waits
    assert first_s * 1_000 == waits.after(1)
    assert max_wait_s * 1_000 == waits.after(2)


def test_a_hundred_failures_of_an_account_take_days() -> None:
    """What NIST allows in a row takes longer than three days; no wait is for good."""
    waits, count, now = DEFAULT.waits, Count(), NOW
    for _ in range(100):
        now += waits.left_ms(count, now)
        count = waits.admitted(count, now)
    assert now - NOW > 3 * 24 * HOUR_MS
    assert waits.left_ms(count, now) == HOUR_MS


def test_forgetting_gives_no_more_guesses_than_waiting() -> None:
    """Ten free ones after a day of silence are fewer than one in each hour of it."""
    waits = DEFAULT.waits
    assert waits.forgotten_after_ms // waits.longest_ms > waits.free


@pytest.mark.parametrize("late_ms", [-1, 0, 1])
def test_a_count_is_forgotten_a_day_after_its_wait(late_ms: int) -> None:
    """The boundary is exact: from that moment on there was nothing."""
    waits = Waits(free=1)
    count = waits.admitted(Count(), NOW)
    forgotten_at_ms = NOW + 30_000 + 24 * HOUR_MS
    later = waits.admitted(count, forgotten_at_ms + late_ms)
    assert (2 if late_ms < 0 else 1) == later.attempts
    assert forgotten_at_ms == waits.forgotten_at_ms(count)


@given(
    per_minute=st.integers(1, 90),
    gaps_ms=st.lists(st.integers(0, 3_000), min_size=1, max_size=300),
)
def test_a_rate_is_never_exceeded(per_minute: int, gaps_ms: list[int]) -> None:
    """Whatever the rhythm: a minute's worth at first, an even pace from then on."""
    rate, now, admitted = Rate(per_minute=per_minute), NOW, 0
    count = Count()
    for gap_ms in gaps_ms:
        now += gap_ms
        if rate.left_ms(count, now) == 0:
            count, admitted = rate.admitted(count, now), admitted + 1
    assert admitted <= per_minute + (now - NOW) // rate.interval_ms


@pytest.mark.parametrize("per_minute", [1, 7, 30, 60_000])
def test_a_rate_opens_at_the_moment_that_it_tells(per_minute: int) -> None:
    """The wait is exact to a millisecond, and never longer than a minute."""
    rate, count = Rate(per_minute=per_minute), Count()
    for _ in range(per_minute):
        assert rate.left_ms(count, NOW) == 0
        count = rate.admitted(count, NOW)
    wait_ms = rate.left_ms(count, NOW)
    assert 0 < wait_ms <= MINUTE_MS
    assert rate.left_ms(count, NOW + wait_ms - 1) == 1
    assert rate.left_ms(count, NOW + wait_ms) == 0
