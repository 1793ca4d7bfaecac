"""
The ``quart-jwt convert`` command, as the service's commands list it.
"""

import click


@click.command(
    "convert",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
def convert_command() -> None:
    """
    Make views on quart_jwt.flask async.
    """
    # Only listed here: as the first word it never comes to the service's commands.
    raise click.UsageError("convert has to be the first word: quart-jwt convert VIEW")
