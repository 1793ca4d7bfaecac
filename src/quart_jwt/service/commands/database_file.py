"""
The database that a command works on: it has to be there, unless ``--init`` is given.

A command in the wrong directory would otherwise make a second database there, and say
that all went well.
"""

from collections.abc import Callable
from typing import Any

import click

from quart_jwt.service.settings.storage import Storage

Option = Callable[[Callable[..., Any]], Callable[..., Any]]

init_option: Option = click.option(
    "--init",
    is_flag=True,
    help="Make the state directory and the database if they do not exist.",
)


def find_database(storage: Storage, *, init: bool) -> None:
    """
    Come back if a command can work on the configured database.

    Args:
        storage: Where it is.
        init: Whether it may be made.

    Raises:
        StartError: It is a file that does not exist, or that of another user.
    """
    if init:
        storage.prepare()
    else:
        storage.require_database()
