"""The right answers: what a contender has to say before it is timed."""

import http.client

from benchmarks.contenders import Contender
from benchmarks.servers import Running
from benchmarks.servers import ServerError
from benchmarks.tokens import IDENTITY

OK = 200
REFUSALS = frozenset({401, 422})
"""422 is Flask-JWT-Extended's word for a token that is none."""

TIMEOUT_S = 10


def fault(contender: Contender, statuses: dict[str, int]) -> str | None:
    """
    What is wrong with a contender's answers; None if nothing is.

    Args:
        contender: Who answered.
        statuses: The status for a good token, for none and for a forged one.
    """
    for which, status in statuses.items():
        if which == "good" or not contender.protected:
            right = status == OK
        else:
            right = status in REFUSALS
        if not right:
            return f"a request with {which} token was answered {status}"
    return None


def check(contender: Contender, running: Running, token: str) -> None:
    """
    Ask with a good token, without one and with a forged one.

    Raises:
        ServerError: An answer was wrong.
    """
    sent = {"good": token, "no": None, "a forged": forged(token)}
    answers = {
        which: get(running, contender.path, each) for which, each in sent.items()
    }
    wrong = fault(contender, {which: status for which, (status, _) in answers.items()})
    if wrong is not None:
        raise ServerError(wrong)
    if contender.path == "/protected" and IDENTITY not in answers["good"][1]:
        raise ServerError("the answer does not say who asked")


def forged(token: str) -> str:
    """The token with another signature, of the same length."""
    head, _dot, signature = token.rpartition(".")
    return f"{head}.{signature[:-4][::-1]}{signature[-4:]}"


def bad_tokens(token: str, expired: str) -> dict[str, str]:
    """
    The tokens that are refused, by what is wrong with them.

    Args:
        token: A good one.
        expired: One that has expired.
    """
    return {
        "missing": "-",  # for wrk.lua: no header at all
        "malformed": token.partition(".")[0] + ".",
        "expired": expired,
        "forged": forged(token),
    }


def get(running: Running, path: str, token: str | None) -> tuple[int, str]:
    """
    Ask once, and give status and body.

    Raises:
        ServerError: There was no answer.
    """
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    connection = http.client.HTTPConnection(
        "127.0.0.1", running.port, timeout=TIMEOUT_S
    )
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as exc:
        raise ServerError(f"no answer: {exc!r}") from exc
    finally:
        connection.close()
