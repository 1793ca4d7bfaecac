"""
The settings that concern keys and algorithms, compiled to key objects.

``JWT_KEY_RING`` is the whole ring. Without it, a secret or a key pair is a ring of
one that has no ``kid``: each half is prepared when it is first used, for an app may
have only one of them. Symmetric algorithms take the secret, asymmetric ones the
key pair; no material is ever offered to both.
"""

import warnings
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from jwt.warnings import InsecureKeyLengthWarning

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.exceptions import WeakKeyError
from quart_jwt.extension.settings.configured_ring import configured_ring
from quart_jwt.extension.settings.options import Options
from quart_jwt.tokens.algorithms import is_asymmetric
from quart_jwt.tokens.algorithms import same_kind
from quart_jwt.tokens.codec import Parsed
from quart_jwt.tokens.key_ring import KeyRing
from quart_jwt.tokens.key_ring import ring_key
from quart_jwt.tokens.keys import signing_key
from quart_jwt.tokens.keys import SigningKey
from quart_jwt.tokens.keys import verifying_key
from quart_jwt.tokens.keys import VerifyingKey
from quart_jwt.tokens.keys import weakness
from quart_jwt.tokens.token import Claims
from quart_jwt.tokens.token import Token

OTHER_KEYS = ("JWT_SECRET_KEY", "JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY")
"""What JWT_KEY_RING stands in place of."""


class KeySettings(Options):
    """Keys and algorithms of one state of the configuration."""

    @cached_property
    def key_ring(self) -> KeyRing | None:
        """
        The configured ring; None for an app with a secret or a key pair.

        Raises:
            ConfigurationError: An entry cannot be read, or other keys are configured
            besides the ring.
        """
        value = self.values["JWT_KEY_RING"]
        if value is None:
            return None
        for option in OTHER_KEYS:
            if self.values[option]:
                raise ConfigurationError(
                    f"JWT_KEY_RING and {option} are both set: put that key in the ring"
                )
        return configured_ring(value, self.algorithm, self.check_strength)

    def current_key(self, now: float, token_type: Any) -> SigningKey | None:
        """
        The key of the ring that signs tokens of a type at ``now``; None without a ring.

        Raises:
            ConfigurationError: The ring has no key that signs them.
        """
        if self.key_ring is None:
            return None
        current = self.key_ring.current(now, token_type)
        if current is None:
            raise ConfigurationError("JWT_KEY_RING has no key that signs now")
        return current.signing

    def candidates(
        self, shown: Parsed | Token, algorithm: str, now: float
    ) -> tuple[VerifyingKey, ...]:
        """
        The keys that a token of ours may have been signed with.

        Args:
            shown: The token; a ring goes by its ``kid`` and its type.
            algorithm: Its algorithm, one of ``decode_algorithms``.
            now: The time, in epoch seconds.
        """
        if self.key_ring is None:
            return self.verifying_keys(algorithm)
        kid, token_type = shown.header.get("kid"), shown.claims.get("type")
        return self.key_ring.candidates(kid, algorithm, now, token_type)

    def jwks(self, now: float) -> Claims:
        """The JWK Set of the keys that verify our tokens; secrets are left out."""
        if self.key_ring is not None:
            return self.key_ring.jwks(now)
        if not self.is_asymmetric:
            return {"keys": []}
        return KeyRing((ring_key(self.algorithm, self.decode_key),)).jwks(now)

    @property
    def is_asymmetric(self) -> bool:
        """Whether that algorithm takes a key pair."""
        return is_asymmetric(self.algorithm)

    @cached_property
    def decode_algorithms(self) -> list[str]:
        """
        The algorithms that a token may have.

        ``JWT_ALGORITHM`` joins the configured ones only if all of them take the
        same kind of key (RFC 8725 §2.1), and the configured list stays as it is.
        """
        given: str | Iterable[str] = self.values["JWT_DECODE_ALGORITHMS"] or ()
        algorithms = [given] if isinstance(given, str) else list(given)
        if self.key_ring is not None:
            known = self.key_ring.algorithms
            return [name for name in known if name in algorithms or not algorithms]
        if not algorithms:
            return [self.algorithm]
        if self.algorithm not in algorithms and same_kind(
            {*algorithms, self.algorithm}
        ):
            algorithms.append(self.algorithm)
        return algorithms

    @property
    def encode_key(self) -> Any:
        """The key that signs, as it was configured."""
        return self._private_key if self.is_asymmetric else self._secret_key

    @property
    def decode_key(self) -> Any:
        """The key that verifies, as it was configured."""
        return self._public_key if self.is_asymmetric else self._secret_key

    @property
    def _secret_key(self) -> Any:
        key = self.values["JWT_SECRET_KEY"] or self.values["SECRET_KEY"]
        if not key:
            raise ConfigurationError(
                "JWT_SECRET_KEY or flask SECRET_KEY must be set when using symmetric "
                f'algorithm "{self.algorithm}"'
            )
        return key

    @property
    def _secret_keys(self) -> tuple[Any, ...]:
        """The secret, then Quart's SECRET_KEY_FALLBACKS where it is Quart's."""
        if self.values["JWT_SECRET_KEY"]:
            return (self._secret_key,)
        return (self._secret_key, *(self.values["SECRET_KEY_FALLBACKS"] or ()))

    @property
    def _public_key(self) -> Any:
        return self._half("JWT_PUBLIC_KEY")

    @property
    def _private_key(self) -> Any:
        return self._half("JWT_PRIVATE_KEY")

    def _half(self, option: str) -> Any:
        key = self.values[option]
        if not key:
            raise ConfigurationError(
                f"{option} must be set to use asymmetric cryptography algorithm "
                f'"{self.algorithm}"'
            )
        return key

    @cached_property
    def signing_key(self) -> SigningKey:
        """The key object that signs new tokens."""
        self.check_strength(self.algorithm, self.encode_key)
        return signing_key(self.algorithm, self.encode_key)

    def verifying_keys(self, algorithm: str) -> tuple[VerifyingKey, ...]:
        """The key objects that verify ``algorithm`` and nothing else."""
        if self.key_ring is not None:
            return self.key_ring.of(algorithm)
        if algorithm not in self._verifying:
            materials = self._materials(algorithm)
            for material in materials:
                self.check_strength(algorithm, material)
            self._verifying[algorithm] = tuple(
                verifying_key(algorithm, material) for material in materials
            )
        return self._verifying[algorithm]

    @cached_property
    def _verifying(self) -> dict[str, tuple[VerifyingKey, ...]]:
        return {}

    def _materials(self, algorithm: str) -> tuple[Any, ...]:
        if is_asymmetric(algorithm) == self.is_asymmetric:
            return (self._public_key,) if self.is_asymmetric else self._secret_keys
        # An algorithm of the other kind was listed: it has its own material, and
        # never the app's SECRET_KEY, which is for sessions.
        own = "JWT_PUBLIC_KEY" if is_asymmetric(algorithm) else "JWT_SECRET_KEY"
        material = self.values[own]
        return (material,) if material else ()

    def check_strength(self, algorithm: str, material: Any) -> None:
        """
        Warn about a weak key, or refuse it.

        Raises:
            WeakKeyError: ``JWT_ENFORCE_STRONG_KEYS`` is on and the key is weak.
        """
        fault = weakness(algorithm, material)
        if fault is None:
            return
        message = f"The {algorithm} key is weak: {fault}"
        if self.enforce_strong_keys:
            raise WeakKeyError(message)
        warnings.warn(message, InsecureKeyLengthWarning, stacklevel=2)
