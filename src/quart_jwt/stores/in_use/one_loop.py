"""
One event loop at a time: connections, locks and tasks of a store belong to a loop.
"""

import asyncio


class OneLoop:
    """
    Refuses a second event loop as long as the first one runs.

    Loops one after the other are fine, as in tests and scripts.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def check(self) -> None:
        """
        Note the running loop.

        Raises:
            RuntimeError: Another loop uses the store, in another thread.
        """
        loop = asyncio.get_running_loop()
        if loop is self._loop:
            return
        if self._loop is not None and self._loop.is_running():
            raise RuntimeError(
                "The session store of this app is used from two event loops. Make an "
                "app, with a manager and a store of its own, for each loop"
            )
        self._loop = loop
