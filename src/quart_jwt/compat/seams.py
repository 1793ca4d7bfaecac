"""
What the bridge takes from Quart and Flask although it is not public, checked at import.

The context variables of both: a context is Flask's and Quart's at the same time only if
it stands in both, and there is no other way to put it there. Up to Quart 0.22 a request
has a context of its own (``separate_contexts``); from 0.23 on, it is the app's
(``merged_contexts``).
"""

from typing import Any

from flask import globals as flask_globals
from quart import ctx as quart_ctx
from quart import globals as quart_globals

from quart_jwt.seams import require
from quart_jwt.seams import Seam

IS_MERGED: bool = not hasattr(quart_ctx, "RequestContext")
"""Whether this Quart has one context for apps and requests."""

QUART_SEAMS: tuple[Seam, ...] = (Seam(quart_globals, "_cv_app"),)
if not IS_MERGED:
    QUART_SEAMS += (
        Seam(quart_globals, "_cv_request"),
        Seam(quart_ctx.RequestContext, "_push_appctx", ("token",)),
        Seam(quart_ctx.RequestContext, "_push"),
        Seam(quart_ctx.RequestContext, "pop", names=("_cv_tokens",)),
    )
FLASK_SEAMS = (Seam(flask_globals, "_cv_app"), Seam(flask_globals, "_cv_request"))

require("Quart", QUART_SEAMS)
require("Flask", FLASK_SEAMS)

QUART_APP: Any = quart_globals._cv_app  # noqa: SLF001 - checked above
QUART_REQUEST: Any = QUART_APP if IS_MERGED else quart_globals._cv_request  # noqa: SLF001 - checked above
FLASK_APP: Any = flask_globals._cv_app  # noqa: SLF001 - checked above
FLASK_REQUEST: Any = flask_globals._cv_request  # noqa: SLF001 - checked above


def with_context(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """
    Give the arguments of a method of Quart's that takes one, as this Quart wants them.

    Args:
        arguments: What it was called with: by Quart, or by an extension in Flask's way.
    """
    is_quarts = len(arguments) > 1
    return arguments if is_quarts or not IS_MERGED else (QUART_APP.get(), *arguments)
