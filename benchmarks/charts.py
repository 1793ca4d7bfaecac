"""The charts of a run: which figures are drawn, and under which file names."""

from collections.abc import Iterable
from collections.abc import Iterator

from benchmarks.contenders import Contender
from benchmarks.contenders import families
from benchmarks.contenders import OURS
from benchmarks.contenders import PEER
from benchmarks.contenders import WAITING
from benchmarks.results import medians
from benchmarks.results import micro_us
from benchmarks.results import Results
from benchmarks.svg import Bar
from benchmarks.svg import Chart
from benchmarks.svg import draw

PINNED = "Server on one core, load on another; medians of alternating rounds."

DECODES = (
    ("quart-jwt, a token seen before", "ours: decode_token, warm", OURS),
    ("quart-jwt, first sight", "ours: decode_token, first sight", OURS),
    ("joserfc", "joserfc: decode and validate", PEER),
    ("PyJWT", "PyJWT: decode", PEER),
    ("Flask-JWT-Extended", "Flask-JWT-Extended: decode_token", PEER),
)


def charts(results: Results) -> dict[str, str]:
    """File names and SVG documents of all that was measured."""
    return {f"{name}.svg": draw(chart) for name, chart in _charts(results)}


def _charts(results: Results) -> Iterator[tuple[str, Chart]]:
    for family, contenders in families(every_server=True).items():
        name = family.split()[0].lower()
        for figure, title, note in (
            ("cpu_us", "Server CPU per request, µs", "Shorter is better."),
            ("requests_per_s", "Requests per second", "Longer is better."),
        ):
            bars = _bars(results, "throughput", figure, contenders)
            if bars:
                chart = Chart(
                    title=f"{title}: {family}", note=f"{note} {PINNED}", bars=bars
                )
                yield f"{figure.split('_')[0]}-{name}", chart
    waiting = _bars(results, "store_wait", "requests_per_s", WAITING)
    if waiting:
        connections = results["plan"]["wait_connections"]
        yield (
            "store-wait",
            Chart(
                title="Requests per second, each waiting 20 ms for a store",
                note=f"Longer is better. {connections:,} connections, one process.",
                bars=waiting,
            ),
        )
    decodes = [
        _micro_bar(results, label, case, kind)
        for label, case, kind in DECODES
        if case in results.get("micro", {})
    ]
    if decodes:
        title = "Verifying one token in process, µs (HS256)"
        yield "verify", Chart(title=title, note="Shorter is better.", bars=decodes)


def _micro_bar(results: Results, label: str, case: str, kind: str) -> Bar:
    value = micro_us(results, case)
    return Bar(label=label, value=value, text=f"{value:.1f}", kind=kind)


def _bars(
    results: Results, section: str, figure: str, contenders: Iterable[Contender]
) -> list[Bar]:
    bars = []
    for contender in contenders:
        if contender.key in results.get(section, {}):
            value = medians(results, section, contender.key)[figure]
            bars.append(
                Bar(
                    label=contender.label,
                    value=value,
                    text=f"{value:,.0f}",
                    kind=contender.kind,
                )
            )
    return bars
