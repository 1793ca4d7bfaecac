"""
The goals of the design: each figure's bound, and whether a run met it.

A goal is a bound on one number; what was not measured is said to be so, and never
counts as met.
"""

from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from benchmarks.contenders import ASGI_SERVERS
from benchmarks.contenders import REFUSED
from benchmarks.crowd import SIZES
from benchmarks.login_storm import STORMS
from benchmarks.results import medians
from benchmarks.results import micro_us
from benchmarks.results import ratio
from benchmarks.results import Results
from benchmarks.served import STORE_LABELS

TIMES = "\N{MULTIPLICATION SIGN}"
NOTHING = "\N{EN DASH}"

Sign = Literal["≤", "≥", "<"]
Verdict = Literal["met", "missed", "not measured"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """
    A bound on a figure.

    Attributes:
        figure: What it is.
        sign: On which side of the bound it has to be.
        bound: The bound.
        unit: Of figure and bound; ``TIMES`` for a ratio.
        measured: Looks the figure up; raises KeyError where it was not measured.
    """

    figure: str
    sign: Sign
    bound: float
    unit: str
    measured: Callable[[Results], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """
    A goal, and what a run made of it.

    Attributes:
        figure: What it is.
        goal: The bound, for readers.
        measured: The figure, for readers.
        verdict: What became of it.
    """

    figure: str
    goal: str
    measured: str
    verdict: Verdict


def judge(results: Results) -> list[Judged]:
    """Judge every goal by one run."""
    return [_judged(goal, results) for goal in goals()]


def _judged(goal: Goal, results: Results) -> Judged:
    bound = f"{goal.sign} {goal.bound:g} {goal.unit}".rstrip()
    try:
        value = goal.measured(results)
    except (KeyError, ValueError):
        return Judged(
            figure=goal.figure, goal=bound, measured=NOTHING, verdict="not measured"
        )
    return Judged(
        figure=goal.figure,
        goal=bound,
        measured=f"{value:.3g} {goal.unit}".rstrip(),
        verdict="met" if is_met(goal.sign, value, goal.bound) else "missed",
    )


def is_met(sign: Sign, value: float, bound: float) -> bool:
    """Whether a figure is on the right side of its bound."""
    match sign:
        case "≤":
            return value <= bound
        case "≥":
            return value >= bound
        case "<":
            return value < bound


def goals() -> Iterator[Goal]:
    """Every goal, in the order of the design."""
    yield from _service()
    yield from _crowds()
    yield from _idle_service()
    yield from _added()
    yield from _in_process()
    for server in ASGI_SERVERS:
        yield from _protected(server)
    yield from _threads()
    yield from _lane()
    yield from _refused()
    yield from _against_flask()
    for storm in STORMS:
        yield from _storm(storm)
    yield from _refusal()
    yield from _memory()


WARM = "ours: decode_token, warm"
FIRST = "ours: decode_token, first sight"
FJE = "Flask-JWT-Extended: decode_token"


FLASK_MODES = {
    "gunicorn-sync": "gunicorn sync",
    "gunicorn-gthread": "gunicorn gthread, 4 threads",
    "gunicorn-gthread-64": "gunicorn gthread, 64 threads",
}

LABELLED_PEERS = (
    ("fastapi-pyjwt@uvicorn", "FastAPI + PyJWT"),
    ("fastapi-authx@uvicorn", "FastAPI + AuthX"),
    ("litestar@uvicorn", "Litestar JWTAuth"),
)


def _micro_ratio(one: str, other: str) -> Callable[[Results], float]:
    return lambda results: micro_us(results, one) / micro_us(results, other)


def _added() -> Iterator[Goal]:
    def over_bare(what: str) -> Callable[[Results], float]:
        return lambda results: results["added"][what] - results["added"]["bare"]

    for what, label, bound in (
        ("protected", "a protected route, warm token", 5),
        ("unprotected", "an unprotected route of the same app", 0.2),
    ):
        yield Goal(
            figure=f"added to {label}, in process",
            sign="≤",
            bound=bound,
            unit="µs",
            measured=over_bare(what),
        )


def _threads() -> Iterator[Goal]:
    yield Goal(
        figure="protected ÷ bare def view, warm token, Hypercorn: requests/s",
        sign="≥",
        bound=0.97,
        unit=TIMES,
        measured=_served(
            "throughput", "requests_per_s", "def@hypercorn", "bare-def@hypercorn"
        ),
    )


def _refused() -> Iterator[Goal]:
    for what, accepted, label, bound in (
        ("refused", "warm", "a route", 1.2),
        ("lane-refused", "lane", "forward-auth", 1),
    ):
        for kind, token in REFUSED.items():
            yield Goal(
                figure=f"refusal ÷ acceptance, {label}, {token}: CPU per request",
                sign="≤",
                bound=bound,
                unit=TIMES,
                measured=_served(
                    *("throughput", "cpu_us"),
                    f"{what}-{kind}@hypercorn",
                    f"{accepted}@hypercorn",
                ),
            )


def _in_process() -> Iterator[Goal]:
    yield Goal(
        figure="verify, warm token, in process",
        sign="≤",
        bound=3,
        unit="µs",
        measured=lambda results: micro_us(results, "ours: verify, warm"),
    )
    yield Goal(
        figure="Flask-JWT-Extended's decode_token ÷ ours, warm",
        sign="≥",
        bound=30,
        unit=TIMES,
        measured=_micro_ratio(FJE, WARM),
    )
    for peer, label, bound in (
        ("PyJWT: decode", "PyJWT's decode", 0.5),
        (FJE, "Flask-JWT-Extended's decode_token", 0.2),
        ("joserfc: decode and validate", "joserfc's decode and validate", 0.75),
    ):
        yield Goal(
            figure=f"decode_token, first sight, HS256 ÷ {label}",
            sign="≤",
            bound=bound,
            unit=TIMES,
            measured=_micro_ratio(FIRST, peer),
        )

    for ours, theirs in (
        ("create_access_token", "create_access_token"),
        ("create_access_token_async", "create_access_token"),
        ("create_token_pair", "both tokens"),
    ):
        yield Goal(
            figure=f"{ours} ÷ Flask-JWT-Extended's {theirs}",
            sign="≤",
            bound=0.5,
            unit=TIMES,
            measured=_micro_ratio(f"ours: {ours}", f"Flask-JWT-Extended: {theirs}"),
        )


def _served(
    section: str, figure: str, one: str, other: str
) -> Callable[[Results], float]:
    return lambda results: ratio(results, section, figure, one, other)


def _protected(server: str) -> Iterator[Goal]:
    name = ASGI_SERVERS[server]
    warm, new = (0.98, 0.90) if server == "hypercorn" else (0.96, 0.83)
    for what, label, bound in (
        ("warm", "warm token", warm),
        ("new", "every token new", new),
    ):
        ours, bare = f"{what}@{server}", f"bare@{server}"
        yield Goal(
            figure=f"protected ÷ bare Quart, {label}, {name}: requests/s",
            sign="≥",
            bound=bound,
            unit=TIMES,
            measured=_served("throughput", "requests_per_s", ours, bare),
        )
        yield Goal(
            figure=f"bare Quart ÷ protected, {label}, {name}: CPU per request",
            sign="≥",
            bound=bound,
            unit=TIMES,
            measured=_served("throughput", "cpu_us", bare, ours),
        )


def _lane() -> Iterator[Goal]:
    for server, bound in (("hypercorn", 0.97), ("granian", 0.90)):
        yield Goal(
            figure=f"forward-auth ÷ raw ASGI hello, {ASGI_SERVERS[server]}: requests/s",
            sign="≥",
            bound=bound,
            unit=TIMES,
            measured=_served(
                "throughput", "requests_per_s", f"lane@{server}", f"raw@{server}"
            ),
        )
    for peer, label in LABELLED_PEERS:
        yield Goal(
            figure=f"forward-auth on Hypercorn ÷ {label} on uvicorn: CPU per request",
            sign="<",
            bound=1,
            unit=TIMES,
            measured=_served("throughput", "cpu_us", "lane@hypercorn", peer),
        )


REFRESHES_PER_S = {"sqlite": 800, "postgresql": 700, "redis": 900}


def _service() -> Iterator[Goal]:
    def of(key: str, figure: str) -> Callable[[Results], float]:
        return lambda results: medians(results, "served", key)[figure]

    def tail(results: Results) -> float:
        return of("verify@sqlite", "p99_ms")(results) / of("verify@sqlite", "p50_ms")(
            results
        )

    def apart(results: Results) -> float:
        stores = ("verify@sqlite", "verify@redis")
        return abs(ratio(results, "served", "cpu_us", *stores) - 1)

    for what, bound, ours, other in (
        ("/auth/verify ÷ raw ASGI", 1.35, "verify@sqlite", "hello@raw"),
        ("/protected ÷ a bare Quart route", 1.3, "protected@sqlite", "hello@bare"),
    ):
        yield Goal(
            figure=f"served: {what}, same hypercorn.toml: CPU per request",
            sign="≤",
            bound=bound,
            unit=TIMES,
            measured=_served("served", "cpu_us", ours, other),
        )
    yield Goal(
        figure="served: /auth/verify, p99 ÷ p50",
        sign="≤",
        bound=4,
        unit=TIMES,
        measured=tail,
    )
    yield Goal(
        figure="served: /auth/verify, SQLite and Redis differ by: CPU per request",
        sign="≤",
        bound=0.05,
        unit=TIMES,
        measured=apart,
    )
    for name, bound in REFRESHES_PER_S.items():
        yield Goal(
            figure=f"served: refreshes with rotation, {STORE_LABELS[name]}, per core",
            sign="≥",
            bound=bound,
            unit="/s",
            measured=lambda results, key=f"refresh@{name}": (  # type: ignore[misc] # a default binds the key now
                1e6 / of(key, "cpu_us")(results)
            ),
        )
    yield Goal(
        figure="served: /login without its Argon2 hash: CPU",
        sign="≤",
        bound=1_500,
        unit="µs",
        measured=of("login@sqlite", "cpu_us"),
    )


def _crowds() -> Iterator[Goal]:
    for size in SIZES:
        for figure, what in (
            ("failed", "good tokens refused"),
            ("not_ready", "times not ready"),
        ):
            yield Goal(
                figure=f"served: {size:,} connections and a storm of logins: {what}",
                sign="≤",
                bound=0,
                unit="",
                measured=lambda results, size=size, figure=figure: (  # type: ignore[misc] # the same
                    results["crowd"][str(size)][figure]
                ),
            )


def _idle_service() -> Iterator[Goal]:
    def highest(figure: str) -> Callable[[Results], float]:
        return lambda results: max(
            each[figure] for each in results["served_idle"].values()
        )

    for figure, what, bound, unit, scale in (
        ("busy", "one worker and its keeper, share of a core", 0.5, "%", 100),
        ("worker_mib", "memory of a worker", 85, "MiB", 1),
        ("keeper_mib", "memory of the keeper", 25, "MiB", 1),
    ):
        yield Goal(
            figure=f"served, idle, the worst store: {what}",
            sign="≤",
            bound=bound,
            unit=unit,
            measured=lambda results, figure=figure, scale=scale: (  # type: ignore[misc] # the same
                highest(figure)(results) * scale
            ),
        )


def _against_flask() -> Iterator[Goal]:
    sync, gthread = "gunicorn-sync", "gunicorn-gthread"
    for section, what, bound, modes in (
        ("throughput", "protected route", 1.6, (sync,)),
        ("throughput", "protected route", 1.5, (gthread,)),
        # Threads are tuned to the store in the last one: more would not help it.
        ("store_wait", "store of 20 ms", 10, (sync, gthread, f"{gthread}-64")),
    ):
        waiting = section == "store_wait"
        ours = "wait@hypercorn" if waiting else "warm@hypercorn"
        for mode in modes:
            theirs = f"wait-fje@{mode}" if waiting else f"fje@{mode}"
            yield Goal(
                figure=f"{what} ÷ Flask-JWT-Extended, {FLASK_MODES[mode]}: requests/s",
                sign="≥",
                bound=bound,
                unit=TIMES,
                measured=_served(section, "requests_per_s", ours, theirs),
            )


def _storm(storm: str) -> Iterator[Goal]:
    def of_storm(figure: str) -> Callable[[Results], float]:
        return lambda results: medians(results, "storms", storm)[figure]

    def highest(results: Results) -> float:
        lags: list[float] = [each["lag_max_ms"] for each in results["storms"][storm]]
        return max(lags)

    def slowdown(results: Results) -> float:
        figures = medians(results, "storms", storm)
        return figures["storm_p99_ms"] / figures["quiet_p99_ms"]

    for figure, bound, unit, measured in (
        ("loop lag, p99", 20, "ms", of_storm("lag_p99_ms")),
        ("loop lag, longest", 50, "ms", highest),
        ("protected p99 ÷ its quiet value", 2, TIMES, slowdown),
    ):
        yield Goal(
            figure=f"{STORMS[storm]}: {figure}",
            sign="<",
            bound=bound,
            unit=unit,
            measured=measured,
        )


def _refusal() -> Iterator[Goal]:
    yield Goal(
        figure="refusal of a forged token ÷ acceptance at first sight",
        sign="≤",
        bound=1,
        unit=TIMES,
        measured=_micro_ratio("ours: refusal, forged", FIRST),
    )
    yield Goal(
        figure="refusal of 8 KiB of garbage",
        sign="<",
        bound=50,
        unit="µs",
        measured=lambda results: micro_us(results, "ours: refusal, 8 KiB of garbage"),
    )


def _memory() -> Iterator[Goal]:
    def share(results: Results) -> float:
        distinct: dict[str, float] = results["distinct"]
        return distinct["bytes"] / distinct["max_bytes"]

    yield Goal(
        figure="1 M distinct tokens: bytes of the cache ÷ their bound",
        sign="≤",
        bound=1,
        unit=TIMES,
        measured=share,
    )
    yield Goal(
        figure="10,000 idle connections, Hypercorn: memory of each",
        sign="<",
        bound=45,
        unit="KiB",
        measured=lambda results: results["idle"]["idle@hypercorn"]["kib_each"],
    )
