from typing import Any

from clock import START
from quart_jwt.stores.base import Store
from quart_jwt.stores.memory import MemoryStore
from quart_jwt.stores.partitioned import PartitionedStore
from quart_jwt.stores.wrapped import Call
from quart_jwt.stores.wrapped import VERBS
from quart_jwt.stores.wrapped import wrapped
from stores.families import family


def test_the_protocol_says_which_verbs_there_are() -> None:
    """All of a back end's public methods, so none goes past the wrapper."""
    public = {name for name in vars(MemoryStore) if not name.startswith("_")}
    assert public == set(VERBS)


async def test_a_verb_goes_through_the_wrapper() -> None:
    """It learns the verb and the arguments, makes the call and gives the answer."""
    seen = []

    async def around(verb: str, call: Call) -> Any:
        seen.append((verb, call.args, call.keywords))
        return await call()

    store: Store = wrapped(MemoryStore(), around)
    await store.open(now=START)
    await store.start(family(), limit=None, now=START)

    assert [family()] == [*await store.live("ada", now=START)]
    assert seen == [
        ("open", (), {"now": START}),
        ("start", (family(),), {"limit": None, "now": START}),
        ("live", ("ada",), {"now": START}),
    ]


async def test_a_store_in_parts_stays_one() -> None:
    """Who looks for its parts finds them, and a verb goes through the wrapper once."""
    seen = []

    async def around(verb: str, call: Call) -> Any:
        seen.append(verb)
        return await call()

    parts = [MemoryStore(), MemoryStore()]
    store = wrapped(PartitionedStore(parts), around)
    assert isinstance(store, PartitionedStore)
    assert len(store.parts) == len(parts)
    await store.start(family(), limit=None, now=START)

    assert [family()] == [*await store.live("ada", now=START)]
    assert seen == ["start", "live"]
