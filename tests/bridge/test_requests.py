import flask
import pytest
from quart import request

from quart_jwt.compat import Quart
from quart_jwt.compat import sync_request


@pytest.fixture(name="app")
def _app() -> Quart:
    return Quart(__name__)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"data": "{}", "headers": {"Content-Type": "text/plain"}}, 415),
        ({}, 415),
        ({"data": "{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"json": {"a": 1}}, 200),
    ],
)
async def test_a_body_that_is_no_json_is_refused_as_in_flask(
    app: Quart, options: dict[str, object], status: int
) -> None:
    """415 for another content type, 400 for what cannot be parsed."""

    @app.post("/")
    async def view() -> dict[str, object]:
        return {"sent": await request.get_json()}

    response = await app.test_client().post("/", **options)

    assert status == response.status_code


async def test_silent_and_force_are_as_in_flask(app: Quart) -> None:
    """None for another content type, or the body whatever it says it is."""

    @app.post("/")
    async def view() -> list[object]:
        return [
            await request.get_json(silent=True),
            await request.get_json(force=True),
        ]

    response = await app.test_client().post("/", data='{"a": 1}')

    assert await response.get_json() == [None, {"a": 1}]


async def test_a_sync_view_reads_the_body_without_await(app: Quart) -> None:
    """Every form of it, through ``sync_request`` in the worker thread."""

    @app.post("/")
    def view() -> dict[str, object]:
        return {
            "form": sync_request.form["a"],
            "values": sync_request.values["b"],
            "files": sync_request.files["f"].read().decode(),
            "path": sync_request.path,
        }

    data = {"a": "1", "f": (__import__("io").BytesIO(b"text"), "f.txt")}
    response = await app.test_client().post("/?b=2", data=data)

    expected = {"form": "1", "values": "2", "files": "text", "path": "/"}
    assert expected == await response.get_json()


async def test_raw_bytes_are_read_in_a_thread(app: Quart) -> None:
    """``get_data`` and ``data`` as in Flask."""

    @app.post("/")
    def view() -> list[str]:
        return [sync_request.get_data(as_text=True), sync_request.data.decode()]

    response = await app.test_client().post("/", data=b"raw")

    assert await response.get_json() == ["raw", "raw"]


async def test_attributes_are_set_on_the_request_itself(app: Quart) -> None:
    """Extensions keep things there (Flask-RESTful's parser does)."""

    @app.get("/")
    def view() -> str:
        flask.request.seen = "yes"  # type: ignore[attr-defined]
        return str(request.seen)  # type: ignore[attr-defined]

    response = await app.test_client().get("/")

    assert await response.get_data(as_text=True) == "yes"


async def test_on_the_loop_a_body_has_to_be_awaited(app: Quart) -> None:
    """Sync code that would stop the loop is told so, and nothing hangs."""

    @app.post("/")
    async def view() -> str:
        with pytest.raises(RuntimeError, match="await it there"):
            sync_request.get_data()
        return "told"

    async with app.test_client().request("/", method="POST") as connection:
        await connection.send(b"the body is not complete")
    response = await connection.as_response()

    assert await response.get_data(as_text=True) == "told"
