"""
The part of SQLAlchemy that is used without being documented.

``AsyncConnection`` starts a greenlet for each of its calls, and a task for its return
to the pool. A transaction in one greenlet needs what starts one.
"""

import sqlalchemy.util
from sqlalchemy.util import greenlet_spawn

from quart_jwt.seams import require
from quart_jwt.seams import Seam

__all__ = ["SEAMS", "check_sqlalchemy", "greenlet_spawn"]

SEAMS = (Seam(sqlalchemy.util, "greenlet_spawn", ("fn",)),)


def check_sqlalchemy() -> None:
    """
    Check that this SQLAlchemy has what is relied on.

    Raises:
        IncompatibleDependencyError: It has not.
    """
    require("SQLAlchemy", SEAMS)
