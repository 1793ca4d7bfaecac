"""
The load kit: users of its own, an open-loop generator, and a page with the results.

It reaches the service over HTTP only, so it can measure any server that speaks this
API. The command is ``quart-jwt load``.
"""
