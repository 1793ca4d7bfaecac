"""
Users of a directory from elsewhere, remembered for a moment.

Such a directory cannot write to our feed, so it has to be asked about the users of
access tokens. Only answers that let a token pass are remembered, and no longer than a
revocation may be late.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

from quart_jwt.building_blocks import SingleFlight
from quart_jwt.service.accounts.directory import User
from quart_jwt.service.accounts.directory import UserDirectory

_Key = tuple[str, int]

MAX_USERS = 10_000
"""The one remembered first makes room, and is asked for again."""


class RememberedUsers:
    """
    Finds users, and asks the directory once for all who ask for one at once.

    Args:
        directory: The directory.
        bound_s: Gives for how many seconds an answer counts.
        monotonic: Gives seconds that only go forward.
    """

    def __init__(
        self,
        directory: UserDirectory,
        *,
        bound_s: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._bound_s = bound_s
        self._monotonic = monotonic
        self._shared = SingleFlight(monotonic, bound_s)
        self._found: OrderedDict[_Key, tuple[float, User]] = OrderedDict()

    async def find(self, name: str, epoch: int) -> User | None:
        """
        Return a user that is enabled and has that epoch; None if there is none.

        Args:
            name: The user's name.
            epoch: What the user's token says.

        Raises:
            DirectoryError: The directory does not answer as it should.
        """
        key = (name, epoch)
        asked_at, user = self._found.get(key, (0.0, None))
        if user is not None and self._monotonic() - asked_at <= self._bound_s():
            return user
        found: User | None = await self._shared.ask(key, lambda: self._asked(key))
        return found

    async def _asked(self, key: _Key) -> User | None:
        asked_at = self._monotonic()
        self._found.pop(key, None)
        name, epoch = key
        user = await self._directory.find(name)
        if user is None or not user.enabled or user.session_epoch != epoch:
            return None
        self._found[key] = (asked_at, user)
        if len(self._found) > MAX_USERS:
            self._found.popitem(last=False)
        return user
