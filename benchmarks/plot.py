"""Points of two positive quantities on logarithmic axes: as SVG, and as text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 640, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 44, 52
COLORS = ("#0b6bcb", "#c2410c", "#4d7c0f", "#7e22ce")
MARKS = "ox+*"
COLUMNS, LINES = 64, 16


@dataclass(frozen=True)
class Axis:
    """A logarithmic axis between two powers of ten."""

    low: int
    high: int

    def place(self, value: float) -> float:
        """Return where a value lies, 0 to 1."""
        return (math.log10(value) - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return the powers of ten."""
        return [10.0**power for power in range(self.low, self.high + 1)]


def axis(values: Sequence[float]) -> Axis:
    """Fit an axis around values."""
    low = math.floor(math.log10(min(values)))
    return Axis(low, max(math.ceil(math.log10(max(values))), low + 1))


def exponent(points: Points) -> tuple[float, float]:
    """Fit ``y = factor * x ** slope`` by least squares of the logarithms.

    Parameters
    ----------
    points : sequence of (x, y)
        Positive; at least two different x.

    Returns
    -------
    slope, factor : float
    """
    xs = [math.log(x) for x, _ in points]
    ys = [math.log(y) for _, y in points]
    mean_x, mean_y = math.fsum(xs) / len(xs), math.fsum(ys) / len(ys)
    spread = math.fsum((x - mean_x) ** 2 for x in xs)
    slope = math.fsum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    return slope, math.exp(mean_y - slope * mean_x)


def _axes(series: Mapping[str, Points]) -> tuple[Axis, Axis]:
    points = [point for values in series.values() for point in values]
    return axis([x for x, _ in points]), axis([y for _, y in points])


def _grid(x_axis: Axis, y_axis: Axis) -> list[str]:
    """Draw lines and numbers at the powers of ten."""
    lines = []
    for value in x_axis.ticks():
        x = LEFT + x_axis.place(value) * (WIDTH - LEFT - RIGHT)
        lines += [
            f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>',
            f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{value:g}</text>',
        ]
    for value in y_axis.ticks():
        y = HEIGHT - BOTTOM - y_axis.place(value) * (HEIGHT - TOP - BOTTOM)
        lines += [
            f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>',
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>',
        ]
    return lines


def svg(series: Mapping[str, Points], fits: Mapping[str, Points], labels: Sequence[str]) -> str:
    """Draw points, and lines through them.

    Parameters
    ----------
    series : mapping of str to points
        What the legend calls them, at most four.
    fits : mapping of str to points
        Ends of the line of a series, by the same name.
    labels : sequence of str
        The title, the x axis and the y axis.

    Returns
    -------
    svg : str
        A whole file.
    """
    x_axis, y_axis = _axes(series)

    def at(point: tuple[float, float]) -> tuple[str, str]:
        x = LEFT + x_axis.place(point[0]) * (WIDTH - LEFT - RIGHT)
        y = HEIGHT - BOTTOM - y_axis.place(point[1]) * (HEIGHT - TOP - BOTTOM)
        return f"{x:.1f}", f"{y:.1f}"

    title, x_label, y_label = map(escape, labels)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" font-size="15">{title}</text>',
        f'<text x="{WIDTH / 2:.0f}" y="{HEIGHT - 12}" text-anchor="middle">{x_label}</text>',
        f'<text transform="translate(18 {HEIGHT / 2:.0f}) rotate(-90)" '
        f'text-anchor="middle">{y_label}</text>',
        *_grid(x_axis, y_axis),
    ]
    for number, (name, points) in enumerate(series.items()):
        color = COLORS[number % len(COLORS)]
        if name in fits:
            places = " L".join(" ".join(at(point)) for point in fits[name])
            lines.append(f'<path d="M{places}" stroke="{color}" fill="none"/>')
        for point in points:
            x, y = at(point)
            lines.append(f'<circle cx="{x}" cy="{y}" r="4" fill="{color}"/>')
        y = str(TOP + 18 + 17 * number)
        lines += [
            f'<circle cx="{LEFT + 14}" cy="{int(y) - 4}" r="4" fill="{color}"/>',
            f'<text x="{LEFT + 24}" y="{y}">{escape(name)}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])


def text(series: Mapping[str, Points]) -> str:
    """Draw points with characters; the first series lies on top."""
    x_axis, y_axis = _axes(series)
    cells = [[" "] * COLUMNS for _ in range(LINES)]
    for number, points in reversed(list(enumerate(series.values()))):
        for x, y in points:
            column = round(x_axis.place(x) * (COLUMNS - 1))
            line = LINES - 1 - round(y_axis.place(y) * (LINES - 1))
            cells[line][column] = MARKS[number % len(MARKS)]
    lines = [f"{'':>9} |{''.join(cell)}".rstrip() for cell in cells]
    for value in y_axis.ticks():
        line = LINES - 1 - round(y_axis.place(value) * (LINES - 1))
        lines[line] = f"{value:>9g} |{''.join(cells[line])}".rstrip()
    below = [" "] * (COLUMNS + 12)
    for value in x_axis.ticks():
        start = 11 + round(x_axis.place(value) * (COLUMNS - 1))
        below[start : start + len(f"{value:g}")] = f"{value:g}"
    legend = [f"{'':>11}{MARKS[i % len(MARKS)]} {name}" for i, name in enumerate(series)]
    return "\n".join([*legend, *lines, f"{'':>10}+{'-' * COLUMNS}", "".join(below).rstrip()])
