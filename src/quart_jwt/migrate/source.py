"""
One Python file: its text, its syntax tree, and where a node stands in the text.

The tree is the standard library's: it is read some fifty times as fast as a tree that
keeps the layout, and a change replaces a few characters of the text.
"""

import ast
import io
import platform
import re
import tokenize
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field

from quart_jwt.migrate.findings import Finding

BOM = "\ufeff"
VERSION = ".".join(platform.python_version_tuple()[:2])
"""The Python that the command runs with: newer syntax cannot be read."""
_LINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True, order=True)
class Splice:
    """
    A part of a text, and what is written in its place.
    """

    start: int
    end: int
    text: str


@dataclass(eq=False, slots=True)
class Source:
    """
    The text of a Python file and its tree.
    """

    path: str
    text: str
    tree: ast.Module
    encoding: str
    _starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._starts = [0, *(found.end() for found in _LINE.finditer(self.text))]

    def offset(self, line: int, column: int) -> int:
        """Give the offset of a place as ``ast`` has it: its columns are in UTF-8."""
        start = self._starts[line - 1]
        if line == 1 and self.text.startswith(BOM):
            start += 1
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        return start + len(self.text[start:end].encode()[:column].decode())

    def span(self, node: ast.expr | ast.stmt | ast.alias) -> tuple[int, int]:
        """Give where a node begins and ends in the text."""
        if node.end_lineno is None or node.end_col_offset is None:
            raise ValueError(f"{self.path}: a node without an end")
        return (
            self.offset(node.lineno, node.col_offset),
            self.offset(node.end_lineno, node.end_col_offset),
        )

    def segment(self, node: ast.expr | ast.stmt | ast.alias) -> str:
        """Give the text of a node."""
        start, end = self.span(node)
        return self.text[start:end]

    def before(self, node: ast.stmt) -> str:
        """Give what stands before a statement on its line."""
        line = self.text[self._starts[node.lineno - 1] : self.span(node)[0]]
        return line.removeprefix(BOM)

    def after(self, node: ast.stmt) -> str:
        """Give what stands behind a statement on its last line."""
        end = self.span(node)[1]
        rest = _LINE.search(self.text, end)
        return self.text[end : rest.start() if rest else len(self.text)]

    def newline(self) -> str:
        """Give how the file ends its lines."""
        found = _LINE.search(self.text)
        return found[0] if found else "\n"


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """Give a text with parts of it replaced."""
    for one in sorted(set(splices), reverse=True):
        text = text[: one.start] + one.text + text[one.end :]
    return text


def decoded(content: bytes) -> tuple[str, str]:
    """
    Decode a Python file as Python does (PEP 263).

    Returns:
        The text with its line ends as they are, and the encoding that writes it back.

    Raises:
        SyntaxError: An unknown encoding is named.
        UnicodeDecodeError: The bytes are not of the encoding.
    """
    encoding, _lines = tokenize.detect_encoding(io.BytesIO(content).readline)
    if encoding == "utf-8-sig":  # the mark is kept as a character
        encoding = "utf-8"
    return content.decode(encoding), encoding


def parsed(path: str, text: str, encoding: str = "utf-8") -> Source:
    """
    Read a Python file.

    Raises:
        SyntaxError, ValueError: It is not Python 3.
        RecursionError, MemoryError: It is nested too deeply to be read.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an odd escape is no concern of a migration
        tree = ast.parse(text.removeprefix(BOM))
    return Source(path, text, tree, encoding)


UNREADABLE = (
    SyntaxError,
    ValueError,
    RecursionError,
    MemoryError,
)
"""What reading a file may raise; ``UnicodeDecodeError`` is a ``ValueError``."""


def unreadable(path: str, error: BaseException) -> Finding:
    """Report a file that could not be read."""
    deep = isinstance(error, RecursionError | MemoryError)
    return Finding(
        path=path,
        line=(error.lineno or 0) if isinstance(error, SyntaxError) else 0,
        rule="parsing",
        reason="an expression is nested too deeply to be read, and the file was left "
        "as it is"
        if deep
        else f"the file is not Python {VERSION} in the encoding that it names, and was "
        "left as it is",
        advice="Change its imports by hand."
        if deep
        else "Make it parse (`python -m py_compile`), or run the command with the "
        "project's Python.",
    )
