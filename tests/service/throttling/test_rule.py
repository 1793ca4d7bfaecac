"""The throttling rule, whatever happens in which order."""

from hypothesis import given
from hypothesis import strategies as st

from clock import START
from quart_jwt.service.throttling.rule import admit
from quart_jwt.service.throttling.rule import give_back
from quart_jwt.service.throttling.rule import Record
from quart_jwt.service.throttling.rule import Refused
from quart_jwt.service.throttling.rule import Step
from quart_jwt.service.throttling.rule import succeed
from quart_jwt.service.throttling.rule import ThrottleLimits
from quart_jwt.service.throttling.rule import Visit
from quart_jwt.service.throttling.waits import HOUR_MS
from quart_jwt.service.throttling.waits import Rate
from quart_jwt.service.throttling.waits import SKEW_MS
from quart_jwt.service.throttling.waits import Waits

NOW = START * 1_000
FREE = 3
PER_MINUTE = 4
LIMITS = ThrottleLimits(waits=Waits(free=FREE), rate=Rate(per_minute=PER_MINUTE))

gaps_ms = st.sampled_from([0, 0, 0, 1, 14_999, 15_000, 30_000, HOUR_MS, 25 * HOUR_MS])
steps = st.sampled_from([admit, admit, admit, succeed, give_back])
visits = st.builds(
    lambda account, address: Visit(
        address=address,
        account=account,
        place=address and account and f"{account} at {address}",
    ),
    st.sampled_from(["ada", "grace", None]),
    st.sampled_from(["a", "b", None]),
)
histories = st.lists(st.tuples(gaps_ms, steps, visits), max_size=40)


class Ledger:
    """What is stored, and the time."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.now_ms = NOW

    def apply(self, step: Step, visit: Visit) -> Refused | None:
        """Apply one step and keep what it changes."""
        changed, refused = step(visit, self.records, LIMITS, self.now_ms)
        self.records |= changed
        return refused


def _after(history: list[tuple[int, Step, Visit]]) -> Ledger:
    ledger = Ledger()
    for gap_ms, step, visit in history:
        ledger.now_ms += gap_ms
        ledger.apply(step, visit)
    return ledger


@given(histories, visits)
def test_an_attempt_that_waits_changes_nothing(
    history: list[tuple[int, Step, Visit]], visit: Visit
) -> None:
    """Of what it waits for: a wait does not grow, and ends when it was said."""
    ledger = _after(history)
    refused = ledger.apply(admit, visit)
    if refused is None:
        return
    waiting = visit.address if refused.by == "address" else visit.account
    before = ledger.records[waiting or ""]
    ledger.apply(admit, visit)
    assert before == ledger.records[waiting or ""]
    ledger.now_ms += refused.wait_ms
    again = ledger.apply(admit, visit)
    # The address may wait after the account, but nothing waits twice.
    assert again is None or again.by != refused.by


@given(histories, visits)
def test_what_is_given_back_was_not_tried(
    history: list[tuple[int, Step, Visit]], visit: Visit
) -> None:
    """An attempt that met an outage takes nothing away from those after it."""
    ledger, other = _after(history), _after(history)
    if ledger.apply(admit, visit) is None:
        ledger.apply(give_back, visit)
        tried = [ledger.apply(admit, visit) for _ in range(PER_MINUTE + FREE)]
        assert tried == [other.apply(admit, visit) for _ in range(PER_MINUTE + FREE)]


@given(histories, visits)
def test_an_expired_record_is_worth_as_much_as_none(
    history: list[tuple[int, Step, Visit]], visit: Visit
) -> None:
    """So a store may remove it, or leave it until it tidies up."""
    ledger = _after(history)
    ledger.now_ms += 1
    live = {
        key: record
        for key, record in ledger.records.items()
        if record.expires_at_ms > ledger.now_ms
    }
    for step in (admit, succeed, give_back):
        changed, refused = step(visit, ledger.records, LIMITS, ledger.now_ms)
        expected, expected_refused = step(visit, live, LIMITS, ledger.now_ms)
        assert expected_refused == refused
        for key, record in expected.items():
            assert record == changed[key]


@given(histories, visits, st.integers(0, 100 * 365 * 24 * HOUR_MS))
def test_no_wait_is_longer_than_the_longest(
    history: list[tuple[int, Step, Visit]], visit: Visit, wrong_by_ms: int
) -> None:
    """Not even after a clock that was wrong by a century."""
    ledger = _after(history)
    ledger.now_ms -= wrong_by_ms
    refused = ledger.apply(admit, visit)
    assert refused is None or 0 < refused.wait_ms <= HOUR_MS + SKEW_MS


@given(st.lists(st.tuples(st.integers(0, 400_000), st.booleans()), max_size=200))
def test_guesses_at_an_account_are_bounded(tries: list[tuple[int, bool]]) -> None:
    """From however many places: the free ones, and one for each wait that passed."""
    ledger, admitted, waited_ms = Ledger(), 0, 0
    for number, (gap_ms, is_home) in enumerate(tries):
        ledger.now_ms += gap_ms
        visit = Visit(
            address=None, account="ada", place="home" if is_home else f"{number}"
        )
        if ledger.apply(admit, visit) is None:
            admitted += 1
            if admitted > FREE:
                waited_ms += LIMITS.waits.after(admitted - 1)
    assert waited_ms <= ledger.now_ms - NOW
