"""
Changes of users that count in both stores: the database, and the sessions.

The row is changed first and sessions are ended afterwards. A login or a refresh that is
under way meanwhile either began its session before that, and it is ended here, or finds
the changed row when it looks once more.
"""

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable

from quart_jwt import MemoryStore
from quart_jwt import Store
from quart_jwt.building_blocks import Revocation
from quart_jwt.building_blocks import Scope
from quart_jwt.exceptions import StoreError
from quart_jwt.service.accounts.account_rows import Account
from quart_jwt.service.accounts.accounts import Accounts
from quart_jwt.service.accounts.names import normalised_name
from quart_jwt.service.ground.errors import SignOutError
from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.ground.values import Clock

RUN_AGAIN = "run the command again"
END_SESSIONS = "run 'quart-jwt users sessions NAME --end' with the old name"
"""Of a name that is not there any more."""

TIMEOUT_S = 10.0
"""For one step of the session store, connecting included: an operator waits for it."""


SERVERS_AHEAD_S = 2.0
"""
By how much a server's clock may be ahead of an operator's. If a role is taken, access
tokens of the next two seconds are revoked, too: one that was made before, by a clock
that is ahead, would keep the role. A client that refreshes meanwhile does so again.
"""


class UserChanges:
    """
    Changes users, and revokes what the change makes wrong.

    Args:
        accounts: The rows.
        sessions: The session store, opened here.
        clock: Gives the time in seconds since 1970.
        access_life_s: How long an access token lives, in seconds.
    """

    def __init__(
        self,
        accounts: Accounts,
        sessions: Store,
        *,
        clock: Clock,
        access_life_s: int,
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._clock = clock
        self._access_life_s = access_life_s

    async def set_password(self, name: str, password_hash: str) -> None:
        """
        Change a password; every session of the user ends.

        Raises:
            UnknownNameError: There is no such user.
            SignOutError: The password is changed, but the session store is unavailable.
        """
        await self._end(name, await self._accounts.set_password(name, password_hash))

    async def disable(self, name: str) -> None:
        """
        Shut a user out; every session of the user ends, and stays ended.

        Raises:
            UnknownNameError: There is no such user.
            SignOutError: The user is disabled, but the session store is unavailable.
        """
        await self._end(name, await self._accounts.disable(name))

    async def remove(self, name: str) -> None:
        """
        Remove a user; every session of the user ends, and stays ended.

        Raises:
            UnknownNameError: There is no such user.
            SignOutError: The user is removed, but the session store is unavailable.
        """
        await self._end(name, await self._accounts.remove(name), again=END_SESSIONS)

    async def rename(self, name: str, new_name: str) -> None:
        """
        Give a user another name; every session ends, because tokens have the old one.

        Raises:
            UnknownNameError: There is no such user.
            NameTakenError: There is one of the new name.
            SignOutError: The user is renamed, but the session store is unavailable.
        """
        epoch = await self._accounts.rename(name, new_name)
        await self._end(name, epoch, again=END_SESSIONS)

    async def change_grants(
        self, name: str, change: Callable[[Grants], Grants], *, sign_out: bool
    ) -> Account:
        """
        Change the roles and scopes of a user, and revoke the user's access tokens.

        Args:
            name: The user.
            change: Makes the new ones of those that there are.
            sign_out: Whether every session of the user ends. If not, its clients
                refresh, and get the new ones.

        Raises:
            UnknownNameError: There is no such user.
            GrantRuleError: They are too many.
            SignOutError: They are changed, but the session store is unavailable.
        """
        taken = False

        def noted(grants: Grants) -> Grants:
            nonlocal taken
            wanted = change(grants)
            taken = grants.without(wanted) != Grants()
            return wanted

        account = await self._accounts.change_grants(name, noted, sign_out=sign_out)
        if sign_out:
            await self._end(name, account.session_epoch)
        else:
            ahead_s = SERVERS_AHEAD_S if taken else 0
            await self._told(lambda: self._revoke_access(account.name, ahead_s))
        return account

    async def _end(self, name: str, epoch: int, *, again: str = RUN_AGAIN) -> None:
        subject = normalised_name(name)
        await self._told(lambda: self._end_before(subject, epoch), again=again)

    async def _end_before(self, subject: str, epoch: int) -> None:
        await self._sessions.end_all(
            subject, spare=None, started_by=None, before_epoch=epoch, now=self._clock()
        )

    async def _revoke_access(self, subject: str, ahead_s: float) -> None:
        now = self._clock()
        issued_by = now + ahead_s
        until = issued_by + self._access_life_s
        cut = Revocation(
            scope=Scope.ACCESS, name=subject, until=until, issued_by=issued_by
        )
        await self._sessions.revoke(cut, now=now)

    async def _told(
        self, step: Callable[[], Awaitable[None]], *, again: str = RUN_AGAIN
    ) -> None:
        """Take a step of the session store; explain what its failure means."""
        if isinstance(self._sessions, MemoryStore):
            raise self._sign_out_error(
                "sessions are in the memory of the running service, so this command "
                "cannot end them"
            )
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._sessions.open(now=self._clock())
                await step()
        except (StoreError, TimeoutError) as error:
            raise self._sign_out_error(
                f"the session store is unavailable; {again} when it is available "
                f"again ({str(error) or 'no answer in time'})"
            ) from error

    def _sign_out_error(self, why: str) -> SignOutError:
        minutes = -(-self._access_life_s // 60)
        return SignOutError(
            f"the user is changed, but access tokens stay valid for up to {minutes} "
            f"minutes, because {why}"
        )
