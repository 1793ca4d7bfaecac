"""
An example as its Flask twin would read: a list of tokens.

Only three things may differ between the sides, so only three are translated: the words
`async` and `await` fall out, the class `Quart` is `Flask`, and an import names the
other package, or the async half of the same one. Comments are for the reader of one
side and do not count.
"""

import io
import tokenize

PACKAGES = {"quart": "flask", "quart_jwt": "flask_jwt_extended"}
_NO_PROGRAM_TEXT = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING}


def tokens(source: str) -> list[str]:
    """Give the tokens of a program, without comments and blank lines."""
    return [token.string for token in _tokens(source)]


def as_flask(source: str) -> list[str]:
    """Give the tokens of a Quart program with the allowed differences taken away."""
    said = []
    first = ""
    at_start = True
    for token in _tokens(source):
        if at_start and token.type == tokenize.NAME:
            first = token.string
        at_start = token.type in {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
        if token.type == tokenize.NAME:
            if token.string in {"async", "await"}:
                continue
            if token.string == "Quart":
                said.append("Flask")
                continue
            if first == "from" and [*said[-1:], token.string] == [".", "asyncio"]:
                said.pop()  # the async half of a package
                continue
            if first in {"from", "import"}:
                said.append(PACKAGES.get(token.string, token.string))
                continue
        said.append(token.string)
    return said


def _tokens(source: str) -> list[tokenize.TokenInfo]:
    return [
        token
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in _NO_PROGRAM_TEXT
    ]
