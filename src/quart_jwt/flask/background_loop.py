"""
An event loop in a thread of its own, where no server runs one.

Async views, async hooks and session stores need a loop under a WSGI server, in tests
that use Flask's sync client, and in commands.
"""

import asyncio
import os
import threading


class BackgroundLoop:
    """
    A loop that starts when it is first needed; a forked process starts its own.
    """

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def __call__(self) -> asyncio.AbstractEventLoop:
        """Return the loop, which is running."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                # A daemon: it must not keep the interpreter from ending.
                threading.Thread(
                    target=self._loop.run_forever, name="quart-jwt-loop", daemon=True
                ).start()
            return self._loop


background_loop = BackgroundLoop()
