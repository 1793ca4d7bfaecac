"""
Whose page opens a websocket: its origin, against the host that it asks.

A browser lets any page open a websocket to any server and sends the cookies along;
no header of the page's own can come with it, so double submit cannot work there. What
it does send is the page's origin (RFC 6455 §10.2, RFC 6454).
"""

from collections.abc import Container

ANY = "*"

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def is_welcome(
    origin: str, host: str, allowed: str | Container[str], *, secure: bool = False
) -> bool:
    """
    Say whether a page may open a websocket with the cookies of its visitor.

    Args:
        origin: The ``Origin`` header; ``null`` is nobody's.
        host: The ``Host`` header: a page that the host itself has served is welcome.
        allowed: Another origin that is, or several; ``*`` for all.
        secure: Whether the cookies are for HTTPS only. Whoever sits on the line can
            serve a page of the host over plain HTTP, and it is not welcome then.
            Otherwise the scheme says nothing: a proxy in front may speak TLS.
    """
    origins = (allowed,) if isinstance(allowed, str) else allowed
    if origin in origins or ANY in origins:
        return True
    scheme, separator, place = origin.lower().partition("://")
    port = _DEFAULT_PORTS.get(scheme)
    if not separator or port is None or not place or (secure and scheme != "https"):
        return False
    return place.removesuffix(port) == host.lower().removesuffix(port)
