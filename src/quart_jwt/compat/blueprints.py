"""
A blueprint that Flask extensions take for one of Flask's.
"""

from flask.blueprints import Blueprint as FlaskBlueprint
from quart.blueprints import Blueprint as QuartBlueprint


class _Blueprint(QuartBlueprint, FlaskBlueprint):  # type: ignore[misc]  # Quart's first
    pass


Blueprint: type[FlaskBlueprint] = _Blueprint
"""
Quart's blueprint; ``isinstance`` says that it is Flask's, too.

Flask extensions tell blueprints from functions that way. Not needed any more once no
blueprint is handed to one.
"""
