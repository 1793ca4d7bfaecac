import difflib
from collections.abc import Awaitable
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from examples import loading
from examples import reading
from examples.walking import Answer
from examples.walking import bearer
from examples.walking import Client
from examples.walking import FlaskClient
from examples.walking import QuartClient

ADA = {"username": "ada", "password": "lovelace"}
GRACE = {"username": "grace", "password": "hopper"}
PROGRAMS = sorted(
    str(path.relative_to(loading.EXAMPLES).with_suffix(""))
    for path in loading.EXAMPLES.rglob("*.py")
)

Transcript = list[Answer]
Walk = Callable[[Client], Awaitable[Transcript]]


@pytest.mark.parametrize("program", PROGRAMS)
def test_example_differs_from_flask_by_imports_async_and_await(program: str) -> None:
    """An example is its Flask twin but for imports, Quart's name, async and await."""
    ours = (loading.EXAMPLES / f"{program}.py").read_text("utf-8")
    twin = (loading.TWINS / f"{program}.py.txt").read_text("utf-8")

    difference = difflib.unified_diff(
        reading.tokens(twin), reading.as_flask(ours), "flask", "quart", lineterm=""
    )

    assert list(difference) == []


def test_every_twin_has_its_example() -> None:
    """No Flask twin is left over from an example that is gone."""
    twins = [
        str(path.relative_to(loading.TWINS)).removesuffix(".py.txt")
        for path in loading.TWINS.rglob("*.py.txt")
    ]

    assert sorted(twins) == PROGRAMS


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("async def f():\n    await g()\n", "def f():\n    g()\n"),
        ("from quart import Quart\n", "from flask import Flask\n"),
        ("import quart_jwt\n", "import flask_jwt_extended\n"),
        ("from redis.asyncio import Redis\n", "from redis import Redis\n"),
    ],
    ids=["async", "from", "import", "async half"],
)
def test_reading_takes_away_what_is_allowed(source: str, expected: str) -> None:
    """The allowed differences vanish."""
    assert reading.tokens(expected) == reading.as_flask(source)


@pytest.mark.parametrize(
    "source",
    ["quart = 1\n", "f(timeout=2)\n", "'async'\n", "import asyncio\nf.asyncio\n"],
    ids=["name", "argument", "string", "asyncio"],
)
def test_reading_keeps_everything_else(source: str) -> None:
    """Whatever is not an allowed difference stands in the reading as it is written."""
    assert reading.tokens(source) == reading.as_flask(source)


async def walk_basic(client: Client) -> Transcript:
    """Wrong password, login, and the protected page with and without the token."""
    steps = [
        await client.send("POST", "/login", json=ADA | {"password": "?"}),
        await client.send("POST", "/login"),
        await client.send("POST", "/login", json=["ada"]),
        await client.send("GET", "/protected"),
        await client.send("GET", "/protected", headers=bearer("no.such.token")),
    ]
    login = await client.send("POST", "/login", json=ADA)
    token = login.json["access_token"]
    steps += [login, await client.send("GET", "/protected", headers=bearer(token))]
    return steps


async def walk_expiry(client: Client) -> Transcript:
    """Each kind of token shows the page that says how long it lives."""
    steps = []
    for path in ("/token", "/token/short", "/token/forever"):
        issued = await client.send("POST", path)
        token = bearer(issued.json["access_token"])
        steps += [issued, await client.send("GET", "/protected", headers=token)]
    return steps


async def walk_refresh(client: Client) -> Transcript:
    """Login, a page, a new token for the refresh token, and what neither may do."""
    login = await client.send("POST", "/login", json=ADA)
    access = bearer(login.json["access_token"])
    refresh = bearer(login.json["refresh_token"])
    renewed = await client.send("POST", "/refresh", headers=refresh)
    second = bearer(renewed.json["access_token"])
    return [
        login,
        await client.send("GET", "/protected", headers=access),
        renewed,
        await client.send("GET", "/protected", headers=second),
        await client.send("POST", "/password", headers=access),
        await client.send("POST", "/password", headers=second),
        await client.send("GET", "/protected", headers=refresh),
        await client.send("POST", "/refresh", headers=access),
        await client.send("POST", "/refresh"),
    ]


async def walk_cookies(client: Client) -> Transcript:
    """The cookie opens a GET; a POST needs the CSRF value too; logout takes both."""
    steps = [
        await client.send("GET", "/protected"),
        await client.send("POST", "/login", json=ADA),
        await client.send("GET", "/protected"),
        await client.send("POST", "/protected"),
    ]
    csrf = {"X-CSRF-TOKEN": client.cookie("csrf_access_token")}
    return [
        *steps,
        await client.send("POST", "/protected", headers=csrf),
        await client.send("POST", "/protected", headers={"X-CSRF-TOKEN": "?"}),
        await client.send("POST", "/logout", headers=csrf),
        await client.send("GET", "/protected"),
    ]


async def walk_one_sign_in(client: Client) -> Transcript:
    """A second login ends the first one, other users stay, logout ends the last."""
    first = await client.send("POST", "/login", json=ADA)
    second = await client.send("POST", "/login", json=ADA)
    other = await client.send("POST", "/login", json=GRACE)
    tokens = [bearer(step.json["access_token"]) for step in (first, second, other)]
    pages = [await client.send("GET", "/protected", headers=one) for one in tokens]
    return [
        first,
        second,
        other,
        *pages,
        await client.send("POST", "/logout", headers=tokens[1]),
        await client.send("GET", "/protected", headers=tokens[1]),
        await client.send("GET", "/protected", headers=tokens[2]),
    ]


