"""
One requirement, and what becomes of it.
"""

import re
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion
from packaging.version import Version

OLD = "flask-jwt-extended"
NEW = "quart-jwt"
NEW_VERSION = ">=0.1"
EXTRAS = {"asymmetric-crypto": "asymmetric-crypto"}
"""Extras of Flask-JWT-Extended that have a counterpart."""

SERVERS = frozenset({"gunicorn", "uwsgi", "waitress"})
"""Replaced by Hypercorn where serving is changed, too."""
SERVER = "hypercorn"
SERVER_VERSION = ">=0.18"

PYTHON_FLOOR = "3.11"

REQUIRED = {
    "blinker": "1.9",
    "click": "8.1.3",
    "cryptography": "45",
    "flask": "3.1",
    "h11": "0.14",
    "hypercorn": "0.18",
    "itsdangerous": "2.2",
    "jinja2": "3.1.2",
    "markupsafe": "2.1.1",
    "pyjwt": "2.15.1",
    "quart": "0.22",
    "werkzeug": "3.1",
}
"""The oldest versions that quart_jwt.flask, its Quart and its Flask accept."""

WITH_FLASK_3 = {
    "alembic": "1.9",
    "apiflask": "2.1",
    "apispec": "6.0",
    "flask-admin": "1.6.1",
    "flask-appbuilder": "4.5",
    "flask-apispec": "0.11.4",
    "flask-babel": "4.0",
    "flask-bcrypt": "1.0.1",
    "flask-caching": "2.1",
    "flask-cors": "4.0",
    "flask-debugtoolbar": "0.15",
    "flask-httpauth": "4.8",
    "flask-limiter": "3.5",
    "flask-login": "0.6.3",
    "flask-mail": "0.10",
    "flask-marshmallow": "1.0",
    "flask-migrate": "4.0.5",
    "flask-mongoengine": "1.0",
    "flask-openapi3": "3.0",
    "flask-pymongo": "2.3",
    "flask-restful": "0.3.10",
    "flask-restx": "1.3",
    "flask-script": "2.0.6",
    "flask-session": "0.6",
    "flask-smorest": "0.43",
    "flask-sqlalchemy": "3.0.5",
    "flask-talisman": "1.1",
    "flask-testing": "0.8.1",
    "flask-uploads": "0.2.1",
    "flask-wtf": "1.2.1",
    "jinja2-cli": "0.8.2",
    "limits": "2.8",
    "mako": "1.2",
    "marshmallow": "3.18",
    "pluggy": "0.12",
    "pytest": "7.0",
    "pytest-flask": "1.3",
    "sqlalchemy": "1.4.18",
    "webargs": "8.3",
    "webtest": "3.0",
}
"""
The oldest releases of other packages that run with those: extensions that need Flask
before 3, and test packages (``quart-jwt`` registers a plugin of pytest).
"""

WITH_PYTHON_3_11 = {
    "cffi": "1.15.1",
    "greenlet": "2.0.1",
    "psycopg2-binary": "2.9.5",
    "pyyaml": "6.0.1",
}
"""The oldest releases of compiled packages with wheels for the oldest Python."""

FLOORS = REQUIRED | WITH_FLASK_3 | WITH_PYTHON_3_11
FAR = Version("99999")


def changed_requirement(text: str, *, serving: bool = False) -> str:
    """
    Give what takes the place of a requirement (PEP 508).

    Args:
        text: The requirement, without comment and options.
        serving: Whether WSGI servers are replaced.

    Returns:
        The text itself where nothing has to change, or where it is no requirement.
    """
    try:
        found = Requirement(text)
    except InvalidRequirement:
        return text
    name = canonicalize_name(found.name)
    marker = f" ; {found.marker}" if found.marker else ""
    if name == OLD:
        return f"{NEW}{_extras(new_extras(found.extras))}{NEW_VERSION}{marker}"
    if name in SERVERS and serving:
        return f"{SERVER}{SERVER_VERSION}{marker}"
    floor = loosened(name, str(found.specifier)) if found.url is None else None
    if floor is None:
        return text
    return f"{found.name}{_extras(found.extras)}>={floor}{marker}"


