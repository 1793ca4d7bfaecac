# mypy: ignore-errors
# ruff: noqa: ANN201
# Why: what the peers stand on is not installed where types are checked.
"""quart-jwt-extended's protected route, told where the identity stands."""

from quart import jsonify
from quart import Quart
from quart_jwt_extended import get_jwt_identity
from quart_jwt_extended import jwt_required
from quart_jwt_extended import JWTManager

from benchmarks.apps.settings import SECRET

app = Quart(__name__)
app.config["JWT_SECRET_KEY"] = SECRET
app.config["JWT_IDENTITY_CLAIM"] = "sub"
JWTManager(app)


@app.get("/protected")
@jwt_required
async def protected():
    """Return the name of the user who is signed in."""
    return jsonify(logged_in_as=get_jwt_identity())
