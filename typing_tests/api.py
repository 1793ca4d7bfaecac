"""
The public API as type checkers see it: mypy and pyright read this file, nobody runs it.

Every `assert_type` is a promise to users of either checker.
"""

from collections.abc import Awaitable
from collections.abc import Callable
from datetime import datetime
from datetime import timedelta
from datetime import UTC
from functools import partial
from typing import Any
from typing import assert_type

from quart import Blueprint
from quart import Quart
from quart import Response
from quart import ResponseReturnValue

import quart_jwt
from quart_jwt import create_access_token
from quart_jwt import create_access_token_async
from quart_jwt import create_refresh_token
from quart_jwt import create_refresh_token_async
from quart_jwt import create_token_pair
from quart_jwt import decode_token
from quart_jwt import decode_token_async
from quart_jwt import end_session
from quart_jwt import get_csrf_token
from quart_jwt import get_jti
from quart_jwt import get_jwt
from quart_jwt import get_jwt_header
from quart_jwt import get_jwt_identity
from quart_jwt import get_jwt_request_location
from quart_jwt import get_unverified_jwt_headers
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import list_sessions
from quart_jwt import MemoryStore
from quart_jwt import nonblocking
from quart_jwt import revoke_all_for
from quart_jwt import revoke_family
from quart_jwt import revoke_token
from quart_jwt import rotate_refresh_token
from quart_jwt import Session
from quart_jwt import set_access_cookies
from quart_jwt import set_refresh_cookies
from quart_jwt import signals
from quart_jwt import Store
from quart_jwt import TokenPair
from quart_jwt import unset_access_cookies
from quart_jwt import unset_jwt_cookies
from quart_jwt import unset_refresh_cookies
from quart_jwt import verify_jwt_in_request
from quart_jwt.exceptions import JWTExtendedException
from quart_jwt.exceptions import RevokedTokenError
from quart_jwt.typing import ExpiresDelta
from quart_jwt.typing import Fresh

app = Quart(__name__)
views = Blueprint("views", __name__)

# The manager ----------------------------------------------------------------

jwt = JWTManager(app)
JWTManager(app, True)  # noqa: FBT003 - Flask-JWT-Extended's order of arguments
JWTManager(app, add_context_processor=True)
later = JWTManager()
later.init_app(app)
later.init_app(app, add_context_processor=True)

# Decorated views keep their signatures ---------------------------------------


@app.get("/async/<int:number>")
@jwt_required()
async def async_view(number: int, *, verbose: bool = False) -> str:
    return f"{number} {verbose}"


@views.get("/sync/<name>")
@jwt_required(optional=True, locations=["headers", "cookies"])
def sync_view(name: str) -> ResponseReturnValue:
    return name, 200


@app.websocket("/socket")
@jwt_required(locations="headers")
async def socket() -> None:
    pass


async def calls_views() -> None:
    assert_type(await async_view(1, verbose=True), str)
    assert_type(sync_view("ada"), ResponseReturnValue)
    assert_type(await socket(), None)


@jwt_required(True, True, True, "headers", True, True)  # noqa: FBT003 - their order
async def positional(first: int, second: str) -> bytes:
    return second.encode() * first


takes_both: Callable[[int, str], Awaitable[bytes]] = positional


@jwt_required(fresh=True)
def wrong_calls_are_seen(number: int) -> int:
    return number


wrong_calls_are_seen("1")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]

# Hooks keep their types too ---------------------------------------------------


@jwt.token_in_blocklist_loader
async def is_revoked(header: dict[str, Any], claims: dict[str, Any]) -> bool:
    return bool(header and claims)


@jwt.user_lookup_loader
@nonblocking
def find_user(_header: dict[str, Any], claims: dict[str, Any]) -> str | None:
    return claims.get("sub")


@jwt.additional_claims_loader
def claims_of(identity: str) -> dict[str, Any]:
    return {"name": identity}


@jwt.unauthorized_loader
async def refuse(reason: str) -> ResponseReturnValue:
    return {"error": reason}, 401


class Verification:
    """An object as a hook."""

    async def __call__(self, header: dict[str, Any], claims: dict[str, Any]) -> bool:
        return bool(header and claims)


def has_role(role: str, _header: dict[str, Any], claims: dict[str, Any]) -> bool:
    return role in claims["roles"]


jwt.token_verification_loader(Verification())
jwt.token_verification_loader(partial(has_role, "editor"))


async def calls_hooks() -> None:
    assert_type(await is_revoked({}, {}), bool)
    assert_type(find_user({}, {}), str | None)
    assert_type(claims_of("ada"), dict[str, Any])
    assert_type(await refuse("because"), ResponseReturnValue)


# Tokens -----------------------------------------------------------------------

life: ExpiresDelta = timedelta(minutes=5)
no_end: ExpiresDelta = False
fresh: Fresh = timedelta(minutes=1)


def makes_tokens() -> None:
    token = create_access_token("ada", True, life, {"role": "editor"}, {"kid": "1"})  # noqa: FBT003 - their order
    assert_type(token, str)
    assert_type(create_access_token(identity="ada", fresh=fresh), str)
    assert_type(create_refresh_token("ada", no_end, {"role": "editor"}, {}), str)
    assert_type(decode_token(token, None, True), dict[str, Any])  # noqa: FBT003 - the same
    assert_type(get_jti(token), str | None)
    assert_type(get_csrf_token(token), str)
    assert_type(get_unverified_jwt_headers(token), dict[str, Any])


async def makes_tokens_async() -> None:
    token = await create_access_token_async("ada", fresh=True, expires_delta=life)
    assert_type(token, str)
    assert_type(await create_refresh_token_async("ada", expires_delta=False), str)
    assert_type(await decode_token_async(token, allow_expired=True), dict[str, Any])


# Sessions ---------------------------------------------------------------------

JWTManager(app, store=MemoryStore())
store: Store = MemoryStore()
JWTManager(app, add_context_processor=True, store=store)


async def keeps_sessions() -> None:
    pair = await create_token_pair("ada", fresh=life, additional_claims={"a": 1})
    assert_type(pair, TokenPair)
    assert_type(pair.access_token, str)
    assert_type(pair.access_expires_at, int | None)
    assert_type(await rotate_refresh_token(), TokenPair)
    assert_type(await revoke_token(pair.access_token), None)
    assert_type(await revoke_token(jti="1"), None)
    assert_type(await end_session(), bool)
    assert_type(await revoke_family(), bool)
    assert_type(await revoke_family(pair.session_id, identity="ada"), bool)
    assert_type(await revoke_all_for("ada", issued_by=datetime.now(UTC)), int)
    assert_type(await revoke_all_for(keep_current=True), int)
    sessions = await list_sessions("ada")
    assert_type(sessions, tuple[Session, ...])
    assert_type(sessions[0].expires_at, datetime | None)
    await revoke_token(pair.access_token, "1")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]


@signals.refresh_reuse_detected.connect_via(app)
async def warns(_app: Quart, *, session_id: str, **_facts: Any) -> None:
    app.logger.warning(session_id)


# The request's token ------------------------------------------------------------


async def reads_the_request() -> None:
    await verify_jwt_in_request()
    await verify_jwt_in_request(optional=True, locations=("headers", "json"))
    assert_type(get_jwt(), dict[str, Any])
    assert_type(get_jwt_header(), dict[str, Any])
    assert_type(get_jwt_identity(), Any)
    assert_type(get_jwt_request_location(), str | None)
    assert_type(quart_jwt.get_current_user(), Any)
    assert_type(quart_jwt.current_user, Any)


# Cookies --------------------------------------------------------------------------


def writes_cookies(response: Response) -> None:
    set_access_cookies(response, "token", 60, "example.org")
    set_refresh_cookies(response, "token", max_age=60)
    unset_access_cookies(response)
    unset_refresh_cookies(response, "example.org")
    unset_jwt_cookies(response, domain="example.org")


# Errors ---------------------------------------------------------------------------


def handles(error: RevokedTokenError) -> dict[str, Any]:
    general: JWTExtendedException = error
    assert_type(error.jwt_header, dict[str, Any])
    return {**error.jwt_data, "why": str(general)}
