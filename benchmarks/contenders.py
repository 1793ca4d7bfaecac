"""
The contenders: who is measured, on what, and against whom.

A family is measured together, in alternating rounds with all its servers up; a
ratio is formed within a family only.
"""

from dataclasses import dataclass
from dataclasses import replace
from typing import Any

BARE, OURS, PEER = "bare", "ours", "peer"
"""What a contender is; charts tell them apart by colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """
    One line of the tables.

    Attributes:
        key: Its name in the results: what, ``@``, server.
        label: Its name for readers.
        kind: ``bare``, ``ours`` or ``peer``.
        server: How it is served; see ``servers``.
        app: Its module in ``benchmarks.apps``.
        path: What is asked for.
        protected: Whether it must refuse a request without a token.
        every_token_new: Whether no token comes twice.
        refused: Which bad token is sent, see ``answers.bad_tokens``; empty for a good
            one.
    """

    key: str
    label: str
    kind: str
    server: str
    app: str
    path: str = "/protected"
    protected: bool = True
    every_token_new: bool = False
    refused: str = ""


ASGI_SERVERS = {"hypercorn": "Hypercorn", "uvicorn": "uvicorn", "granian": "Granian"}


def ours_on(server: str) -> tuple[Contender, ...]:
    """Raw ASGI, bare Quart and our five doors on one server."""

    def one(what: str, label: str, app: str) -> Contender:
        return Contender(
            key=f"{what}@{server}",
            label=f"{label}, {ASGI_SERVERS[server]}",
            kind=OURS,
            server=server,
            app=app,
        )

    def bare(contender: Contender) -> Contender:
        return replace(contender, kind=BARE, path="/hello", protected=False)

    def new(contender: Contender) -> Contender:
        return replace(contender, every_token_new=True)

    def lane(contender: Contender) -> Contender:
        return replace(contender, path="/auth/verify")

    return (
        bare(one("raw", "raw ASGI hello", "raw")),
        lane(one("lane", "quart-jwt ASGI lane", "lane")),
        new(lane(one("lane-new", "quart-jwt ASGI lane, every token new", "lane"))),
        bare(one("bare", "bare Quart", "bare")),
        one("warm", "quart-jwt, warm token", "protected"),
        one("revocation", "quart-jwt, revocation check", "revocation"),
        new(one("new", "quart-jwt, every token new", "protected")),
    )


def _on_hypercorn(what: str, label: str, app: str, **more: Any) -> Contender:
    return Contender(
        key=f"{what}@hypercorn",
        label=f"{label}, Hypercorn",
        kind=OURS,
        server="hypercorn",
        app=app,
        **more,
    )


OTHER_ROUTES = (
    _on_hypercorn(
        *("open", "unprotected route of the same app", "protected"),
        path="/open",
        protected=False,
    ),
    _on_hypercorn(
        *("bare-def", "bare Quart, def view", "bare"), path="/def", protected=False
    ),
    _on_hypercorn("def", "quart-jwt, def view, warm token", "protected", path="/def"),
)
"""What a route pays that is not protected, and what one pays in a thread."""

REFUSED = {
    "missing": "no token",
    "malformed": "malformed token",
    "expired": "expired token",
    "forged": "forged token",
}

REFUSALS = (
    *(
        _on_hypercorn(
            f"refused-{kind}", f"quart-jwt, {label}", "protected", refused=kind
        )
        for kind, label in REFUSED.items()
    ),
    *(
        _on_hypercorn(
            *(f"lane-refused-{kind}", f"quart-jwt ASGI lane, {label}", "lane"),
            path="/auth/verify",
            refused=kind,
        )
        for kind, label in REFUSED.items()
    ),
)
"""Requests that are refused, with the loaders that an app has by default."""

PEERS = (
    Contender(
        key="fje@gunicorn-sync",
        label="Flask + Flask-JWT-Extended, gunicorn sync",
        kind=PEER,
        server="gunicorn-sync",
        app="flask_fje",
    ),
    Contender(
        key="fje@gunicorn-gthread",
        label="Flask + Flask-JWT-Extended, gunicorn gthread",
        kind=PEER,
        server="gunicorn-gthread",
        app="flask_fje",
    ),
    Contender(
        key="qje@hypercorn",
        label="quart-jwt-extended 0.1.0, Hypercorn",
        kind=PEER,
        server="hypercorn",
        app="quart_qje",
    ),
    Contender(
        key="fastapi-pyjwt@uvicorn",
        label="FastAPI + PyJWT, uvicorn",
        kind=PEER,
        server="uvicorn",
        app="fastapi_pyjwt",
    ),
    Contender(
        key="fastapi-authx@uvicorn",
        label="FastAPI + AuthX, uvicorn",
        kind=PEER,
        server="uvicorn",
        app="fastapi_authx",
    ),
    Contender(
        key="litestar@uvicorn",
        label="Litestar JWTAuth, uvicorn",
        kind=PEER,
        server="uvicorn",
        app="litestar_jwt",
    ),
)

WAITING = (
    Contender(
        key="wait@hypercorn",
        label="quart-jwt, Hypercorn",
        kind=OURS,
        server="hypercorn",
        app="store_wait",
    ),
    Contender(
        key="wait-fje@gunicorn-sync",
        label="Flask + Flask-JWT-Extended, gunicorn sync",
        kind=PEER,
        server="gunicorn-sync",
        app="flask_store_wait",
    ),
    Contender(
        key="wait-fje@gunicorn-gthread",
        label="Flask + Flask-JWT-Extended, gunicorn gthread, 4 threads",
        kind=PEER,
        server="gunicorn-gthread",
        app="flask_store_wait",
    ),
    Contender(
        key="wait-fje@gunicorn-gthread-64",
        label="Flask + Flask-JWT-Extended, gunicorn gthread, 64 threads",
        kind=PEER,
        server="gunicorn-gthread-64",
        app="flask_store_wait",
    ),
)
"""Each request waits 20 ms for the revocation store. One process each."""


def _checked(store: str, how: str, label: str) -> Contender:
    return Contender(
        key=f"checked-{store}-{how}@hypercorn",
        label=f"quart-jwt, {label}, Hypercorn",
        kind=OURS,
        server="hypercorn",
        app=f"checked_{store}_{how}",
    )


CHECKED = (
    Contender(
        key="unchecked@hypercorn",
        label="quart-jwt, no session store, Hypercorn",
        kind=OURS,
        server="hypercorn",
        app="protected",
    ),
    _checked("redis", "feed", "Redis, feed followed"),
    _checked("redis", "asked", "Redis asked"),
    _checked("postgresql", "feed", "PostgreSQL, feed followed"),
    _checked("postgresql", "asked", "PostgreSQL asked"),
)
"""Each request is checked against a session store, in memory or by a round trip."""


def families(*, every_server: bool) -> dict[str, tuple[Contender, ...]]:
    """The families in the order in which they run; the peers run with Hypercorn."""
    ours = ours_on("hypercorn")
    if every_server:
        ours = (*ours, *OTHER_ROUTES, *REFUSALS)
    found = {"Hypercorn and the peers": (*ours, *PEERS)}
    if every_server:
        found["uvicorn"] = ours_on("uvicorn")
    found["Granian"] = ours_on("granian")
    return found
