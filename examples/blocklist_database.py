"""A blocklist in a database: a token that was taken back is refused until it expires."""

# Run: python -m examples.blocklist_database
# mypy: allow-untyped-defs, allow-untyped-calls
import os
import secrets

from quart import jsonify
from quart import Quart
from quart import request
from quart_jwt import create_access_token
from quart_jwt import get_jwt
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from sqlalchemy import create_engine
from sqlalchemy import select
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import Session

# Stands for your table of users, which keeps password hashes and never passwords.
ACCOUNTS = [{"username": "ada", "password": "lovelace"}]

app = Quart(__name__)
app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY") or secrets.token_hex(32)
jwt = JWTManager(app)
engine = create_engine(os.environ.get("DATABASE_URL") or "sqlite:///blocklist.db")


class Base(DeclarativeBase):
    pass


class RevokedToken(Base):
    __tablename__ = "revoked_tokens"

    jti: Mapped[str] = mapped_column(String(36), primary_key=True)
    expires_at: Mapped[int]


Base.metadata.create_all(engine)


# A hook that blocks may stay as it is: a plain def runs in a worker thread.
@jwt.token_in_blocklist_loader
def is_revoked(jwt_header, jwt_payload):
    wanted = select(RevokedToken).where(RevokedToken.jti == jwt_payload["jti"])
    with Session(engine) as session:
        return session.scalar(wanted) is not None


@app.post("/login")
async def login():
    account = await request.get_json(silent=True)
    if account not in ACCOUNTS:
        return jsonify(msg="Wrong username or password"), 401
    return jsonify(access_token=create_access_token(identity=account["username"]))


# So may a view.
@app.delete("/logout")
@jwt_required()
def logout():
    token = get_jwt()
    with Session(engine) as session:
        session.add(RevokedToken(jti=token["jti"], expires_at=token["exp"]))
        session.commit()
    return jsonify(msg="Access token revoked")


@app.get("/protected")
@jwt_required()
async def protected():
    return jsonify(logged_in_as=get_jwt_identity())


if __name__ == "__main__":
    app.run()
