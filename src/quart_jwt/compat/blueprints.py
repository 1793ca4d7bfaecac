"""
A blueprint that Flask extensions take for one of Flask's.
"""

from typing import TYPE_CHECKING

import quart

if TYPE_CHECKING:

    class FlaskBlueprint:
        """Flask's blueprint: for types, Quart's methods are the ones that count."""

else:
    from flask import Blueprint as FlaskBlueprint


class Blueprint(quart.Blueprint, FlaskBlueprint):
    """
    Quart's blueprint; ``isinstance`` says that it is Flask's, too.

    Flask extensions tell blueprints from functions that way. Not needed any more once
    no blueprint is handed to one.
    """
