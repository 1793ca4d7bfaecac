"""
Whose page opens a websocket: its origin, against the host that it asks.

A browser lets any page open a websocket to any server and sends the cookies along;
no header of the page's own can come with it, so double submit cannot work there. What
it does send is the page's origin (RFC 6455 §10.2, RFC 6454).
"""

from collections.abc import Container

ANY = "*"

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def is_welcome(origin: str, host: str, allowed: str | Container[str]) -> bool:
    """
    Say whether a page may open a websocket with the cookies of its visitor.

    Args:
        origin: The ``Origin`` header; ``null`` is nobody's.
        host: The ``Host`` header: a page that the host itself has served is welcome.
            A proxy in front may speak TLS, so the scheme says nothing.
        allowed: Another origin that is, or several; ``*`` for all.
    """
    origins = (allowed,) if isinstance(allowed, str) else allowed
    if origin in origins or ANY in origins:
        return True
    scheme, separator, place = origin.lower().partition("://")
    port = _DEFAULT_PORTS.get(scheme)
    if not separator or port is None or not place:
        return False
    return place.removesuffix(port) == host.lower().removesuffix(port)
