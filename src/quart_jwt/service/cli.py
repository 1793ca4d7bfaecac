"""
The door of the ``quart-jwt`` command, which must open without the extra.

Only the standard library is imported here: a ``quart-jwt`` without
``quart-jwt[service]`` has to be able to say what is missing.
"""

import sys
from importlib.util import find_spec

NEEDED = (
    *("aiosqlite", "alembic", "argon2", "click", "cryptography"),
    *("greenlet", "hypercorn", "msgspec", "quart_cors", "quart_schema", "sqlalchemy"),
)
"""What the extra brings, by import name."""


def main() -> None:
    """Run the command, or say in one line how to install what it needs."""
    if any(find_spec(name) is None for name in NEEDED):
        sys.stderr.write(
            "quart-jwt: the service is not installed: "
            "pip install 'quart-jwt[service]'\n"
        )
        sys.exit(1)
    from quart_jwt.service.commands import cli  # noqa: PLC0415 - needs the extra

    cli(prog_name="quart-jwt")
