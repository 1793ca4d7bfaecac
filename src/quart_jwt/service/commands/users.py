"""
The ``quart-jwt users`` commands: who may log in.

A password is asked for or read from standard input, and is never an argument:
other users of the machine can see arguments.
"""

import os
import sys
from collections.abc import Callable
from datetime import datetime
from datetime import UTC
from typing import Any

import click

from quart_jwt.service.accounts.accounts import Account
from quart_jwt.service.accounts.accounts import Accounts
from quart_jwt.service.accounts.accounts import normalised_name
from quart_jwt.service.accounts.passwords import check_new_password
from quart_jwt.service.accounts.passwords import Passwords
from quart_jwt.service.accounts.user_changes import UserChanges
from quart_jwt.service.commands.database_file import init_option
from quart_jwt.service.commands.operator_acts import operator_acts
from quart_jwt.service.commands.terminal import has_terminal
from quart_jwt.service.commands.user_stores import await_next_second
from quart_jwt.service.commands.user_stores import changing
from quart_jwt.service.commands.user_stores import own_settings
from quart_jwt.service.commands.user_stores import with_accounts
from quart_jwt.service.ground.errors import PasswordRuleError
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.ground.grants import checked_grants
from quart_jwt.service.ground.grants import Grants

Option = Callable[[Callable[..., Any]], Callable[..., Any]]


def examples(*lines: str) -> str:
    """Return examples for the end of a help text, which click must not wrap."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


@click.group(
    "users",
    epilog=examples(
        "quart-jwt users add alice",
        'printf %s "$PASSWORD" | quart-jwt users add alice --password-stdin',
        "quart-jwt users grant alice --role admin --scope orders:write",
        "quart-jwt users disable alice",
    ),
)
def users() -> None:
    """
    Manage who may log in. The service may be running meanwhile.
    """


role_option: Option = click.option(
    "--role", "roles", multiple=True, metavar="ROLE", help="A role; may be repeated."
)
scope_option: Option = click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    help="A scope; may be repeated.",
)
sign_out_option: Option = click.option(
    "--sign-out",
    is_flag=True,
    help="End all sessions as well, so that NAME has to log in again.",
)
password_option: Option = click.option(
    "--password-stdin",
    "from_stdin",
    is_flag=True,
    help="Read the password from standard input (one line break at its end is cut).",
)


@users.command(
    "add",
    epilog=examples(
        "quart-jwt users add alice",
        "quart-jwt users add alice --role admin --scope orders:read",
    ),
)
@click.argument("name")
@role_option
@scope_option
@password_option
@init_option
def add(
    name: str,
    *,
    roles: tuple[str, ...],
    scopes: tuple[str, ...],
    from_stdin: bool,
    init: bool,
) -> None:
    """
    Add the user NAME, asking for a password.
    """
    name = normalised_name(name)
    grants = checked_grants(roles=roles, scopes=scopes)
    own_settings(init=init)
    password = _password(from_stdin=from_stdin)

    async def work(accounts: Accounts, passwords: Passwords) -> None:
        await accounts.add(name, await passwords.hash(password), grants)

    with operator_acts(os.environ) as say:
        with_accounts(work, init=init)
        say(Kind.USER_ADDED, subject=name)
    click.echo(f"added {name}")


@users.command("set-password", epilog=examples("quart-jwt users set-password alice"))
@click.argument("name")
@password_option
def set_password(name: str, *, from_stdin: bool) -> None:
    """
    Set a new password for NAME; all sessions end.
    """
    own_settings()
    password = _password(from_stdin=from_stdin)

    async def work(changes: UserChanges, passwords: Passwords) -> None:
        await changes.set_password(name, await passwords.hash(password))

    changing(Kind.PASSWORD_CHANGED, name, work)
    click.echo(f"new password for {name}; all sessions ended")


@users.command(
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
def grant(
    name: str, *, roles: tuple[str, ...], scopes: tuple[str, ...], sign_out: bool
) -> None:
    """
    Give NAME roles and scopes.

    Access tokens are revoked, and clients refresh: new tokens have them.
    """
    more = _some_grants(roles, scopes)
    _change_grants(name, lambda grants: grants.with_more(more), sign_out=sign_out)


@users.command(
    "revoke", epilog=examples("quart-jwt users revoke alice --role admin --sign-out")
)
@click.argument("name")
@role_option
@scope_option
@sign_out_option
def revoke(
    name: str, *, roles: tuple[str, ...], scopes: tuple[str, ...], sign_out: bool
) -> None:
    """
    Take roles and scopes from NAME.

    Access tokens are revoked, and clients refresh: new tokens lack them.
    """
    fewer = _some_grants(roles, scopes)
    _change_grants(name, lambda grants: grants.without(fewer), sign_out=sign_out)


@users.command("disable", epilog=examples("quart-jwt users disable alice"))
@click.argument("name")
def disable(name: str) -> None:
    """
    Shut NAME out: no login, and all sessions end at once.
    """
    changing(
        Kind.USER_DISABLED, name, lambda changes, _passwords: changes.disable(name)
    )
    click.echo(f"disabled {name}; all sessions ended")


@users.command("enable", epilog=examples("quart-jwt users enable alice"))
@click.argument("name")
def enable(name: str) -> None:
    """
    Let NAME log in again; sessions of before stay ended.
    """
    with operator_acts(os.environ) as say:
        with_accounts(lambda accounts, _passwords: accounts.enable(name))
        say(Kind.USER_ENABLED, subject=normalised_name(name))
    click.echo(f"enabled {name}")


@users.command("list", epilog=examples("quart-jwt users list"))
def list_users() -> None:
    """
    List all users.

    A line each, with tabs between: name, enabled or disabled, when added, roles and
    scopes; roles and scopes have blanks between them.
    """
    for account in with_accounts(lambda accounts, _passwords: accounts.listed()):
        click.echo(_line(account))


def _some_grants(roles: tuple[str, ...], scopes: tuple[str, ...]) -> Grants:
    if not (roles or scopes):
        raise click.UsageError("say which: --role ROLE or --scope SCOPE")
    return checked_grants(roles=roles, scopes=scopes)


def _change_grants(
    name: str, change: Callable[[Grants], Grants], *, sign_out: bool
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
    click.echo(f"{name}: roles {roles}; scopes {scopes}; {when}")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        password = _password_from_stdin()
    elif has_terminal():
        password = str(
            click.prompt(
                "Password", hide_input=True, confirmation_prompt="The same again"
            )
        )
    else:
        raise click.ClickException("there is no terminal: use --password-stdin")
    check_new_password(password)
    return password


def _password_from_stdin() -> str:
    data = sys.stdin.buffer.read()
    data = data.removesuffix(b"\r\n" if data.endswith(b"\r\n") else b"\n")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise PasswordRuleError("The password is not valid UTF-8") from None


def _line(account: Account) -> str:
    added = datetime.fromtimestamp(account.created_at, UTC)
    state = "enabled" if account.enabled else "disabled"
    roles, scopes = " ".join(account.grants.roles), " ".join(account.grants.scopes)
    return "\t".join(
        (account.name, state, f"{added:%Y-%m-%dT%H:%M:%SZ}", roles, scopes)
    )
