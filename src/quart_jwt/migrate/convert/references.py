"""
Whether every reference to a function is known.

A reference is known if it is a direct call, or registers a view. Everything else keeps
the function sync: a value in a dict or an attribute, a name in quotes, an attribute of
something unknown, a look-up by a computed name, a file that cannot be read.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from functools import cached_property

import libcst as cst

from quart_jwt.migrate.convert.entries import Entry
from quart_jwt.migrate.convert.mentions import Mention
from quart_jwt.migrate.convert.mentions import Mentions
from quart_jwt.migrate.convert.mentions import module_of
from quart_jwt.migrate.convert.mentions import place
from quart_jwt.migrate.index import Function
from quart_jwt.migrate.index import nodes
from quart_jwt.migrate.index import SEPARATOR
from quart_jwt.migrate.project import SourceFile
from quart_jwt.migrate.tree import read_tree

_NAME = re.compile(r"[\w.:]*?(\w+)\Z")
_TAILS = re.compile(r"\w[.:](\w+)")
TEXT_SUFFIXES = (".cfg", ".ini", ".json", ".toml", ".yaml", ".yml")
"""Files of configuration, which may name functions."""

READ_BY_NAME = frozenset({"delattr", "getattr", "hasattr", "setattr"})
LOOKED_UP = READ_BY_NAME | {"object", "patch", "import_string", "attrgetter"}
"""Calls whose string arguments name functions, not endpoints."""


@dataclass(slots=True)
class References:
    """
    What refers to a function.

    Attributes:
        calls: The direct calls.
        unknown: The first reference that is something else, as a reason; or None.
    """

    calls: list[Mention] = field(default_factory=list)
    unknown: str | None = None


@dataclass(frozen=True, slots=True)
class Quoted:
    """A string that may name a function."""

    file: SourceFile
    node: cst.CSTNode
    text: str


class ReferenceIndex:
    """
    Answers who refers to a function.
    """

    def __init__(self, mentions: Mentions) -> None:
        self._mentions = mentions
        self._project = mentions.project

    def of_helper(self, function: Function) -> References:
        """Give the references to a function that only the project calls."""
        found = References()
        found.unknown = next(self._outside(function), None)
        for mention in self._mentions.by_identifier[function.own_name]:
            if mention.meaning == function.name:
                if mention.call is not None:
                    found.calls.append(mention)
                else:
                    reason = f"it is handed on at {mention.place}"
                    found.unknown = found.unknown or reason
            elif not self._is_another(mention, function):
                text = mention.file.tree.code_for_node(mention.node)
                reason = f"`{text}` at {mention.place} may be it"
                found.unknown = found.unknown or reason
        return found

    def of_entry(self, entry: Entry) -> References:
        """Give the references to a view or hook, beside its registration."""
        function = entry.function
        if function.owner is not None:
            return References()
        found = References(unknown=next(self._named(entry), None))
        module_is_held = function.file.module in self.held_modules
        for mention in self._mentions.by_identifier[function.own_name]:
            if mention.node in entry.registrations:
                continue
            if mention.meaning == function.name:
                if mention.call is not None:
                    found.calls.append(mention)
                else:
                    reason = f"it is handed on at {mention.place}"
                    found.unknown = found.unknown or reason
            elif module_is_held and not self._is_another(mention, function):
                text = mention.file.tree.code_for_node(mention.node)
                reason = f"`{text}` at {mention.place} may be it"
                found.unknown = found.unknown or reason
        return found

    def _is_another(self, mention: Mention, function: Function) -> bool:
        meaning = mention.meaning
        if meaning is None:
            return False
        if SEPARATOR in meaning:
            is_local = isinstance(mention.node, cst.Name) and meaning.startswith(
                f"{mention.file.module}{SEPARATOR}"
            )
            return is_local or self._mentions.is_defined(meaning)
        parts = meaning.split(".")
        return "" not in parts and _tail(function) not in parts[:-1]

    def _outside(self, function: Function) -> Iterator[str]:
        """Give what may refer to a function without a mention of its name."""
        name = function.own_name
        if len(self._mentions.index.by_name[function.name]) > 1:
            yield "it is defined twice"
        for file in self._project.files:
            if file is not function.file and _shares(file, function):
                yield f"`{file.path}` may be imported in its place"
        for where in self.aliases[name]:
            yield f"it is imported under another name at {where}"
        for quoted in self.quoted[name]:
            yield f"its name is quoted at {place(quoted.file, quoted.node)}"
        for where in self.computed[function.file.module] + self.computed[None]:
            yield f"a name is computed at {where}"
        if name in self.texts:
            yield f"it is named in `{self.texts[name]}`"
        if self._project.findings:
            yield f"`{self._project.findings[0].path}` could not be read"

    def _named(self, entry: Entry) -> Iterator[str]:
        function = entry.function
        name = function.own_name
        for where in self.aliases[name]:
            yield f"it is imported under another name at {where}"
        for quoted in self.quoted[name]:
            if self._means(quoted, entry):
                yield f"its name is quoted at {place(quoted.file, quoted.node)}"
        for where in self.computed[function.file.module]:
            yield f"a name is computed at {where}"

    def _means(self, quoted: Quoted, entry: Entry) -> bool:
        """Whether a string may mean the function, and not its endpoint."""
        around = quoted.file.parent(quoted.node)
        call = None if around is None else quoted.file.parent(around)
        if isinstance(call, cst.Call) and _last_name(call.func) in LOOKED_UP:
            return True
        if SEPARATOR in quoted.text:
            return True
        owner = quoted.text.rpartition(".")[0]
        endpoints = {one for each in entry.receivers for one in each.names}
        return owner != "" and owner not in endpoints

    @cached_property
    def held_modules(self) -> frozenset[str | None]:
        """The modules that are held as values; all, if one is imported by name."""
        held: set[str | None] = set()
        for mention in self._mentions.all:
            if mention.meaning in {"importlib.import_module", "builtins.__import__"}:
                return frozenset(one.module for one in self._project.files)
            around = mention.file.parent(mention.node)
            if not isinstance(around, cst.Attribute):
                held.add(module_of(mention.meaning))
        return frozenset(held - {None})

    @cached_property
    def quoted(self) -> dict[str, list[Quoted]]:
        """The strings that look like names, by their last part."""
        found: dict[str, list[Quoted]] = defaultdict(list)
        for file in self._project.files:
            for node in nodes(file, cst.SimpleString):
                text = node.evaluated_value
                match = _NAME.match(text) if isinstance(text, str) else None
                if match is not None:
                    found[match[1]].append(Quoted(file, node, str(text)))
        return found

    @cached_property
    def aliases(self) -> dict[str, list[str]]:
        """The imports that give a name another one, by the imported name."""
        found: dict[str, list[str]] = defaultdict(list)
        for file in self._project.files:
            for node in nodes(file, cst.ImportFrom):
                for alias in (
                    () if isinstance(node.names, cst.ImportStar) else (node.names)
                ):
                    if alias.asname is not None and self._is_of_project(node):
                        found[alias.evaluated_name].append(place(file, node))
        return found

    def _is_of_project(self, node: cst.ImportFrom) -> bool:
        if node.relative or node.module is None:
            return True
        last = _last_name(node.module)
        return any(one.module.split(".")[-1] == last for one in self._project.files)

    @cached_property
    def computed(self) -> dict[str | None, list[str]]:
        """The look-ups by a computed name, by the module they look into, or None."""
        found: dict[str | None, list[str]] = defaultdict(list)
        for file in self._project.files:
            for call in nodes(file, cst.Call):
                for module in self._looks_into(file, call):
                    found[module].append(place(file, call))
        return found

    def _looks_into(self, file: SourceFile, call: cst.Call) -> Iterator[str | None]:
        meaning = self._mentions.meaning(file, call.func) or ""
        if meaning in {"builtins.eval", "builtins.exec", "operator.attrgetter"}:
            if not call.args or not isinstance(call.args[0].value, cst.SimpleString):
                yield None
        elif meaning == "builtins.globals":
            yield file.module
        elif meaning == "builtins.vars" or (
            meaning.removeprefix("builtins.") in READ_BY_NAME and _is_computed(call)
        ):
            yield from self._object(file, call)

    def _object(self, file: SourceFile, call: cst.Call) -> Iterator[str | None]:
        if not call.args:
            yield file.module
            return
        looked_at = call.args[0].value
        if isinstance(looked_at, cst.Name) and looked_at.value in {"self", "cls"}:
            return
        meaning = self._mentions.meaning(file, looked_at)
        if meaning is None or SEPARATOR in meaning:
            yield module_of(meaning)

    @cached_property
    def texts(self) -> dict[str, str]:
        """What follows a dot or a colon in configuration, and where."""
        found: dict[str, str] = {}
        tree = read_tree(self._project.root)
        for path in tree.paths:
            if path.endswith(TEXT_SUFFIXES):
                for name in _TAILS.findall(tree.read(path).decode("utf-8", "replace")):
                    found.setdefault(name, path)
        return found


def _tail(function: Function) -> str:
    return function.file.module.split(".")[-1]


def _shares(file: SourceFile, function: Function) -> bool:
    """Whether another module could be meant by an import of a function's module."""
    scope = file.scopes.get(file.tree)
    return (
        file.module.split(".")[-1] == _tail(function)
        and scope is not None
        and bool(scope[function.own_name])
    )


def _is_computed(call: cst.Call) -> bool:
    return len(call.args) > 1 and not isinstance(call.args[1].value, cst.SimpleString)


def _last_name(node: cst.CSTNode) -> str:
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""
