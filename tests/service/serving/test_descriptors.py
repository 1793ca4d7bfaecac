"""The limit of open descriptors, in processes whose limits can be spoilt."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
from quart_jwt.service.serving.descriptors import raise_descriptor_limit
resource.setrlimit(resource.RLIMIT_NOFILE, tuple(map(int, sys.argv[1:])))
print(raise_descriptor_limit(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "now"), [(256, 512, 512), (512, 512, 512)], ids=["raised", "kept"]
)
def test_the_soft_limit_becomes_the_hard_one(soft: int, hard: int, now: int) -> None:
    """What is returned is what counts from then on."""
    command = [sys.executable, "-c", PROGRAM, str(soft), str(hard)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    assert done.stdout == f"{now} {now}\n"


def test_a_limit_that_cannot_be_raised_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A system may refuse what it has called allowed."""
    import resource

    from quart_jwt.service.serving.descriptors import raise_descriptor_limit

    def refuse(_which: int, _limits: tuple[int, int]) -> None:
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _which: (256, 512))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert raise_descriptor_limit() == 256
