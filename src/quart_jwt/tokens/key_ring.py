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
        public: The JWK that everybody may see; None for a secret, and for a key of
            refresh tokens, which only their issuer reads.
        token_type: The one type of tokens that it is for; None for every type that
            has no key of its own.
    """

    verifying: VerifyingKey
    signing: SigningKey | None
    signs_from: float
    public: Claims | None
    token_type: str | None = None

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

    def is_for(self, token_type: Any) -> bool:
        """Whether tokens of that type may have a signature of this key."""
        return self.token_type is None or self.token_type == token_type


def ring_key(
    algorithm: str,
    material: Any,
    *,
    kid: Any = None,
    signs_from: float = -inf,
    verifies_until: float = inf,
    token_type: str | None = None,
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
        token_type: The one type of tokens that it signs and verifies; None for all.
            One for refresh tokens is not published: only their issuer reads them.

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
    shown = public if token_type != "refresh" else None  # noqa: S105 - a type, not a secret
    named = shown and {**shown, "kid": kid}
    key = prepared_key(algorithm, material)
    signs = public is None or hasattr(key, "public_key")
    return RingKey(
        verifying=verifying_key(algorithm, key, kid=kid, until=verifies_until),
        signing=signing_key(algorithm, key, kid=kid) if signs else None,
        signs_from=signs_from,
        public=named and {**named, "use": "sig", "alg": algorithm},
        token_type=token_type,
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
    _by_algorithm: dict[str, tuple[RingKey, ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Make the two tables that keys are looked up in."""
        by_kid = {key.kid: key for key in self.keys}
        if len(by_kid) != len(self.keys):
            raise ConfigurationError("Two keys of a ring have the same kid")
        by_algorithm: dict[str, tuple[RingKey, ...]] = {}
        for key in self.keys:
            known = by_algorithm.get(key.algorithm, ())
            by_algorithm[key.algorithm] = (*known, key)
        # The dataclass is frozen for its users; this is its making.
        object.__setattr__(self, "_by_kid", by_kid)
        object.__setattr__(self, "_by_algorithm", by_algorithm)

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The algorithms of its keys, in order."""
        return tuple(self._by_algorithm)

    def of(self, algorithm: str) -> tuple[VerifyingKey, ...]:
        """Its keys for that algorithm, whether or not their time has ended."""
        return tuple(key.verifying for key in self._by_algorithm.get(algorithm, ()))

    def candidates(
        self, kid: str | None, algorithm: str, now: float, token_type: Any = None
    ) -> tuple[VerifyingKey, ...]:
        """
        The keys that a token may have been signed with.

        Args:
            kid: The ``kid`` of the token; None for a token without one.
            algorithm: The algorithm that it names.
            now: The time, in epoch seconds.
            token_type: The type that it claims, not yet verified: a key that is bound
                to another type is left out, whatever the token claims.
        """
        if kid is None:
            named = self._by_algorithm.get(algorithm, ())
        else:
            found = self._by_kid.get(kid)
            named = (found,) if found and found.algorithm == algorithm else ()
        return tuple(
            key.verifying
            for key in named
            if now < key.verifies_until and key.is_for(token_type)
        )

    def current(self, now: float, token_type: Any = None) -> RingKey | None:
        """
        The key that signs: of those that may, the one that may since last.

        Args:
            now: The time, in epoch seconds.
            token_type: What is to be signed; a key of its own goes first.
        """
        return max(
            (key for key in self.keys if key.is_for(token_type) and key.may_sign(now)),
            key=lambda key: (key.token_type is not None, key.signs_from),
            default=None,
        )

    def state(self, key: RingKey, now: float) -> State:
        """The state of one of its keys."""
        if now >= key.verifies_until:
            return "ended"
        if now < key.signs_from:
            return "next"
        is_current = key is self.current(now, key.token_type)
        return "current" if is_current else "retired"

    def jwks(self, now: float) -> Claims:
        """The JWK Set of the keys that verify now: public members only."""
        shown = [key for key in self.keys if key.public and now < key.verifies_until]
        return {"keys": [copy(key.public or {}) for key in shown]}
