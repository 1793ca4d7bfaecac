"""The key ring: which key signs, and which verify, at a given time."""

from dataclasses import FrozenInstanceError
from math import inf
from typing import Any

import pytest

import key_material
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.tokens.jwk import key_thumbprint
from quart_jwt.tokens.jwk import PRIVATE
from quart_jwt.tokens.key_ring import KeyRing
from quart_jwt.tokens.key_ring import ring_key
from quart_jwt.tokens.key_ring import RingKey

SWITCH, END = 1_000.0, 2_000.0


def _key(algorithm: str, kid: str | None = None, **said: Any) -> RingKey:
    return ring_key(algorithm, key_material.private(algorithm), kid=kid, **said)


OLD = _key("RS256", "old", verifies_until=END)
NEW = _key("ES256", "new", signs_from=SWITCH)
RING = KeyRing((OLD, NEW))


@pytest.mark.parametrize(
    ("now", "signs", "states"),
    [
        (SWITCH - 1, "old", ("current", "next")),
        (SWITCH, "new", ("retired", "current")),
        (SWITCH + 1, "new", ("retired", "current")),
        (END - 1, "new", ("retired", "current")),
        (END, "new", ("ended", "current")),
    ],
)
def test_time_alone_moves_keys_on(
    now: float, signs: str, states: tuple[str, str]
) -> None:
    """A key is next, current, retired and ended at exactly its times."""
    current = RING.current(now)

    assert current is not None
    assert signs == current.kid
    assert states == tuple(RING.state(key, now) for key in RING.keys)


@pytest.mark.parametrize(
    ("kid", "algorithm", "now", "found"),
    [
        ("old", "RS256", END - 1, ["old"]),
        ("old", "RS256", END, []),
        ("new", "ES256", 0, ["new"]),
        ("old", "ES256", 0, []),
        ("new", "RS256", 0, []),
        ("OLD", "RS256", 0, []),
        ("", "RS256", 0, []),
        (None, "RS256", END - 1, ["old"]),
        (None, "RS256", END, []),
        (None, "ES256", 0, ["new"]),
        (None, "HS256", 0, []),
    ],
)
def test_a_token_is_tried_with_the_key_that_it_names(
    kid: str | None, algorithm: str, now: float, found: list[str]
) -> None:
    """A kid names one key, of that algorithm, as long as it verifies."""
    assert found == [key.kid for key in RING.candidates(kid, algorithm, now)]


def test_the_first_of_two_signs() -> None:
    """Where nothing says when a key signs, the order does."""
    first, second = _key("RS256", "1"), _key("ES256", "2")
    for keys in ((first, second), (second, first)):
        current = KeyRing(keys).current(0)
        assert current is keys[0]


def test_a_public_key_verifies_only() -> None:
    """Without a private half there is nothing that signs."""
    public = ring_key("RS256", key_material.public_pem("RS256"))

    assert public.signing is None
    assert KeyRing((public,)).current(0) is None
    assert KeyRing((public, NEW)).current(SWITCH) is NEW
    assert KeyRing((public, NEW)).current(SWITCH - 1) is None
    assert KeyRing().current(0) is None


def test_an_ended_key_does_not_sign() -> None:
    """A key whose end has come signs nothing, even if no other can."""
    ring = KeyRing((OLD,))

    assert ring.current(END - 1) is OLD
    assert ring.current(END) is None


def test_a_key_is_named_by_its_thumbprint() -> None:
    """The default kid is RFC 7638's, the same for both halves."""
    private = ring_key("ES256", key_material.private_pem("ES256"))
    public = ring_key("ES256", key_material.public("ES256"))

    assert key_thumbprint("ES256", key_material.public("ES256")) == private.kid
    assert public.kid == private.kid
    assert private.signing is not None
    assert private.kid == private.signing.kid


@pytest.mark.parametrize("algorithm", key_material.PAIRED)
def test_what_is_published_is_public(algorithm: str) -> None:
    """The JWK Set has public members, the use, the algorithm and the id."""
    ring = KeyRing((_key(algorithm, "k"), _key("HS256", "secret")))
    (shown,) = ring.jwks(0)["keys"]

    assert set() == PRIVATE & shown.keys()
    assert {"use": "sig", "alg": algorithm, "kid": "k"}.items() <= shown.items()


def test_what_is_published_verifies_now() -> None:
    """Next, current and retired keys are published, ended ones are not."""
    assert [key["kid"] for key in RING.jwks(END - 1)["keys"]] == ["old", "new"]
    assert [key["kid"] for key in RING.jwks(END)["keys"]] == ["new"]


def test_what_is_published_is_the_callers() -> None:
    """Changing a set that was given changes nobody else's."""
    RING.jwks(0)["keys"][0].clear()

    assert RING.jwks(0)["keys"][0]["kid"] == "old"


