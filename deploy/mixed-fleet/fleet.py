"""
What both sides have to agree on: the key, the options, and where revoked tokens stand.

The options have the same names and defaults in Flask-JWT-Extended and in quart-jwt, so
one dictionary configures both.
"""

import os
from datetime import timedelta

JWT_SETTINGS = {
    "JWT_SECRET_KEY": os.environ["JWT_SECRET_KEY"],
    "JWT_TOKEN_LOCATION": ["headers", "cookies"],
    "JWT_ACCESS_TOKEN_EXPIRES": timedelta(minutes=15),
    "JWT_REFRESH_TOKEN_EXPIRES": timedelta(days=30),
    # True wherever the browser comes by HTTPS, which is everywhere but here.
    "JWT_COOKIE_SECURE": os.environ.get("JWT_COOKIE_SECURE", "true") == "true",
    "JWT_COOKIE_SAMESITE": "Lax",
}

KEEP_REVOKED_S = int(timedelta(days=30).total_seconds())
"""As long as the longest token lives: a later one is refused as expired."""

BLOCKLIST_URL = os.environ["BLOCKLIST_URL"]
"""``redis://host``, ``unix:///socket``, or a database that SQLAlchemy knows."""

# Stands for your table of users, which keeps password hashes and never passwords.
ACCOUNTS = [{"username": "ada", "password": "lovelace"}]
