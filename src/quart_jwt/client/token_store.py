"""
Where tokens outlive a program: a Protocol, memory, and a file.

A store is asked before every renewal, so that programs which share one share the
tokens, too. It may block; on an event loop it is called in a worker thread.
"""

import json
import os
import stat
import tempfile
from pathlib import Path
from typing import Any
from typing import Protocol

from quart_jwt.client.errors import TokenStoreError
from quart_jwt.client.held_tokens import HeldTokens

OTHERS = stat.S_IRWXG | stat.S_IRWXO


class TokenStore(Protocol):
    """Keeps the tokens of one session of one user."""

    def load(self) -> HeldTokens | None:
        """The tokens that were saved last; None if there are none."""

    def save(self, pair: HeldTokens | None) -> None:
        """Replace the tokens at once and as a whole; None removes them."""


class MemoryTokenStore:
    """
    Keeps tokens as long as the program runs.

    Args:
        pair: Tokens to begin with.
    """

    def __init__(self, pair: HeldTokens | None = None) -> None:
        self._pair = pair

    def load(self) -> HeldTokens | None:
        """The tokens that were saved last."""
        return self._pair

    def save(self, pair: HeldTokens | None) -> None:
        """Replace the tokens."""
        self._pair = pair


class FileTokenStore:
    """
    Keeps tokens in a file that only its owner can read (mode 0600).

    A file is replaced as a whole: a reader finds the old tokens or the new ones.

    Args:
        path: The file. Its folder is made (mode 0700) when it is missing.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Path = Path(path)

    def load(self) -> HeldTokens | None:
        """
        Read the tokens.

        Raises:
            TokenStoreError: The file cannot be read, others may read it, or it is
                not one of ours.
        """
        try:
            with self.path.open(encoding="utf-8") as file:
                self._refuse_if_shared(os.fstat(file.fileno()).st_mode)
                return _parsed(file.read())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise TokenStoreError(f"Cannot read tokens from {self.path}") from error

    def save(self, pair: HeldTokens | None) -> None:
        """
        Write the tokens, or remove the file.

        Raises:
            TokenStoreError: The file cannot be written.
        """
        try:
            if pair is None:
                self.path.unlink(missing_ok=True)
            else:
                self._replace(_text(pair))
        except OSError as error:
            raise TokenStoreError(f"Cannot write tokens to {self.path}") from error

    def _replace(self, text: str) -> None:
        folder = self.path.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # mkstemp makes its file with mode 0600, from the first byte on.
        handle, name = tempfile.mkstemp(dir=folder, prefix=f".{self.path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _refuse_if_shared(self, mode: int) -> None:
        if os.name == "posix" and mode & OTHERS:
            raise TokenStoreError(
                f"Other users can read or write {self.path}: run chmod 600, and sign "
                "in again"
            )


def _text(pair: HeldTokens) -> str:
    return json.dumps({"access_token": pair.access, "refresh_token": pair.refresh})


def _parsed(text: str) -> HeldTokens:
    body: Any = json.loads(text)
    match body:
        case {"access_token": str(access), "refresh_token": None | str() as refresh}:
            return HeldTokens(access, refresh)
    raise ValueError("not a pair of tokens")
