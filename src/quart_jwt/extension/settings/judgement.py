"""
The settings that concern how claims are judged: our own tokens', and other issuers'.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.extension.settings.issuers import in_seconds
from quart_jwt.extension.settings.issuers import Issuer
from quart_jwt.extension.settings.issuers import KeySources
from quart_jwt.extension.settings.issuers import read_issuers
from quart_jwt.extension.settings.issuers import read_profile
from quart_jwt.extension.settings.keys import KeySettings
from quart_jwt.tokens.claims import SESSION_ID
from quart_jwt.tokens.judgement import Expectation
from quart_jwt.tokens.profile import Profile
from quart_jwt.tokens.token import Claims


class JudgementSettings(KeySettings):
    """
    What tokens are judged by, in one state of the configuration.

    Args:
        values: Every option by its configuration key.
        sources: The keys of the issuers beside us; those of the app.
    """

    def __init__(
        self, values: Mapping[str, Any], sources: KeySources | None = None
    ) -> None:
        super().__init__(values)
        self._sources = sources or KeySources()

    @cached_property
    def leeway(self) -> float:
        """Tolerated clock difference, in seconds."""
        leeway = self.values["JWT_DECODE_LEEWAY"]
        return leeway.total_seconds() if isinstance(leeway, timedelta) else leeway

    @cached_property
    def clock_skew(self) -> float:
        """Seconds by which another host's clock may be ahead of this one's."""
        return in_seconds("JWT_CLOCK_SKEW", self.values["JWT_CLOCK_SKEW"])

    @cached_property
    def expectation(self) -> Expectation:
        """What the claims of our own tokens are judged by."""
        issuer, audience = self.decode_issuer, self.decode_audience
        if self.profile is not None:
            # RFC 9068 §4 has both looked at, and we know what we write.
            issuer = issuer or self.encode_issuer
            audience = audience or self.encode_audience
        return Expectation(
            leeway_s=self.leeway,
            clock_skew_s=self.clock_skew,
            issuer=issuer,
            audience=audience,
            verify_sub=self.verify_sub,
            identity_claim=self.identity_claim_key,
            profile=self.profile,
            session_claim=SESSION_ID if self.require_session else None,
        )

    @cached_property
    def profile(self) -> Profile | None:
        """
        The profile that our own access tokens keep, if any.

        Raises:
            ConfigurationError: There is none of that name, or nothing says what
                issuer and audience it is to require.
        """
        profile = read_profile(self.values["JWT_PROFILE"])
        for claim in ("ISSUER", "AUDIENCE") if profile else ():
            ways = (f"JWT_ENCODE_{claim}", f"JWT_DECODE_{claim}")
            if not any(map(self.values.get, ways)):
                raise ConfigurationError(f"JWT_PROFILE needs {' or '.join(ways)}")
        return profile

    @cached_property
    def issuers(self) -> Mapping[str, Issuer]:
        """The issuers whose tokens count beside our own, by name."""
        value = self.values["JWT_ISSUERS"] or {}
        for option in ("JWT_ENCODE_ISSUER", "JWT_DECODE_ISSUER"):
            ours = self.values[option]
            if isinstance(ours, str) and ours in value:
                raise ConfigurationError(
                    f"{option} names an issuer of JWT_ISSUERS: this app needs an "
                    "issuer of its own"
                )
        return read_issuers(value, self.expectation, self._sources)

    def issuer_of(self, claims: Claims) -> Issuer | None:
        """
        The issuer beside us that a token names; None for one of our own.

        Args:
            claims: Its claims; they may be unverified, for they choose nothing but
                whose keys and whose rules it has to pass.
        """
        if not self.issuers:
            return None
        name = claims.get("iss")
        return self.issuers.get(name) if isinstance(name, str) else None

    def is_unknown_issuer(self, claims: Claims) -> bool:
        """Whether a token names an issuer that is neither in ``JWT_ISSUERS`` nor us."""
        name, accepted = claims.get("iss"), self.decode_issuer
        if not self.issuers or not isinstance(name, str):
            return False
        ours = (accepted,) if isinstance(accepted, str) else accepted or ()
        return name != self.encode_issuer and name not in ours

    def expectation_of(self, claims: Claims) -> Expectation:
        """What the claims of a token are judged by: its issuer's rules, or ours."""
        issuer = self.issuer_of(claims)
        return self.expectation if issuer is None else issuer.expectation
