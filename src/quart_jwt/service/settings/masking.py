"""
What of a setting may be shown: a secret is not, and neither is a URL's password.
"""

import re

MASK = "********"

SECRETS = frozenset({"SECRET_KEY", "KEY_ENCRYPTION_KEY"})
_OF_OTHERS = "USER_DIRECTORY_"
"""Settings of somebody else's, of which nobody here knows which are secret."""

# Up to the last @: a password that somebody forgot to percent-encode may hold one.
_PASSWORD = re.compile("(://[^:@/]*):.*@", re.DOTALL)
_IN_QUERY = re.compile("(?i)([?&][^=&]*(?:password|secret|token|key)[^=&]*=)[^&#]*")


def is_secret(name: str) -> bool:
    """Whether nothing of a setting may be shown."""
    return name in SECRETS or name.startswith(_OF_OTHERS)


def masked(name: str, text: str) -> str:
    """
    Return a setting's value as it may be shown.

    Args:
        name: The setting, without the prefix.
        text: Its value.
    """
    if text and is_secret(name):
        return MASK
    return _IN_QUERY.sub(rf"\1{MASK}", _PASSWORD.sub(rf"\1:{MASK}@", text))
