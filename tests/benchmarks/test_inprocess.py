"""What pyperf wrote, and what the plans say."""

import json

import pytest
from benchmarks.__main__ import SECTIONS
from benchmarks.inprocess import parse
from benchmarks.plan import FULL
from benchmarks.plan import Plan
from benchmarks.plan import QUICK
from benchmarks.wire import parse_head
from benchmarks.wire import request_bytes

from benchmarks import inprocess

RUNS = [
    {"warmups": [[1, 1.0]], "values": [1e-6, 3e-6]},
    {"metadata": {}},  # the calibration has no values
    {"values": [2e-6]},
]
FIGURES = {"median_us": 2.0, "min_us": 1.0, "max_us": 3.0}


@pytest.mark.parametrize(
    "suite",
    [
        pytest.param(
            {
                "metadata": {"unit": "second"},
                "benchmarks": [{"metadata": {"name": "decode"}, "runs": RUNS}],
            },
            id="several",
        ),
        pytest.param(
            {"metadata": {"name": "decode"}, "benchmarks": [{"runs": RUNS}]},
            id="alone",
        ),
    ],
)
def test_medians_are_microseconds(suite: dict[str, object]) -> None:
    """Values of all processes count, those of the calibration do not."""
    assert {"decode": pytest.approx(FIGURES)} == parse(json.dumps(suite))


@pytest.mark.parametrize(
    ("plan", "bound_s"),
    [
        pytest.param(FULL, 40 * 60, id="full"),
        pytest.param(QUICK, 4 * 60, id="quick"),
    ],
)
def test_a_plan_fits_its_time(plan: Plan, bound_s: float) -> None:
    """The full run is planned for 40 minutes at the most, the quick one for four."""
    assert sum(planned_s(plan) for planned_s, _measure in SECTIONS.values()) <= bound_s


def test_no_processes_take_no_time() -> None:
    """A section that is left out is not planned for."""
    smallest = Plan(micro_processes=0)

    assert inprocess.planned_s(smallest) == 0


def test_a_request_is_whole() -> None:
    """Head, token and body stand where HTTP wants them."""
    expected = (
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer t\r\n"
        b'Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{"a": "b"}'
    ).replace(b"Length: 9", b"Length: 10")

    assert expected == request_bytes("POST", "/login", token="t", body={"a": "b"})


def test_a_head_has_status_and_length() -> None:
    """Header names count in any case."""
    head = b"HTTP/1.1 200 OK\r\nContent-LENGTH: 12\r\nDate: now\r\n\r\n"

    assert parse_head(head) == (200, 12)


def test_a_head_without_a_length_is_refused() -> None:
    """A client that cannot know where an answer ends does not guess."""
    with pytest.raises(ValueError, match="Content-Length"):
        parse_head(b"HTTP/1.1 200 OK\r\nDate: now\r\n\r\n")
