"""
The ``quart-jwt users grant`` and ``revoke`` commands: roles and scopes.
"""

from collections.abc import Callable

import click

from quart_jwt.service.commands.output import examples
from quart_jwt.service.commands.output import json_option
from quart_jwt.service.commands.output import Option
from quart_jwt.service.commands.output import print_done
from quart_jwt.service.commands.user_stores import await_next_second
from quart_jwt.service.commands.user_stores import changing
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.ground.grants import checked_grants
from quart_jwt.service.ground.grants import Grants

role_option: Option = click.option(
    "--role", "roles", multiple=True, metavar="ROLE", help="A role (repeatable)."
)
scope_option: Option = click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    help="A scope (repeatable).",
)
sign_out_option: Option = click.option(
    "--sign-out",
    is_flag=True,
    help="Also end all sessions, so that NAME must sign in again.",
)


@click.command(
    "grant",
    epilog=examples(
        "quart-jwt users grant alice --role admin",
        "quart-jwt users grant alice --scope orders:read --scope orders:write",
    ),
)
@click.argument("name")
@role_option
@scope_option
@sign_out_option
@json_option
def grant(
    name: str,
    *,
    roles: tuple[str, ...],
    scopes: tuple[str, ...],
    sign_out: bool,
    as_json: bool,
) -> None:
    """
    Give NAME roles and scopes.

    The user's access tokens are revoked. Clients refresh, and new tokens have the new
    grants.
    """
    more = _some_grants(roles, scopes)
    _change_grants(
        name, lambda grants: grants.with_more(more), sign_out=sign_out, as_json=as_json
    )


@click.command(
    "revoke", epilog=examples("quart-jwt users revoke alice --role admin --sign-out")
)
@click.argument("name")
@role_option
@scope_option
@sign_out_option
@json_option
def revoke(
    name: str,
    *,
    roles: tuple[str, ...],
    scopes: tuple[str, ...],
    sign_out: bool,
    as_json: bool,
) -> None:
    """
    Take roles and scopes from NAME.

    The user's access tokens are revoked. Clients refresh, and new tokens lack these
    grants.
    """
    fewer = _some_grants(roles, scopes)
    _change_grants(
        name, lambda grants: grants.without(fewer), sign_out=sign_out, as_json=as_json
    )


def _some_grants(roles: tuple[str, ...], scopes: tuple[str, ...]) -> Grants:
    if not (roles or scopes):
        raise click.UsageError("give at least one --role ROLE or --scope SCOPE")
    return checked_grants(roles=roles, scopes=scopes)


def _change_grants(
    name: str, change: Callable[[Grants], Grants], *, sign_out: bool, as_json: bool
) -> None:
    grants = changing(
        Kind.USER_GRANTS_CHANGED,
        name,
        lambda changes, _passwords: changes.change_grants(
            name, change, sign_out=sign_out
        ),
    ).grants
    if not sign_out:
        await_next_second()
    when = "all sessions ended" if sign_out else "access tokens revoked"
    roles = " ".join(grants.roles) or "none"
    scopes = " ".join(grants.scopes) or "none"
    print_done(
        f"{name}: roles {roles}; scopes {scopes}; {when}",
        as_json=as_json,
        name=name,
        roles=grants.roles,
        scopes=grants.scopes,
        sessions_ended=sign_out,
    )
