"""
Throughput: a family of contenders in alternating rounds.

All servers of the family are up; the idle ones take no CPU. Every other round runs
backwards, so that whoever comes late is not always the same. A lap starts all
servers afresh, for a process can be lucky in how its memory lies.
"""

import contextlib
import json
from collections.abc import Mapping
from collections.abc import Sequence

from benchmarks import answers
from benchmarks.bench import Bench
from benchmarks.bench import describe
from benchmarks.bench import Sample
from benchmarks.contenders import Contender
from benchmarks.contenders import families
from benchmarks.load import LoadError
from benchmarks.plan import Plan
from benchmarks.servers import Running
from benchmarks.servers import ServerError

SWITCH_S = 0.4
"""What a slice takes beside its load, in seconds."""

START_S = 0.8
"""What a contender takes to start, to be checked and to end, in seconds."""

NEW_SHARE = 0.99
"""Where no token may come twice, fewer misses of the cache are worth a note."""

Rounds = dict[str, list[Sample]]
Families = Mapping[str, tuple[Contender, ...]]


def planned_s(plan: Plan) -> float:
    """How long this takes by plan."""
    return planned_families_s(plan, _families(plan))


def _families(plan: Plan) -> Families:
    """The families, or the contenders of them that were asked for by name."""
    found = families(every_server=plan.every_server)
    if not plan.rows:
        return found
    chosen = {
        name: tuple(one for one in contenders if one.key in plan.rows)
        for name, contenders in found.items()
    }
    return {name: contenders for name, contenders in chosen.items() if contenders}


def planned_families_s(plan: Plan, wanted: Families) -> float:
    """How long families take by plan."""
    contenders = sum(map(len, wanted.values()))
    slices_s = plan.rounds * (plan.slice_s + SWITCH_S)
    return plan.laps * contenders * (slices_s + plan.warm_up_s + START_S)


def measure_throughput(bench: Bench) -> Rounds:
    """Measure the servers and the peers."""
    return measure_families(bench, _families(bench.plan))


def measure_families(bench: Bench, wanted: Families) -> Rounds:
    """Measure families; a contender that fails is noted and left out."""
    rounds: Rounds = {}
    for lap in range(bench.plan.laps):
        for family, contenders in wanted.items():
            bench.progress.say(f"{family}, lap {lap + 1} of {bench.plan.laps}")
            _family(bench, contenders, lap, rounds)
    expected = bench.plan.laps * bench.plan.rounds
    return {key: each for key, each in rounds.items() if len(each) == expected}


def _family(
    bench: Bench, contenders: Sequence[Contender], lap: int, rounds: Rounds
) -> None:
    with contextlib.ExitStack() as stack:
        up = _start(bench, contenders, lap, stack)
        used = dict.fromkeys(up, 0)
        for number in range(bench.plan.rounds):
            entered = [each for each in contenders if each.key in up]
            for contender in entered if number % 2 == 0 else entered[::-1]:
                key = contender.key
                try:
                    sample = _slice(bench, contender, up[key], used[key])
                except (LoadError, ServerError) as exc:
                    bench.note(f"{contender.label} was left out: {exc}")
                    del up[key]
                    continue
                used[key] += int(sample["requests"])
                rounds.setdefault(key, []).append(sample)
                planned_s = bench.plan.slice_s + SWITCH_S
                bench.progress.step(planned_s, describe(contender.label, sample))


def _start(
    bench: Bench,
    contenders: Sequence[Contender],
    lap: int,
    stack: contextlib.ExitStack,
) -> dict[str, Running]:
    """Start what the contenders need, check and warm each; give who is ready."""
    servers: dict[tuple[str, str], Running] = {}
    up = {}
    for contender in contenders:
        place = (contender.server, contender.app)
        try:
            if place not in servers:
                servers[place] = stack.enter_context(bench.serving(*place, lap=lap))
            bench.check(contender, servers[place])
            _warm_up(bench, contender, servers[place])
        except (LoadError, ServerError) as exc:
            bench.note(f"{contender.label} was left out: {exc}")
        else:
            up[contender.key] = servers[place]
            bench.progress.say(f"{contender.label}: answers are right")
        bench.progress.step(START_S + bench.plan.warm_up_s)
    return up


def _warm_up(bench: Bench, contender: Contender, running: Running) -> None:
    if not contender.every_token_new:
        bench.measure(
            contender,
            running,
            seconds=bench.plan.warm_up_s,
            connections=bench.plan.connections,
        )


def _slice(bench: Bench, contender: Contender, running: Running, used: int) -> Sample:
    new = contender.every_token_new
    misses = _misses(running) if new else 0
    sample = bench.measure(
        contender,
        running,
        seconds=bench.plan.slice_s,
        connections=bench.plan.connections,
        used=used,
    )
    if new:
        share = (_misses(running) - misses) / sample["requests"]
        sample["miss_share"] = share
        if share < NEW_SHARE:
            bench.note(f"{contender.label}: only {share:.0%} of its tokens were new")
    return sample


def _misses(running: Running) -> int:
    """How many tokens the server's cache has not known so far."""
    status, body = answers.get(running, "/bench/cache", None)
    if status != answers.OK:
        raise ServerError(f"its cache cannot be asked: {status}")
    misses: int = json.loads(body)["misses"]
    return misses
