"""
The state directory: what the service makes for itself and must keep private.

The directory is 0700 and the files in it are 0600 when the service makes them.
An existing directory keeps the mode that its owner gave it.
"""

import os
import secrets
from pathlib import Path

from quart_jwt.service.errors import StartError

SECRET_NAME = "secret_key"  # noqa: S105 - a file's name
PRIVATE_DIR = 0o700
PRIVATE_FILE = 0o600


def ensure_state_dir(path: Path) -> None:
    """
    Make the directory if it is not there.

    Raises:
        StartError: It cannot be made, or something else has its name.
    """
    try:
        path.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(
            f"the state directory {str(path)!r} cannot be made: {error.strerror}"
        ) from error


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
        StartError: The file cannot be made or read, or was emptied.
    """
    ensure_state_dir(state_dir)
    path = state_dir / SECRET_NAME
    try:
        if not path.exists():
            _make_secret(path)
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"the secret in {str(path)!r} cannot be used") from error
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
