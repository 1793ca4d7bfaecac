"""HMAC from two keyed states is the standard library's HMAC, bit by bit."""

import hmac

import pytest

from quart_jwt.tokens.keys import Hmac


@pytest.mark.parametrize("bits", [256, 384, 512])
@pytest.mark.parametrize("size", [1, 63, 64, 65, 127, 128, 129, 500])
def test_it_is_the_hmac_of_the_standard_library(bits: int, size: int) -> None:
    """For secrets shorter than a block, as long as one, and longer (RFC 2104 §2)."""
    secret, message = bytes(range(1, 256)) * 2, b"a message"
    secret = secret[:size]
    expected = hmac.digest(secret, message, f"sha{bits}")
    keyed = Hmac(f"HS{bits}", secret)
    assert expected == keyed.sign(message) == keyed.sign(message)
    assert keyed.verify(message, secret, expected)
    assert not keyed.verify(message, secret, expected[:-1])
    assert not keyed.verify(message + b".", secret, expected)
