"""The ``JWT_*`` settings, compiled once, following ``app.config``."""
