"""Flask and Quart behind one nginx: what one side makes counts on the other."""

import tempfile
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from deploy.fleet import FLEET
from deploy.fleet import running_gateway
from deploy.fleet import running_redis
from deploy.fleet import running_sides
from deploy.fleet import Sides
from deploy.fleet import until

ADA = {"username": "ada", "password": "lovelace"}
PATHS = ("/login", "/refresh", "/account", "/logout")
MOVED = pytest.mark.parametrize(
    "moved",
    [
        pytest.param(["/account"], id="account"),
        pytest.param(["/login", "/logout"], id="login-and-logout"),
        pytest.param(["/refresh", "/logout"], id="refresh-and-logout"),
        pytest.param(["/login", "/refresh"], id="login-and-refresh"),
    ],
)
REVOKED = {"msg": "Token has been revoked"}


@pytest.fixture(name="folder", scope="module")
def _folder() -> Iterator[Path]:
    # A short path: a socket's may have some hundred characters.
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture(name="sides", scope="module", params=["redis", "sql"])
def _sides(request: pytest.FixtureRequest, folder: Path) -> Iterator[Sides]:
    """Both applications, with either of Flask-JWT-Extended's two recipes."""
    with ExitStack() as stack:
        if request.param == "redis":
            url = stack.enter_context(running_redis(folder))
        else:
            url = f"sqlite:///{folder}/blocklist.db"
        yield stack.enter_context(running_sides(folder, url))


@pytest.fixture(name="client")
def _client(
    moved: Sequence[str], sides: Sides, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_gateway(Path(folder), sides, moved) as gateway,
        gateway.client() as client,
    ):
        yield client


def _by(response: httpx.Response, moved: Sequence[str]) -> str:
    """The side that answered, which has to be the one of this route."""
    body = response.json()
    assert response.status_code == 200, body
    expected = "quart" if response.request.url.path in moved else "flask"
    assert expected == body["by"]
    return str(body["by"])


@MOVED
def test_tokens_in_headers_count_on_both_sides(
    client: httpx.Client, moved: Sequence[str]
) -> None:
    """Login, a page, refresh, a page, logout: wherever each of them is."""

    def ask(path: str, token: str, method: str = "POST") -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return client.request(method, path, headers=headers)

    login = client.post("/login", json=ADA)
    access, refresh = (login.json()[f"{kind}_token"] for kind in ("access", "refresh"))
    renewed = ask("/refresh", refresh)
    sides = {_by(login, moved), _by(renewed, moved)}
    for token in (access, renewed.json()["access_token"]):
        sides.add(_by(ask("/account", token, "GET"), moved))
    for token in (access, refresh):
        sides.add(_by(ask("/logout", token), moved))

    assert sides == {"flask", "quart"}
    for path, token in (("/account", access), ("/refresh", refresh)):
        refused = ask(path, token)
        assert (refused.status_code, refused.json()) == (401, REVOKED)
    assert ask("/account", renewed.json()["access_token"]).status_code == 200


@MOVED
def test_cookies_and_csrf_values_count_on_both_sides(
    client: httpx.Client, moved: Sequence[str]
) -> None:
    """The same in a browser's way; without its CSRF value no POST gets in."""

    def post(path: str, kind: str = "access") -> httpx.Response:
        csrf = {"X-CSRF-TOKEN": client.cookies[f"csrf_{kind}_token"]}
        return client.post(path, headers=csrf)

    sides = {_by(client.post("/login", json={**ADA, "cookies": True}), moved)}
    first = client.cookies["access_token_cookie"]
    for path in ("/account", "/refresh", "/logout"):
        refused = client.post(path)
        assert (refused.status_code, refused.json()["msg"]) == (
            401,
            "Missing CSRF token",
        )
    sides.add(_by(client.get("/account"), moved))
    sides.add(_by(post("/account"), moved))
    sides.add(_by(post("/refresh", "refresh"), moved))
    second = client.cookies["access_token_cookie"]
    assert first != second
    sides.add(_by(post("/account"), moved))
    sides.add(_by(post("/logout"), moved))

    assert sides == {"flask", "quart"}
    assert dict(client.cookies) == {}
    for token, status in ((first, 200), (second, 401)):
        cookie = {"Cookie": f"access_token_cookie={token}"}
        assert status == client.get("/account", headers=cookie).status_code


def test_a_route_moves_while_a_user_is_signed_in(sides: Sides) -> None:
    """A line more and a reload: the same token, the other side, and back."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_gateway(Path(folder), sides, []) as gateway,
        gateway.client() as client,
    ):
        token = client.post("/login", json=ADA).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}

        def side() -> str:
            # A new connection: one that is open stays with nginx's old worker.
            with gateway.client() as fresh:
                answer = fresh.get("/account", headers=headers)
            assert answer.status_code == 200
            return str(answer.json()["by"])

        assert side() == "flask"
        gateway.move(["~^/acc"])
        until(lambda: side() == "quart", None)
        gateway.move([])
        until(lambda: side() == "flask", None)


def test_the_example_moves_a_route() -> None:
    """The file that comes with the example has lines as nginx takes them."""
    lines = (FLEET / "moved-routes.conf").read_text("utf-8").splitlines()
    routes = [line.split()[0] for line in lines if line and line[0] != "#"]

    assert routes == ["/account", "~^/account/"]
    assert set(PATHS) & set(routes)
