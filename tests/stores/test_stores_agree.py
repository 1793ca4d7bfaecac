"""Every store does what the reference does, whatever is asked of it in which order."""

import random
from collections.abc import AsyncIterator
from collections.abc import Awaitable
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from clock import START
from quart_jwt.exceptions import SessionLimitError
from quart_jwt.stores.base import AtLimit
from quart_jwt.stores.base import Limit
from quart_jwt.stores.base import Store
from quart_jwt.stores.memory import MemoryStore
from quart_jwt.stores.partitioned import PartitionedStore
from quart_jwt.tokens.rotation import Family
from quart_jwt.tokens.rotation import Outcome
from quart_jwt.tokens.rotation import Rotation
from stores.families import family
from stores.families import presented
from stores.families import revoked_access
from stores.families import revoked_subject
from stores.families import revoked_token
from stores.families import stamp
from stores.families import successor
from stores.families import token

SUBJECTS = ("ada", "grace")
STEPS = 250

Step = Callable[[Store], Awaitable[Any]]


class Walk:
    """Asks for anything at random, with a clock that mostly goes forward."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a choice, not a secret
        self._now = float(START)
        self._started: list[str] = []
        self._known: dict[str, Family] = {}
        self._jti = 0

    def learn(self, answer: Any) -> None:
        """Remember what a rotation made of a family, to ask about it again."""
        if isinstance(answer, Rotation) and answer.family is not None:
            self._known[answer.family.family_id] = answer.family

    def step(self) -> Step:
        """What is asked next."""
        self._now += self._random.choice([-1, 0, 0, 0, 0.25, 1, 5, 9, 10, 40])
        verbs = [
            self._start,
            self._start,
            *[self._rotate] * 12,
            self._end,
            self._end_all,
        ]
        verbs += [self._revoke, self._is_revoked, self._live, self._purge]
        return self._random.choice(verbs)()

    def _start(self) -> Step:
        now, life_s = self._now, self._random.choice([50, 200, None])
        exp = None if life_s is None else int(now) + life_s
        name = f"f{len(self._started)}"
        self._started.append(name)
        one = family(
            name,
            self._random.choice(SUBJECTS),
            current=stamp(f"{name}-1", now, exp=exp),
            created_at=now,
            refreshed_at=now,
            absolute_exp=self._random.choice([None, int(now) + 150]),
            keep_until=None if exp is None else exp + 5.0,
            access_until=self._random.choice([None, now + 20, now + 20]),
            epoch=self._random.choice([None, 1, 2]),
            user_agent=self._random.choice([None, "", "curl/8"]),
        )
        self._known[name] = one
        at_limit = self._random.choice([*AtLimit])
        limit = self._random.choice([None, Limit(2, at_limit), Limit(3, at_limit)])
        return lambda store: store.start(one, limit=limit, now=now)

    def _rotate(self) -> Step:
        now, grace_s = self._now, self._random.choice([0, 10, 10, 10, 60])
        name = self._random.choice([*self._started[-2:] * 3, "unknown"])
        self._jti += 1
        one = self._known.get(name, family(name))
        previous = one.previous_jti or one.current.jti
        ours = [one.current.jti, one.current.jti, previous, previous, f"{name}-1"]
        whose = self._random.choice([*[one.subject] * 9, *SUBJECTS])
        came = presented(self._random.choice(ours), family_id=name, subject=whose)
        new = successor(f"j{self._jti}", now, life_s=self._random.choice([30, 90]))
        new = replace(new, access_until=self._random.choice([None, now + 20]))
        return lambda store: store.rotate(came, new, grace_s=grace_s, now=now)

    def _end(self) -> Step:
        name = self._random.choice([*self._started[-3:], "unknown"])
        subject, now = self._random.choice([None, *SUBJECTS]), self._now
        return lambda store: store.end(name, subject=subject, now=now)

    def _end_all(self) -> Step:
        subject, now = self._random.choice(SUBJECTS), self._now
        spare = self._random.choice([None, *self._started[-2:]])
        started_by = self._random.choice([None, now - 20])
        epoch = self._random.choice([None, None, 1, 2])
        return lambda store: store.end_all(
            subject, spare=spare, started_by=started_by, before_epoch=epoch, now=now
        )

    def _revoke(self) -> Step:
        now, until = self._now, self._random.choice([None, self._now + 30])
        one = self._random.choice(
            [
                revoked_token(f"t{self._random.randrange(3)}", until),
                revoked_subject("ada", issued_by=now - 10, until=until),
                revoked_access("ada", issued_by=now - 10),
                replace(revoked_token("t1", now + 30), followed_until=now + 5),
            ]
        )
        return lambda store: store.revoke(one, now=now)

    def _is_revoked(self) -> Step:
        now = self._now
        asked = token(
            f"t{self._random.randrange(3)}",
            family_id=self._random.choice([None, *self._started[-5:]]),
            subject=self._random.choice(SUBJECTS),
            issued_at=self._now - self._random.choice([0, 10, 20]),
            is_refresh=self._random.choice([False, True]),
        )
        return lambda store: store.is_revoked(asked, now=now)

    def _live(self) -> Step:
        subject, now = self._random.choice(SUBJECTS), self._now
        return lambda store: store.live(subject, now=now)

    def _purge(self) -> Step:
        now = self._now
        return lambda store: store.purge(limit=1_000, now=now)


async def _outcome(step: Step, store: Store) -> Any:
    try:
        result = await step(store)
    except SessionLimitError as error:
        return str(error)
    return [*result] if isinstance(result, list | tuple) else result


@pytest.fixture(name="reference")
async def _reference(store: Store) -> AsyncIterator[Store]:
    """In memory, and in as many parts as the store, because they have an order."""
    reference: Store = MemoryStore()
    if isinstance(store, PartitionedStore):
        reference = PartitionedStore([MemoryStore() for _ in store.parts])
    await reference.open(now=START)
    yield reference
    await reference.close()


@pytest.mark.parametrize(
    "seed",
    [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 12))],
)
async def test_a_store_does_what_the_reference_does(
    store: Store, reference: Store, seed: int
) -> None:
    """Each answer of a random walk is the reference's, the whole feed's, too."""
    walk = Walk(seed)
    outcomes = set()
    for number in range(STEPS):
        step = walk.step()
        expected, actual = await _outcome(step, reference), await _outcome(step, store)
        assert (number, expected) == (number, actual)
        walk.learn(actual)
        outcomes.add(getattr(actual, "outcome", None))
    feeds = [
        await one.changes(None, limit=10_000, wait_s=0, now=START)
        for one in (reference, store)
    ]
    expected, actual = (replace(one, position="") for one in feeds)

    assert expected == actual
    assert outcomes == {None, *Outcome}  # a walk that saw little would show little
