"""
Admission: whose token it is, and whether that user may still use it.

The session store knows which sessions have ended. The users' table knows who is
disabled, and counts ``session_epoch`` up when a password changes: the command line
changes it from another process, and every token of before dies with it.
"""

from typing import Any

from quart_jwt.exceptions import RevokedTokenError
from quart_jwt.service.accounts.accounts import Account
from quart_jwt.service.observability.request_facts import note_claims
from quart_jwt.service.resources import current_resources

EPOCH = "session_epoch"


def epoch_claim(account: Account) -> dict[str, int]:
    """The claim that ties a token to the password of today."""
    return {EPOCH: account.session_epoch}


async def account_of(header: dict[str, Any], payload: dict[str, Any]) -> Account:
    """
    Return the account that a verified token belongs to.

    Raises:
        RevokedTokenError: There is none, it is disabled, or its epoch is another;
            or the token is of no session, and so none of ours.
    """
    note_claims(payload)
    if not isinstance(payload.get("sid"), str):
        raise RevokedTokenError(header, payload)
    account = await current_resources().accounts.find(payload["sub"])
    if account is None or not account.enabled:
        raise RevokedTokenError(header, payload)
    if payload.get(EPOCH) != account.session_epoch:
        raise RevokedTokenError(header, payload)
    return account
