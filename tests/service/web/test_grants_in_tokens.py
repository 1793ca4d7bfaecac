import dataclasses
from typing import Any

import pytest
from quart import jsonify
from quart import Quart

from clock import Clock
from extension.asgi import ask
from quart_jwt import ForwardAuth
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt.service.accounts.user_changes import SERVERS_AHEAD_S
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.grants import checked_grants
from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.ground.grants import MAX_WORDS
from quart_jwt.service.settings.groups import Gateway
from quart_jwt.service.settings.settings import Settings
from service.kit import bearer
from service.kit import claims
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import SECRET
from service.kit import Service

GRANTS = Grants(roles=("admin", "editor"), scopes=("orders:read", "orders:write"))


async def _refreshed(service: Service, tokens: Any) -> Any:
    response = await service.client.post(
        "/refresh", headers=bearer(tokens["refresh_token"])
    )
    return await response.get_json()


async def test_a_login_says_what_the_user_may_do(anywhere: Service) -> None:
    """``scope`` with blanks between, ``roles`` as a list (RFC 9068 §2.2.3)."""
    await anywhere.add(grants=GRANTS)
    said = claims((await anywhere.log_in())["access_token"])
    assert said["scope"] == "orders:read orders:write"
    assert said["roles"] == ["admin", "editor"]


async def test_without_grants_there_are_no_claims(anywhere: Service) -> None:
    """A claim that would be empty is left out."""
    await anywhere.add()
    said = claims((await anywhere.log_in())["access_token"])
    assert not {"scope", "roles"} & set(said)


async def test_a_refresh_takes_todays_grants(anywhere: Service) -> None:
    """A change revokes access tokens; the session goes on with the new grants."""
    await anywhere.add(grants=GRANTS)
    tokens = await anywhere.log_in()
    await anywhere.changes.change_grants(
        NAME,
        lambda grants: grants.without(Grants(roles=("admin",), scopes=grants.scopes)),
        sign_out=False,
    )
    assert await anywhere.status("GET", "/protected", tokens["access_token"]) == 401
    anywhere.clock.advance(SERVERS_AHEAD_S + 1)
    renewed = (await _refreshed(anywhere, tokens))["access_token"]
    assert await anywhere.status("GET", "/protected", renewed) == 200
    said = claims(renewed)
    assert said["roles"] == ["editor"]
    assert "scope" not in said


@pytest.mark.parametrize(("ahead_s", "status"), [(1, 401), (2, 401), (3, 200)])
async def test_a_token_of_a_clock_that_is_ahead_loses_its_role(
    anywhere: Service, ahead_s: int, status: int
) -> None:
    """The operator's host may be some seconds behind the server that made the token."""
    await anywhere.add(grants=GRANTS)
    anywhere.clock.advance(ahead_s)
    token = (await anywhere.log_in())["access_token"]
    anywhere.clock.advance(-ahead_s)
    fewer = Grants(roles=("admin",))
    await anywhere.changes.change_grants(
        NAME, lambda grants: grants.without(fewer), sign_out=False
    )
    anywhere.clock.advance(ahead_s)
    assert await anywhere.status("GET", "/protected", token) == status


async def test_a_role_that_is_added_counts_in_the_next_second(
    anywhere: Service,
) -> None:
    """Nothing was taken that an older token could keep."""
    await anywhere.add()
    tokens = await anywhere.log_in()
    await anywhere.changes.change_grants(
        NAME, lambda grants: grants.with_more(GRANTS), sign_out=False
    )
    anywhere.clock.advance(1)
    renewed = (await _refreshed(anywhere, tokens))["access_token"]
    assert await anywhere.status("GET", "/protected", renewed) == 200


async def test_a_change_with_a_sign_out_counts_at_once(anywhere: Service) -> None:
    """Every token of before is dead; the next login has the new grants."""
    await anywhere.add(grants=GRANTS)
    tokens = await anywhere.log_in()
    await anywhere.changes.change_grants(NAME, lambda _grants: Grants(), sign_out=True)
    for method, path, which in (
        ("GET", "/protected", "access_token"),
        ("POST", "/refresh", "refresh_token"),
    ):
        assert await anywhere.status(method, path, tokens[which]) == 401
    assert "roles" not in claims((await anywhere.log_in())["access_token"])


