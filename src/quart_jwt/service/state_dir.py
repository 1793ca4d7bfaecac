"""
The state directory: what the service makes for itself and must keep private.

The directory is 0700 and the files in it are 0600 when the service makes them.
An existing directory keeps the mode that its owner gave it, unless others may
write there: who can put files into it can choose the secret and the users.
"""

import os
import secrets
import shlex
from pathlib import Path

from quart_jwt.service.errors import StartError

SECRET_NAME = "secret_key"  # noqa: S105 - a file's name
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


def ensure_private_file(path: Path) -> None:
    """
    Make an empty file that only its owner reads, if there is none.

    Raises:
        StartError: It cannot be made.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE))
    except OSError as error:
        raise StartError(
            f"the file {str(path)!r} cannot be written: {error.strerror}"
        ) from error


def development_secret(state_dir: Path) -> str:
    """
    Return this directory's secret; make a random one on the first call.

    Linking a finished file into place keeps two first starts at once from
    reading half a secret or from having one each.

    Raises:
        StartError: The file cannot be made or read, was emptied, or is open to
            others.
    """
    ensure_state_dir(state_dir)
    path = state_dir / SECRET_NAME
    try:
        if not path.exists():
            _make_secret(path)
        shared = path.stat().st_mode & READING_OR_WRITING
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"the secret in {str(path)!r} cannot be used") from error
    if shared:
        raise StartError(
            f"others can read or write the secret in {str(path)!r}: "
            f"run chmod 600 {shlex.quote(str(path))}, or delete it for a new one"
        )
    if len(secret) < 32:  # noqa: PLR2004 - bytes, RFC 7518 section 3.2
        raise StartError(f"the secret in {str(path)!r} is too short; delete the file")
    return secret


def _make_secret(path: Path) -> None:
    draft = path.with_name(f"{SECRET_NAME}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another first start was quicker; its secret counts
    finally:
        draft.unlink()
