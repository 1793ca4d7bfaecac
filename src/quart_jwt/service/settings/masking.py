"""
What of a setting may be shown: a secret is not, and neither is a URL's password.
"""

import re
import stat
from collections.abc import Mapping
from pathlib import Path

from quart_jwt.service.settings.reading import DIRECTORY
from quart_jwt.service.settings.settings import TABLE
from quart_jwt.service.settings.sources import Sources

MASK = "********"

SECRETS = frozenset(one.name for one in TABLE if one.is_secret)

# Up to the last @: a password that is not percent-encoded may contain one.
_PASSWORD = re.compile("(://[^:@/]*):.*@", re.DOTALL)
_IN_QUERY = re.compile("(?i)([?&][^=&]*(?:password|secret|token|key)[^=&]*=)[^&#]*")


def masked(name: str, text: str) -> str:
    """
    Return a setting's value as it may be shown.

    Args:
        name: The setting, without the prefix.
        text: Its value.
    """
    # Which settings of a plugged-in directory are secret is not known here.
    if text and (name in SECRETS or name.startswith(f"{DIRECTORY}_")):
        return MASK
    return _IN_QUERY.sub(rf"\1{MASK}", _PASSWORD.sub(rf"\1:{MASK}@", text))


def exposed_secrets(environ: Mapping[str, str]) -> Path | None:
    """Return the settings file if it holds a secret that every user can read."""
    sources = Sources(environ)
    if sources.path is None or not sources.path.is_file():
        return None
    is_open = bool(sources.path.stat().st_mode & stat.S_IROTH)
    holds_secret = any(masked(name, text) != text for name, text in sources.in_file())
    return sources.path if is_open and holds_secret else None
