"""
Whose page opens a websocket: its origin, against the host that it asks.

A browser lets any page open a websocket to any server and sends the cookies along;
no header of the page's own can come with it, so double submit cannot work there. What
it does send is the page's origin (RFC 6455 §10.2, RFC 6454).
"""

import re
from collections.abc import Container

ANY = "*"

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?P<port>:[1-9][0-9]{0,4})?"
)


def is_origin(text: str) -> bool:
    """
    Say whether a browser or an app shell could send this as an ``Origin``.

    ``scheme://host`` or ``scheme://host:port`` in lower case, without the scheme's own
    port and without a path (RFC 6454 §6.2): ``https://example.org``,
    ``capacitor://localhost``, ``tauri://localhost``.
    """
    found = _ORIGIN.fullmatch(text)
    return found is not None and found["port"] != _DEFAULT_PORTS.get(
        found["scheme"], ""
    )


def is_welcome(
    origin: str, host: str, allowed: Container[str], *, secure: bool = False
) -> bool:
    """
    Say whether a page may open a websocket with the cookies of its visitor.

    Args:
        origin: The ``Origin`` header; ``null`` is never accepted.
        host: The ``Host`` header: pages of the host itself are accepted.
        allowed: Other origins to accept; ``*`` for all.
        secure: Whether the cookies are for HTTPS only. Then pages over plain HTTP are
            rejected, because a network attacker can serve such a page in the host's
            name. Otherwise the scheme is ignored, because a proxy may terminate TLS.
    """
    if origin in allowed or ANY in allowed:
        return True
    scheme, separator, place = origin.lower().partition("://")
    port = _DEFAULT_PORTS.get(scheme)
    if not separator or port is None or not place or (secure and scheme != "https"):
        return False
    return place.removesuffix(port) == host.lower().removesuffix(port)
