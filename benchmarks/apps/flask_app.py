# mypy: ignore-errors
# ruff: noqa: ANN201, ANN202
# Why: what the peers stand on is not installed where types are checked.
"""Flask and Flask-JWT-Extended: one protected route."""

from flask import Flask
from flask import jsonify
from flask_jwt_extended import get_jwt_identity
from flask_jwt_extended import jwt_required
from flask_jwt_extended import JWTManager

from benchmarks.apps.settings import SECRET


def make_app():
    """Make the application, and give its manager too."""
    app = Flask(__name__)
    app.config["JWT_SECRET_KEY"] = SECRET
    jwt = JWTManager(app)

    @app.get("/protected")
    @jwt_required()
    def protected():
        return jsonify(logged_in_as=get_jwt_identity())

    return app, jwt
