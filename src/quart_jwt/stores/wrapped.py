"""
One wrapper for every verb of a store: what is put around a store says once what
happens before and after a verb, and the Protocol says which verbs there are.
"""

from collections.abc import Callable
from collections.abc import Coroutine
from functools import partial
from types import SimpleNamespace
from typing import Any
from typing import cast

from quart_jwt.stores.base import Families
from quart_jwt.stores.base import Lifecycle
from quart_jwt.stores.base import RevokedTokens
from quart_jwt.stores.base import Store
from quart_jwt.stores.partitioned import PartitionedStore

Call = partial[Coroutine[Any, Any, Any]]
"""A verb of a store with its arguments, ready to be called once."""

Around = Callable[[str, Call], Coroutine[Any, Any, Any]]
"""Gets the name of a verb and the call, and returns what the caller gets."""

VERBS = tuple(
    name
    for part in (Lifecycle, Families, RevokedTokens)
    for name in vars(part)
    if not name.startswith("_")
)


def wrapped(store: Store, around: Around) -> Store:
    """
    Return a store whose verbs all go through one function.

    A store in parts stays one: each of its parts is wrapped.

    Args:
        store: The store to wrap.
        around: Called instead of each verb; makes the call, or raises.
    """
    if isinstance(store, PartitionedStore):
        return PartitionedStore([wrapped(part, around) for part in store.parts])

    def verb(name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        async def through(*args: Any, **kwargs: Any) -> Any:
            return await around(name, partial(getattr(store, name), *args, **kwargs))

        return through

    return cast("Store", SimpleNamespace(**{name: verb(name) for name in VERBS}))
