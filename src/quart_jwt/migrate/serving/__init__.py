"""
How a project is served, changed on request: WSGI servers become Hypercorn, and
``flask run`` becomes ``quart-jwt run``.

Flask's other commands (``flask db``, ``flask shell``, the project's own) work with the
migrated app and stay.
"""
