import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs import printing
from docs import running
from docs.blocks import Block
from docs.blocks import blocks_of
from docs.blocks import commands_of
from docs.blocks import LANGUAGES
from docs.blocks import pages
from docs.blocks import parse
from docs.blocks import program_of
from docs.blocks import ROOT
from docs.blocks import sides_of
from quart_jwt.service.commands.main import COMMANDS
from quart_jwt.service.settings.settings import read_settings

BLOCKS = [block for page in pages() for block in blocks_of(page)]
TOOLS, *MORE_TOOLS = [*(["installed"] if shutil.which("curl") else []), "stand-ins"]


def each(language: str, *, asks_the_service: bool = False) -> pytest.MarkDecorator:
    """Parametrise a test with all blocks of a language."""
    chosen = [
        block
        for block in BLOCKS
        if block.language == language
        and block.asks_the_service == asks_the_service
        and not block.asks_a_gateway
    ]
    return pytest.mark.parametrize("block", chosen, ids=lambda block: block.name)


def program(block: Block) -> list[Block]:
    """Give the program that a block belongs to."""
    return program_of(block, blocks_of(ROOT / block.page))


@pytest.fixture(
    name="path",
    params=[TOOLS, *(pytest.param(one, marks=pytest.mark.slow) for one in MORE_TOOLS)],
)
def _path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give a PATH with stand-ins for the tools: before the installed ones or after."""
    running.write_stand_ins(tmp_path)
    places = [str(tmp_path), os.environ["PATH"]]
    if request.param == "installed":
        places.reverse()
    return os.pathsep.join(places)


@pytest.fixture(autouse=True)
def _exported(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the variables that the page tells the reader to export, and no others."""
    callspec = getattr(request.node, "callspec", None)
    block = callspec.params.get("block") if callspec else None
    if isinstance(block, Block):
        for name, value in running.exported(blocks_of(ROOT / block.page)).items():
            monkeypatch.setenv(name, value)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_block_is_of_a_kind_that_is_checked(block: Block) -> None:
    """Every block has a language that a test here looks at."""
    assert block.language in LANGUAGES
    if block.language == "text":
        assert block.checked_above, "a text block stands under the block that prints it"


@each("json")
def test_json_block_is_json(block: Block) -> None:
    """An example body parses."""
    assert isinstance(json.loads(block.text), dict)


@each("toml")
def test_toml_block_is_a_settings_file(block: Block, tmp_path: Path) -> None:
    """An example of the service's settings is one that it takes."""
    path = tmp_path / "quart-jwt.toml"
    path.write_text(block.text, "utf-8")
    settings = read_settings({"QUART_JWT_SETTINGS": str(path)})
    assert settings.storage.mode == "production"


@each("http")
def test_http_block_is_a_request(block: Block) -> None:
    """An example request has a request line, headers, and a JSON body."""
    head, _, body = block.text.partition("\n\n")
    request_line, *headers = head.splitlines()
    assert re.fullmatch(r"[A-Z]+ /\S* HTTP/1\.1", request_line)
    assert all(re.fullmatch(r"[\w-]+: .+", header) for header in headers)
    assert isinstance(json.loads(body), dict)


@each("python")
async def test_python_block_runs_and_prints_what_the_page_says(block: Block) -> None:
    """A python block runs with its program, and a text block below is its output."""
    if block.asks_the_program:
        printed = await running.run_client(program(block))
    else:
        _, printed = await running.run_program(program(block))

    assert printing.fits(block.printed or "", printed), printed


@each("console")
async def test_console_block_prints_what_the_page_says(
    block: Block, path: str, tmp_path: Path
) -> None:
    """Commands sent to the page's program print the lines that follow them."""
    names, _ = await running.run_program(program(block))
    commands = commands_of(block)

    async with running.serving(names["app"]) as url:
        printed = await running.run_commands(
            commands,
            program=url,
            service="no service",
            path=path,
            variables={"HOME": str(tmp_path)},
        )

    for command, text in zip(commands, printed, strict=True):
        assert printing.fits(command.printed, text), text


@pytest.fixture(name="service", scope="module")
def _service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Service]:
    """Give a running service with its demo account."""
    with running.service_in(tmp_path_factory.mktemp("service")) as service:
        yield service


