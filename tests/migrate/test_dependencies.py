"""The dependency files: what they become can be installed."""

# ruff: noqa: ISC004 - the texts are lines of a file, written one a line

from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from migrate.projects import after
from migrate.projects import migrated
from quart_jwt.migrate.dependencies.requirement import admits
from quart_jwt.migrate.dependencies.requirement import changed_requirement
from quart_jwt.migrate.dependencies.requirement import from_poetry
from quart_jwt.migrate.dependencies.requirement import REQUIRED
from quart_jwt.migrate.dependencies.requirement import WITH_FLASK_3


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("Flask-JWT-Extended==4.3.0", "quart-jwt>=0.1"),
        ("flask_jwt_extended", "quart-jwt>=0.1"),
        (
            "flask-jwt-extended[asymmetric_crypto]>=4 ; python_version > '3.7'",
            'quart-jwt[asymmetric-crypto]>=0.1 ; python_version > "3.7"',
        ),
        ("Flask==2.0.1", "Flask>=3.1"),
        ("flask[async]<3", "flask[async]>=3.1"),
        ("flask~=2.3", "flask>=3.1"),
        ("Flask==3.1.0", "Flask==3.1.0"),
        ("Flask>=2", "Flask>=2"),
        ("Flask>=2,<4", "Flask>=2,<4"),
        ("Flask", "Flask"),
        ("Werkzeug==2.0.1", "Werkzeug>=3.1"),
        ("MarkupSafe==2.0.1", "MarkupSafe>=2.1.1"),
        ("itsdangerous==2.0.1", "itsdangerous>=2.2"),
        ("blinker==1.6.2", "blinker>=1.9"),
        ("PyJWT[crypto]==2.4.0", "PyJWT[crypto]>=2.15.1"),
        ("pytest==6.2.5", "pytest>=7.0"),
        ("pytest==7.2.2", "pytest==7.2.2"),
        ("pluggy==1.0.0", "pluggy==1.0.0"),
        ("pytest-flask==1.2.0", "pytest-flask>=1.3"),
        ("flask-smorest==0.42.1", "flask-smorest>=0.43"),
        ("requests==2.0", "requests==2.0"),
        ("gunicorn==20.1", "gunicorn==20.1"),
        ("-e .", "-e ."),
        ("Flask @ https://example.org/f.zip", "Flask @ https://example.org/f.zip"),
    ],
)
def test_a_requirement_is_changed_only_if_it_must(before: str, expected: str) -> None:
    """A pin is loosened if nothing that it accepts goes with quart-jwt."""
    assert expected == changed_requirement(before)


@pytest.mark.parametrize("server", ["gunicorn==20.1", "uWSGI", "waitress>=2"])
def test_servers_are_replaced_with_the_serving(server: str) -> None:
    """With --serve, Hypercorn takes their place."""
    assert changed_requirement(server, serving=True) == "hypercorn>=0.18"


