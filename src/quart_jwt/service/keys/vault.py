"""
The private halves of keys: files that only their owner reads, or sealed text.

With an encryption key they are sealed into the database and every host that has
that key can use them; without it they are files of the state directory. Sealing
is Fernet's (AES-128-CBC and HMAC-SHA256), which also authenticates the ciphertext.
"""

import os
import re
import secrets
import shlex
from contextlib import suppress
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization import NoEncryption
from cryptography.hazmat.primitives.serialization import PrivateFormat

from quart_jwt.building_blocks import key_thumbprint
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.keys.schedule import StoredKey
from quart_jwt.service.settings.sources import PREFIX
from quart_jwt.service.settings.state_dir import ensure_state_dir
from quart_jwt.service.settings.state_dir import PRIVATE_FILE
from quart_jwt.service.settings.state_dir import READING_OR_WRITING
from quart_jwt.service.settings.state_dir import require_owner

RSA_BITS = 2048
"""RFC 7518 §3.3; a longer key would cost four times the CPU per login."""

CURVES: dict[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
}

_FILE_STEM = re.compile(r"[\w-]{43}", re.ASCII)
"""A thumbprint: what the database says becomes a file's name."""


def make_private_key(algorithm: str) -> bytes:
    """
    Make a private key, as PKCS #8 in PEM; an RSA key takes a tenth of a second.

    Args:
        algorithm: What it is for.
    """
    key: Any
    if algorithm == "EdDSA":
        key = ed25519.Ed25519PrivateKey.generate()
    elif algorithm in CURVES:
        key = ec.generate_private_key(CURVES[algorithm])
    else:
        key = rsa.generate_private_key(public_exponent=65_537, key_size=RSA_BITS)
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


class KeyVault:
    """
    Keeps private keys.

    Args:
        directory: Where the files are; made when it is needed.
        encryption_key: Seals keys instead of putting them into files; 32 bytes in
            base64url.
    """

    def __init__(self, directory: Path, encryption_key: str | None) -> None:
        self._directory = directory
        self._fernet = None if encryption_key is None else Fernet(encryption_key)

    def put(self, kid: str, pem: bytes) -> str | None:
        """
        Keep a private key; return the sealed text, or None if a file has it.

        Raises:
            StartError: The file cannot be written.
        """
        if self._fernet is not None:
            return self._fernet.encrypt(pem).decode("ascii")
        path = self._path(kid)
        ensure_state_dir(self._directory)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        try:
            descriptor = os.open(
                draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE
            )
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem)
            draft.replace(path)
        except OSError as error:
            raise StartError(
                f"the key file {str(path)!r} cannot be written: {error.strerror}"
            ) from error
        finally:
            draft.unlink(missing_ok=True)
        return None

    def get(self, key: StoredKey) -> bytes:
        """
        Return a private key, as it was put in.

        Raises:
            StartError: It is not here, cannot be opened, or is another key.
        """
        pem = self._read(key.kid) if key.sealed is None else self._unsealed(key)
        try:
            is_the_one = key_thumbprint(key.algorithm, pem) == key.kid
        except ConfigurationError:
            is_the_one = False
        if not is_the_one:
            raise StartError(
                f"the stored private key {key.kid} does not belong to its public key"
            )
        return pem

    def forget(self, kid: str) -> None:
        """Remove the file of a private key, if there is one here."""
        with suppress(FileNotFoundError):
            self._path(kid).unlink()

    def _unsealed(self, key: StoredKey) -> bytes:
        if self._fernet is None:
            raise StartError(
                f"the private key {key.kid} is encrypted: set "
                f"{PREFIX}KEY_ENCRYPTION_KEY"
            )
        try:
            return self._fernet.decrypt((key.sealed or "").encode())
        except InvalidToken:
            raise StartError(
                f"the private key {key.kid} was encrypted with another "
                f"{PREFIX}KEY_ENCRYPTION_KEY"
            ) from None

    def _read(self, kid: str) -> bytes:
        path = self._path(kid)
        try:
            require_owner(path)
            shared = path.stat().st_mode & READING_OR_WRITING
            pem = path.read_bytes()
        except OSError as error:
            raise StartError(
                f"the private key {str(path)!r} cannot be read: {error.strerror}. "
                "Hosts that share a database share the directory, too, or set "
                f"{PREFIX}KEY_ENCRYPTION_KEY"
            ) from error
        if shared:
            raise StartError(
                f"others can read or write the private key {str(path)!r}: "
                f"run chmod 600 {shlex.quote(str(path))}, and rotate it"
            )
        return pem

    def _path(self, kid: str) -> Path:
        if _FILE_STEM.fullmatch(kid) is None:
            raise StartError("the id of a key in the database is not its thumbprint")
        return self._directory / f"{kid}.pem"