@each("console", asks_the_service=True)
async def test_service_block_prints_what_the_page_says(
    block: Block, path: str, service: running.Service
) -> None:
    """Commands sent to the running service print the lines that follow them."""
    commands = commands_of(block)

    printed = await running.run_commands(
        commands,
        program="no program",
        service=service.url,
        path=path,
        variables={"PASSWORD": service.password},
    )

    for command, text in zip(commands, printed, strict=True):
        assert printing.fits(command.printed, text), text


@each("js")
async def test_js_block_prints_what_the_page_says(block: Block) -> None:
    """JavaScript that talks to the page's program prints the text block below it."""
    names, _ = await running.run_program(program(block))

    async with running.serving(names["app"]) as url:
        printed = await running.run_js(block.text, program=url)

    assert printing.fits(block.printed or "", printed), printed


@each("diff")
async def test_diff_block_runs_before_and_after(block: Block) -> None:
    """Both sides of a diff block are whole programs with the same routes."""
    rules = []
    for text in sides_of(block):
        side = parse(f"```python\n{text}```\n", block.page)
        names, _ = await running.run_program(side)
        rules.append({str(rule) for rule in names["app"].url_map.iter_rules()})

    before, after = rules
    assert before == after


@each("sh")
async def test_sh_block_names_what_exists(block: Block) -> None:
    """A sh block is good shell; its make targets, extras and commands exist."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    extras = set(settings["project"]["optional-dependencies"])

    assert not await running.shell_syntax_error(block.text)
    for line in block.text.splitlines():
        if named := re.match(r"make ([a-z-]+)", line):
            assert named[1] in targets
        for wanted in re.findall(r"quart-jwt\[([\w,]+)\]", line):
            assert extras >= set(wanted.split(","))
        if command := re.search(r"\bquart-jwt ([a-z]+)\b", line):
            assert command[1] in COMMANDS


@pytest.mark.parametrize(
    ("said", "printed", "expected"),
    [
        ("a", "a\n", True),
        ("a", "b", False),
        ('{"a": 1, "b": 2}', '{"b":2,"a":1}', True),
        ('{"a": 1}', '{"a":2}', False),
        ('{"t":"eyJ..."}', '{"t":"eyJhbGciOi.eyJzdWIi.c2ln"}\n', True),
        ('{"t":"eyJ..."}', '{"t":"no token"}', False),
        ("HTTP/1.1 401\n...\nbody", "HTTP/1.1 401 \r\nX: y\r\n\r\nbody", True),
        ("...\nbody", "other", False),
        ("a ... c", "a b c", True),
        ("", "something", False),
    ],
)
def test_printing_fits_when_it_says_the_same(
    said: str, printed: str, *, expected: bool
) -> None:
    """Tokens and omissions are free, everything else is compared."""
    assert expected == printing.fits(said, printed)


def test_exported_variables_have_the_values_that_a_shell_gives_them() -> None:
    """Programs get what the page exports; settings of the service are its own."""
    page = "```sh\nexport ONE=$(echo 1)\nexport QUART_JWT_MODE=x\nrun\n```\n"

    assert running.exported(parse(page, "page")) == {"ONE": "1"}


PAGE = """
```python
app = Quart(1)
```
```console
$ one \\
  more
out
$ two
```
```python
fragment
```

```text
printed
```
```python
app = Quart(2)
```
```diff
 both
-flask
+quart

```
"""


def test_page_is_read_into_blocks_and_programs() -> None:
    """A new app begins a new program, a text block belongs to the block above it."""
    first, console, fragment, printed, second, diff = blocks = parse(PAGE, "page")

    assert [block.line for block in blocks] == [2, 5, 11, 15, 18, 21]
    assert [first] == program_of(console, blocks)
    assert [first, fragment] == program_of(fragment, blocks)
    assert [second] == program_of(diff, blocks)
    assert fragment.printed == "printed\n"
    assert printed.checked_above
    assert [c.text for c in commands_of(console)] == ["one \\\n  more", "two"]
    assert [c.printed for c in commands_of(console)] == ["out\n", ""]
    assert sides_of(diff) == ("both\nflask\n\n", "both\nquart\n\n")
