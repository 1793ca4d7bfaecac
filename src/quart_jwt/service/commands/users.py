"""
The ``quart-jwt users`` commands: who may log in.

A password is asked for or read from standard input, and is never an argument:
other users of the machine can see arguments.
"""

import os
import sys
from typing import Any

import click

from quart_jwt.service.accounts.account_rows import Account
from quart_jwt.service.accounts.accounts import Accounts
from quart_jwt.service.accounts.names import normalised_name
from quart_jwt.service.accounts.passwords import check_new_password
from quart_jwt.service.accounts.passwords import Passwords
from quart_jwt.service.accounts.stored_hashes import method_of
from quart_jwt.service.accounts.user_changes import UserChanges
from quart_jwt.service.commands.database_file import init_option
from quart_jwt.service.commands.operator_acts import operator_acts
from quart_jwt.service.commands.output import examples
from quart_jwt.service.commands.output import json_option
from quart_jwt.service.commands.output import Option
from quart_jwt.service.commands.output import print_done
from quart_jwt.service.commands.output import print_rows
from quart_jwt.service.commands.output import timestamp
from quart_jwt.service.commands.terminal import has_terminal
from quart_jwt.service.commands.user_grants import grant
from quart_jwt.service.commands.user_grants import revoke
from quart_jwt.service.commands.user_grants import role_option
from quart_jwt.service.commands.user_grants import scope_option
from quart_jwt.service.commands.user_sessions import sessions
from quart_jwt.service.commands.user_stores import changing
from quart_jwt.service.commands.user_stores import own_settings
from quart_jwt.service.commands.user_stores import with_accounts
from quart_jwt.service.commands.user_transfer import export_users
from quart_jwt.service.commands.user_transfer import import_users
from quart_jwt.service.ground.errors import PasswordRuleError
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.ground.grants import checked_grants

COLUMNS = ("name", "state", "added", "roles", "scopes")


@click.group(
    "users",
    epilog=examples(
        "quart-jwt users add alice",
        'printf %s "$PASSWORD" | quart-jwt users add alice --password-stdin',
        "quart-jwt users grant alice --role admin --scope orders:write",
        "quart-jwt users disable alice",
        "quart-jwt users import users.jsonl",
    ),
)
def users() -> None:
    """
    Manage users. You can run this while the service is running.
    """


password_option: Option = click.option(
    "--password-stdin",
    "from_stdin",
    is_flag=True,
    help="Read the password from standard input (one trailing newline is removed).",
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
@json_option
def add(
    name: str,
    *,
    roles: tuple[str, ...],
    scopes: tuple[str, ...],
    from_stdin: bool,
    init: bool,
    as_json: bool,
) -> None:
    """
    Create the user NAME; prompts for a password.
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
    print_done(f"added {name}", as_json=as_json, added=name)


@users.command("set-password", epilog=examples("quart-jwt users set-password alice"))
@click.argument("name")
@password_option
@json_option
def set_password(name: str, *, from_stdin: bool, as_json: bool) -> None:
    """
    Set a new password for NAME and end all sessions.
    """
    own_settings()
    password = _password(from_stdin=from_stdin)

    async def work(changes: UserChanges, passwords: Passwords) -> None:
        await changes.set_password(name, await passwords.hash(password))

    changing(Kind.PASSWORD_CHANGED, name, work)
    print_done(
        f"new password for {name}; all sessions ended",
        as_json=as_json,
        changed=name,
        sessions_ended=True,
    )


@users.command("disable", epilog=examples("quart-jwt users disable alice"))
@click.argument("name")
@json_option
def disable(name: str, *, as_json: bool) -> None:
    """
    Disable NAME: block sign-ins, and end all sessions at once.
    """
    changing(
        Kind.USER_DISABLED, name, lambda changes, _passwords: changes.disable(name)
    )
    print_done(
        f"disabled {name}; all sessions ended",
        as_json=as_json,
        disabled=name,
        sessions_ended=True,
    )


@users.command("enable", epilog=examples("quart-jwt users enable alice"))
@click.argument("name")
@json_option
def enable(name: str, *, as_json: bool) -> None:
    """
    Enable NAME again. Sessions that ended stay ended.
    """
    with operator_acts(os.environ) as say:
        with_accounts(lambda accounts, _passwords: accounts.enable(name))
        say(Kind.USER_ENABLED, subject=normalised_name(name))
    print_done(f"enabled {name}", as_json=as_json, enabled=name)


@users.command("remove", epilog=examples("quart-jwt users remove alice --yes"))
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
def remove(name: str, *, yes: bool, as_json: bool) -> None:
    """
    Remove NAME and end all sessions. This cannot be undone.
    """
    if not yes and not sys.stdin.isatty():
        raise click.ClickException("there is no terminal: use --yes")
    if not yes:
        click.confirm(f"Remove {name} for good?", abort=True, err=True)
    changing(Kind.USER_REMOVED, name, lambda changes, _passwords: changes.remove(name))
    print_done(
        f"removed {name}; all sessions ended",
        as_json=as_json,
        removed=name,
        sessions_ended=True,
    )


@users.command("rename", epilog=examples("quart-jwt users rename alice alice.b"))
@click.argument("name")
@click.argument("new_name", metavar="NEW-NAME")
@json_option
def rename(name: str, new_name: str, *, as_json: bool) -> None:
    """
    Rename NAME to NEW-NAME. All sessions end, because tokens contain the old name.
    """
    new_name = normalised_name(new_name)
    changing(
        Kind.USER_RENAMED,
        name,
        lambda changes, _passwords: changes.rename(name, new_name),
        new_name=new_name,
    )
    print_done(
        f"renamed {name} to {new_name}; all sessions ended",
        as_json=as_json,
        renamed=name,
        new_name=new_name,
        sessions_ended=True,
    )


@users.command("list", epilog=examples("quart-jwt users list"))
@json_option
def list_users(*, as_json: bool) -> None:
    """
    List all users.

    Without a terminal, prints one line each, separated by tabs, without headings; roles
    and scopes are separated by spaces.
    """
    found = with_accounts(lambda accounts, _passwords: accounts.listed())
    print_rows(COLUMNS, map(_row, found), as_json=as_json)


for _command in (grant, revoke, sessions, import_users, export_users):
    users.add_command(_command)


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


def _row(account: Account) -> dict[str, Any]:
    method = method_of(account.password_hash)
    return {
        "name": account.name,
        "state": "enabled" if account.enabled else "disabled",
        "added": timestamp(account.created_at),
        "roles": account.grants.roles,
        "scopes": account.grants.scopes,
        "hash": None if method is None else method.text,
    }
