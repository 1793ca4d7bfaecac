"""
Ring 3: the Quart extension.

``verify`` is the main flow, and every door leads through it: decorators,
``verify_jwt_in_request`` and websocket routes are thin adapters. It stands on
``quart_jwt.tokens``; nothing here knows a database or a server.
"""
