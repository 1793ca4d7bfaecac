"""
The door of the ``quart-jwt`` command: which extra a command needs, and is it there?

Only the standard library is imported here: a ``quart-jwt`` without an extra has to be
able to say what is missing. What a command needs is loaded when it is asked for.
"""

import sys
from dataclasses import dataclass
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """
    Commands that come with the same extra.
    """

    extra: str
    missing: str
    """What to say where the extra is not installed."""
    needed: tuple[str, ...]
    """What the extra brings, by import name."""
    module: str
    function: str

    def run(self) -> None:
        """Run them, or say in one line how to install what they need."""
        if any(find_spec(name) is None for name in self.needed):
            sys.stderr.write(
                f"quart-jwt: {self.missing}: pip install 'quart-jwt[{self.extra}]'\n"
            )
            sys.exit(1)
        getattr(import_module(self.module), self.function)()


MIGRATE = Commands(
    extra="migrate",
    missing="the migration tool is not installed",
    needed=("click",),
    module="quart_jwt.migrate.command",
    function="main",
)
CONVERT = replace(
    MIGRATE,
    needed=("click", "libcst"),
    module="quart_jwt.migrate.convert.command",
)
ROUTES = Commands(
    extra="service",
    missing="click is not installed",
    needed=("click",),
    module="quart_jwt.service.commands.routes",
    function="main",
)
"""Quart brings click along: the routes of an app are listed without any extra."""
RUN = replace(
    MIGRATE, missing="click is not installed", module="quart_jwt.trial.serving"
)
TRY = replace(RUN, module="quart_jwt.trial.command")
SERVICE = Commands(
    extra="service",
    missing="the service is not installed",
    needed=(),
    module="quart_jwt.service.commands.entry",
    function="main",
)
"""The service's own door says what it needs."""

BY_NAME = {
    "convert": CONVERT,
    "migrate": MIGRATE,
    "routes": ROUTES,
    "run": RUN,
    "try": TRY,
}
"""Commands that work without the service, by the first word."""


def main() -> None:
    """Run the command that the command line names."""
    BY_NAME.get(next(iter(sys.argv[1:]), ""), SERVICE).run()
