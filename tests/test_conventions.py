"""What every test has in common, and what no module of ours does."""

import ast
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from source_tree import Function
from source_tree import functions
from source_tree import modules
from source_tree import name
from source_tree import ROOT
from source_tree import tree

TESTS = ROOT / "tests"
REQUESTING = {"Client", "AsyncClient", "request", "stream", "get", "post"}


def _tests() -> Iterator[tuple[Path, Function]]:
    for path in _test_modules():
        for one in functions(path):
            if one.name.startswith("test_"):
                yield path, one


def _test_modules() -> list[Path]:
    return [path for path in modules(TESTS) if path.name.startswith("test_")]


def test_a_test_says_what_it_shows() -> None:
    """Each test has one sentence of docstring, and returns nothing."""
    silent = [
        (name(path), test.name)
        for path, test in _tests()
        if not _is_one_sentence(ast.get_docstring(test) or "")
    ]
    untyped = [
        (name(path), test.name)
        for path, test in _tests()
        if not isinstance(test.returns, ast.Constant) or test.returns.value is not None
    ]

    assert silent == []
    assert untyped == []


def _is_one_sentence(docstring: str) -> bool:
    text = " ".join(docstring.split())
    return text.endswith((".", "?")) and "\n\n" not in docstring


def test_a_test_has_a_name_of_its_own() -> None:
    """No test is hidden by a later one of the same name."""
    hidden = [
        (name(path), one)
        for path in _test_modules()
        for one, times in Counter(_named_at_the_top(path)).items()
        if times > 1
    ]

    assert hidden == []


def _named_at_the_top(path: Path) -> list[str]:
    return [
        node.name
        for node in tree(path).body
        if isinstance(node, Function) and node.name.startswith("test_")
    ]


def test_no_test_sleeps() -> None:
    """Time is a clock that moves; only a process from outside is polled, in a loop."""
    sleeping = [
        (name(path), call.lineno) for path in modules(TESTS) for call in _sleeping(path)
    ]

    assert sleeping == []


def _sleeping(path: Path) -> list[ast.Call]:
    polling = {id(node) for loop in _nodes(path, ast.While) for node in ast.walk(loop)}
    return [
        call
        for call in _nodes(path, ast.Call)
        if _sleeps(call) and id(call) not in polling
    ]


def test_every_request_has_time() -> None:
    """A loaded machine may take longer over an answer than httpx's five seconds."""
    impatient = [
        (name(path), call.lineno)
        for path in modules(TESTS)
        for call in _nodes(path, ast.Call)
        if _is_of_httpx(call)
        and not {"timeout", "transport"} & {each.arg for each in call.keywords}
    ]

    assert impatient == []


def _is_of_httpx(call: ast.Call) -> bool:
    function = call.func
    return (
        isinstance(function, ast.Attribute)
        and function.attr in REQUESTING
        and isinstance(function.value, ast.Name)
        and function.value.id == "httpx"
    )


Node = TypeVar("Node", bound=ast.AST)


def _nodes(path: Path, kind: type[Node]) -> list[Node]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, kind)]


def _sleeps(call: ast.Call) -> bool:
    function = call.func
    called = function.attr if isinstance(function, ast.Attribute) else ""
    if isinstance(function, ast.Name):
        called = function.id
    if called != "sleep":
        return False
    return not (
        call.args and isinstance(call.args[0], ast.Constant) and not call.args[0].value
    )


def test_no_module_asserts() -> None:
    """``assert`` is for tests: Python -O leaves it out."""
    asserts = [
        (name(path), node.lineno)
        for path in modules()
        for node in _nodes(path, ast.Assert)
    ]

    assert asserts == []


RIDDLES = re.compile(
    r"\b(?:nobody|somebody|whoever|anew|none of ours|what is none|in so many words"
    r"|of before|counts? no more|is worth as much|opens? nothing|goes before"
    r"|knock(?:s|ing)?|hears? of|(?:takes?|taken|took) back|believe[sd]?|whose word)\b",
    re.IGNORECASE,
)
"""
Riddles for subjects and private metaphors: say the field's word and name the actor.

"The request is rejected" for "nobody gets in", "revoked" for "taken back", "expired"
or "invalid" for "counts no more", "trusted" for "believed", "gets a 429" for "hears".
"""


def test_source_text_has_no_riddles() -> None:
    """Docstrings, comments and messages say plainly who does what."""
    riddles = [
        (name(path), token.start[0], found.group())
        for path in modules()
        for token in _texts(path)
        for found in RIDDLES.finditer(" ".join(token.string.split()))
    ]

    assert riddles == []


CODE = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)", re.DOTALL)
"""Code blocks, code spans and the targets of links: names, not prose."""


def test_pages_have_no_riddles() -> None:
    """The pages say plainly who does what."""
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    riddles = [
        (name(page), found.group())
        for page in pages
        for found in RIDDLES.finditer(CODE.sub("", page.read_text("utf-8")))
    ]

    assert riddles == []


def test_no_merge_is_half_done() -> None:
    """No module and no page has the marks of a conflict, which a docstring can hide."""
    marks = re.compile(r"^\s*(?:<{7}|>{7}) ", re.MULTILINE)
    files = [
        *modules(),
        *modules(TESTS),
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
    ]

    assert [name(one) for one in files if marks.search(one.read_text("utf-8"))] == []


def _texts(path: Path) -> list[tokenize.TokenInfo]:
    texts = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", -1)}
    with path.open("rb") as file:
        return [one for one in tokenize.tokenize(file.readline) if one.type in texts]
