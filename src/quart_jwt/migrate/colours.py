"""
Colours: which functions have to become async, and which have to stay as they are.

A function becomes async if something in it must be awaited, and so does everybody who
calls it, up to a fixed point. A function whose caller is a framework that knows no
coroutines stays sync, and so does everything below it; what reads the request's body
there does so through ``sync_request``, anything else is reported.
"""

from collections import defaultdict
from collections.abc import Iterable
from enum import Enum

from quart_jwt.migrate.awaits import FOLLOWERS
from quart_jwt.migrate.awaits import Need
from quart_jwt.migrate.awaits import Place
from quart_jwt.migrate.decorators import Decorators
from quart_jwt.migrate.index import Function


class Policy(Enum):
    """
    How far async is to spread.
    """

    NEEDED = "what awaits becomes async"
    ALL_ASYNC = "every view becomes async"
    KEEP_SYNC = "what only reads the request's body stays in its thread"


class Colours:
    """
    The colour of each function of a project, once it is migrated.
    """

    def __init__(
        self, places: Iterable[Place], decorators: Decorators, policy: Policy
    ) -> None:
        self.places: list[Place] = list(places)
        self.decorators = decorators
        self._inside: dict[Function, list[Place]] = defaultdict(list)
        for place in self.places:
            if place.standing.function is not None and not place.standing.barrier:
                self._inside[place.standing.function].append(place)
        self.kept: dict[Function, str] = self._kept_from_the_start()
        self._at_first = {one for one in decorators.functions if one.is_async}
        if policy is Policy.ALL_ASYNC:
            self._at_first |= decorators.views() - self.kept.keys()
        if policy is Policy.KEEP_SYNC:
            self.kept |= self._readers()
        self.asynchronous: set[Function] = set(self._at_first)
        self._spread()

    def is_async(self, function: Function) -> bool:
        """Whether calling a function gives something to await."""
        return function in self.asynchronous or any(
            wrapper in self.asynchronous for wrapper in self.decorators.around(function)
        )

    def becomes_async(self, function: Function) -> bool:
        """Whether ``async`` has to be written in front of a function."""
        return function in self.asynchronous and not function.is_async

    def is_awaited(self, place: Place) -> bool:
        """Whether a place gets its ``await``."""
        function = place.standing.function
        if place.standing.barrier or function not in self.asynchronous:
            return False
        if place.need is Need.WRAPPED:
            return self.decorators.is_wrapper(function)
        return place.callee is None or self.is_async(place.callee)

    def is_owed(self, place: Place) -> bool:
        """Whether a place needs an ``await`` that cannot be written there."""
        if self.is_awaited(place) or self.reads_in_a_thread(place):
            return False
        if place.callee is not None:
            return self.is_async(place.callee)
        return place.need not in FOLLOWERS

    def reads_in_a_thread(self, place: Place) -> bool:
        """Whether a request's body is read by a function that stays sync."""
        function = place.standing.function
        return place.need is Need.REQUEST and function in self.kept

    def _kept_from_the_start(self) -> dict[Function, str]:
        reasons = {
            one: self.decorators.why_sync(one) for one in self.decorators.functions
        }
        return {
            one: reason
            for one, reason in reasons.items()
            if reason is not None and not one.is_async
        }

    def _readers(self) -> dict[Function, str]:
        """Give what awaits only request bodies, and is called by no coroutine."""
        called_by_async = {
            place.callee for one in self._at_first for place in self._inside[one]
        }
        return {
            one: "--keep-sync says so"
            for one in self.decorators.functions
            if one not in called_by_async and self._can_stay_sync(one, set())
        }

    def _spread(self) -> None:
        """Let colours spread until nothing changes any more."""
        while (
            self._spread_up()
            or self._spread_to_followers()
            or self._spread_to_families()
            or self._keep_below()
        ):
            pass

    def _spread_up(self) -> bool:
        found = {
            function
            for function, places in self._inside.items()
            if function not in self.asynchronous
            and function not in self.kept
            and any(self._must_await(one) for one in places)
        }
        self.asynchronous |= found
        return bool(found)

    def _must_await(self, place: Place) -> bool:
        if place.callee is not None:
            return self.is_async(place.callee)
        if place.need is Need.WRAPPED:
            return self._wraps_an_awaited_result(place)
        return place.need not in FOLLOWERS

    def _wraps_an_awaited_result(self, place: Place) -> bool:
        """Whether a decorator looks at the result of a view that is async."""
        function = place.standing.function
        if function is None or not self.decorators.is_wrapper(function):
            return False
        if self.decorators.only_hands_on(place):
            return False
        return any(self.is_async(one) for one in self.decorators.wrapped_by(function))

    def _spread_to_followers(self) -> bool:
        """Functions that verify, and are called on the loop, have to await it."""
        found = {
            place.callee
            for function in self.asynchronous
            for place in self._inside[function]
            if place.callee is not None
            and place.callee not in self.asynchronous
            and place.callee not in self.kept
            and self._verifies(place.callee, set())
        }
        self.asynchronous |= found
        return bool(found)

    def _spread_to_families(self) -> bool:
        """Unittest's hooks change their name, so all of a family do."""
        found = {
            relative
            for function in self.asynchronous
            for relative in self.decorators.family(function)
            if relative not in self.asynchronous
        }
        self.asynchronous |= found
        return bool(found)

    def _verifies(self, function: Function, seen: set[Function]) -> bool:
        if function in seen:
            return False
        seen.add(function)
        return any(
            place.need is Need.VERIFY
            or (place.callee is not None and self._verifies(place.callee, seen))
            for place in self._inside[function]
        )

    def _keep_below(self) -> bool:
        """What a sync function calls stays sync, where it can."""
        found = {
            place.callee: f"{function.own_name}, which calls it, has to stay sync"
            for function in self.kept
            for place in self._inside[function]
            if place.callee is not None
            and place.callee in self.asynchronous
            and self._can_stay_sync(place.callee, set())
        }
        if found:
            self.kept |= found
            self.asynchronous = set(self._at_first)
        return bool(found)

    def _can_stay_sync(self, function: Function, seen: set[Function]) -> bool:
        if function.is_async:
            return False
        seen.add(function)
        return all(
            place.need in FOLLOWERS | {Need.REQUEST}
            and (
                place.callee is None
                or place.callee in seen
                or self._can_stay_sync(place.callee, seen)
            )
            for place in self._inside[function]
        )
