"""
Ring 2: where sessions and revocations are kept.

``base`` is the contract, ``memory`` its reference implementation. A store is a few
verbs, each one atomic step, and none of them reads a clock: ``now`` is passed in.
It knows tokens by their verified claims, and neither Quart nor a request.
"""
