"""
The page of a run: one HTML file that requests nothing from elsewhere.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from html import escape
from importlib.resources import files

from quart_jwt.service.load.plots import draw
from quart_jwt.service.load.plots import Plot
from quart_jwt.service.load.plots import Point
from quart_jwt.service.load.plots import Series
from quart_jwt.service.load.results import Results
from quart_jwt.service.load.results import Stage
from quart_jwt.service.load.watching import Look

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(results: Results) -> str:
    """Return the page."""
    style = files(__package__).joinpath("page.css").read_text("utf-8")
    body = "\n".join(_body(results))
    title = f"Load test: {escape(results.kind)}"
    return f"""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}</style>
<main>
<h1>{title}</h1>
{body}
</main>
</html>
"""


def _body(results: Results) -> Iterator[str]:
    yield _verdict(results)
    yield '<div class="plots">'
    yield from map(draw, _plots(results))
    yield "</div>"
    yield "<h2>Rates</h2>"
    yield _table(
        ("arrivals/s", "responses/s", "errors", "generator late, p99 ms", "thresholds"),
        map(_rate_row, results.stages),
    )
    last = results.best or results.stages[-1]
    yield f"<h2>Requests at {last.rate:.1f} arrivals/s</h2>"
    yield _table(
        ("request", "succeeded", "failed", "p50 ms", "p95 ms", "p99 ms", "max ms"),
        _figure_rows(last),
    )
    yield "<h2>Errors by kind</h2>"
    errors = results.errors.most_common()
    if errors:
        yield _table(("error", "count"), ((kind, str(n)) for kind, n in errors))
    else:
        yield "<p>None.</p>"
    yield "<h2>Settings</h2>"
    yield _table(
        ("setting", "value"),
        {**results.settings, "began": results.began, **results.machine}.items(),
    )


def _verdict(results: Results) -> str:
    best, limits = results.best, results.thresholds
    terms = f"p99 ≤ {limits.p99_ms:g} ms, errors ≤ {limits.errors_percent:g} %"
    if best is None:
        return f'<p class="verdict bad">No rate met the thresholds ({terms}).</p>'
    found = "Saturation point" if results.is_search else "Thresholds met at"
    return (
        f'<p class="verdict good"><strong>{found}: {best.rate:.1f} arrivals/s'
        f"</strong>, {best.answered_per_s:.1f} responses/s ({terms}).</p>"
    )


def _plots(results: Results) -> Iterator[Plot]:
    stages = sorted(results.stages, key=lambda stage: stage.rate)
    limit = results.thresholds.p99_ms
    if len(stages) > 1:
        yield Plot(
            title="Throughput against latency (slowest kind)",
            x="arrivals per second, as offered",
            y="ms",
            series=[
                Series("p50", _by_rate(stages, "p50_ms")),
                Series("p95", _by_rate(stages, "p95_ms")),
                Series("p99", _by_rate(stages, "p99_ms")),
            ],
            limit=limit,
            is_log=True,
        )
    seconds = [second for stage in results.stages for second in stage.seconds]
    yield Plot(
        title="Latency over time (all requests)",
        x="seconds",
        y="ms",
        series=[
            Series("p50", [(one.at_s, one.p50_ms) for one in seconds]),
            Series("p99", [(one.at_s, one.p99_ms) for one in seconds]),
        ],
        limit=limit,
        is_log=True,
    )
    yield Plot(
        title="Responses over time",
        x="seconds",
        y="per second",
        series=[
            Series("succeeded", [(one.at_s, one.answered) for one in seconds]),
            Series("failed", [(one.at_s, one.failed) for one in seconds]),
        ],
    )
    yield from _watched([look for stage in results.stages for look in stage.looks])


def _watched(looks: Sequence[Look]) -> Iterator[Plot]:
    yield _watched_plot(
        "CPU of the service (100 % is one core)", "%", looks, cpu="cpu_percent"
    )
    yield _watched_plot("Event-loop lag", "ms", looks, mean="lag_ms")
    names = {"running": "hashes_running", "waiting": "hashes_waiting"}
    yield _watched_plot("Hash queue", "password hashes", looks, **names)


def _watched_plot(title: str, y: str, looks: Sequence[Look], **names: str) -> Plot:
    began_s = looks[0].at_s if looks else 0
    series = [
        Series(said, [(look.at_s - began_s, getattr(look, name)) for look in looks])
        for said, name in names.items()
    ]
    return Plot(title=title, x="seconds", y=y, series=series)


def _by_rate(stages: Sequence[Stage], name: str) -> list[Point]:
    points: list[Point] = []
    for stage in stages:
        values = [getattr(one, name) for one in stage.figures]
        known = [value for value in values if value is not None]
        points.append((stage.rate, max(known, default=None)))
    return points


def _rate_row(stage: Stage) -> Sequence[str]:
    return (
        f"{stage.rate:.1f}",
        f"{stage.answered_per_s:.1f}",
        str(stage.failed),
        f"{stage.generator_late_ms:.1f}",
        "; ".join(stage.missed) or "met",
    )


def _figure_rows(stage: Stage) -> Iterator[Sequence[str]]:
    for one in stage.figures:
        latencies = (one.p50_ms, one.p95_ms, one.p99_ms, one.max_ms)
        yield (
            one.kind,
            str(one.answered),
            str(one.failed),
            *("-" if value is None else f"{value:.1f}" for value in latencies),
        )


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in headings)
    lines = [
        f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>"
        for row in rows
    ]
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )
