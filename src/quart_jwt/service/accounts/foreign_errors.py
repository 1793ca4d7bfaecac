"""
What the log says of an error that somebody else's code has raised.

The text of such an error may hold what it was called with: never with a password in it.
"""

import traceback
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote


def shown(error: Exception, hide: tuple[str, ...] = ()) -> str:
    """
    Return what an error says and where it was raised, for the log.

    Args:
        error: What a directory raised.
        hide: What must not be shown. A text in which it stands, as it is or encoded,
            is left out as a whole: a gap would say how long it is.
    """
    text = f": {error}" if str(error) else ""
    if any(form in text for secret in hide for form in _forms(secret)):
        text = " (its text is left out: it has a name or a password in it)"
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    return f"{type(error).__name__}{text} at {frame.f_code.co_filename}:{line}"


def _forms(secret: str) -> Iterator[str]:
    """How a text stands in what protocols and programs make of it."""
    data = secret.encode()
    yield from (secret, repr(secret)[1:-1], repr(data)[2:-1], quote(secret), data.hex())
    for before, mixed in ((0, 0), (1, 2), (2, 3)):
        # Wherever it stands in what was encoded (SASL PLAIN has the name before it):
        # without the characters that it shares with its neighbours.
        encoded = b64encode(bytes(before) + data).decode().rstrip("=")
        end = len(encoded) - ((before + len(data)) % 3 > 0)
        if mixed < end:
            yield encoded[mixed:end]
