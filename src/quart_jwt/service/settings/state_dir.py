"""
The state directory: what the service makes for itself and must keep private.

The directory is 0700 and the files in it are 0600 when the service makes them.
An existing directory keeps the mode that its owner gave it, unless others may
write there: who can put files into it can choose the secret and the users.
"""

import shlex
from pathlib import Path

from quart_jwt.service.ground.errors import StartError

PRIVATE_DIR = 0o700
PRIVATE_FILE = 0o600
WRITING = 0o022
READING_OR_WRITING = 0o066
"""What the group and everybody else may do."""


def ensure_state_dir(path: Path) -> None:
    """
    Make the directory if it is not there.

    Raises:
        StartError: It cannot be made, something else has its name, or others
            may write there.
    """
    try:
        path.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(
            f"the state directory {str(path)!r} cannot be made: {error.strerror}"
        ) from error
    if path.stat().st_mode & WRITING:
        raise StartError(
            f"others can write in the state directory {str(path)!r}: "
            f"run chmod go-w {shlex.quote(str(path))}"
        )
