"""
The calls in a project that may become awaited, and what is against it.

A call is awaited only where an ``await`` may stand, and never inside a ``with`` block
that is not async: another request would run while the block is held.
"""

from collections import defaultdict
from dataclasses import dataclass

import libcst as cst

from quart_jwt.migrate.convert.counterparts import RUN
from quart_jwt.migrate.convert.counterparts import SLEEP
from quart_jwt.migrate.convert.counterparts import Twin
from quart_jwt.migrate.convert.counterparts import TWINS
from quart_jwt.migrate.convert.mentions import Mention
from quart_jwt.migrate.convert.mentions import Mentions
from quart_jwt.migrate.convert.references import LOOKED_UP
from quart_jwt.migrate.convert.references import Quoted
from quart_jwt.migrate.convert.references import ReferenceIndex
from quart_jwt.migrate.index import Function
from quart_jwt.migrate.project import SourceFile


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """
    A call of something that has an async twin.

    Attributes:
        mention: The function of the call.
        call: The call.
        twin: What it becomes.
        obstacle: Why it cannot become that here, or None.
    """

    mention: Mention
    call: cst.Call
    twin: Twin
    obstacle: str | None


class Sites:
    """
    The calls with an async twin, by the function in whose body they stand.
    """

    def __init__(self, mentions: Mentions, references: ReferenceIndex) -> None:
        self._mentions = mentions
        self._references = references
        self.by_function: dict[Function | None, list[Site]] = defaultdict(list)
        for mention in mentions.all:
            twin = TWINS.get(mention.meaning or "")
            if twin is not None and mention.call is not None:
                self._note(mention, mention.call, twin)

    def obstacle(self, mention: Mention) -> str | None:
        """Say why no ``await`` may stand before a call, or give None."""
        file, node = mention.file, mention.node
        barrier = self._mentions.index.standing(file, node).barrier
        if barrier is not None:
            return f"it is called in {barrier} at {mention.place}"
        if _is_in_with(file, node):
            return f"it is called in a `with` block at {mention.place}"
        return None

    def _note(self, mention: Mention, call: cst.Call, twin: Twin) -> None:
        obstacle = self.obstacle(mention) or self._unlike(mention, call, twin)
        self.by_function[mention.function].append(Site(mention, call, twin, obstacle))

    def _unlike(self, mention: Mention, call: cst.Call, twin: Twin) -> str | None:
        text = f"`{mention.file.tree.code_for_node(mention.node)}`"
        if twin in {SLEEP, RUN} and not _has_one_argument(call):
            return f"{text} has other arguments at {mention.place}"
        if twin is RUN and not isinstance(call.args[0].value, cst.Call):
            return f"{text} runs something else than a call at {mention.place}"
        name = (mention.meaning or "").rpartition(".")[2]
        for quoted in self._references.quoted[name]:
            if _replaces(quoted, name):
                return f"{text} is replaced by a test in `{quoted.file.path}`"
        if twin.module and not self._is_free(mention, twin):
            return f"the name of its twin is taken in `{mention.file.path}`"
        return None

    def _is_free(self, mention: Mention, twin: Twin) -> bool:
        """Whether the twin's name means the twin, or nothing yet."""
        name = twin.module if twin.is_qualified else twin.name
        wanted = {twin.module, f"{twin.module}.{twin.name}"}
        scope = mention.file.scopes.get(mention.node)
        if scope is None:
            return False
        bound = {each.name for each in scope.get_qualified_names_for(name)}
        return bound <= wanted | {f"builtins.{name}"}


def _has_one_argument(call: cst.Call) -> bool:
    return (
        len(call.args) == 1 and call.args[0].keyword is None and not (call.args[0].star)
    )


def _replaces(quoted: Quoted, name: str) -> bool:
    """Whether a string names a function for a test that replaces it."""
    if quoted.text != name:
        return True
    around = quoted.file.parent(quoted.node)
    call = None if around is None else quoted.file.parent(around)
    if not isinstance(call, cst.Call):
        return False
    function = call.func
    last = function.attr if isinstance(function, cst.Attribute) else function
    return isinstance(last, cst.Name) and last.value in LOOKED_UP


def _is_in_with(file: SourceFile, node: cst.CSTNode) -> bool:
    child: cst.CSTNode = node
    around = file.parent(node)
    while around is not None and not isinstance(around, cst.FunctionDef):
        if isinstance(around, cst.With) and child is around.body:
            return around.asynchronous is None or _is_in_with(file, around)
        child, around = around, file.parent(around)
    return False