def new_extras(extras: set[str]) -> set[str]:
    """Give the extras of quart-jwt for those of Flask-JWT-Extended."""
    return {
        EXTRAS[name] for one in extras if (name := canonicalize_name(one)) in EXTRAS
    }


def _extras(extras: set[str]) -> str:
    return f"[{','.join(sorted(extras))}]" if extras else ""


def loosened(name: str, specifier: str) -> str | None:
    """
    Give the version that a pin has to be loosened to.

    Args:
        name: The package's name, normalized (PEP 503).
        specifier: What the requirement says about versions (PEP 440).

    Returns:
        None if the pin may stay.
    """
    try:
        accepted = SpecifierSet(specifier)
    except InvalidSpecifier:
        return None
    floor = FLOORS.get(name)
    if floor is not None and not admits(accepted, floor):
        return floor
    pinned = _pinned(accepted)
    return pinned if pinned and _conflicts(name, pinned) else None


def admits(accepted: SpecifierSet, floor: str) -> bool:
    """Whether a range has a version that is not below a floor."""
    least = Version(floor)
    return any(
        one >= least and accepted.contains(one, prereleases=True)
        for one in (least, FAR, *_bounds(accepted))
    )


def _bounds(accepted: SpecifierSet) -> Iterator[Version]:
    """Give the versions that a range names, and the next ones after them."""
    for one in accepted:
        text = one.version.removesuffix(".*")
        try:
            named = Version(text)
        except InvalidVersion:
            continue
        yield named
        yield Version(f"{named.base_version}.0.1")


def _pinned(accepted: SpecifierSet) -> str | None:
    one = next(iter(accepted), None)
    exact = one is not None and one.operator == "==" and not one.version.endswith("*")
    return one.version if one is not None and exact else None


def _conflicts(name: str, version: str) -> bool:
    """Whether the pinned version is installed here, and excludes what we need."""
    try:
        if metadata.version(name) != version:
            return False
        requires = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return False
    for text in requires:
        try:
            found = Requirement(text)
        except InvalidRequirement:
            continue
        floor = REQUIRED.get(canonicalize_name(found.name))
        is_extra = found.marker is not None and "extra" in str(found.marker)
        if floor is not None and not is_extra and not admits(found.specifier, floor):
            return True
    return False


def python_admitted(specifier: str) -> bool | None:
    """Whether a range of Python versions has the one needed; None if unreadable."""
    try:
        return admits(SpecifierSet(specifier), PYTHON_FLOOR)
    except InvalidSpecifier:
        return None


_CARET = re.compile(r"\^\s*(\d+(?:\.\d+)*)")
_TILDE = re.compile(r"~(?!=)\s*(\d+)(?:\.(\d+))?((?:\.\d+)*)")
_BARE = re.compile(r"\d+(?:\.\d+)*(?:\.\*)?")


def from_poetry(constraint: str) -> str:
    """
    Give Poetry's constraint as PEP 440 has it.

    ``^1.2`` is from 1.2 to below 2, ``~1.2`` from 1.2 to below 1.3, ``1.2`` exact.
    """
    return ",".join(
        _range(part.strip())
        for part in re.split(r",|(?<=[\d*])\s+(?=[<>=!~^])", constraint)
        if part.strip() not in {"", "*"}
    )


def _range(part: str) -> str:
    if caret := _CARET.fullmatch(part):
        numbers = [int(one) for one in caret[1].split(".")]
        at = next((i for i, one in enumerate(numbers) if one), len(numbers) - 1)
        upper = [*numbers[:at], numbers[at] + 1]
        return f">={caret[1]},<{'.'.join(map(str, upper))}"
    if tilde := _TILDE.fullmatch(part):
        major, minor, rest = tilde.groups()
        if minor is None:
            return f">={major},<{int(major) + 1}"
        return f">={major}.{minor}{rest},<{major}.{int(minor) + 1}"
    return f"=={part}" if _BARE.fullmatch(part) else part
