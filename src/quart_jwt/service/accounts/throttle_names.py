"""
Which spellings of a name are one account to the throttle.

Our own directory tells upper and lower case apart, and many others do not: LDAP takes
``Ada`` and ``ADA`` for one entry, in wide letters, too (RFC 4518 section 2). If each
spelling had a count of its own, guessing would be free. So names for a directory from
elsewhere are counted by what is left when everything is gone that a directory might
overlook. That is coarse, and two users may share a count; a directory that knows better
says so.
"""

import logging
import unicodedata

from quart_jwt.service.accounts.directory import ThrottleNaming
from quart_jwt.service.accounts.directory_guard import raised
from quart_jwt.service.ground.errors import DirectoryError

OBJECT_REPLACEMENT = "\ufffc"
"""RFC 4518 section 2.2 maps it to nothing."""

logger: logging.Logger = logging.getLogger(__name__)


def exact_name(name: str) -> str:
    """Return a normalised name as it is: two names are two accounts."""
    return name


def coarse_name(name: str) -> str:
    """
    Return a name without case, width, blanks, accents and what cannot be seen.

    Args:
        name: A normalised name.
    """
    # Folding may make characters that can be decomposed, and the other way around.
    folded = unicodedata.normalize("NFKD", name).casefold()
    decomposed = unicodedata.normalize("NFKD", folded).casefold()
    return "".join(one for one in decomposed if not _is_overlooked(one))


def _is_overlooked(character: str) -> bool:
    return (
        character.isspace()
        or character == OBJECT_REPLACEMENT
        or unicodedata.category(character) == "Mn"
    )


class GuardedThrottleNames:
    """
    Names as a directory from elsewhere wants them counted.

    Args:
        inner: The directory.
        label: What it is called in the settings and in the log.
    """

    def __init__(self, inner: ThrottleNaming, label: str) -> None:
        self._inner = inner
        self._label = label

    def __call__(self, name: str) -> str:
        """
        Return what a name is counted by.

        Raises:
            DirectoryError: The directory raised an error, or gave no text.
        """
        try:
            return _text(self._inner.throttle_name(name))
        except Exception as error:  # noqa: BLE001 - fails closed
            logger.error(  # noqa: TRY400 - a traceback shows texts unseen
                "user directory %r failed: %s", self._label, raised(error)
            )
        # Here, so that no traceback leads from our error to theirs.
        raise DirectoryError


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise TypeError("a name to count by must be a string")
    given.encode()
    return given