@pytest.mark.parametrize(
    ("scopes", "status"),
    [(("orders:read",), 200), ((), 403), (("orders:reader",), 403)],
)
async def test_an_app_asks_for_the_scope(
    service: Service, clock: Clock, scopes: tuple[str, ...], status: int
) -> None:
    """Another app with our key lets in by ``jwt_required(scopes=...)``."""
    await service.add(grants=checked_grants(scopes=scopes))
    tokens = await service.log_in()
    app = Quart(__name__)
    app.config["JWT_SECRET_KEY"] = SECRET
    JWTManager(app, clock=clock)

    @app.get("/orders")
    @jwt_required(scopes="orders:read")
    async def orders() -> Any:
        return jsonify(orders=[])

    response = await app.test_client().get(
        "/orders", headers=bearer(tokens["access_token"])
    )
    assert status == response.status_code


@pytest.mark.parametrize(
    ("scopes", "status"), [(("orders:read",), 200), ((), 403), (("orders",), 403)]
)
async def test_a_gateways_question_asks_for_the_scope(
    service: Service, scopes: tuple[str, ...], status: int
) -> None:
    """``ForwardAuth(scopes=...)`` goes by the service's tokens, too."""
    await service.add(grants=checked_grants(scopes=scopes))
    tokens = await service.log_in()
    jwt = service.app.extensions["quart-jwt"]
    lane = ForwardAuth(jwt, service.app, scopes="orders:read")
    headers = bearer(tokens["access_token"])
    assert status == (await ask(lane, "/auth/verify", headers=headers)).status


@pytest.mark.parametrize(
    ("grants", "roles", "scope"),
    [
        (GRANTS, "admin editor", "orders:read%20orders:write"),
        (Grants(), "", ""),
    ],
    ids=["some", "none"],
)
async def test_a_gateway_hears_them_if_it_wants_to(
    settings: Settings, clock: Clock, grants: Grants, roles: str, scope: str
) -> None:
    """Both headers stand in every 200, empty ones too: ours go before the client's."""
    gateway = Gateway(identity=("roles", "scope"))
    app = create_app(dataclasses.replace(settings, gateway=gateway), clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        await service.add(grants=grants)
        tokens = await service.log_in()
        headers = {**bearer(tokens["access_token"]), "X-Auth-Roles": "root"}
        reply = await ask(service.app, "/auth/verify", headers=headers)
    assert (
        reply.headers["x-auth-subject"],
        reply.headers["x-auth-roles"],
        reply.headers["x-auth-scope"],
    ) == (NAME, roles, scope)


async def test_by_default_a_gateway_hears_the_name_alone(service: Service) -> None:
    """Nobody needs to remove a header that we do not set."""
    await service.add(grants=GRANTS)
    tokens = await service.log_in()
    headers = bearer(tokens["access_token"])
    reply = await ask(service.app, "/auth/verify", headers=headers)
    ours = {name for name in reply.headers if name.startswith("x-auth-")}
    assert ours == {"x-auth-subject"}


async def test_the_most_grants_fit_into_a_cookie(service: Service) -> None:
    """With as many and as long ones as can be, browsers keep the token."""
    words = [f"{number:02}{'x' * 13}" for number in range(MAX_WORDS)]
    name = "a" * 256
    await service.add(name, grants=checked_grants(roles=words, scopes=words))
    body = {"username": name, "password": PASSWORD, "cookies": True}
    response = await service.client.post("/login", json=body)
    assert response.status_code == 200
    lines = response.headers.getlist("Set-Cookie")
    assert max(map(len, lines)) < 4_096 - 683  # an RSA signature of 4,096 bits


async def test_grants_are_of_their_user(anywhere: Service) -> None:
    """Nobody has another's roles."""
    await anywhere.add(grants=GRANTS)
    await anywhere.add("bob", grants=Grants(roles=("reader",)))
    for name, roles in ((NAME, ["admin", "editor"]), ("bob", ["reader"])):
        assert roles == claims((await anywhere.log_in(name))["access_token"])["roles"]


def test_settings_know_no_grants(settings: Settings) -> None:
    """Who registers gets nothing unless it is said."""
    assert settings.accounts.registration_grants == Grants()
