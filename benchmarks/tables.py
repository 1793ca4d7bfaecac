"""The tables: a run as Markdown, goals first."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence

from benchmarks.contenders import CHECKED
from benchmarks.contenders import Contender
from benchmarks.contenders import families
from benchmarks.contenders import WAITING
from benchmarks.goals import judge
from benchmarks.login_storm import STORMS
from benchmarks.medians import spread
from benchmarks.results import medians
from benchmarks.results import Results
from benchmarks.served import Case
from benchmarks.served import cases
from benchmarks.served import STORE_LABELS

BUSY = 0.95
"""A server whose core is less busy was not at its limit."""

HEAD = (
    "contender",
    "requests/s",
    "spread",
    "p50 ms",
    "p99 ms",
    "CPU µs/request",
    "core busy",
    "failed",
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    marks = ["---", *["--:"] * (len(head) - 1)]
    lines = ["| " + " | ".join(row) + " |" for row in (head, marks, *rows)]
    return "\n".join(lines)


def render(results: Results) -> str:
    """A whole run."""
    return "\n\n".join(_parts(results)) + "\n"


def _parts(results: Results) -> Iterator[str]:
    yield f"# Benchmark: {results['name']}"
    yield (
        "Written by `make bench`. Only ratios within one run mean anything: figures "
        "are medians of alternating rounds, ratios medians of the ratios within each "
        "round. The server has one core, the load another; CPU is user and system "
        "time of all the server's processes. Every contender was asked for the right "
        "answers before; failed responses are counted."
    )
    yield "## Goals"
    yield goals_table(results)
    if results.get("served"):
        yield "## The service as it is served"
        yield throughput_table(results, "served", cases())
    yield from _crowds(results)
    yield from _idle_service(results)
    for family, contenders in families(every_server=True).items():
        found = throughput_table(results, "throughput", contenders)
        if found:
            yield f"## {family}"
            yield found
    if results.get("store_wait"):
        yield f"## A store of 20 ms, {results['plan']['wait_connections']} connections"
        yield throughput_table(results, "store_wait", WAITING)
    if results.get("revocation"):
        yield "## A revocation check"
        yield throughput_table(results, "revocation", CHECKED)
    yield from _propagation(results)
    yield from _storms(results)
    yield from _memory(results)
    yield from _added(results)
    yield from _micro(results)
    yield from _facts(results)


def goals_table(results: Results) -> str:
    """
    Each goal, what was measured, and whether it was met.

    The full run has a row for every goal; other plans only for those that they measure.
    """
    judged = judge(results)
    is_full = results["name"] == "results"
    rows = [
        (each.figure, each.goal, each.measured, each.verdict)
        for each in judged
        if is_full or each.verdict != "not measured"
    ]
    shown = table(("figure", "goal", "measured", "verdict"), rows)
    missing = len(judged) - len(rows)
    if not missing:
        return shown
    return f"{shown}\n\nNot measured in this run: {missing} of {len(judged)} goals."


def throughput_table(
    results: Results, section: str, contenders: Iterable[Contender | Case]
) -> str:
    """The contenders that were measured; empty if none was."""
    rows = [
        _row(results, section, contender)
        for contender in contenders
        if contender.key in results.get(section, {})
    ]
    return table(HEAD, rows) if rows else ""


def _row(
    results: Results, section: str, contender: Contender | Case
) -> tuple[str, ...]:
    rounds = results[section][contender.key]
    middle = medians(results, section, contender.key)
    rates = [each["requests_per_s"] for each in rounds]
    return (
        contender.label,
        f"{middle['requests_per_s']:,.0f}",
        f"{spread(rates):.0%}",
        f"{middle['p50_ms']:.2f}",
        f"{middle['p99_ms']:.2f}",
        f"{middle['cpu_us']:.0f}",
        f"{middle['busy']:.0%}" + ("" if middle["busy"] >= BUSY else " (*)"),
        f"{sum(each['failed'] for each in rounds):,.0f}",
    )


def _crowds(results: Results) -> Iterator[str]:
    rows = [
        (
            f"{int(size):,} connections",
            f"{each['requests_per_s']:,.0f}",
            f"{each['p50_ms']:.1f}",
            f"{each['p99_ms']:.1f}",
            f"{each['failed']:.0f}",
            f"{each['logins']:.0f}",
            f"{each['not_ready']:.0f} of {each['asked_ready']:.0f}",
            f"{each['p99_ms_after']:.1f}",
        )
        for size, each in results.get("crowd", {}).items()
    ]
    if rows:
        yield "## A crowd at /auth/verify, and a storm of logins beside it"
        head = ("crowd", "requests/s", "p50 ms", "p99 ms", "failed", "logins")
        yield table((*head, "not ready", "p99 ms, 32 connections, afterwards"), rows)


def _idle_service(results: Results) -> Iterator[str]:
    rows = [
        (
            STORE_LABELS[store],
            f"{each['busy']:.2%}",
            f"{each['worker_mib']:.1f}",
            f"{each['keeper_mib']:.1f}",
        )
        for store, each in results.get("served_idle", {}).items()
    ]
    if rows:
        yield "## The idle service"
        yield table(("store", "share of a core", "worker MiB", "keeper MiB"), rows)


def _storms(results: Results) -> Iterator[str]:
    head = (
        *("storm", "logins/s", "lag p99 ms, quiet", "in the storm", "lag longest ms"),
        *("protected p99 ms, quiet", "in the storm", "failed"),
    )
    rows = []
    for storm, rounds in results.get("storms", {}).items():
        middle = medians(results, "storms", storm)
        rows.append(
            (
                STORMS[storm],
                f"{middle['logins_per_s']:.0f}",
                f"{middle['quiet_lag_p99_ms']:.1f}",
                f"{middle['lag_p99_ms']:.1f}",
                f"{max(each['lag_max_ms'] for each in rounds):.1f}",
                f"{middle['quiet_p99_ms']:.1f}",
                f"{middle['storm_p99_ms']:.1f}",
                f"{sum(each['failed'] for each in rounds):.0f}",
            )
        )
    if rows:
        yield "## Storms"
        yield table(head, rows)


def _propagation(results: Results) -> Iterator[str]:
    rows = [
        (
            store,
            f"{each['revocations']:,.0f}",
            f"{each['p50_ms']:.2f}",
            f"{each['p99_ms']:.2f}",
            f"{each['max_ms']:.2f}",
        )
        for store, each in results.get("propagation", {}).items()
    ]
    if rows:
        yield "## Until another process refuses a revoked token"
        yield table(("store", "revocations", "p50 ms", "p99 ms", "longest ms"), rows)


def _memory(results: Results) -> Iterator[str]:
    rows = [
        (
            f"{each['connections']:,.0f} idle connections, `{key}`",
            f"{each['before_mib']:.1f}",
            f"{each['after_mib']:.1f}",
            f"{each['kib_each']:.1f} KiB each",
        )
        for key, each in results.get("idle", {}).items()
    ]
    distinct = results.get("distinct")
    if distinct:
        share = distinct["bytes"] / distinct["max_bytes"]
        rows.append(
            (
                f"{distinct['tokens']:,.0f} distinct tokens, in process",
                f"{distinct['before_mib']:.1f}",
                f"{distinct['after_mib']:.1f}",
                f"cache: {distinct['entries']:,.0f} entries, {share:.1%} of its bytes",
            )
        )
    if rows:
        yield "## Memory"
        yield table(("what", "RSS MiB before", "after", "result"), rows)


def _added(results: Results) -> Iterator[str]:
    least = results.get("added", {})
    if least:
        yield "## A request in one process, the least of all rounds"
        rows = [(name, f"{spent_us:.1f}") for name, spent_us in least.items()]
        yield table(("request", "µs"), rows)


def _micro(results: Results) -> Iterator[str]:
    rows = [
        (
            name,
            f"{each['median_us']:.2f}",
            f"{each['min_us']:.2f}",
            f"{each['max_us']:.2f}",
        )
        for name, each in results.get("micro", {}).items()
    ]
    if rows:
        yield "## In process"
        yield table(("what", "median µs", "least", "most"), rows)


def _facts(results: Results) -> Iterator[str]:
    yield "## This run"
    facts = {**results["machine"], "plan": _plan(results)}
    yield table(
        ("fact", "value"), [(name, str(value)) for name, value in facts.items()]
    )
    yield (
        "(*) The core was not always busy: requests/s is what load and server reached "
        "together, and CPU per request is the fairer figure."
    )
    for note in results.get("notes", ()):
        yield f"- {note}"


def _plan(results: Results) -> str:
    plan = results["plan"]
    return (
        f"{plan['laps']} laps of {plan['rounds']} rounds of {plan['slice_s']} s, "
        f"{plan['connections']} connections"
    )