@pytest.mark.parametrize(
    ("constraint", "range_"),
    [
        ("^2.1", ">=2.1,<3"),
        ("^0.3.2", ">=0.3.2,<0.4"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("~2.1", ">=2.1,<2.2"),
        ("~2", ">=2,<3"),
        ("2.1", "==2.1"),
        ("2.*", "==2.*"),
        (">=2,<3", ">=2,<3"),
        ("*", ""),
    ],
)
def test_poetrys_constraints_are_ranges(constraint: str, range_: str) -> None:
    """As Poetry's documentation has them."""
    assert range_ == from_poetry(constraint)


def test_the_floors_are_what_the_packages_ask_for() -> None:
    """Each package in quart-jwt's environment accepts the floors of the others."""
    for name in {*REQUIRED, "quart-jwt"} - {"h11"}:
        for text in metadata.requires(name) or ():
            found = Requirement(text)
            wanted = canonicalize_name(found.name)
            if found.marker is not None or wanted not in REQUIRED:
                continue
            assert admits(found.specifier, REQUIRED[wanted]), (name, text)


def test_what_is_installed_here_is_not_below_a_floor() -> None:
    """The floors are releases that exist: ours are newer."""
    for name, floor in (REQUIRED | WITH_FLASK_3).items():
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        assert SpecifierSet(f">={floor}").contains(version, prereleases=True), name


FROZEN = """\
# frozen
Flask==2.0.1
Flask-JWT-Extended==4.3.0  # tokens
Werkzeug==2.0.1
MarkupSafe==2.0.1
itsdangerous==2.0.1
blinker==1.6.2 \\
    # via flask
pytest==7.2.2
pluggy==1.0.0
--index-url https://example.org
-r more/base.txt
"""


def test_a_frozen_file_keeps_everything_else(tmp_path: Path) -> None:
    """Comments, options and other pins stay; included files are read, too."""
    found = migrated(
        tmp_path,
        {"requirements.txt": FROZEN, "more/base.txt": "PyJWT==2.4.0\nattrs==1.0\n"},
    )

    assert found.changed == {
        "requirements.txt": """\
# frozen
Flask>=3.1
quart-jwt>=0.1  # tokens
Werkzeug>=3.1
MarkupSafe>=2.1.1
itsdangerous>=2.2
blinker>=1.9 \\
    # via flask
pytest==7.2.2
pluggy==1.0.0
--index-url https://example.org
-r more/base.txt
""",
        "more/base.txt": "PyJWT>=2.15.1\nattrs==1.0\n",
    }


def test_hashes_are_left_and_reported(tmp_path: Path) -> None:
    """A changed line has no hash, and pip would refuse the whole file."""
    text = "flask-jwt-extended==4.4.0 \\\n    --hash=sha256:abc\n"

    found = migrated(tmp_path, {"requirements.txt": text})

    assert found.changed == {}
    assert found.report == ["requirements.txt:1 dependencies todo"]


PYPROJECT = """\
[project]
name = "shop"  # a shop
requires-python = ">=3.8"
dependencies = [
    "flask<3",  # the framework
    "flask-jwt-extended>=4",
    "requests",
]

[project.optional-dependencies]
dev = ["pytest==6.2", "ruff"]

[dependency-groups]
test = [{ include-group = "dev" }, "Werkzeug==2.0"]

[tool.uv]
dev-dependencies = ["jinja2==2.11"]
"""


def test_a_pyproject_keeps_layout_and_comments(tmp_path: Path) -> None:
    """Every list of requirements is read; the oldest Python is lifted."""
    assert (
        after(tmp_path, PYPROJECT, "pyproject.toml")
        == """\
[project]
name = "shop"  # a shop
requires-python = ">=3.11"
dependencies = [
    "flask>=3.1",  # the framework
    "quart-jwt>=0.1",
    "requests",
]

[project.optional-dependencies]
dev = ["pytest>=7.0", "ruff"]

[dependency-groups]
test = [{ include-group = "dev" }, "Werkzeug>=3.1"]

[tool.uv]
dev-dependencies = ["jinja2>=3.1.2"]
"""
    )


POETRY = """\
[tool.poetry.dependencies]
python = "^3.8"
# tokens
Flask-JWT-Extended = {version = "^4.4", extras = ["asymmetric_crypto"]}
flask = "^2.0"  # the framework

requests = "*"

[tool.poetry.group.dev.dependencies]
pytest = "^6.2"

[tool.ruff]
line-length = 88
"""


def test_poetrys_tables_keep_their_order(tmp_path: Path) -> None:
    """A renamed key stays in its place."""
    assert (
        after(tmp_path, POETRY, "pyproject.toml")
        == """\
[tool.poetry.dependencies]
python = ">=3.11,<4"
# tokens
quart-jwt = {version = ">=0.1", extras = ["asymmetric-crypto"]}
flask = ">=3.1"  # the framework

requests = "*"

[tool.poetry.group.dev.dependencies]
pytest = ">=7.0"

[tool.ruff]
line-length = 88
"""
    )


def test_a_pipfile_is_rewritten(tmp_path: Path) -> None:
    """Its tables have names and PEP 440 ranges."""
    text = (
        '[packages]\nflask = "==2.0"\nflask-jwt-extended = "*"\n\n'
        '[dev-packages]\npytest = "*"\n\n[requires]\npython_version = "3.11"\n'
    )

    assert after(tmp_path, text, "Pipfile") == text.replace(
        '"==2.0"', '">=3.1"'
    ).replace('flask-jwt-extended = "*"', 'quart-jwt = ">=0.1"')


def test_setup_cfgs_lists_are_rewritten(tmp_path: Path) -> None:
    """``install_requires`` and the extras; other options stay."""
    text = (
        "[metadata]\nname = flask\n[options]\ninstall_requires =\n    Flask<3\n"
        "    flask-jwt-extended\n[options.extras_require]\ntest =\n    pytest==6.0\n"
        "[tool:pytest]\naddopts = -q\n"
    )

    assert after(tmp_path, text, "setup.cfg") == text.replace(
        "Flask<3", "Flask>=3.1"
    ).replace("flask-jwt-extended", "quart-jwt>=0.1").replace("==6.0", ">=7.0")


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (
            "dependencies:\n  - python=3.11\n  - flask=2.0.1\n"
            "  - flask-jwt-extended=4.4\n  - pip:\n    - pytest==6.0\n",
            "dependencies:\n  - python=3.11\n  - flask>=3.1\n"
            "  - pip:\n    - quart-jwt>=0.1\n    - pytest>=7.0\n",
        ),
        (
            "dependencies:\n  - flask-jwt-extended\n",
            "dependencies:\n  - pip\n  - pip:\n    - quart-jwt>=0.1\n",
        ),
        (
            "dependencies:\n  - flask=3.1\n  - pip:\n      - flask-jwt-extended\n",
            "dependencies:\n  - flask=3.1\n  - pip:\n      - quart-jwt>=0.1\n",
        ),
    ],
)
def test_conda_gets_it_from_pip(before: str, expected: str, tmp_path: Path) -> None:
    """Conda has no quart-jwt."""
    written = after(tmp_path, before, "environment.yml")

    assert yaml.safe_load(expected) == yaml.safe_load(written)


def test_what_is_not_rewritten_is_reported(tmp_path: Path) -> None:
    """setup.py is code; a lock file is its tool's; an old Python is named."""
    found = migrated(
        tmp_path,
        {
            "setup.py": "setup(\n    install_requires=['flask-jwt-extended'])\n",
            "poetry.lock": 'name = "flask-jwt-extended"\n',
            "pyproject.toml": '[project]\nrequires-python = "==3.9.*"\n',
            "docker/Dockerfile.dev": "# python\nFROM python:3.8-slim\n",
            "Pipfile": '[requires]\npython_version = "3.7"\n',
            "runtime.txt": "python-3.9.1\n",
            "environment.yml": "dependencies:\n  - python=3.10\n",
            "requirements.txt": "x = [\n",
            "sub/pyproject.toml": "not [ toml\n",
        },
    )

    assert found.changed == {}
    assert found.report == [
        "Pipfile python todo",
        "docker/Dockerfile.dev:2 python todo",
        "environment.yml:2 python todo",
        "poetry.lock dependencies todo",
        "pyproject.toml python todo",
        "runtime.txt:1 python todo",
        "setup.py:2 dependencies todo",
        "sub/pyproject.toml dependencies todo",
    ]
