"""
Password hashing: Argon2id in a bounded thread pool of its own.

Hashing is the dearest thing that a stranger can make this service do, so its
cost is bounded three ways: ``slots`` hashes at once, ``waiting`` more in the
queue, and a stored hash that asks for too much is never computed (``stored_hashes``).
A slot belongs to the job in the thread and not to the request: a client that
hangs up frees no slot while its hash still burns. Event loop and other threads
are never blocked; argon2-cffi lets go of the interpreter lock.
"""

import asyncio
import os
import threading
from collections.abc import Callable
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self
from typing import TypeVar

from argon2 import PasswordHasher

from quart_jwt.service.accounts.stored_hashes import matches
from quart_jwt.service.accounts.stored_hashes import Method
from quart_jwt.service.accounts.stored_hashes import method_of
from quart_jwt.service.accounts.stored_hashes import method_of_new
from quart_jwt.service.accounts.stored_hashes import missing_work
from quart_jwt.service.ground.errors import HashingBusyError
from quart_jwt.service.ground.errors import PasswordRuleError
from quart_jwt.service.ground.tracing import traced
from quart_jwt.service.ground.values import HashCost
from quart_jwt.service.ground.values import HashLoad

T = TypeVar("T")

MAX_PASSWORD_BYTES = 1024
"""UTF-8 bytes; far above any pass phrase (NIST SP 800-63B asks for 64 characters)."""

MIN_NEW_CHARACTERS = 8
"""
Of a new password: NIST SP 800-63B section 5.1.1.2 and OWASP ask for eight.

A login asks for one, so that who has a shorter password can still get in.
"""

MAX_WAITING = 64
"""Jobs in the queue: about two seconds of work for one core at our cost."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What a verification found.

    Attributes:
        matches: Whether the password is the one.
        outdated: Whether the stored hash has another cost than new ones.
        hostile: Whether the stored hash was not even computed.
    """

    matches: bool
    outdated: bool = False
    hostile: bool = False


def check_password(password: str) -> None:
    """
    Raise PasswordRuleError for what cannot be a password.

    A password counts exactly as it was sent: no trimming, no normalisation.
    """
    try:
        size = len(password.encode("utf-8"))
    except UnicodeEncodeError:
        raise PasswordRuleError("The password is not valid Unicode") from None
    if not 1 <= size <= MAX_PASSWORD_BYTES:
        raise PasswordRuleError(
            f"A password must have 1 to {MAX_PASSWORD_BYTES} bytes in UTF-8"
        )
    if "\0" in password:
        raise PasswordRuleError("A password must not contain a NUL character")


def check_new_password(password: str) -> None:
    """
    Raise PasswordRuleError if a text must not become a password.
    """
    check_password(password)
    if len(password) < MIN_NEW_CHARACTERS:
        raise PasswordRuleError(
            f"A new password must have at least {MIN_NEW_CHARACTERS} characters"
        )


def default_slots(lanes: int = 1) -> int:
    """
    Return how many hashes run at once: one core stays with the event loop.

    Args:
        lanes: How many cores one hash takes.
    """
    return max(1, ((os.cpu_count() or 1) - 1) // lanes)


class Place:
    """
    A place in the queue of hashes; given back unless a job has taken it over.

    Args:
        give_back: Called once.
    """

    def __init__(self, give_back: Callable[[], None]) -> None:
        self._give_back: Callable[[], None] | None = give_back

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._give_back is not None:
            self.taken_over()()

    def taken_over(self) -> Callable[[], None]:
        """Return the function that releases the slot, for the caller that keeps it."""
        give_back, self._give_back = self._give_back, None
        if give_back is None:
            raise RuntimeError("a place serves one job")
        return give_back


class Passwords:
    """
    Hashes and verifies; lives as long as the application.

    Args:
        cost: What a new hash costs.
        slots: Hashes at once; None takes every core but one.
        waiting: Jobs that may wait; one more is refused.
    """

    def __init__(
        self, cost: HashCost, *, slots: int | None = None, waiting: int = MAX_WAITING
    ) -> None:
        self._hasher = PasswordHasher(
            time_cost=cost.iterations,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
        )
        self._cost = cost
        self._method = method_of_new(cost)
        self._slots = slots = slots or default_slots(cost.lanes)
        self._limit = slots + waiting
        self._jobs = 0
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="argon2")

    def reserve(self) -> Place:
        """
        Take a place before anything else is done for a login.

        Raises:
            HashingBusyError: The queue is full.
        """
        with self._lock:
            if self._jobs >= self._limit:
                raise HashingBusyError
            self._jobs += 1
        return Place(self._job_ended)

    @traced("password.hash")
    async def hash(self, password: str) -> str:
        """
        Return a new hash of a password.

        Raises:
            HashingBusyError: The queue is full.
        """
        return await self._run(lambda: self._hasher.hash(password))

    @traced("password.verify")
    async def verify(
        self,
        stored: str | None,
        password: str,
        place: Place | None = None,
        *,
        methods: Collection[Method] = (),
        may_succeed: bool = True,
    ) -> Verdict:
        """
        Compare a password with a stored hash; None stands for "no such user".

        Every refusal does the same work: after its own comparison, whatever is missing
        of the methods of all users, on hashes that no password has.

        Args:
            stored: The hash.
            password: The password.
            place: What ``reserve`` gave; None takes one now.
            methods: The methods of all stored hashes; that of new ones is added.
            may_succeed: Whether a match is an answer; if not, it does the work of a
                refusal as well.

        Raises:
            HashingBusyError: The queue is full.
        """
        method = None if stored is None else method_of(stored, self._cost)
        if method is not None and not method.is_bounded:
            method = None

        def compared() -> bool:
            is_match = (
                stored is not None
                and method is not None
                and matches(self._hasher, stored, password)
            )
            if not (is_match and may_succeed):
                for blank in missing_work([*methods, self._method], method):
                    matches(self._hasher, blank, password)
            return is_match

        is_match = await self._run(compared, place)
        return Verdict(
            is_match,
            outdated=stored is not None
            and method is not None
            and (
                method.text != self._method.text
                or self._hasher.check_needs_rehash(stored)
            ),
            hostile=stored is not None and method is None,
        )

    def load(self) -> HashLoad:
        """Return how busy the pool is now."""
        jobs = self._jobs
        running = min(jobs, self._slots)
        return HashLoad(running=running, waiting=jobs - running, limit=self._limit)

    async def close(self) -> None:
        """Drop what waits and wait for what runs."""
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)

    async def _run(self, job: Callable[[], T], place: Place | None = None) -> T:
        with place or self.reserve() as kept:
            future = self._pool.submit(job)
            give_back = kept.taken_over()
        # Runs when the thread is done, or when a job that never began was
        # cancelled; a running job cannot be cancelled.
        future.add_done_callback(lambda _future: give_back())
        return await asyncio.wrap_future(future)

    def _job_ended(self) -> None:
        with self._lock:
            self._jobs -= 1
