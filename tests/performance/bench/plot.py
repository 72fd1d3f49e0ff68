"""SVG plots: bars with their spread, and a waterfall."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from tests.performance.bench.figures import Row, fmt

_WIDTH, _LEFT, _RIGHT = 760, 250, 120
_STEP, _BAR = 30, 18
_COLOURS = ("#8da0b3", "#2f6f9f")
_STYLE = "font-family='sans-serif' font-size='12' fill='#222'"


def bars(row: Row) -> str:
    """Draw a bar for each series: its median, a line from minimum to maximum, and the target."""
    limit = max([max(series.values) for series in row.series] + [row.aim_at or 0]) or 1
    scale = (_WIDTH - _LEFT - _RIGHT) / limit
    parts = [_text(8, 20, f"{row.key}. {row.title}", "font-weight='bold'")]
    for number, series in enumerate(row.series):
        top = 40 + number * _STEP
        colour = _COLOURS[number % 2]
        middle = top + _BAR / 2
        parts += [
            _text(8, middle + 4, series.name),
            _rect(_LEFT, top, series.median * scale, colour),
            _line(_LEFT + min(series.values) * scale, middle, _LEFT + max(series.values) * scale),
            _text(
                _LEFT + max(series.values) * scale + 6,
                middle + 4,
                f"{fmt(series.median)} {series.unit}",
            ),
        ]
    height = 40 + len(row.series) * _STEP + 24
    if row.aim_at is not None:
        parts += _aim(_LEFT + row.aim_at * scale, height, f"aim {fmt(row.aim_at)}")
    return _svg(parts, height)


def waterfall(row: Row) -> str:
    """Draw a bar for each span, from its start to its end."""
    scale = (_WIDTH - _LEFT - _RIGHT) / max(end for _, _, end, _ in row.spans)
    parts = [_text(8, 20, row.title, "font-weight='bold'")]
    for number, (name, begin, end, depth) in enumerate(row.spans):
        top = 36 + number * 22
        width = max((end - begin) * scale, 1)
        left = _LEFT + begin * scale
        parts += [
            _text(8 + 12 * depth, top + 13, name),
            _rect(left, top, width, _COLOURS[1 if depth else 0]),
            _text(left + width + 4, top + 13, f"{fmt(end - begin)} ms"),
        ]
    return _svg(parts, 36 + len(row.spans) * 22 + 12)


def _aim(x: float, height: float, name: str) -> list[str]:
    line = (
        f"<line x1='{x:.1f}' y1='32' x2='{x:.1f}' y2='{height - 20}' stroke='#b3261e' "
        "stroke-dasharray='4 3'/>"
    )
    return [line, _text(x - 4, height - 6, name, "text-anchor='middle'")]


def _rect(x: float, y: float, width: float, colour: str) -> str:
    return f"<rect x='{x:.1f}' y='{y}' width='{width:.1f}' height='{_BAR}' fill='{colour}'/>"


def _line(x1: float, y: float, x2: float) -> str:
    return f"<line x1='{x1:.1f}' y1='{y}' x2='{x2:.1f}' y2='{y}' stroke='#222' stroke-width='2'/>"


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' {_STYLE} {more}>{escape(text)}</text>"


def _svg(parts: Sequence[str], height: float) -> str:
    head = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{_WIDTH}' height='{height}' "
        f"viewBox='0 0 {_WIDTH} {height}'>"
    )
    background = f"<rect width='{_WIDTH}' height='{height}' fill='#fff'/>"
    return "\n".join([head, background, *parts, "</svg>", ""])
