"""
What is known about calls: which have an async twin, which block the event loop, and
which belong to one thread.

The first table is short on purpose: a call is awaited only if its twin does the same.
"""

from dataclasses import dataclass

OURS = (
    *("quart_jwt.", "quart_jwt.flask."),
    *("quart_jwt.flask.utils.", "quart_jwt.flask.view_decorators."),
)
"""Where the names of Flask-JWT-Extended come from after stage 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """
    What a sync call becomes in an async function.

    Attributes:
        module: Where the twin comes from, or empty: there is none, and the call's
            only argument is awaited itself.
        name: Its name there.
        is_qualified: The twin is written with its module, for its name is taken.
        must: The sync call is wrong on the event loop.
        waits: The call waits for something, so its view gains by the change.
    """

    module: str = ""
    name: str = ""
    is_qualified: bool = False
    must: bool = False
    waits: bool = False


SLEEP = Twin(module="asyncio", name="sleep", is_qualified=True, waits=True)
RUN = Twin(must=True, waits=True)
VERIFY = Twin(
    module="quart_jwt",
    name="verify_jwt_in_request",
    is_qualified=True,
    must=True,
    waits=True,
)
"""``quart_jwt.flask`` has one of this name that is not awaited in Flask's pipeline."""

_OWN = {
    "create_access_token": Twin(module="quart_jwt", name="create_access_token_async"),
    "create_refresh_token": Twin(module="quart_jwt", name="create_refresh_token_async"),
    "decode_token": Twin(module="quart_jwt", name="decode_token_async"),
    "verify_jwt_in_request": VERIFY,
}
TWINS: dict[str, Twin] = {
    "time.sleep": SLEEP,
    "asyncio.run": RUN,
    **{f"{module}{name}": twin for module in OURS for name, twin in _OWN.items()},
}

VERIFICATIONS = frozenset(f"{module}verify_jwt_in_request" for module in OURS)
GUARDS = frozenset(f"{module}jwt_required" for module in OURS)
"""``jwt_required`` and its like, as decorators: they know coroutine functions."""

LOOPS = frozenset(
    {
        "asgiref.sync.AsyncToSync",
        "asgiref.sync.async_to_sync",
        "asyncio.get_event_loop",
        "asyncio.new_event_loop",
        "asyncio.Runner",
        "asyncio.run",
        "asyncio.run_coroutine_threadsafe",
    }
)
LOOP_METHODS = frozenset({"async_to_sync", "ensure_sync", "run_until_complete"})
"""What runs an event loop, or waits for one: it cannot be called on one."""

THREAD_PACKAGES = frozenset(
    {
        *("concurrent", "contextvars", "eventlet", "gevent", "greenlet"),
        *("multiprocessing", "peewee", "pony", "queue", "sqlite3", "threading"),
    }
)
THREAD_BOUND = frozenset(
    {
        "flask.copy_current_request_context",
        "flask.stream_with_context",
        "sqlalchemy.orm.scoped_session",
        "structlog.contextvars",
        "werkzeug.local.Local",
        "werkzeug.local.LocalStack",
    }
)
"""What belongs to one thread or its context, or makes threads wait for each other."""

BLOCKING = frozenset(
    {
        *("builtins.input", "builtins.open", "flask_bcrypt.check_password_hash"),
        *("httpx.Client", "os.popen", "os.system", "socket.create_connection"),
        *("time.sleep", "urllib.request.urlopen", "urllib.request.urlretrieve"),
        "werkzeug.security.check_password_hash",
        "werkzeug.security.generate_password_hash",
    }
)
BLOCKING_PACKAGES = frozenset(
    {
        *("bcrypt", "boto3", "ftplib", "imaplib", "MySQLdb", "paramiko", "psycopg"),
        *("psycopg2", "pymongo", "pymysql", "redis", "requests", "smtplib"),
        *("sqlite3", "subprocess", "urllib3"),
    }
)
HTTPX_CALLS = frozenset(
    f"httpx.{verb}"
    for verb in ("delete", "get", "head", "options", "patch", "post", "put", "request")
)
SESSION_CALLS = frozenset(
    {
        *("commit", "execute", "flush", "get", "merge", "query", "refresh"),
        *("rollback", "scalar", "scalars"),
    }
)
"""What is called on a sync database session."""


def belongs_to_a_thread(meaning: str) -> bool:
    """Whether what a name means belongs to one thread or waits for another."""
    return meaning.partition(".")[0] in THREAD_PACKAGES or any(
        meaning == one or meaning.startswith(f"{one}.") for one in THREAD_BOUND
    )


def blocks(meaning: str) -> bool:
    """Whether a call of what a name means blocks the event loop."""
    return (
        meaning in BLOCKING
        or meaning in HTTPX_CALLS
        or meaning.partition(".")[0] in BLOCKING_PACKAGES
    )