async def walk_locations(client: Client) -> Transcript:
    """The same page is opened from four places; one page takes the header only."""
    issued = await client.send("POST", "/token")
    token = issued.json["access_token"]
    return [
        issued,
        await client.send("GET", "/where"),
        await client.send("GET", "/where", headers=bearer(token)),
        await client.send("GET", f"/where?jwt={token}"),
        await client.send("POST", "/where", json={"access_token": token}),
        await client.send("GET", f"/header-only?jwt={token}"),
        await client.send("POST", "/cookie"),
        await client.send("GET", "/where"),
        await client.send("GET", "/header-only"),
        await client.send("GET", "/header-only", headers=bearer(token)),
    ]


WALKS: list[tuple[str, Walk, list[int]]] = [
    ("basic.app", walk_basic, [401, 401, 401, 401, 422, 200, 200]),
    ("expiry", walk_expiry, [200] * 6),
    ("refresh", walk_refresh, [200, 200, 200, 200, 200, 401, 422, 422, 401]),
    ("cookies", walk_cookies, [401, 200, 200, 401, 200, 401, 200, 401]),
    ("one_sign_in", walk_one_sign_in, [200, 200, 200, 401, 200, 200, 200, 401, 200]),
    (
        "locations",
        walk_locations,
        [200, 401, 200, 200, 200, 401, 200, 200, 401, 200],
    ),
]
EACH_WALK = pytest.mark.parametrize(
    ("name", "walk", "statuses"), WALKS, ids=[name for name, _, _ in WALKS]
)


@EACH_WALK
async def test_example_answers_as_its_text_says(
    name: str, walk: Walk, statuses: list[int]
) -> None:
    """Walked from login to the last page, an example gives the statuses it promises."""
    steps = await walk(QuartClient(app_of(loading.ours(name))))

    assert statuses == [step.status for step in steps]


@EACH_WALK
async def test_example_answers_as_its_flask_twin(
    name: str,
    walk: Walk,
    statuses: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same requests get the same statuses, bodies and cookies from both sides."""
    twin = loading.flask_twin(name, tmp_path, monkeypatch)

    theirs = await walk(FlaskClient(app_of(twin)))
    ours = await walk(QuartClient(app_of(loading.ours(name))))

    assert [shape(step) for step in theirs] == [shape(step) for step in ours]


@pytest.mark.parametrize(
    ("path", "life_s"),
    [("/token", 60 * 60), ("/token/short", 2 * 60), ("/token/forever", None)],
    ids=["setting", "own", "endless"],
)
async def test_expiry_example_gives_the_life_it_names(
    path: str, life_s: int | None
) -> None:
    """The page of the expiry example shows an hour, two minutes, and no end."""
    client = QuartClient(loading.ours("expiry").app)
    issued = await client.send("POST", path)

    page = await client.send(
        "GET", "/protected", headers=bearer(issued.json["access_token"])
    )

    end = page.json["expires_at"]
    assert life_s == (end and end - page.json["issued_at"])


async def test_expiry_example_refuses_an_expired_token() -> None:
    """A token whose life is over gets 401 and the reason."""
    from datetime import timedelta

    from quart_jwt import create_access_token

    app = loading.ours("expiry").app
    async with app.app_context():
        token = create_access_token("ada", expires_delta=timedelta(seconds=-1))

    answer = await QuartClient(app).send("GET", "/protected", headers=bearer(token))

    assert Answer(401, {"msg": "Token has expired"}, ()) == answer


@pytest.mark.parametrize(
    ("minutes_left", "expected"),
    [(29, ("access_token_cookie", "csrf_access_token")), (31, ())],
    ids=["near-its-end", "young"],
)
async def test_cookie_example_renews_a_cookie_near_its_end(
    minutes_left: int, expected: tuple[str, ...]
) -> None:
    """The cookie is renewed in its last thirty minutes and left alone before."""
    from datetime import timedelta

    from quart_jwt import create_access_token

    app = loading.ours("cookies").app
    async with app.app_context():
        token = create_access_token(
            "ada", expires_delta=timedelta(minutes=minutes_left)
        )

    page = await QuartClient(app).send(
        "GET", "/protected", headers={"Cookie": f"access_token_cookie={token}"}
    )

    assert (200, expected) == (page.status, page.cookies)


async def test_a_logout_near_its_end_is_not_undone() -> None:
    """The last words about the cookies are those of the view."""
    from datetime import timedelta

    from quart_jwt import create_access_token
    from quart_jwt import get_csrf_token

    app = loading.ours("cookies").app
    async with app.app_context():
        token = create_access_token("ada", expires_delta=timedelta(minutes=29))
        headers = {"X-CSRF-TOKEN": get_csrf_token(token)}
    client = app.test_client()
    client.set_cookie("localhost", "access_token_cookie", token)
    response = await client.post("/logout", headers=headers)
    lines = response.headers.getlist("Set-Cookie")

    assert response.status_code == 200
    assert lines
    assert all("=;" in line for line in lines)


def app_of(program: ModuleType) -> Any:
    """Give the app of a program, made by its factory if it has one."""
    return program.create_app() if hasattr(program, "create_app") else program.app


def shape(step: Answer) -> tuple[int, object, tuple[str, ...]]:
    """Give what two sides must agree on: tokens and times are each side's own."""
    return step.status, _without_own_values(step.json), step.cookies


def _without_own_values(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_own_values(each) for key, each in value.items()}
    if isinstance(value, str) and value.startswith("eyJ"):
        return "a token"
    if isinstance(value, int):
        return "a time"
    return value
