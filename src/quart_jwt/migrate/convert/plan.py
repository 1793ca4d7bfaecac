"""
The plan: what becomes async, to a fixed point, and why the rest does not.

It begins with everything that might, and takes away what may not: a function goes as
soon as one of its calls would not be awaited. What is left at the end is closed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field

from quart_jwt.migrate.convert.entries import Entry
from quart_jwt.migrate.convert.mentions import is_test
from quart_jwt.migrate.convert.mentions import Mention
from quart_jwt.migrate.convert.sites import Site
from quart_jwt.migrate.convert.study import Study
from quart_jwt.migrate.index import Function


@dataclass(eq=False, slots=True)
class Plan:
    """
    What becomes async.

    Attributes:
        becoming: Views, hooks and helpers that become async.
        reasons: Why a chosen view or hook stays sync.
        sites: The calls that become their async twin.
        calls: The calls of what becomes async, which are awaited.
    """

    study: Study
    becoming: set[Function] = field(default_factory=set)
    reasons: dict[Function, str] = field(default_factory=dict)
    sites: list[Site] = field(default_factory=list)
    calls: list[Mention] = field(default_factory=list)

    def waits(self, function: Function) -> bool:
        """Whether a function that becomes async gains something to wait for."""
        seen: set[Function] = set()
        waiting = [function]
        while waiting:
            one = waiting.pop()
            seen.add(one)
            if any(site.twin.waits for site in self.sites if _is_in(site, one)):
                return True
            waiting += [
                callee
                for call in self.calls
                if call.function is one
                for callee in self.study.index.by_name[call.meaning or ""]
                if callee not in seen
            ]
        return False


def make_plan(study: Study, chosen: Iterable[Entry]) -> Plan:
    """
    Plan the conversion of views and hooks.

    Args:
        study: The project.
        chosen: The views and hooks that are to become async.
    """
    planner = _Planner(study)
    for entry in chosen:
        planner.choose(entry)
    planner.add_helpers()
    while planner.take_away():
        pass
    return planner.finished()


class _Planner:
    def __init__(self, study: Study) -> None:
        self._study = study
        self._plan = Plan(study)
        self._becoming = self._plan.becoming
        self._own_dispatch = study.own_dispatch()

    def choose(self, entry: Entry) -> None:
        function = entry.function
        if function.is_async:
            return
        reason = self._unfit(entry)
        if reason is None:
            self._becoming.add(function)
        else:
            self._plan.reasons[function] = reason

    def _unfit(self, entry: Entry) -> str | None:
        function = entry.function
        if entry.reasons:
            return entry.reasons[0]
        if function.yields:
            return "it is a generator"
        return (
            self._own_dispatch
            or self._study.references_to(function).unknown
            or self._study.bound_to_threads.get(function)
        )

    def add_helpers(self) -> None:
        """Begin with every helper that may become async at all."""
        for function in self._study.index.functions:
            if (
                function not in self._study.entries
                and not (function.is_async or function.yields)
                and not function.node.decorators
                and function.owner is None
                and function.parent is None
                and not is_test(function.file)
                and function not in self._study.bound_to_threads
                and self._study.references_to(function).unknown is None
                and self._study.references_to(function).calls
            ):
                self._becoming.add(function)

    def take_away(self) -> bool:
        """Take away what may not become async; say whether anything was."""
        removed = {}
        for function in self._becoming:
            reason = self._not_awaited(function) or self._obstructed(function)
            if reason is not None:
                removed[function] = reason
        for function in self._becoming - self._needing():
            if function not in self._study.entries:
                removed.setdefault(function, "it has nothing to wait for")
        if not removed:
            seeds = self._study.loop_seeds(self._becoming)
            reaching = self._study.reach.reaching(seeds)
            removed = {
                function: reaching[function]
                for function in self._becoming
                if function in reaching
            }
        for function, reason in removed.items():
            self._becoming.discard(function)
            if function in self._study.entries:
                self._plan.reasons[function] = reason
        return bool(removed)

    def _is_async(self, function: Function | None) -> bool:
        return function is not None and (
            function.is_async or function in self._becoming
        )

    def _not_awaited(self, function: Function) -> str | None:
        """Give the first call of a function that could not be awaited, as a reason."""
        for call in self._study.references_to(function).calls:
            if not self._is_async(call.function):
                return f"sync code calls it at {call.place}"
            obstacle = self._study.sites.obstacle(call)
            if obstacle is not None:
                return obstacle
        return None

    def _obstructed(self, function: Function) -> str | None:
        """Say what has to be awaited in a function and cannot be."""
        for site in self._study.sites.by_function[function]:
            if site.twin.must and site.obstacle is not None:
                return site.obstacle
        return None

    def _needing(self) -> set[Function]:
        """Give the functions with something to await, to a fixed point."""
        needing = {
            function
            for function in self._becoming
            if any(
                site.obstacle is None
                for site in self._study.sites.by_function[function]
            )
            or function in self._study.entries
        }
        helpers = [one for one in needing if one not in self._study.entries]
        while helpers:
            called = helpers.pop()
            for call in self._study.references_to(called).calls:
                caller = call.function
                if caller in self._becoming and caller not in needing:
                    needing.add(caller)
                    helpers.append(caller)
        return needing

    def finished(self) -> Plan:
        plan = self._plan
        for function in self._becoming:
            plan.sites += [
                site
                for site in self._study.sites.by_function[function]
                if site.obstacle is None
            ]
            plan.calls += self._study.references_to(function).calls
        return plan


def _is_in(site: Site, function: Function) -> bool:
    return site.mention.function is function
