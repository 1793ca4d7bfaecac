"""
A blueprint that Flask extensions take for one of Flask's.
"""

import flask
import quart


class Blueprint(quart.Blueprint, flask.Blueprint):  # type: ignore[misc]  # Quart's go first
    """
    Quart's blueprint; ``isinstance`` says that it is Flask's, too.

    Flask extensions tell blueprints from functions that way. Not needed any more once
    no blueprint is handed to one.
    """
