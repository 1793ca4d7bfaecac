"""
The key ring: which key signs, and which verify, at a given time.

A key passes through three states, and stored times alone move it on: *next* is
published and does not sign yet; *current* signs; *retired* verifies until the last
token that it made has expired. The result depends only on the ring and the time, so
processes that share a ring switch together.
"""

from dataclasses import dataclass
from dataclasses import field
from math import inf
from typing import Any
from typing import Literal

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.tokens.codec import MAX_KID_CHARS
from quart_jwt.tokens.jwk import key_thumbprint
from quart_jwt.tokens.jwk import public_jwk
from quart_jwt.tokens.keys import prepared_key
from quart_jwt.tokens.keys import signing_key
from quart_jwt.tokens.keys import SigningKey
from quart_jwt.tokens.keys import verifying_key
from quart_jwt.tokens.keys import VerifyingKey
from quart_jwt.tokens.token import Claims
from quart_jwt.tokens.token import copy

State = Literal["next", "current", "retired", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RingKey:
    """
    One key of a ring; ``ring_key`` makes it.

    Attributes:
        verifying: What verifies; it knows its algorithm, its ``kid`` and its end.
        signing: What signs; None for a key whose private half is elsewhere.
        signs_from: From when on it may sign, in epoch seconds.
        public: The JWK that everybody may see; None for a secret.
    """

    verifying: VerifyingKey
    signing: SigningKey | None
    signs_from: float
    public: Claims | None

    @property
    def kid(self) -> str:
        """The id by which tokens name it."""
        return self.verifying.kid or ""

    @property
    def algorithm(self) -> str:
        """The one algorithm that it is for."""
        return self.verifying.algorithm

    @property
    def verifies_until(self) -> float:
        """From when on it verifies nothing, in epoch seconds."""
        return self.verifying.until

    def may_sign(self, now: float) -> bool:
        """Whether it has what signing takes, and its time has come."""
        return self.signing is not None and self.signs_from <= now < self.verifies_until


def ring_key(
    algorithm: str,
    material: Any,
    *,
    kid: Any = None,
    signs_from: float = -inf,
    verifies_until: float = inf,
) -> RingKey:
    """
    Prepare one key of a ring.

    Args:
        algorithm: The one algorithm that it is for.
        material: A secret, a key in PEM or a key object of cryptography. A public
            key verifies only.
        kid: Its id, a string; its RFC 7638 thumbprint if None.
        signs_from: From when on it may sign, in epoch seconds.
        verifies_until: From when on it verifies nothing, in epoch seconds.

    Raises:
        ConfigurationError: The key does not fit its algorithm, or its ``kid`` is
            too long.
    """
    kid = kid if kid is not None else key_thumbprint(algorithm, material)
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID_CHARS:
        raise ConfigurationError(
            f"A kid is a string of 1 to {MAX_KID_CHARS} characters"
        )
    public = public_jwk(algorithm, material)
    named = None if public is None else {**public, "kid": kid}
    key = prepared_key(algorithm, material)
    signs = public is None or hasattr(key, "public_key")
    return RingKey(
        verifying=verifying_key(algorithm, key, kid=kid, until=verifies_until),
        signing=signing_key(algorithm, key, kid=kid) if signs else None,
        signs_from=signs_from,
        public=named and {**named, "use": "sig", "alg": algorithm},
    )


@dataclass(frozen=True, slots=True)
class KeyRing:
    """
    A frozen set of keys, each with an id of its own.

    Args:
        keys: The keys; where two may sign from the same moment on, the first does.

    Raises:
        ConfigurationError: Two keys have the same ``kid``.
    """

    keys: tuple[RingKey, ...] = ()
    _by_kid: dict[str, RingKey] = field(init=False, repr=False, compare=False)
    _by_algorithm: dict[str, tuple[VerifyingKey, ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Make the two tables that keys are looked up in."""
        by_kid = {key.kid: key for key in self.keys}
        if len(by_kid) != len(self.keys):
            raise ConfigurationError("Two keys of a ring have the same kid")
        by_algorithm: dict[str, tuple[VerifyingKey, ...]] = {}
        for key in self.keys:
            known = by_algorithm.get(key.algorithm, ())
            by_algorithm[key.algorithm] = (*known, key.verifying)
        # The dataclass is frozen for its users; this is its making.
        object.__setattr__(self, "_by_kid", by_kid)
        object.__setattr__(self, "_by_algorithm", by_algorithm)

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The algorithms of its keys, in order."""
        return tuple(self._by_algorithm)

    def of(self, algorithm: str) -> tuple[VerifyingKey, ...]:
        """Its keys for that algorithm, whether or not their time has ended."""
        return self._by_algorithm.get(algorithm, ())

    def candidates(
        self, kid: str | None, algorithm: str, now: float
    ) -> tuple[VerifyingKey, ...]:
        """
        The keys that a token may have been signed with.

        Args:
            kid: The ``kid`` of the token; None for a token without one.
            algorithm: The algorithm that it names.
            now: The time, in epoch seconds.
        """
        if kid is None:
            return tuple(key for key in self.of(algorithm) if now < key.until)
        found = self._by_kid.get(kid)
        if found is None or found.algorithm != algorithm or now >= found.verifies_until:
            return ()
        return (found.verifying,)

    def current(self, now: float) -> RingKey | None:
        """The key that signs: of those that may, the one that may since last."""
        ready = [key for key in self.keys if key.may_sign(now)]
        return max(ready, key=lambda key: key.signs_from) if ready else None

    def state(self, key: RingKey, now: float) -> State:
        """The state of one of its keys."""
        if now >= key.verifies_until:
            return "ended"
        if now < key.signs_from:
            return "next"
        return "current" if key is self.current(now) else "retired"

    def jwks(self, now: float) -> Claims:
        """The JWK Set of the keys that verify now: public members only."""
        shown = [key for key in self.keys if key.public and now < key.verifies_until]
        return {"keys": [copy(key.public or {}) for key in shown]}
