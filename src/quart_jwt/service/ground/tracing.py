"""
Tracing: spans by OpenTelemetry, if its API package is installed; nothing otherwise.

A span has a name of ours and attributes from small sets, and never what a client has
sent: no name, token or password, and of an error its class alone.
"""

from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Iterator
from contextlib import AbstractContextManager
from contextlib import contextmanager
from contextlib import nullcontext
from functools import wraps
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from typing import ParamSpec
from typing import TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Async = Callable[P, Coroutine[Any, Any, T]]

_NOTHING: AbstractContextManager[None] = nullcontext()

_API = "opentelemetry.trace"
_trace: Any = import_module(_API) if find_spec("opentelemetry") else None


def span(name: str) -> AbstractContextManager[None]:
    """
    Return a span around what is done inside of it.

    Args:
        name: What is done; ``quart_jwt.`` is put before it.
    """
    return _NOTHING if _trace is None else _span(f"quart_jwt.{name}")


def traced(name: str) -> Callable[[Async[P, T]], Async[P, T]]:
    """Put a span around each call of a coroutine function; see ``span``."""

    def decorate(function: Async[P, T]) -> Async[P, T]:
        if _trace is None:
            return function

        @wraps(function)
        async def call(*args: P.args, **kwargs: P.kwargs) -> T:
            with span(name):
                return await function(*args, **kwargs)

        return call

    return decorate


@contextmanager
def _span(name: str) -> Iterator[None]:
    # Not the error itself: its words and its traceback would travel along.
    tracer = _trace.get_tracer("quart_jwt.service")
    with tracer.start_as_current_span(
        name, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield
        except Exception as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(_trace.StatusCode.ERROR)
            raise
