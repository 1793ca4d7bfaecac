"""
Horizontal bars as SVG, for light and dark pages.

Colours follow the reader's scheme and meet WCAG's contrast of 3:1 for graphics on
both; a bar's kind is told by its label too, never by colour alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH = 900
ROW = 28
BAR = 18
TOP = 58
BOTTOM = 34
LABELS = 410
VALUES = 90
"""Pixels: the picture, a row, a bar in it, the borders, both columns of text."""

STYLE = """\
text { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #24292f; }
.title { font-size: 16px; font-weight: 600; }
.note { font-size: 12px; fill: #57606a; }
.ours { fill: #0969da; } .peer { fill: #8c959f; } .bare { fill: #57606a; }
.ours-label { font-weight: 600; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .note { fill: #9198a1; }
  .ours { fill: #4493f8; } .peer { fill: #6e7681; } .bare { fill: #9198a1; }
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """
    One bar.

    Attributes:
        label: Whose it is.
        value: How long it is.
        text: Its value for readers.
        kind: ``ours``, ``peer`` or ``bare``: its colour.
    """

    label: str
    value: float
    text: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """
    One picture.

    Attributes:
        title: What is shown, with its unit.
        note: Which direction is good, and under what conditions.
        bars: From top to bottom.
    """

    title: str
    note: str
    bars: Sequence[Bar]


def draw(chart: Chart) -> str:
    """
    The chart as an SVG document.

    Raises:
        ValueError: There are no bars, or none with a length.
    """
    longest = max((bar.value for bar in chart.bars), default=0.0)
    if longest <= 0:
        raise ValueError("There is nothing to draw")
    height = TOP + ROW * len(chart.bars) + BOTTOM
    scale = (WIDTH - LABELS - VALUES) / longest
    rows = [
        _row(bar, TOP + ROW * number, scale) for number, bar in enumerate(chart.bars)
    ]
    said = "; ".join(f"{bar.label}: {bar.text}" for bar in chart.bars)
    return "\n".join(
        (
            _opening(height),
            f'<title id="title">{escape(chart.title)}</title>',
            f'<desc id="desc">{escape(said)}</desc>',
            f"<style>\n{STYLE}\n</style>",
            f'<text class="title" x="0" y="20">{escape(chart.title)}</text>',
            f'<text class="note" x="0" y="40">{escape(chart.note)}</text>',
            *rows,
            _legend(height - 10),
            "</svg>\n",
        )
    )


def _opening(height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-labelledby="title desc">'
    )


def _row(bar: Bar, top: float, scale: float) -> str:
    middle = top + BAR / 2 + 4.5
    width = max(1.0, bar.value * scale)
    return (
        f'<text class="{bar.kind}-label" x="{LABELS - 10}" y="{middle:.1f}" '
        f'text-anchor="end">{escape(bar.label)}</text>'
        f'<rect class="{bar.kind}" x="{LABELS}" y="{top:.1f}" width="{width:.1f}" '
        f'height="{BAR}" rx="2"/>'
        f'<text x="{LABELS + width + 8:.1f}" y="{middle:.1f}">{escape(bar.text)}</text>'
    )


def _legend(base: float) -> str:
    entries = (("ours", "quart-jwt"), ("bare", "no token at all"), ("peer", "others"))
    return "".join(
        f'<rect class="{kind}" x="{LABELS + 130 * number}" y="{base - 9:.0f}" '
        f'width="10" height="10" rx="2"/>'
        f'<text class="note" x="{LABELS + 130 * number + 16}" y="{base:.0f}">'
        f"{label}</text>"
        for number, (kind, label) in enumerate(entries)
    )
