"""
A migration: what was read of a project, and what is going to be changed.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import libcst as cst

from quart_jwt.migrate.awaits import Awaits
from quart_jwt.migrate.awaits import Place
from quart_jwt.migrate.colours import Colours
from quart_jwt.migrate.colours import Policy
from quart_jwt.migrate.decorators import Decorators
from quart_jwt.migrate.findings import Finding
from quart_jwt.migrate.findings import Level
from quart_jwt.migrate.fixtures import Fixtures
from quart_jwt.migrate.flow import Flow
from quart_jwt.migrate.index import build_index
from quart_jwt.migrate.index import Index
from quart_jwt.migrate.index import nodes
from quart_jwt.migrate.names import Names
from quart_jwt.migrate.project import Project
from quart_jwt.migrate.project import SourceFile

Change = Callable[[Any], Any]
"""Gives the new node for a node whose children have been rewritten."""


@dataclass(frozen=True, slots=True)
class Edit:
    """
    One node, and what becomes of it.
    """

    node: cst.CSTNode
    change: Change


def renamed(node: cst.Name | cst.SimpleString, value: str) -> Edit:
    """Give the edit that writes another name, or another string, in a node's place."""
    return Edit(node, lambda updated: updated.with_changes(value=value))


@dataclass(eq=False, slots=True, kw_only=True)
class Migration:
    """
    A project on its way, with all that is known about it.
    """

    project: Project
    index: Index
    names: Names
    fixtures: Fixtures
    flow: Flow
    decorators: Decorators
    colours: Colours
    shares_blueprints: bool
    """Whether a blueprint is handed to a Flask extension."""
    findings: list[Finding] = field(default_factory=list)
    imports: dict[SourceFile, set[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(set)
    )
    """Names that a file has to import once it is rewritten: (module, name)."""
    texts: dict[str, str] = field(default_factory=dict)
    """Files that are no Python, as they have been rewritten so far, by path."""

    def places(self, file: SourceFile) -> list[Place]:
        """Give the places of a file where something may have to be awaited."""
        return [one for one in self.colours.places if one.file is file]

    def report(
        self,
        file: SourceFile,
        node: cst.CSTNode,
        *,
        rule: str,
        reason: str,
        advice: str,
        level: Level = "todo",
    ) -> None:
        """Leave a place to the project's owner."""
        found = Finding(
            path=file.path,
            line=file.line(node),
            rule=rule,
            reason=reason,
            advice=advice,
            level=level,
        )
        if found not in self.findings:
            self.findings.append(found)


def study(project: Project, policy: Policy = Policy.NEEDED) -> Migration:
    """
    Find out all that a migration has to know about a project.

    Args:
        project: What was read.
        policy: How far async is to spread.
    """
    index = build_index(project)
    names = Names(index)
    fixtures = Fixtures(index, names)
    flow = Flow(index, names, fixtures)
    decorators = Decorators(flow, fixtures)
    colours = Colours(Awaits(flow).places(), decorators, policy)
    return Migration(
        project=project,
        index=index,
        names=names,
        fixtures=fixtures,
        flow=flow,
        decorators=decorators,
        colours=colours,
        shares_blueprints=_shares_blueprints(flow),
        findings=list(project.findings),
    )


def _shares_blueprints(flow: Flow) -> bool:
    """Whether a blueprint goes to anything but an app, a blueprint or own code."""
    for file in flow.index.project.files:
        for argument in nodes(file, cst.Arg):
            kind = flow.kind(file, argument.value)
            if kind is not None and kind.name == "blueprint":
                call = file.parent(argument)
                if isinstance(call, cst.Call) and not _takes_blueprints(
                    flow, file, call
                ):
                    return True
    return False


def _takes_blueprints(flow: Flow, file: SourceFile, call: cst.Call) -> bool:
    if isinstance(call.func, cst.Attribute):
        value = flow.kind(file, call.func.value)
        if call.func.attr.value == "register_blueprint" or value is not None:
            return True
    return flow.kind(file, call.func) is not None
