"""
What is known about a project before anything is decided: read once, used by the plan.
"""

from collections.abc import Iterator

from quart_jwt.migrate.convert.counterparts import belongs_to_a_thread
from quart_jwt.migrate.convert.counterparts import GUARDS
from quart_jwt.migrate.convert.counterparts import LOOP_METHODS
from quart_jwt.migrate.convert.counterparts import LOOPS
from quart_jwt.migrate.convert.counterparts import VERIFICATIONS
from quart_jwt.migrate.convert.entries import Entry
from quart_jwt.migrate.convert.entries import Registered
from quart_jwt.migrate.convert.mentions import Mentions
from quart_jwt.migrate.convert.mentions import place
from quart_jwt.migrate.convert.reach import Reach
from quart_jwt.migrate.convert.reach import Unit
from quart_jwt.migrate.convert.receivers import APP
from quart_jwt.migrate.convert.receivers import Receivers
from quart_jwt.migrate.convert.references import ReferenceIndex
from quart_jwt.migrate.convert.references import References
from quart_jwt.migrate.convert.sites import Sites
from quart_jwt.migrate.convert.view_classes import ViewClasses
from quart_jwt.migrate.index import build_index
from quart_jwt.migrate.index import Function
from quart_jwt.migrate.index import Index
from quart_jwt.migrate.names import Names
from quart_jwt.migrate.project import Project

VERIFY = "verify_jwt_in_request"
PIPELINE = ("full_dispatch_request", "preprocess_request", "view_functions")
"""Attributes of an app through which a project may call views itself."""
WAITING = ("async_to_sync", "ensure_sync")
"""Methods of an app that await async views."""


class Study:
    """
    A project, its entries, and what its functions refer to and reach.
    """

    def __init__(self, project: Project) -> None:
        self.project: Project = project
        self.index: Index = build_index(project)
        self.mentions: Mentions = Mentions(Names(self.index))
        receivers = Receivers(self.mentions)
        self.entries: dict[Function, Entry] = Registered(
            self.mentions, receivers
        ).entries()
        for entry in ViewClasses(self.mentions).entries():
            self.entries[entry.function] = entry
        self.references: ReferenceIndex = ReferenceIndex(self.mentions)
        self.sites: Sites = Sites(self.mentions, self.references)
        self.reach: Reach = Reach(self.mentions, self.entries)
        self.bound_to_threads: dict[Function, str] = self.reach.reaching(
            self._thread_seeds()
        )
        self._known: dict[Function, References] = {}

    def references_to(self, function: Function) -> References:
        """Give the references to a function, which are looked up once."""
        if function not in self._known:
            entry = self.entries.get(function)
            self._known[function] = (
                self.references.of_helper(function)
                if entry is None
                else self.references.of_entry(entry)
            )
        return self._known[function]

    def own_dispatch(self) -> str | None:
        """Say how the project calls views itself, past the framework; or None."""
        for name in PIPELINE:
            for mention in self.mentions.by_identifier[name]:
                return f"the project uses `{name}` at {mention.place}"
        for function in self.index.functions:
            if function.own_name in {*PIPELINE, *WAITING}:
                where = place(function.file, function.node)
                return f"the project defines `{function.own_name}` at {where}"
        return None

    def loop_seeds(self, becoming: set[Function]) -> Iterator[tuple[Unit, str]]:
        """
        Give the sync code that cannot run on an event loop.

        Args:
            becoming: The functions that become async, and await it there.
        """
        for unit in self.reach.units:
            if unit.function is not None and unit.function.is_async:
                continue
            mentioned = unit.mentioned
            if unit.function in becoming:
                mentioned = mentioned - self._awaited(unit.function)
            if not mentioned.isdisjoint(LOOPS | LOOP_METHODS):
                yield unit, "it runs an event loop of its own"
            elif not mentioned.isdisjoint({*VERIFICATIONS, VERIFY}):
                yield unit, f"it calls `{VERIFY}` in sync code"
            elif unit.function not in self.entries and not (
                unit.mentioned.isdisjoint(GUARDS)
            ):
                yield unit, "it calls sync code under `jwt_required`"

    def _awaited(self, function: Function | None) -> set[str | None]:
        """Give what a function only calls where it awaits the twin."""
        awaited = {
            site.mention
            for site in self.sites.by_function[function]
            if site.obstacle is None
        }
        others = {
            mention.meaning
            for mention in self.mentions.in_function[function]
            if mention not in awaited
        }
        return {mention.meaning for mention in awaited} - others

    def _thread_seeds(self) -> Iterator[tuple[Unit, str]]:
        has_sqlite = any(
            quoted.text.startswith("sqlite")
            for quoted in self.references.quoted["sqlite"]
        )
        for unit in self.reach.units:
            for meaning in sorted(unit.mentioned, reverse=True):
                if belongs_to_a_thread(meaning) or (
                    has_sqlite and meaning == "sqlalchemy.create_engine"
                ):
                    yield unit, f"it uses `{meaning}`, which belongs to one thread"
                    break

    def is_on_quart(self) -> bool:
        """
        Whether the project has an app of Quart's class, and none of quart_jwt.flask.
        """
        meanings = {mention.meaning for mention in self.mentions.all}
        return "quart.Quart" in meanings and APP not in meanings
