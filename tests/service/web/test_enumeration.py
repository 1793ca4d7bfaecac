"""Row F01: whatever is wrong, the answer is the same to its last byte."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from extension.asgi import asgi_call
from service.kit import http_scope
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service

DISABLED, HOSTILE = "carol", "dave"
FAILURES = {
    "unknown": ("bob", PASSWORD),
    "wrong": (NAME, "wrong password"),
    "disabled": (DISABLED, PASSWORD),
    "disabled and wrong": (DISABLED, "wrong password"),
    "hostile hash": (HOSTILE, PASSWORD),
    "other case": (NAME.upper(), PASSWORD),
}


async def _users(service: Service) -> None:
    for name in (NAME, DISABLED, HOSTILE):
        await service.add(name)
    await service.resources.accounts.disable(DISABLED)
    hostile = "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo"
    await service.resources.database.change(
        text("UPDATE users SET password_hash = :it WHERE name = :name").bindparams(
            it=hostile, name=HOSTILE
        )
    )


async def _answer(service: Service, path: str, body: dict[str, Any]) -> list[Any]:
    """Give the raw events of an answer: status, each header in its place, body."""
    data = json.dumps(body).encode()
    headers = [
        (b"host", b"localhost"),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(data)).encode()),
        (b"x-request-id", b"the-same"),  # or the answer has one of its own
    ]
    scope = http_scope(path, method="POST", headers=headers)
    event = {"type": "http.request", "body": data, "more_body": False}
    return await asgi_call(service.app, scope, event)


@pytest.mark.parametrize("cookies", [False, True], ids=["bearer", "cookies"])
async def test_every_failed_login_has_the_same_bytes(
    anywhere: Service, verified: list[str], *, cookies: bool
) -> None:
    """Status, headers in their order, and body; and one verification each."""
    await _users(anywhere)
    answers, costs = [], []
    for name, password in FAILURES.values():
        verified.clear()
        body = {"username": name, "password": password, "cookies": cookies}
        answers.append(await _answer(anywhere, "/login", body))
        costs.append(list(verified))

    assert [answers[0]] * len(FAILURES) == answers
    assert [["8,1,1"]] * len(FAILURES) == costs
    assert answers[0][0]["status"] == 401


async def test_every_registration_has_the_same_bytes(
    anywhere: Service, hashed: list[str], verified: list[str]
) -> None:
    """Free, taken, and taken by somebody who is disabled."""
    await _users(anywhere)
    hashed.clear()
    names = ("bob", NAME, DISABLED, HOSTILE)
    bodies = [{"username": name, "password": PASSWORD} for name in names]
    answers = [await _answer(anywhere, "/register", body) for body in bodies]

    assert [answers[0]] * len(names) == answers
    assert [PASSWORD] * len(names) == hashed
    assert (verified, answers[0][0]["status"]) == ([], 202)
