"""
Ring 2: async I/O behind small interfaces. It stands on ``quart_jwt.tokens``.

``base`` is the contract of what keeps sessions and revocations, ``memory`` its
reference implementation. A store is a few verbs, each one atomic step, and none of
them reads a clock: ``now`` is passed in. It knows tokens by their verified claims,
and neither Quart nor a request. ``remote_jwks`` gives the keys of other issuers.
"""
