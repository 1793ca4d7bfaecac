"""
Exposure: at which of the addresses can other machines reach the service?

Development mode shows a demo account, a page and cookies over plain HTTP; that is
for the machine that it runs on.
"""

import ipaddress
from collections.abc import Sequence


def exposed(binds: Sequence[str]) -> Sequence[str]:
    """
    Return the addresses that are not known to be loopback.

    Args:
        binds: Addresses as Hypercorn takes them: ``HOST:PORT``, ``unix:PATH`` or
            ``fd://NUMBER``, whose address its owner has chosen.
    """
    return [
        bind
        for bind in binds
        if not bind.startswith(("unix:", "fd://")) and not _is_loopback(bind)
    ]


def _is_loopback(bind: str) -> bool:
    # As Hypercorn cuts it: "::1:8000" and "[::1]:8000" are one address.
    text = bind.replace("[", "").replace("]", "")
    host, colon, port = text.rpartition(":")
    host = host if colon and port.isdigit() else text
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
