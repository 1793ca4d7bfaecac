from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_jwt.exceptions import CSRFError
from quart_jwt.exceptions import JWTDecodeError
from quart_jwt.tokens import csrf
from quart_jwt.tokens.csrf import IssuedValues
from quart_jwt.tokens.csrf import verify_csrf

DIFFER = r"^CSRF double submit tokens do not match$"


@pytest.mark.parametrize("value", ["x", "5f1c-77", "é", "\ud800", ""])
def test_the_same_value_passes(value: str) -> None:
    """What the token has and what was presented are equal."""
    verify_csrf({"csrf": value}, value)


@pytest.mark.parametrize(
    "presented", ["", "X", "x ", "xx", "é", "\ud800", "\0", "x" * 10_000, "\u0445"]
)
def test_another_value_is_refused(presented: str) -> None:
    """Any difference counts, and no character is an error of its own."""
    with pytest.raises(CSRFError, match=DIFFER):
        verify_csrf({"csrf": "x"}, presented)


@pytest.mark.parametrize("claim", [None, 1, True, [], ["x"], {"x": 1}])
def test_a_claim_that_is_no_string_matches_nothing(claim: Any) -> None:
    """What a string can never equal is a difference."""
    for presented in ("x", "", str(claim)):
        with pytest.raises(CSRFError, match=DIFFER):
            verify_csrf({"csrf": claim}, presented)


def test_a_token_without_the_claim_is_malformed() -> None:
    """A token that was made without double submit cannot pass it."""
    with pytest.raises(JWTDecodeError, match=r"^Missing claim: csrf$"):
        verify_csrf({"sub": "ann"}, "x")


@given(st.text(), st.text())
def test_equality_of_text_decides(expected: str, presented: str) -> None:
    """Over all text, lone surrogates included, the answer is ``==``."""
    try:
        verify_csrf({"csrf": expected}, presented)
    except CSRFError:
        assert expected != presented
    else:
        assert expected == presented


def test_the_comparison_takes_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The values meet in ``compare_digest`` and nowhere else."""
    met = []

    def compared(one: bytes, other: bytes) -> bool:
        met.append((one, other))
        return False

    monkeypatch.setattr(csrf, "compare_digest", compared)
    with pytest.raises(CSRFError):
        verify_csrf({"csrf": "x"}, "x")

    assert met == [(b"x", b"x")]


def test_values_of_tokens_just_made_are_bounded() -> None:
    """256 are kept; one more and the memory starts afresh."""
    issued = IssuedValues()
    for number in range(256):
        issued.remember(f"token {number}", f"value {number}")
    assert issued.take("token 0") == "value 0"
    issued.remember("token 0", "value 0")
    issued.remember("token 256", "value 256")
    assert [issued.take(f"token {n}") for n in (0, 1, 255)] == [None] * 3
    assert issued.take("token 256") == "value 256"
