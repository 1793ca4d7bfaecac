"""What wrk printed, and how it is called."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.load import Load
from benchmarks.load import LoadError
from benchmarks.load import parse

OUTPUT = """\
Running 1s test @ http://127.0.0.1:8000/protected
  1 threads and 32 connections
Requests/sec:   5000.00
BENCH {"requests": 10000, "duration_us": 2000000, "p50_us": 1500, "p99_us": 9250, \
"connect": 1, "read": 2, "write": 3, "timeout": 4, "status": 50}
"""

LOAD = Load(
    url="http://127.0.0.1:8000/protected",
    tokens=Path("tokens.txt"),
    offset=340,
    connections=32,
    seconds=2,
    core=1,
)


def test_the_figures_have_our_units() -> None:
    """Microseconds become seconds and milliseconds."""
    counted = parse(OUTPUT)

    assert (
        counted.requests,
        counted.seconds,
        counted.p50_ms,
        counted.p99_ms,
    ) == (10_000, 2.0, 1.5, 9.25)


def test_every_failure_counts() -> None:
    """Refusals, time-outs and errors of sockets are added up."""
    assert parse(OUTPUT).failed == 60


def test_a_request_that_should_be_refused_fails_when_it_is_not() -> None:
    """Where all have to be refused, an accepted one is the failure."""
    said = json.loads(OUTPUT.split("BENCH ")[1])
    others = 60 - said["status"]

    assert (
        others + said["requests"] - said["status"] == parse(OUTPUT, refused=True).failed
    )


@pytest.mark.parametrize(
    "output",
    [
        pytest.param("", id="nothing"),
        pytest.param("unable to connect to 127.0.0.1:8000", id="no-server"),
        pytest.param(OUTPUT + OUTPUT, id="twice"),
        pytest.param(OUTPUT.replace("10000,", "0,"), id="no-answer"),
    ],
)
def test_no_figures_are_an_error(output: str) -> None:
    """A run without an answer is never a row of zeros."""
    with pytest.raises(LoadError):
        parse(output)


def test_the_load_is_pinned() -> None:
    """The command runs on its core, with one thread and the connections asked for."""
    command = replace(LOAD, core=3).command

    assert command[:7] == ["taskset", "-c", "3", "wrk", "-t1", "-c32", "-d2s"]


def test_the_script_gets_its_arguments() -> None:
    """File and offset stand behind the separator."""
    command = LOAD.command

    assert command[-3:] == ["--", "tokens.txt", "340"]
