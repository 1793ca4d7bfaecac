import random
from importlib.resources import files
from pathlib import Path

from quart_jwt.tokens import known_secrets
from quart_jwt.tokens.keys import weakness

LEAST_BYTES = 32
"""HS256's; what is shorter is refused by the length rule."""


def shuffled(seed: int) -> random.Random:
    """Randomness that is the same in every run."""
    return random.Random(seed)  # noqa: S311 - it chooses samples


def entries(vectors: Path) -> list[bytes]:
    """The lines of the public list, without their line ends."""
    listing = (vectors / "jwt-secrets" / "jwt.secrets.list").read_bytes()
    return [line.rstrip(b"\r\n") for line in listing.split(b"\n")]


def test_the_digests_are_those_of_the_list(vectors: Path) -> None:
    """What is shipped was computed from the list, all of it and nothing else."""
    expected = {
        known_secrets.digest(secret)
        for secret in entries(vectors)
        if len(secret) >= LEAST_BYTES
    }

    assert expected == known_secrets._digests()


def test_the_digests_are_shipped_sorted() -> None:
    """One digest a line, sorted, each once, so that a diff can be read."""
    shipped = files("quart_jwt.tokens").joinpath("known_secrets.txt")
    lines = shipped.read_text("ascii").splitlines()

    assert sorted(set(lines)) == lines
    assert {2 * known_secrets.DIGEST_BYTES} == set(map(len, lines))


def test_any_line_of_the_list_is_weak(vectors: Path) -> None:
    """Of 500 lines taken at random, none makes a secret without a fault."""
    sample = shuffled(2).sample([line for line in entries(vectors) if line], 500)

    assert [line for line in sample if weakness("HS256", line) is None] == []


def test_any_long_line_is_known(vectors: Path) -> None:
    """What passes the length rule is refused for being public."""
    long = [line for line in entries(vectors) if len(line) >= LEAST_BYTES]
    unknown = [line for line in long if not known_secrets.is_known(line)]
    faults = {weakness("HS256", line) for line in shuffled(3).sample(long, 100)}

    assert unknown == []
    assert {"it is in public lists of known secrets"} == faults


def test_a_random_secret_is_not_known() -> None:
    """A secret of one's own stands in no list."""
    rng = shuffled(4)

    assert not any(known_secrets.is_known(rng.randbytes(32)) for _ in range(1_000))
