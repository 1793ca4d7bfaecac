"""
The ``quart-jwt migrate`` command, as the service's commands list it.
"""

import click


@click.command(
    "migrate",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
def migrate_command() -> None:
    """
    Take a Flask project to Quart and quart-jwt.
    """
    # Only listed here: as the first word it never comes to the service's commands.
    raise click.UsageError("migrate has to be the first word: quart-jwt migrate PATH")
