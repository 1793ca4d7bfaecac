# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202, ANN204
# Why: pyperf is not installed where types are checked.
"""
The figures of one process, timed by pyperf: ``python -m benchmarks.micro -o FILE``.

Every case is a function and what it is called with, in turn. "First sight" takes
more tokens in turn than the cache holds, so that each is as good as new; its peers
get the same tokens.
"""

import asyncio
import functools
import itertools
import secrets
import time

import flask
import flask_jwt_extended
import jwt
import pyperf
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import OctKey
from quart import Quart

import quart_jwt
from benchmarks.answers import forged
from benchmarks.tokens import IDENTITY
from benchmarks.tokens import mint
from quart_jwt.extension.request.requirement import Requirement
from quart_jwt.extension.verify import verify

SECRET = secrets.token_hex(32)

FEED = 12_000
"""More than the 10,000 entries of the cache."""

GARBAGE = ".".join(["A" * 2_730] * 3)
"""8 KiB, to the character, that look like a token until one looks inside."""


class Shown:
    """A request that holds one token in its header."""

    method = "GET"

    def __init__(self, token):
        self._header = f"Bearer {token}"

    def header(self, _name):
        """Give the only header there is."""
        return self._header


@functools.cache
def _tokens():
    return list(mint(SECRET, FEED))


@functools.cache
def _quart():
    app = Quart(__name__)
    app.config["JWT_SECRET_KEY"] = SECRET
    return app, quart_jwt.JWTManager(app)


@functools.cache
def _quart_with_sessions():
    app = Quart(__name__)
    app.config["JWT_SECRET_KEY"] = SECRET
    quart_jwt.JWTManager(app, store=quart_jwt.MemoryStore())
    return app


async def _awaited(loops, function):
    app = _quart_with_sessions()
    async with app.app_context():
        turns = range(loops)
        began = time.perf_counter()
        for _turn in turns:
            await function(IDENTITY)
        return time.perf_counter() - began


@functools.cache
def _flask():
    app = flask.Flask(__name__)
    app.config["JWT_SECRET_KEY"] = SECRET
    flask_jwt_extended.JWTManager(app)
    return app


def _refused(token):
    try:
        quart_jwt.decode_token(token)
    except jwt.InvalidTokenError:
        return
    raise RuntimeError("a bad token was accepted")


def _pyjwt(token):
    return jwt.decode(token, SECRET, algorithms=["HS256"])


def _joserfc():
    key = OctKey.import_key(SECRET)
    claims = joserfc_jwt.JWTClaimsRegistry(exp={"essential": True})

    def decode(token):
        claims.validate(joserfc_jwt.decode(token, key, algorithms=["HS256"]).claims)

    return decode


def _identities():
    return [IDENTITY]


def _both_tokens(identity):
    flask_jwt_extended.create_access_token(identity)
    flask_jwt_extended.create_refresh_token(identity)


OURS = {
    "ours: decode_token, warm": (quart_jwt.decode_token, lambda: _tokens()[:1]),
    "ours: decode_token, first sight": (quart_jwt.decode_token, _tokens),
    "ours: refusal, forged": (_refused, lambda: [*map(forged, _tokens())]),
    "ours: refusal, 8 KiB of garbage": (_refused, lambda: [GARBAGE]),
    "ours: create_access_token": (quart_jwt.create_access_token, _identities),
}
TWINS = {
    "ours: create_access_token_async": quart_jwt.create_access_token_async,
    "ours: create_token_pair": quart_jwt.create_token_pair,
}
PEERS = {
    "PyJWT: decode": (lambda: _pyjwt, _tokens),
    "joserfc: decode and validate": (_joserfc, _tokens),
}
FLASK = {
    "Flask-JWT-Extended: decode_token": (flask_jwt_extended.decode_token, _tokens),
    "Flask-JWT-Extended: create_access_token": (
        flask_jwt_extended.create_access_token,
        _identities,
    ),
    "Flask-JWT-Extended: both tokens": (_both_tokens, _identities),
}


def _timed(loops, function, feed):
    turns = itertools.islice(feed, loops)
    began = time.perf_counter()
    for each in turns:
        function(each)
    return time.perf_counter() - began


async def _in_quart(loops, function, feed):
    app, _manager = _quart()
    async with app.app_context():
        return _timed(loops, function, feed)


async def _whole_flow(loops):
    app, manager = _quart()
    shown, required = Shown(_tokens()[0]), Requirement()
    async with app.app_context():
        turns = range(loops)
        began = time.perf_counter()
        for _turn in turns:
            await verify(manager, manager.settings, shown, required)
        return time.perf_counter() - began


@functools.cache
def _feed(make):
    # It goes on where the last value ended, so that no token comes again early.
    return itertools.cycle(make())


def main():
    """Run what pyperf's command line asks for."""
    runner = pyperf.Runner(program_args=("-m", "benchmarks.micro"))
    runner.bench_time_func(
        "ours: verify, warm", lambda loops: asyncio.run(_whole_flow(loops))
    )
    for name, (function, feed) in OURS.items():
        runner.bench_time_func(
            name,
            lambda loops, function=function, feed=feed: asyncio.run(
                _in_quart(loops, function, _feed(feed))
            ),
        )
    for name, function in TWINS.items():
        runner.bench_time_func(
            name,
            lambda loops, function=function: asyncio.run(_awaited(loops, function)),
        )
    for name, (make, feed) in PEERS.items():
        runner.bench_time_func(
            name,
            lambda loops, make=make, feed=feed: _timed(loops, make(), _feed(feed)),
        )
    for name, (function, feed) in FLASK.items():
        runner.bench_time_func(
            name,
            lambda loops, function=function, feed=feed: _in_flask(
                loops, function, _feed(feed)
            ),
        )


def _in_flask(loops, function, feed):
    with _flask().app_context():
        return _timed(loops, function, feed)


if __name__ == "__main__":
    main()
