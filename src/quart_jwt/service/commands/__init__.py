"""The ``quart-jwt`` command; it may import every part of the service."""
