"""
The ``quart-jwt users sessions`` command: where a user is signed in.
"""

import os
import time
from collections.abc import Sequence
from typing import Any

import click

from quart_jwt import Store
from quart_jwt.building_blocks import Family
from quart_jwt.service.accounts.names import normalised_name
from quart_jwt.service.commands.operator_acts import operator_acts
from quart_jwt.service.commands.output import examples
from quart_jwt.service.commands.output import json_option
from quart_jwt.service.commands.output import print_done
from quart_jwt.service.commands.output import print_rows
from quart_jwt.service.commands.output import timestamp
from quart_jwt.service.commands.user_stores import with_sessions
from quart_jwt.service.ground.events import Kind

COLUMNS = ("id", "created", "refreshed", "expires", "address", "user_agent")


@click.command(
    "sessions",
    epilog=examples(
        "quart-jwt users sessions alice", "quart-jwt users sessions alice --end"
    ),
)
@click.argument("name")
@click.option("--end", is_flag=True, help="End all of them; NAME can sign in again.")
@json_option
def sessions(name: str, *, end: bool, as_json: bool) -> None:
    """
    List the sessions of NAME, or end them.

    Sessions store address and user agent if QUART_JWT_SESSION_DETAILS names them.
    """
    name = normalised_name(name)
    if end:
        with operator_acts(os.environ) as say:
            ended = with_sessions(lambda store: _end(store, name))
            say(Kind.SESSIONS_ENDED, subject=name)
        plural = "" if ended == 1 else "s"
        sentence = f"ended {ended} session{plural} of {name}"
        print_done(sentence, as_json=as_json, name=name, ended=ended)
        return
    found = with_sessions(lambda store: _live(store, name))
    print_rows(COLUMNS, map(_row, found), as_json=as_json)


async def _live(store: Store, name: str) -> Sequence[Family]:
    return await store.live(name, now=time.time())


async def _end(store: Store, name: str) -> int:
    now = time.time()
    ended = await store.end_all(name, spare=None, started_by=now, now=now)
    return len(ended)


def _row(family: Family) -> dict[str, Any]:
    expires = family.absolute_exp
    return {
        "id": family.family_id,
        "created": timestamp(family.created_at),
        "refreshed": timestamp(family.refreshed_at),
        "expires": None if expires is None else timestamp(expires),
        "address": family.address,
        "user_agent": family.user_agent,
    }
