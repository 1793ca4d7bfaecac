"""
Work on a database: written once for both engines, and run as one piece.

Work is a coroutine that awaits its connection and nothing else. The connection answers
at once, so the coroutine never suspends: on SQLite a thread of its own runs it, and on
PostgreSQL one greenlet, which leaves the event loop free while the server works.
"""

from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Coroutine
from typing import Any
from typing import cast
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]


class AnsweringConnection:
    """
    What work awaits of an ``AsyncConnection``, answered before it is awaited.

    Args:
        connection: The connection of this thread or greenlet.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(
        self, statement: Any, parameters: Any = None
    ) -> CursorResult[Any]:
        """See ``AsyncConnection.execute``."""
        return self._connection.execute(statement, parameters)

    async def scalar(self, statement: Any, parameters: Any = None) -> Any:
        """See ``AsyncConnection.scalar``."""
        return self._connection.scalar(statement, parameters)

    async def exec_driver_sql(self, statement: str) -> CursorResult[Any]:
        """See ``AsyncConnection.exec_driver_sql``."""
        return self._connection.exec_driver_sql(statement)

    async def run_sync(self, work: Callable[[Connection], T]) -> T:
        """See ``AsyncConnection.run_sync``."""
        return work(self._connection)


def answered(work: Work[T], connection: Connection) -> T:
    """
    What work comes to.

    Raises:
        RuntimeError: It awaits something else than its connection.
    """
    lent = cast("AsyncConnection", AnsweringConnection(connection))
    coroutine = cast("Coroutine[Any, Any, T]", work(lent))
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    coroutine.close()
    raise RuntimeError("Work on a database may await its connection only")
