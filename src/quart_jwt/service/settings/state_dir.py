"""
The state directory: what the service makes for itself and must keep private.

The directory is 0700 and the files in it are 0600 when the service makes them.
An existing directory keeps the mode that its owner gave it, unless others may
write there: who can put files into it can choose the secret and the users.
"""

import os
import shlex
from pathlib import Path

from quart_jwt.service.ground.errors import StartError

PRIVATE_DIR = 0o700
PRIVATE_FILE = 0o600
WRITING = 0o022
ROOT = 0
READING_OR_WRITING = 0o066
"""What the group and everybody else may do."""


def ensure_state_dir(path: Path) -> None:
    """
    Make the directory if it is not there.

    Raises:
        StartError: It cannot be made, something else has its name, it belongs to
            another user, or others may write there.
    """
    try:
        path.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(
            f"the state directory {str(path)!r} cannot be made: {error.strerror}"
        ) from error
    require_owner(path)
    if path.stat().st_mode & WRITING:
        raise StartError(
            f"others can write in the state directory {str(path)!r}: "
            f"run chmod go-w {shlex.quote(str(path))}"
        )


def require_owner(path: Path) -> None:
    """
    Refuse a file or directory of another user, who could read and change it.

    Ours and root's are fine. Root may administer what belongs to the service's user.

    Raises:
        StartError: It belongs to another user.
    """
    owner, us = path.stat().st_uid, os.geteuid()
    if us != ROOT and owner not in {ROOT, us}:
        raise StartError(
            f"{str(path)!r} belongs to another user (uid {owner}, and this is uid "
            f"{us}): its owner could replace keys and users"
        )
