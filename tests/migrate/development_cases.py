"""
The ten public code bases on which the rewriter is developed, and how each is run.

Nothing of them is in this repository. MIGRATE_CASES names a folder with a checkout of
each, under the names below; MIGRATE_CASES_PYTHON an interpreter that has their
libraries and quart-jwt.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

FOLDER = "MIGRATE_CASES"
PYTHON = "MIGRATE_CASES_PYTHON"

REQUIREMENTS = (
    "flask==3.1.3",
    "flask-jwt-extended==4.7.4",
    "flask-bcrypt",
    "flask-cors",
    "flask-limiter",
    "flask-marshmallow",
    "flask-migrate",
    "flask-restful",
    "flask-smorest",
    "flask-sqlalchemy",
    "marshmallow<4",
    "marshmallow-sqlalchemy",
    "sqlalchemy<2.1",
    "aiohttp",
    "apispec-webframeworks",
    "passlib",
    "pymysql",
    "python-dateutil",
    "python-dotenv",
    "redis",
    "requests",
    "rq",
    "toml",
    "pytest",
    "pytest-asyncio",
    "pytest-mock",
)
"""What the interpreter has to have, beside quart-jwt[migrate]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """A change that the code base needs to pass with today's versions under Flask."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A code base, where it comes from, and how its own suite is run."""

    name: str
    repository: str
    commit: str
    tests: int
    folder: str = "."
    environment: Mapping[str, str] = field(default_factory=dict)
    mends: tuple[Mend, ...] = ()
    prepare: str = ""
    copies: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()


def _verify_sub(path: str, before: str, indent: str, *, by_item: bool = False) -> Mend:
    line = 'app.config["JWT_VERIFY_SUB"]' if by_item else "JWT_VERIFY_SUB"
    return Mend(path=path, before=before, after=f"{before}\n{indent}{line} = False")


SECRETS = {"SECRET_KEY": "s" * 32, "JWT_SECRET_KEY": "j" * 32}

CASES = (
    Case(
        name="smorest-store",
        repository="MosElAgab/simple-flask-smorest-rest-api",
        commit="abd79445741125990ff256afbf79826c7bae01aa",
        tests=182,
    ),
    Case(
        name="reststarter",
        repository="nimish-23/flask-rest-api-starter",
        commit="b41e36378f0f3a8da15f5d911de36aedc08f859f",
        tests=42,
        environment=SECRETS | {"DATABASE_URL": "sqlite:///:memory:"},
    ),
    Case(
        name="blogapi",
        repository="StefanVDWeide/flask-api-template",
        commit="fbd0a5db4286bf2944dfcf149263d5efad8c930a",
        tests=18,
        mends=(_verify_sub("config.py", "JWT_BLACKLIST_ENABLED = True", "    "),),
        # Two ask a public address.
        arguments=("-k", "not _async"),
    ),
    Case(
        name="todo-sql",
        repository="KSHELL28/Flask-Todo-api",
        commit="9ff766a766a15c7a218fa99d0226a3d59535ace9",
        tests=13,
    ),
    Case(
        name="ecommerce",
        repository="jorge-trivilin/ecommerce-flask-backend",
        commit="56fb99f59863340bc5ab1eb4f41b4aaa2dddb1cc",
        tests=26,
        mends=(
            _verify_sub("config.py", "SQLALCHEMY_TRACK_MODIFICATIONS = False", "    "),
            _verify_sub(
                "tests/test_products.py",
                'app.config["JWT_SECRET_KEY"] = "test-secret-key"',
                "    ",
                by_item=True,
            ),
        ),
    ),
    Case(
        name="apitpl",
        repository="BareqAZ/flask-api-template-jwt",
        commit="e64c61a6803cd7966d6a3038c2f5edb1678d6d82",
        tests=8,
        copies={"src/settings.toml.default": "src/settings.toml"},
    ),
    Case(
        name="coffee",
        repository="sherrylam319/coffee_shop_flask_smorest_api_test",
        commit="f95b76051f74dddd1a445078c17bdd4a9c14a72f",
        tests=21,
        mends=(
            _verify_sub(
                "app.py",
                'app.config["PROPAGATE_EXCEPTIONS"] = True',
                "    ",
                by_item=True,
            ),
        ),
    ),
    Case(
        name="teclado",
        repository="tecladocode/rest-apis-flask-python",
        commit="0f6d9c0cc937c6ac8f92ae5b131ba8ecc470356c",
        folder="docs/docs/08_flask_jwt_extended/"
        "12_token_refreshing_flask_jwt_extended/end",
        tests=50,
        mends=(
            _verify_sub(
                "app.py",
                'app.config["PROPAGATE_EXCEPTIONS"] = True',
                "    ",
                by_item=True,
            ),
        ),
    ),
    Case(
        name="purchase",
        repository="leoneville/python-course-flask-api",
        commit="f9a7dcd1f7fa6c6f708284824fe35b2ca4fc087f",
        tests=16,
        environment=SECRETS,
        prepare="from app import create_app; from db import db\n"
        "app = create_app('config.TestingConfig')\n"
        "with app.app_context(): db.create_all()",
    ),
    Case(
        name="cleanblog",
        repository="uilliambruno-droid/flask-blog-api",
        commit="1a20101a18419a0a1082af98c9d1aaadcc5a0388",
        tests=61,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a suite said: how many passed, and the names of the others."""

    passed: int
    failed: tuple[str, ...]
    output: str


def python() -> str:
    """Give the interpreter that the suites run with."""
    return os.environ.get(PYTHON, sys.executable)


def prepare(case: Case, checkouts: Path, into: Path) -> Path:
    """Copy a checkout and mend it for today's versions."""
    there = into / case.name
    shutil.copytree(checkouts / case.name, there)
    for source, target in case.copies.items():
        shutil.copy(there / source, there / target)
    for mend in case.mends:
        path = there / mend.path
        text = path.read_text("utf-8")
        if mend.before not in text:
            raise ValueError(f"{case.name}: {mend.path} is not as expected")
        path.write_text(text.replace(mend.before, mend.after), "utf-8")
    if case.prepare:
        _run(case, there, "-c", case.prepare).check_returncode()
    return there


def migrate(there: Path) -> list[dict[str, str]]:
    """Migrate a project by the command, and give what its report says."""
    command = [
        python(),
        "-P",
        "-m",
        "quart_jwt",
        "migrate",
        "--write",
        "--report",
        "json",
    ]
    done = subprocess.run(  # noqa: S603 - our own command
        [*command, str(there)], capture_output=True, text=True, check=True
    )
    findings: list[dict[str, str]] = json.loads(done.stdout)["findings"]
    return findings


def run_suite(case: Case, there: Path) -> Outcome:
    """Run a code base's own tests."""
    done = _run(
        case, there, "-m", "pytest", "-q", "-rfE", "--tb=short", *case.arguments
    )
    output = done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", output)
    failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)
    return Outcome(
        passed=int(passed[1]) if passed else 0, failed=tuple(failed), output=output
    )


def _run(case: Case, there: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **case.environment}
    return subprocess.run(  # noqa: S603 - the code base is the operator's choice
        [python(), *arguments],
        cwd=there,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
