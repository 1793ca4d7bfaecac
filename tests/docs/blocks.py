"""
Fenced code blocks of a Markdown page, and what each is for. Pure: text in, blocks out.

    python    runs. A block that makes an app begins a *program*; the blocks after it
              belong to that program until the next one makes an app. One that names
              the program's address asks it, while it is being served, and stands for
              itself: it needs no other such block.
    console   lines after `$ ` are run by a shell against the program so far, and what
              they print is compared with the lines that follow them
    js        runs in Node.js against the program so far
    text      what the python or js block just above it prints
    diff      a Flask program (` ` and `-` lines) and ours (` ` and `+`): both run
    sh        for the reader's machine: its syntax is checked, and the make targets,
              extras and commands in it exist

A fence without a language is a drawing. Any other language is an error: a block that
no test looks at is a promise that nobody keeps.
"""

import re
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

LANGUAGES = frozenset(
    {"python", "console", "js", "json", "http", "text", "toml", "diff", "sh", ""}
)
ROOT = Path(__file__).parents[2]
# What the pages say for their own program (as `quart run` serves it) and the service.
PROGRAM_URL = "http://127.0.0.1:5000"
SERVICE_URL = "http://127.0.0.1:8000"
GATEWAY_URL = "http://127.0.0.1:8080"
GATEWAY_TUTORIAL = "docs/start/gateway.md"
"""A page whose console blocks are one walk: each relies on those above it."""

_FENCE = re.compile(
    r"^```(?P<language>[^\n`]*)\n(?P<text>.*?)^```[ ]*$", re.MULTILINE | re.DOTALL
)
_MAKES_AN_APP = re.compile(r"^app = ", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block: where it stands, what it is, what it says."""

    page: str
    line: int
    language: str
    text: str
    printed: str | None
    """The text block directly below, if there is one."""
    checked_above: bool
    """True for a text block that is the `printed` of the block above it."""

    @property
    def name(self) -> str:
        """Where to find it."""
        return f"{self.page}:{self.line}"

    @property
    def asks_a_gateway(self) -> bool:
        """Whether it is a walk through a gateway: tests/gateways goes it."""
        is_of_the_tutorial = (
            self.page == GATEWAY_TUTORIAL and self.language == "console"
        )
        return is_of_the_tutorial or GATEWAY_URL in self.text

    @property
    def asks_the_service(self) -> bool:
        """Whether its commands go to the service and not to the page's program."""
        return SERVICE_URL in self.text

    @property
    def asks_the_program(self) -> bool:
        """Whether it is a client of the page's program."""
        return PROGRAM_URL in self.text


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a console block and the lines it prints."""

    text: str
    printed: str


def pages() -> list[Path]:
    """Give every page whose blocks have to hold."""
    patterns = ("*.md", "docs/**/*.md", "deploy/**/*.md")
    return [page for pattern in patterns for page in sorted(ROOT.glob(pattern))]


def blocks_of(page: Path) -> list[Block]:
    """Give the blocks of a page in their order."""
    return parse(page.read_text("utf-8"), str(page.relative_to(ROOT)))


def parse(markdown: str, page: str) -> list[Block]:
    """Give the blocks of a Markdown text in their order."""
    found = list(_FENCE.finditer(markdown))
    blocks: list[Block] = []
    for here, below in zip_longest(found, found[1:]):
        prints = below is not None and below["language"] == "text"
        between = markdown[here.end() : below.start()] if prints else ""
        blocks.append(
            Block(
                page=page,
                line=markdown.count("\n", 0, here.start()) + 1,
                language=here["language"].strip(),
                text=here["text"],
                printed=below["text"] if prints and not between.strip() else None,
                checked_above=bool(blocks) and blocks[-1].printed is not None,
            )
        )
    return blocks


def program_of(block: Block, blocks: list[Block]) -> list[Block]:
    """Give the python blocks that make the program which a block belongs to."""
    program: list[Block] = []
    for each in blocks:
        if each.language == "python" and (each == block or not each.asks_the_program):
            if _MAKES_AN_APP.search(each.text):
                program = []
            program.append(each)
        if each == block:
            break
    return program


def commands_of(block: Block) -> list[Command]:
    """Give the commands of a console block, each with what it prints."""
    commands: list[Command] = []
    lines = iter(block.text.splitlines())
    for line in lines:
        if line.startswith("$ "):
            text = line[2:]
            while text.endswith("\\"):
                text += "\n" + next(lines)
            commands.append(Command(text, ""))
        else:
            last = commands.pop()
            commands.append(Command(last.text, f"{last.printed}{line}\n"))
    return commands


def sides_of(block: Block) -> tuple[str, str]:
    """Give the program before and the program after a diff block."""
    lines = block.text.splitlines()
    before = [line[1:] for line in lines if line[:1] in {" ", "-", ""}]
    after = [line[1:] for line in lines if line[:1] in {" ", "+", ""}]
    return "\n".join(before) + "\n", "\n".join(after) + "\n"
