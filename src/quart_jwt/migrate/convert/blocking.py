"""
What still blocks the event loop in async views, as far as direct calls lead.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from quart_jwt.migrate.convert.counterparts import blocks
from quart_jwt.migrate.convert.counterparts import SESSION_CALLS
from quart_jwt.migrate.convert.mentions import Mention
from quart_jwt.migrate.convert.plan import Plan
from quart_jwt.migrate.index import Function


@dataclass(frozen=True, slots=True, order=True)
class Blocking:
    """
    A blocking call that an async view runs on the event loop.

    Attributes:
        call: The text of what is called.
        view: The view or hook, or async function, that waits for it.
    """

    path: str
    line: int
    call: str
    view: str


def find_blocking(plan: Plan) -> list[Blocking]:
    """Give the blocking calls under every entry that is or becomes async."""
    found: dict[tuple[str, int], Blocking] = {}
    for function, entry in plan.study.entries.items():
        if function.is_async or function in plan.becoming:
            for mention in _blocking_under(plan, function):
                node = mention.node
                text = mention.file.tree.code_for_node(node)
                line = mention.file.line(node)
                one = Blocking(mention.file.path, line, text, entry.label)
                found.setdefault((one.path, one.line), one)
    return sorted(found.values())


def _blocking_under(plan: Plan, entry: Function) -> Iterator[Mention]:
    awaited = {site.mention.node for site in plan.sites}
    seen = {entry}
    waiting = [entry]
    while waiting:
        function = waiting.pop()
        for mention in plan.study.mentions.in_function[function]:
            if mention.call is None or mention.node in awaited:
                continue
            if _blocks(mention):
                yield mention
            for called in plan.study.index.by_name.get(mention.meaning or "", ()):
                if called not in seen:
                    seen.add(called)
                    waiting.append(called)


def _blocks(mention: Mention) -> bool:
    if mention.meaning is not None and blocks(mention.meaning):
        return True
    node = mention.node
    if not isinstance(node, cst.Attribute) or node.attr.value not in SESSION_CALLS:
        return False
    text = mention.file.tree.code_for_node(node.value)
    return text.rpartition(".")[2] == "session" or (
        text.endswith(".query") and text[:1].isupper()
    )
