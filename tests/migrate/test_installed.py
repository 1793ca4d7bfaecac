"""What is learned from packages that are installed beside the command."""

from collections.abc import Callable
from collections.abc import Iterator
from importlib import invalidate_caches
from pathlib import Path

import pytest

from migrate.projects import migrated
from quart_jwt.migrate.checks import packages
from quart_jwt.migrate.dependencies.requirement import changed_requirement

SUBCLASS = "import flask\nclass CartApp(flask.Flask):\n    pass\n"
Install = Callable[[str, str, str], None]


@pytest.fixture(name="install")
def _install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Give what installs a package: its name, what it requires, and its code."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)

    def install(name: str, requires: str, code: str) -> None:
        module = name.replace("-", "_")
        (site / module).mkdir()
        (site / module / "__init__.py").write_text(code)
        info = site / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
            f"Requires-Dist: {requires}\n"
        )
        (info / "RECORD").write_text(f"{module}/__init__.py,,\n")
        (info / "top_level.txt").write_text(f"{module}\n")
        _forget()

    yield install
    _forget()


def _forget() -> None:
    packages._distributions.cache_clear()
    packages._read.cache_clear()
    invalidate_caches()


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        ("Werkzeug<3", "shop-cart>=1.0"),
        ("Flask<2.3,>=1", "shop-cart>=1.0"),
        ("Flask>=2", "shop-cart==1.0"),
        ("Werkzeug<3; extra == 'old'", "shop-cart==1.0"),
        ("requests<2", "shop-cart==1.0"),
    ],
)
def test_a_pin_that_excludes_what_is_needed_is_loosened(
    install: Install, requires: str, expected: str
) -> None:
    """The package at its pinned version says what it cannot be installed with."""
    install("shop-cart", requires, "")

    assert expected == changed_requirement("shop-cart==1.0")
    assert changed_requirement("shop-cart==0.9") == "shop-cart==0.9"


@pytest.mark.parametrize(
    ("requires", "code", "found"),
    [
        ("Flask", SUBCLASS, ["app.py:2 packages todo"]),
        ("requests", SUBCLASS, ["app.py:2 packages todo"]),
        ("flask-jwt-extended>=4", "", ["app.py:2 packages todo"]),
        ("Flask", "import flask_jwt_extended as j\n", ["app.py:2 packages todo"]),
        (
            "requests",
            "try:\n    from flask_jwt_extended.utils import get_jwt\nfinally: pass\n",
            ["app.py:2 packages todo"],
        ),
        ("Flask", "from flask import Flask\nclass Cart:\n    pass\n", []),
        ("requests", "class CartApp(Flask):\n    pass\n", []),
        ("Flask", "# flask_jwt_extended\nimport flask_jwt_extended_2\n", []),
    ],
)
def test_a_package_that_no_changed_import_reaches_is_named(
    install: Install, tmp_path: Path, requires: str, code: str, found: list[str]
) -> None:
    """It makes apps of its own class, or imports Flask-JWT-Extended itself."""
    install("shop-cart", requires, code)

    done = migrated(
        tmp_path / "project", {"app.py": "import flask\nimport shop_cart\n"}
    )

    assert found == done.report


def test_a_package_without_metadata_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In any of its modules, but not in its tests; it is not imported."""
    for name, place in ("cart_one", "deep"), ("cart_two", "tests"):
        inner = tmp_path / "site" / name / place
        inner.mkdir(parents=True)
        (inner.parent / "__init__.py").write_text("raise SystemExit\n")
        (inner / "views.py").write_text("from flask_jwt_extended import get_jwt\n")
    module = tmp_path / "site" / "cart_three.py"
    module.write_text("raise SystemExit\nimport flask_jwt_extended\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    _forget()

    code = "import flask\nimport cart_one\nimport cart_two\nimport cart_three\n"
    done = migrated(tmp_path / "project", {"app.py": code})

    assert done.report == ["app.py:2 packages todo", "app.py:4 packages todo"]