def test_a_ring_is_frozen() -> None:
    """Neither the ring nor a key of it can be changed, and equal ones are equal."""
    frozen: Any = RING
    with pytest.raises(FrozenInstanceError):
        frozen.keys = ()
    assert KeyRing((OLD, NEW)) == RING
    assert KeyRing((NEW, OLD)) != RING
    assert RING.algorithms == ("RS256", "ES256")
    assert RING.of("RS256") == (OLD.verifying,)


def test_ids_are_unique() -> None:
    """Two keys of one id would make the choice a matter of luck."""
    with pytest.raises(ConfigurationError, match="the same kid"):
        KeyRing((_key("RS256", "k"), _key("ES256", "k")))


@pytest.mark.parametrize(
    ("length", "fits"), [(0, False), (1, True), (256, True), (257, False)]
)
def test_an_id_has_1_to_256_characters(length: int, *, fits: bool) -> None:
    """A kid that our own reader would refuse is not given to a key."""
    if fits:
        assert _key("ES256", "k" * length).kid == "k" * length
    else:
        with pytest.raises(ConfigurationError, match="1 to 256"):
            _key("ES256", "k" * length)


@pytest.mark.parametrize("kid", [5, b"k", ["k"]])
def test_an_id_is_a_string(kid: Any) -> None:
    """Whatever else was configured is told as a mistake."""
    with pytest.raises(ConfigurationError, match="A kid is a string"):
        ring_key("ES256", key_material.private("ES256"), kid=kid)


def test_no_key_in_its_text() -> None:
    """What a log would show of a ring has no part of a secret in it."""
    text = repr(KeyRing((_key("HS256", "k"), OLD)))

    assert key_material.SECRET not in text
    assert f"{key_material.rsa_key().private_numbers().d}" not in text


def test_the_default_is_from_ever_to_ever() -> None:
    """A key without times signs and verifies at any time."""
    key = _key("ES256", "k")

    assert (key.signs_from, key.verifies_until) == (-inf, inf)
    assert key.may_sign(-1e18)
    assert KeyRing((key,)).candidates("k", "ES256", 1e18)


# Keys of one type of tokens ------------------------------------------------------

FOR_REFRESHING = _key("HS256", "hmac", token_type="refresh")
BOUND = KeyRing((OLD, NEW, FOR_REFRESHING))


@pytest.mark.parametrize(
    ("token_type", "now", "signs"),
    [
        ("access", SWITCH - 1, "old"),
        ("access", SWITCH, "new"),
        ("refresh", SWITCH - 1, "hmac"),
        ("refresh", SWITCH, "hmac"),  # though another one may sign since later
        ("download", SWITCH, "new"),
        (None, SWITCH, "new"),
        (["refresh"], SWITCH, "new"),
    ],
)
def test_a_key_of_one_type_signs_that_type(
    token_type: Any, now: float, signs: str
) -> None:
    """It goes before the keys of all types, and signs nothing else."""
    current = BOUND.current(now, token_type)

    assert current is not None
    assert signs == current.kid


@pytest.mark.parametrize("kid", ["hmac", None])
@pytest.mark.parametrize("token_type", ["access", "Refresh", "", None, 1, ["refresh"]])
def test_a_key_of_one_type_verifies_that_type(kid: str | None, token_type: Any) -> None:
    """With a kid or without, it is no candidate for a token of another type."""
    assert BOUND.candidates(kid, "HS256", 0, "refresh") == (FOR_REFRESHING.verifying,)
    assert BOUND.candidates(kid, "HS256", 0, token_type) == ()


def test_a_key_of_all_types_goes_on_verifying() -> None:
    """What it signed before there was a key of that type is not lost."""
    assert BOUND.candidates("old", "RS256", 0, "refresh") == (OLD.verifying,)


def test_without_a_key_for_a_type_nothing_signs() -> None:
    """A ring for refresh tokens alone makes no access token."""
    ring = KeyRing((FOR_REFRESHING,))

    assert ring.current(0, "access") is None
    assert ring.current(0) is None
    assert ring.state(FOR_REFRESHING, 0) == "current"
    assert BOUND.state(NEW, SWITCH) == "current"


@pytest.mark.parametrize(
    ("token_type", "shown"), [("refresh", 0), ("access", 1), ("download", 1)]
)
def test_a_key_for_refresh_tokens_is_not_published(token_type: str, shown: int) -> None:
    """Whoever found it in the JWK Set would take it for a key of access tokens."""
    ring = KeyRing((_key("ES256", "k", token_type=token_type),))

    assert shown == len(ring.jwks(0)["keys"])
