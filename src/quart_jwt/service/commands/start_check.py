"""
What would keep the service from starting, found without opening or making anything.

Settings can be right in themselves and still name a driver that is not installed, a
user directory that is not installed, or a folder that does not exist.
"""

import os
from collections.abc import Callable
from pathlib import Path

from quart_jwt.building_blocks import check_quart
from quart_jwt.service.database.database import Database
from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.resources import session_store
from quart_jwt.service.resources import users_elsewhere
from quart_jwt.service.serving.hypercorn_seams import check_hypercorn
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.sources import PREFIX


def check_start(settings: Settings) -> None:
    """
    Look at everything that a start needs.

    Raises:
        IncompatibleDependencyError: A dependency has changed where we rely on it.
        SettingsError: Lists everything that is wrong.
    """
    check_quart()
    check_hypercorn()
    faults = start_faults(settings)
    if faults:
        raise SettingsError(faults)


def start_faults(settings: Settings) -> list[str]:
    """Return a sentence for each thing that a start would fail at."""
    faults: list[str] = []
    for look in (_database, _sessions, _users, _audit_log):
        faults += _faults_of(look, settings)
    return faults


def _faults_of(look: Callable[[Settings], None], settings: Settings) -> tuple[str, ...]:
    try:
        look(settings)
    except SettingsError as error:
        return error.faults
    return ()


def _database(settings: Settings) -> None:
    """Is its driver there, or the folder of its file?"""
    storage = settings.storage
    Database(storage.database_url)
    path = storage.database_file
    # The state directory is made at the start.
    if path is not None and not path.is_relative_to(storage.state_dir):
        _refuse_unwritable("DATABASE_URL", path)


def _sessions(settings: Settings) -> None:
    """Is their driver there? In the database of the accounts, it was asked for."""
    if settings.storage.store_url is not None:
        session_store(settings.storage)


def _users(settings: Settings) -> None:
    """Is the user directory installed, and does it take its options?"""
    users_elsewhere(settings.accounts)


def _audit_log(settings: Settings) -> None:
    """Can its file be written?"""
    path = settings.observability.audit_log
    if path is not None:
        _refuse_unwritable("AUDIT_LOG", path)


def _refuse_unwritable(name: str, path: Path) -> None:
    """Raise SettingsError unless a file can be written, or made in its folder."""
    folder = path.parent
    if not folder.is_dir():
        reason = f"there is no directory {str(folder)!r}"
    elif path.is_dir():
        reason = f"{str(path)!r} is a directory"
    elif not os.access(path if path.exists() else folder, os.W_OK):
        reason = f"{str(path)!r} cannot be written"
    else:
        return
    raise SettingsError([f"{PREFIX}{name} cannot be used: {reason}"])
