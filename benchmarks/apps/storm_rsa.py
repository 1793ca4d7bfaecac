# mypy: ignore-errors
# ruff: noqa: ANN201
# Why: what the peers stand on is not installed where types are checked.
"""Logins that are nothing but an RSA-4096 signature, with the lag probe before."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from quart import jsonify
from quart import Quart

from benchmarks.apps.probe import LagProbe
from quart_jwt import create_access_token_async
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager

_key = rsa.generate_private_key(public_exponent=65537, key_size=4096)
_private = _key.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)
_public = _key.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)

quart_app = Quart(__name__)
quart_app.config["JWT_ALGORITHM"] = "RS256"
quart_app.config["JWT_PRIVATE_KEY"] = _private.decode("ascii")
quart_app.config["JWT_PUBLIC_KEY"] = _public.decode("ascii")
JWTManager(quart_app)


@quart_app.post("/login")
async def login():
    """Sign a token for whoever asks."""
    return jsonify(access_token=await create_access_token_async("ada"))


@quart_app.get("/protected")
@jwt_required()
async def protected():
    """Return the name of the user who is signed in."""
    return jsonify(logged_in_as=get_jwt_identity())


app = LagProbe(quart_app)
