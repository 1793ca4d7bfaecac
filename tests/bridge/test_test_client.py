import io
from typing import Any

import pytest
from quart import request
from quart.datastructures import FileStorage

from quart_jwt.compat import Quart


@pytest.fixture(name="app")
def _app() -> Quart:
    app = Quart(__name__)

    @app.route("/", methods=["GET", "POST"])
    async def view() -> dict[str, Any]:
        files = await request.files
        return {
            "type": request.mimetype,
            "form": (await request.form).to_dict(),
            "files": {name: one.filename for name, one in files.items()},
            "data": await request.get_data(as_text=True) if not files else "",
            "args": request.args.to_dict(flat=False),
            "host": request.host,
            "scheme": request.scheme,
            "root": request.root_path,
            "addr": request.remote_addr,
            "agent": request.headers["User-Agent"],
            "token": request.headers.get("Authorization"),
            "cookies": dict(request.cookies),
        }

    return app


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"data": '{"a": 1}', "content_type": "application/json"},
            {"type": "application/json", "data": '{"a": 1}'},
        ),
        ({"data": {"a": 1, "b": "x"}}, {"form": {"a": "1", "b": "x"}}),
        ({"data": b"raw", "mimetype": "text/csv"}, {"type": "text/csv"}),
        ({"json": None}, {"type": "", "data": ""}),
        ({"json": {"a": 1}}, {"type": "application/json"}),
        ({"query_string": {"a": [1, 2]}}, {"args": {"a": ["1", "2"]}}),
        ({"query_string": "a=1"}, {"args": {"a": ["1"]}}),
        ({"query_string": b"a=1"}, {"args": {"a": ["1"]}}),
        (
            {"environ_base": {"HTTP_AUTHORIZATION": "Bearer x"}},
            {"token": "Bearer x"},
        ),
        ({"environ_base": {"REMOTE_ADDR": "10.0.0.1"}}, {"addr": "10.0.0.1"}),
        ({"environ_overrides": {"HTTP_USER_AGENT": "me"}}, {"agent": "me"}),
        (
            {"base_url": "https://api.example:8443/v1"},
            {"host": "api.example:8443", "scheme": "https", "root": "/v1"},
        ),
        ({"headers": [("Authorization", "a")]}, {"token": "a"}),
    ],
)
async def test_flasks_arguments_are_understood(
    app: Quart, options: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Each of them says what it says in Flask."""
    path = "/v1/" if "base_url" in options else "/"
    response = await app.test_client().post(path, **options)

    body = await response.get_json()
    assert expected == {name: body[name] for name in expected}


@pytest.mark.parametrize(
    "value",
    [
        (io.BytesIO(b"x"), "a.txt"),
        (io.BytesIO(b"x"), "a.txt", "text/plain"),
        FileStorage(io.BytesIO(b"x"), filename="a.txt"),
    ],
)
async def test_a_mapping_with_files_is_multipart(app: Quart, value: Any) -> None:
    """Tuples and file objects are uploads; the rest are fields."""
    response = await app.test_client().post("/", data={"n": 1, "f": value})

    body = await response.get_json()
    assert (body["form"], body["files"]) == ({"n": "1"}, {"f": "a.txt"})


async def test_cookies_are_set_read_and_deleted_as_in_flask(app: Quart) -> None:
    """By key and value; Quart's order of arguments works, too."""
    client = app.test_client()
    client.set_cookie("a", "1")
    client.set_cookie("localhost", "b", "2")

    cookie = client.get_cookie("a")
    sent = (await (await client.get("/")).get_json())["cookies"]
    client.delete_cookie("a")

    assert cookie is not None
    assert cookie.value == "1"
    assert sent == {"a": "1", "b": "2"}
    assert client.get_cookie("a") is None


def test_the_client_has_flasks_names(app: Quart) -> None:
    """``client.application`` is the app, and sync code may say ``with``."""
    with app.test_client() as client:
        assert app is client.application
