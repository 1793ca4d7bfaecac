"""
The ``quart-jwt routes`` command: what protects each route of an app.

It needs click and the extension, and nothing else of the service.
"""

import json
import sys
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import click
from quart import Quart

from quart_jwt.building_blocks import open_routes
from quart_jwt.building_blocks import OWN_ROUTES
from quart_jwt.building_blocks import Route
from quart_jwt.building_blocks import routes_of
from quart_jwt.building_blocks import spelt
from quart_jwt.building_blocks import VERIFIER

HEADINGS = ("METHOD", "PATH", "PROTECTED BY", "ENDPOINT", "RUNS")
NOTHING = "nothing"

EXAMPLES = """\b
Examples:
  quart-jwt routes app:app
  quart-jwt routes 'shop:create_app()' --json
  quart-jwt routes app:app --fail-on-open --allow /login --allow '/static/*'
"""


@click.command(
    "routes",
    epilog=EXAMPLES,
)
@click.argument("target", metavar="APP")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.option(
    "--fail-on-open",
    "--fail-open",  # its first name
    "fail_on_open",
    is_flag=True,
    help="Exit with 1 if a route is open and not allowed to be.",
)
@click.option(
    "--allow",
    multiple=True,
    metavar="PATTERN",
    help="A path, 'METHOD path' or endpoint that may be open; * is any text.",
)
@click.option(
    "--trust",
    multiple=True,
    metavar="NAME",
    help=f"A function that calls {VERIFIER} and refuses requests without a token.",
)
def routes_command(
    target: str,
    *,
    as_json: bool,
    fail_on_open: bool,
    allow: Sequence[str],
    trust: Sequence[str],
) -> None:
    """
    List every route of APP and what protects it.

    APP is module:app or 'module:factory()'; the current directory is searched first. No
    view is called. For an app of quart_jwt.flask, the table shows how each view runs,
    and why a view needs a thread.
    """
    app = load(target)
    routes = routes_of(app)
    click.echo(_json(routes, trust) if as_json else _table(routes, trust))
    _warn_of_misses(routes, allow, trust)
    if fail_on_open:
        _refuse(open_routes(app, allow=allow, trust=trust))


def main() -> None:
    """Run the command, whose name stands first on the command line."""
    routes_command(args=sys.argv[2:], prog_name="quart-jwt routes")


def load(target: str) -> Any:
    """
    Import an app.

    Args:
        target: ``module:app`` or ``module:factory()``.

    Raises:
        click.ClickException: There is none; says why.
    """
    module, colon, name = target.partition(":")
    is_factory = name.endswith("()")
    if not (module and colon and name):
        raise click.UsageError("APP must be module:app or 'module:factory()'")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = resolve_name(f"{module}:{name.removesuffix('()')}")
        app = found() if is_factory else found
    except Exception as error:
        # Whatever a stranger's module raises at import is the reason.
        reason = f"{type(error).__name__}: {error}"
        raise click.ClickException(f"cannot load {target}: {reason}") from error
    if not isinstance(app, Quart) and not hasattr(app, OWN_ROUTES):
        hint = "" if is_factory or not callable(app) else f"; a factory is '{target}()'"
        raise click.ClickException(f"{target} is no Quart app{hint}")
    return app


def _table(routes: Iterable[Route], trust: Sequence[str]) -> str:
    rows = [HEADINGS, *(_row(route, trust) for route in routes)]
    if not any(row[-1] for row in rows[1:]):  # Quart alone
        rows = [row[:-1] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _row(route: Route, trust: Sequence[str]) -> tuple[str, ...]:
    protections = [
        *map(spelt, route.requirements),
        *(_guard(guard, trust) for guard in route.guards),
    ]
    protected_by = " + ".join(protections) or NOTHING
    return route.method, route.path, protected_by, route.endpoint, route.runs


def _guard(guard: str, trust: Sequence[str]) -> str:
    return f"{guard}{'' if guard in trust else '?'}"


def _json(routes: Iterable[Route], trust: Sequence[str]) -> str:
    return json.dumps(
        [_object(route, trust) for route in routes], indent=2, default=list
    )


def _object(route: Route, trust: Sequence[str]) -> dict[str, Any]:
    requirements = [asdict(requirement) for requirement in route.requirements]
    return {
        "method": route.method,
        "path": route.path,
        "endpoint": route.endpoint,
        "open": route.is_open(trust),
        "jwt_required": requirements,
        "guards": list(route.guards),
        **({"runs": route.runs} if route.runs else {}),
    }


def _warn_of_misses(
    routes: Sequence[Route], allow: Iterable[str], trust: Iterable[str]
) -> None:
    """A pattern that means no route is out of date, or a slip of the pen."""
    guards = {guard for route in routes for guard in route.guards}
    missed = [
        *(f"--allow {one}" for one in allow if not any(r.fits(one) for r in routes)),
        *(f"--trust {one}" for one in trust if one not in guards),
    ]
    for option in missed:
        click.echo(f"warning: {option} has no effect here", err=True)


def _refuse(routes: Sequence[Route]) -> None:
    for route in routes:
        hint = "".join(f"; --trust {guard}?" for guard in route.guards)
        line = f"open: {route.method} {route.path} ({route.endpoint}){hint}"
        click.echo(line, err=True)
    if routes:
        raise click.ClickException(
            f"{len(routes)} open routes that --allow does not list"
        )
