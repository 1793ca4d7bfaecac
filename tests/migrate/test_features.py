import json
from http.cookies import SimpleCookie
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from migrate.case_files import case_files
from migrate.case_files import read_case

FEATURES = [path for path in case_files() if path.parent.name == "features"]
CREDENTIALS = {"access_token", "refresh_token"}

Answer = tuple[int, Any, set[str]]


def _app(text: str, name: str) -> Any:
    names: dict[str, Any] = {"__name__": name}
    code: CodeType = compile(text, f"{name}.py", "exec", dont_inherit=True)
    exec(code, names)  # noqa: S102 - the case is ours
    return names["app"]


def _request(line: str, tokens: dict[str, str]) -> tuple[str, str, dict[str, Any]]:
    method, path, *rest = line.split(" ", 3)
    headers = {}
    if rest and rest[0] in CREDENTIALS:
        headers["Authorization"] = f"Bearer {tokens[rest.pop(0)]}"
    body = " ".join(rest)
    options: dict[str, Any] = {"json": json.loads(body)} if body else {}
    return method, path, {"headers": headers, **options}


def _without_tokens(body: Any, tokens: dict[str, str]) -> Any:
    if not isinstance(body, dict):
        return body
    tokens |= {name: body[name] for name in CREDENTIALS & body.keys()}
    return {
        name: "a token" if name in CREDENTIALS else body[name] for name in sorted(body)
    }


def _cookies(headers: Any) -> set[str]:
    found: SimpleCookie = SimpleCookie()
    for value in headers.getlist("Set-Cookie"):
        found.load(value)
    return {f"{name} {one['path']} {one['max-age']}" for name, one in found.items()}


def _under_flask(text: str, requests: list[str]) -> list[Answer]:
    client, tokens = _app(text, "before").test_client(), dict[str, str]()
    answers = []
    for line in requests:
        method, path, options = _request(line, tokens)
        response = client.open(path, method=method, **options)
        body = _without_tokens(response.get_json(silent=True), tokens)
        answers.append((response.status_code, body, _cookies(response.headers)))
    return answers


async def _on_quart(text: str, requests: list[str]) -> list[Answer]:
    client, tokens = _app(text, "after").test_client(), dict[str, str]()
    answers = []
    for line in requests:
        method, path, options = _request(line, tokens)
        response = await client.open(path, method=method, **options)
        body = _without_tokens(await response.get_json(), tokens)
        answers.append((response.status_code, body, _cookies(response.headers)))
    return answers


@pytest.mark.parametrize("path", FEATURES, ids=lambda path: path.stem)
async def test_a_feature_answers_as_before(path: Path) -> None:
    """Flask with its JWT extension, and what the command makes of it, agree."""
    case = read_case(path)

    before = _under_flask(case.before["app.py"], case.requests)
    after = await _on_quart(case.after["app.py"], case.requests)

    assert before == after
    assert {200, 401} & {status for status, _body, _cookies in before}
