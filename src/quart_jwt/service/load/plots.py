"""
Line plots as SVG. Colours are the page's, so they follow its light or dark scheme.

A series is told by its dashes and its legend, too, never by colour alone.
"""

import math
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 66, 20, 14, 60
TICKS = 5
STYLES = 4

Point = tuple[float, float | None]


@dataclass(frozen=True, slots=True)
class Series:
    """A line: its name and its points; a point without a value leaves a gap."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """
    A plot.

    Attributes:
        title: What it shows.
        x: The quantity and unit of the horizontal axis.
        y: The same of the vertical axis.
        series: The lines.
        limit: A horizontal line, such as a threshold, or None.
        is_log: Whether the vertical axis is logarithmic.
    """

    title: str
    x: str
    y: str
    series: Sequence[Series]
    limit: float | None = None
    is_log: bool = False

    @property
    def values(self) -> list[float]:
        """Every value of every line."""
        return [y for one in self.series for _x, y in one.points if y is not None]


def draw(plot: Plot) -> str:
    """Return the figure as HTML; a sentence stands where there is nothing to draw."""
    unit = f"<small>{escape(plot.y)}</small>"
    title = f"<figcaption>{escape(plot.title)} {unit}</figcaption>"
    values = plot.values
    if not values:
        return f"<figure>{title}<p>Not available for this server.</p></figure>"
    xs = [x for one in plot.series for x, _y in one.points]
    across = _Axis(min(0.0, *xs), _end(max(xs)), is_log=False)
    high = max([*values, plot.limit or 0])
    high = _upper(high) if plot.is_log else _end(high)
    low = max(0.1, min(values)) if plot.is_log else 0.0
    up = _Axis(_decade(low) if plot.is_log else 0.0, high, is_log=plot.is_log)
    parts = [*_grid(plot, across, up), *_lines(plot, across, up)]
    said = f"{plot.title}. Horizontal: {plot.x}. Vertical: {plot.y}."
    return (
        f'<figure>{title}<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(said)}">{"".join(parts)}</svg>{_legend(plot)}</figure>'
    )


class _Axis:
    def __init__(self, low: float, high: float, *, is_log: bool) -> None:
        self.low, self.high, self._is_log = low, max(high, low + 1e-9), is_log
        self._scale: Callable[[float], float] = math.log10 if is_log else float

    def share(self, value: float) -> float:
        """Return where a value stands: 0 at the low end, 1 at the high end."""
        low, high = self._scale(self.low), self._scale(self.high)
        return (self._scale(max(value, self.low)) - low) / (high - low)

    def ticks(self) -> list[float]:
        if not self._is_log:
            step = _upper((self.high - self.low) / TICKS * 0.999)
            count = int((self.high - self.low) / step + 1e-9)
            return [self.low + step * number for number in range(count + 1)]
        first, last = round(math.log10(self.low)), math.log10(self.high)
        return [10.0**power for power in range(first, math.floor(last + 1e-9) + 1)]


def _x(axis: _Axis, value: float) -> float:
    return LEFT + axis.share(value) * (WIDTH - LEFT - RIGHT)


def _y(axis: _Axis, value: float) -> float:
    return HEIGHT - BOTTOM - axis.share(value) * (HEIGHT - TOP - BOTTOM)


def _grid(plot: Plot, across: _Axis, up: _Axis) -> Iterator[str]:
    right, base = WIDTH - RIGHT, HEIGHT - BOTTOM
    for tick in up.ticks():
        y = _y(up, tick)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{right}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" class="end">{_text(tick)}</text>'
    for tick in across.ticks():
        x = _x(across, tick)
        yield f'<text x="{x:.1f}" y="{base + 22}" class="mid">{_text(tick)}</text>'
    middle = (LEFT + right) / 2
    yield f'<text x="{middle}" y="{HEIGHT - 6}" class="mid">{escape(plot.x)}</text>'
    if plot.limit is not None:
        y = _y(up, plot.limit)
        yield f'<path class="limit" d="M{LEFT} {y:.1f}H{right}"/>'


def _lines(plot: Plot, across: _Axis, up: _Axis) -> Iterator[str]:
    for number, one in enumerate(plot.series):
        path, pen = [], "M"
        for x, y in one.points:
            if y is None:
                pen = "M"
                continue
            place = f"{_x(across, x):.1f} {_y(up, y):.1f}"
            path.append(pen + place)
            pen = "L"
            yield f'<path class="dot s{number % STYLES}" d="M{place}h0"/>'
        yield f'<path class="line s{number % STYLES}" d="{"".join(path)}"/>'


def _legend(plot: Plot) -> str:
    keys = [
        f'<span><svg viewBox="0 0 28 8" aria-hidden="true"><path class="line '
        f's{number % STYLES}" d="M0 4H28"/></svg>{escape(one.name)}</span>'
        for number, one in enumerate(plot.series)
    ]
    if plot.limit is not None:
        keys.append(
            '<span><svg viewBox="0 0 28 8" aria-hidden="true"><path class="limit" '
            f'd="M0 4H28"/></svg>threshold {_text(plot.limit)}</span>'
        )
    return f'<div class="legend">{"".join(keys)}</div>'


def _end(value: float) -> float:
    """Return the first tick at or above a value."""
    step = _upper(value / TICKS)
    return math.ceil(value / step - 1e-9) * step or step


def _upper(value: float) -> float:
    """Return the next round number: 1, 2, 2.5 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(
        power * one for one in (1, 2, 2.5, 5, 10) if power * one >= value * 0.999
    )


def _decade(value: float) -> float:
    return 10.0 ** math.floor(math.log10(value))


def _text(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:g}"  # noqa: PLR2004 - from here on, no decimals
