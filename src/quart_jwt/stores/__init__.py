"""
Ring 2: async I/O behind small interfaces. It stands on ``quart_jwt.tokens``.
"""
