"""
User names: normalised to NFC, so that "é" typed on two keyboards is one user.

After that a name counts exactly, upper and lower case apart.
"""

import unicodedata

from quart_jwt.service.ground.errors import NameRuleError

MAX_NAME_CHARACTERS = 256
_NO_NAME_CATEGORIES = {"Cc", "Cf", "Cs"}
"""Control (NUL too) and invisible formatting characters, and surrogates."""


def normalised_name(text: str) -> str:
    """
    Return a user name as it is stored and compared.

    Raises:
        NameRuleError: The text cannot be a name; the message says why.
    """
    name = unicodedata.normalize("NFC", text)
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise NameRuleError(
            f"A user name must have 1 to {MAX_NAME_CHARACTERS} characters"
        )
    if name != name.strip():
        raise NameRuleError("A user name must not begin or end with whitespace")
    if any(
        unicodedata.category(character) in _NO_NAME_CATEGORIES for character in name
    ):
        raise NameRuleError(
            "A user name must not contain control characters or surrogates"
        )
    return name
