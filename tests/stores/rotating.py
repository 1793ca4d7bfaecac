"""
A process of its own that rotates on a store: ``python rotating.py URL NOW FAMILY...``.

It waits for a line on standard input, so that several begin at once, and prints what
came of it.
"""

import asyncio
import json
import sys

from quart_jwt.stores.urls import store_from_url
from quart_jwt.tokens.rotation import Presented
from quart_jwt.tokens.rotation import Stamp
from quart_jwt.tokens.rotation import Successor

AT_ONCE = 50


async def main(url: str, now: float, families: list[str]) -> None:
    """Rotate each family fifty times at once; print outcomes and successors."""
    store = store_from_url(url)
    await store.open(now=now)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for family_id in families:
        came = Presented(jti=f"{family_id}-1", family_id=family_id, subject="ada")
        rotations = await asyncio.gather(
            *(
                store.rotate(came, _successor(number), grace_s=10, now=now)
                for number in range(AT_ONCE)
            )
        )
        found = [
            (one.outcome.name, one.family and one.family.current.jti)
            for one in rotations
        ]
        sys.stdout.write(f"{json.dumps(found)}\n")
    await store.close()


def _successor(number: int) -> Successor:
    stamp = Stamp(jti=f"{id(main)}-{number}", iat=0, exp=2**40)
    return Successor(stamp=stamp, keep_until=None)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), sys.argv[3:]))
