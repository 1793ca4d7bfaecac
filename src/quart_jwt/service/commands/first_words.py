"""
Commands that work without the service, as the service's commands list them.

They are found by the first word of the command line and never come here; behind an
option they are a wrong command line.
"""

import click


def _listed(name: str, text: str, usage: str) -> click.Command:
    def refused() -> None:
        raise click.UsageError(f"{name} has to be the first word: quart-jwt {usage}")

    settings = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(
        name,
        callback=refused,
        help=text,
        add_help_option=False,
        context_settings=settings,
    )


convert_command: click.Command = _listed(
    "convert", "Make views on quart_jwt.flask async.", "convert VIEW"
)
migrate_command: click.Command = _listed(
    "migrate", "Change a Flask project's imports to quart_jwt.flask.", "migrate PATH"
)
run_command: click.Command = _listed(
    "run", "Serve a Flask app that uses quart_jwt.flask on Hypercorn.", "run APP"
)
try_command: click.Command = _listed(
    "try", "Run a project's tests under Flask, then quart_jwt.", "try -- pytest"
)
