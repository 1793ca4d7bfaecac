"""Charts are well-formed, labelled and to scale."""

from xml.etree import ElementTree as ET

import pytest
from benchmarks.svg import Bar
from benchmarks.svg import Chart
from benchmarks.svg import draw

SVG = "{http://www.w3.org/2000/svg}"

BARS = (
    Bar(label="ours & <theirs>", value=100, text="100", kind="ours"),
    Bar(label="half", value=50, text="50", kind="peer"),
    Bar(label="nothing", value=0, text="0", kind="bare"),
)
CHART = Chart(title='Requests "per" second <1>', note="Longer is better.", bars=BARS)


def _root() -> ET.Element:
    return ET.fromstring(draw(CHART))  # noqa: S314 - a document of our own


def test_it_is_well_formed() -> None:
    """Labels with markup in them stay text."""
    texts = [text.text for text in _root().iter(f"{SVG}text")]

    assert {"ours & <theirs>", 'Requests "per" second <1>'} <= {*texts}


def test_it_can_be_read_aloud() -> None:
    """Title and description name every bar and its value."""
    root = _root()
    said = root.findtext(f"{SVG}desc") or ""

    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == 'Requests "per" second <1>'
    assert all(f"{bar.label}: {bar.text}" in said for bar in BARS)


def test_bars_are_to_scale() -> None:
    """Half the value has half the length, and nothing is still seen."""
    widths = [
        float(rectangle.get("width", 0))
        for rectangle in _root().iter(f"{SVG}rect")
        if rectangle.get("height") == "18"
    ]

    assert pytest.approx(widths[0] / widths[1], rel=0.01) == 2.0
    assert widths[2] == 1.0


def test_it_follows_the_readers_scheme() -> None:
    """Dark pages get colours of their own, and the picture no background."""
    document = draw(CHART)

    assert "prefers-color-scheme: dark" in document
    assert 'width="100%"' not in document


@pytest.mark.parametrize(
    "bars", [pytest.param((), id="none"), pytest.param(BARS[2:], id="zero")]
)
def test_nothing_is_not_drawn(bars: tuple[Bar, ...]) -> None:
    """A chart without a length is an error."""
    with pytest.raises(ValueError, match="nothing to draw"):
        draw(Chart(title="empty", note="", bars=bars))
