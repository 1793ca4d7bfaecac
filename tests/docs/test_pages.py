import re
import tomllib
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from quart import Quart

import quart_jwt
import quart_jwt.client
import quart_jwt.testing
from docs.blocks import blocks_of
from docs.blocks import pages
from docs.blocks import ROOT
from quart_jwt import JWTManager
from quart_jwt import signals

SITE = ROOT / "docs"
PAGES = [*pages(), ROOT / "examples" / "README.md"]
FOR_FLASK_OWNERS = sorted(SITE.glob("flask/*.zh-CN.md"))
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LEVEL = re.compile(r"^(#+) ", re.MULTILINE)
_OPTION = re.compile(r"^\| `(JWT_\w+)` \| `([^`]*)` \| .+ \|$", re.MULTILINE)
_LOADER = re.compile(r"^\| `(\w+_loader)` \|", re.MULTILINE)


def without_blocks(page: Path) -> str:
    """Give the prose of a page."""
    return re.sub(
        r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
    )


def anchors(page: Path) -> set[str]:
    """Give the names that a page's headings have in links."""
    headings = _HEADING.findall(without_blocks(page))
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


def _original_of(translation: Path) -> Path:
    return translation.with_name(translation.name.replace(".zh-CN", ""))


def _project_urls() -> dict[str, str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    urls: dict[str, str] = settings["project"]["urls"]
    return urls


def _within_the_project(target: str) -> str:
    """Give the path of a file that a link names by its public address."""
    source = re.escape(_project_urls()["Source"])
    return re.sub(rf"^{source}/(?:blob|raw|tree)/main/", f"{ROOT}/", target)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """A link within the project leads to a file, and to the heading that it names."""
    for target in _LINK.findall(without_blocks(page)):
        path, _, anchor = unquote(_within_the_project(target)).partition("#")
        if "://" in path:
            continue
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        if "://" not in target and page.is_relative_to(SITE):
            assert there.is_relative_to(SITE), "the site has no such page: " + target
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize(
    "page", [*(ROOT / "docs").glob("**/*.md")], ids=lambda page: page.name
)
def test_page_is_on_the_map(page: Path) -> None:
    """Every page of the documentation is on its index and in the menu of the site."""
    index = (ROOT / "docs" / "index.md").read_text("utf-8")

    place = page.relative_to(ROOT / "docs")
    assert page.name == "index.md" or f"({place})" in index
    assert f'"{place}"' in (ROOT / "zensical.toml").read_text("utf-8")


def test_options_page_shows_every_option_and_its_default() -> None:
    """The tables of options are what the extension sets on a new app."""
    page = (ROOT / "docs" / "reference" / "options.md").read_text("utf-8")
    app = Quart(__name__)
    JWTManager(app)

    shown = {
        name: eval(default, {"timedelta": timedelta})  # noqa: S307 (the page is ours)
        for name, default in _OPTION.findall(page)
    }
    defaults = {
        name: list(value) if name == "JWT_CSRF_METHODS" else value
        for name, value in app.config.items()
        if name.startswith("JWT_")
    }

    assert defaults == shown
    assert len(_OPTION.findall(page)) == len(shown)


def test_options_page_shows_what_the_other_library_has() -> None:
    """All options but ours are Flask-JWT-Extended's, with its defaults."""
    import flask
    import flask_jwt_extended

    page = (ROOT / "docs" / "reference" / "options.md").read_text("utf-8")
    app = flask.Flask(__name__)
    flask_jwt_extended.JWTManager(app)
    theirs = page.partition("\n## Ours\n")[0]

    assert {name for name in app.config if name.startswith("JWT_")} == {
        name for name, _ in _OPTION.findall(theirs)
    }
    assert len(_OPTION.findall(theirs)) == 43


def test_loaders_page_shows_every_loader() -> None:
    """The table of loaders names each loader of the manager once."""
    page = (ROOT / "docs" / "reference" / "loaders.md").read_text("utf-8")
    loaders = [name for name in dir(JWTManager) if name.endswith("_loader")]

    assert loaders == sorted(_LOADER.findall(page))
    assert len(loaders) == 15


def test_reference_lists_each_public_name() -> None:
    """The site's reference has a line for every name that a module exports."""
    pages = (ROOT / "docs" / "reference").glob("python*.md")
    listed = re.findall(
        r"^::: (\S+)$", "\n".join(map(Path.read_text, pages)), re.MULTILINE
    )
    exported = {
        f"{module.__name__}.{name}"
        for module in (quart_jwt, quart_jwt.client, quart_jwt.testing, signals)
        for name in module.__all__
    }

    assert exported <= set(listed)


def test_links_of_the_package_index_lead_into_the_project() -> None:
    """PyPI shows README.md, where a relative link leads nowhere."""
    readme = without_blocks(ROOT / "README.md")

    assert [one for one in _LINK.findall(readme) if "://" not in one] == []
    for address in _project_urls().values():
        path = Path(_within_the_project(address))
        assert not path.is_absolute() or path.exists()


def test_readme_can_be_read_in_a_few_minutes() -> None:
    """README.md has at most 800 words, not counting code."""
    readme = re.sub(r"\]\([^)]*\)", "]", without_blocks(ROOT / "README.md"))

    assert len(readme.split()) <= 800


@pytest.mark.parametrize(
    "chinese",
    [ROOT / "README.zh-CN.md", *FOR_FLASK_OWNERS],
    ids=lambda page: page.name,
)
def test_translation_follows_the_same_plan(chinese: Path) -> None:
    """Both have the same sections, and the same blocks but for words and comments."""
    english = _original_of(chinese)

    assert [block.language for block in blocks_of(english)] == [
        block.language for block in blocks_of(chinese)
    ]
    assert _LEVEL.findall(without_blocks(english)) == _LEVEL.findall(
        without_blocks(chinese)
    )


@pytest.mark.parametrize("chinese", FOR_FLASK_OWNERS, ids=lambda page: page.name)
def test_translation_for_flask_owners_has_the_same_code(chinese: Path) -> None:
    """A reader of either page copies the same code, and each leads to the other."""
    english = _original_of(chinese)

    assert [block.text for block in blocks_of(english)] == [
        block.text for block in blocks_of(chinese)
    ]
    assert f"[中文]({chinese.name})" in english.read_text("utf-8")
    assert f"[English]({english.name})" in chinese.read_text("utf-8")


def test_pictures_are_small() -> None:
    """A picture of the pages has at most 200 KB."""
    pictures = [*(ROOT / "docs" / "images").iterdir()]

    assert pictures
    assert [one.name for one in pictures if one.stat().st_size > 200_000] == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_readme_opens_with_a_short_program(name: str) -> None:
    """The first thing after the promise is a program of at most twenty lines."""
    first = blocks_of(ROOT / name)[0]

    assert first.language == "python"
    assert first.line < 10
    assert len(first.text.splitlines()) <= 20


def test_glossary_is_in_order() -> None:
    """The words stand in alphabetical order."""
    page = (ROOT / "docs" / "reference" / "glossary.md").read_text("utf-8")
    words = re.findall(r"^\*\*([^*]+)\*\*:", page, re.MULTILINE)

    assert sorted(words, key=str.lower) == words


def test_constraints_are_the_versions_of_the_dependencies_page() -> None:
    """The development tools are shown in the versions that the suite is run with."""
    page = (ROOT / "docs" / "internals" / "dependencies.md").read_text("utf-8")
    tools = page.partition("## For development")[2]
    constraints = (ROOT / "constraints.txt").read_text("utf-8")
    versions = set(re.findall(r"==(\S+)", constraints))

    assert set(re.findall(r"\b\d+\.\d+(?:\.\d+)?\b", tools)) <= versions
