import json

import pytest

from quart_jwt.service.ground.errors import GrantRuleError
from quart_jwt.service.ground.grants import checked_grants
from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.ground.grants import MAX_CHARACTERS
from quart_jwt.service.ground.grants import MAX_WORD_CHARACTERS
from quart_jwt.service.ground.grants import MAX_WORDS


def test_each_word_stands_once() -> None:
    """In the order in which they were given."""
    grants = checked_grants(roles=["b", "a", "b"], scopes=["orders:read"])
    assert grants == Grants(roles=("b", "a"), scopes=("orders:read",))


@pytest.mark.parametrize("word", ["!", "~", "[", "orders:read", "a,b", "x" * 64])
def test_a_word_is_visible_ascii(word: str) -> None:
    """What RFC 6749 §3.3 allows in a scope is allowed."""
    assert checked_grants(roles=[word], scopes=[word]).roles == (word,)


@pytest.mark.parametrize(
    "word",
    ["", " ", "a b", 'a"b', "a\\b", "a\nb", "a\x7f", "\u00e9", "\ud800", "x" * 65],
)
@pytest.mark.parametrize("what", ["roles", "scopes"])
def test_what_is_no_word(what: str, word: str) -> None:
    """Nothing that would end a word, a header or a JSON string, and not repeated."""
    with pytest.raises(GrantRuleError) as caught:
        checked_grants(**{what: [word]})
    assert word.strip() == "" or word not in str(caught.value)


@pytest.mark.parametrize(
    ("count", "fits"),
    [(MAX_WORDS - 1, True), (MAX_WORDS, True), (MAX_WORDS + 1, False)],
)
def test_words_are_counted(count: int, *, fits: bool) -> None:
    """So that a token fits into a cookie."""
    _check([f"r{number}" for number in range(count)], fits=fits)


@pytest.mark.parametrize(("spare", "fits"), [(1, True), (0, True), (-1, False)])
def test_characters_are_counted(spare: int, *, fits: bool) -> None:
    """Of all words with blanks between them: a column has room for no more."""
    lengths = [MAX_WORD_CHARACTERS] * 7
    left = MAX_CHARACTERS - sum(lengths) - len(lengths) - spare
    words = [chr(97 + at) * length for at, length in enumerate([*lengths, left])]
    assert len(" ".join(words)) == MAX_CHARACTERS - spare
    _check(words, fits=fits)


def _check(words: list[str], *, fits: bool) -> None:
    if fits:
        assert checked_grants(scopes=words).scopes == tuple(words)
    else:
        with pytest.raises(GrantRuleError, match="at most"):
            checked_grants(scopes=words)


def test_grants_are_added_and_taken() -> None:
    """What is there already, or not there, changes nothing."""
    grants = Grants(roles=("a",), scopes=("x", "y"))
    assert grants.with_more(Grants(roles=("a", "b"))) == Grants(
        roles=("a", "b"), scopes=("x", "y")
    )
    assert grants.without(Grants(roles=("c",), scopes=("x",))) == Grants(
        roles=("a",), scopes=("y",)
    )
    with pytest.raises(GrantRuleError):
        grants.with_more(Grants(roles=tuple(f"r{n}" for n in range(MAX_WORDS))))


def test_the_longest_grants_are_as_long_as_it_says() -> None:
    """Both lists at their longest are some 1,100 bytes of JSON."""
    words = [f"{number:02}{'x' * 13}" for number in range(MAX_WORDS)]
    said = {"roles": words, "scope": " ".join(words)}
    checked_grants(roles=words, scopes=words)
    assert len(json.dumps(said, separators=(",", ":"))) < 1_120
