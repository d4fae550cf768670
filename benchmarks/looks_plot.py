"""The plot of look against bytes, a line for everybody over K."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from report import TEXT

WIDTH, HEIGHT = 900, 560
LEFT, RIGHT, TOP, BOTTOM = 60, 690, 44, 508
STEPS = (1, 2, 5)  # ticks of the bytes, times powers of ten
EVERY = 10  # between ticks of the look
FORMATS = {"kmc": "5 3", "PNG": "none"}  # dashes
COLORS = {  # ours are blue and green, others warm or grey
    "ours auto": "#0b3d91",
    "ours selective": "#0b6bcb",
    "ours none": "#0e9f6e",
    "ours fs": "#67b7f7",
    "ours ordered": "#7dd3c0",
    "ours psnr": "#4d7c0f",
    "pngquant": "#c2410c",
    "pngquant --nofs": "#f59e0b",
    "pngquant --nofs -s1": "#d4b106",
    "libimagequant": "#be123c",
    "pillow": "#7e22ce",
    "pillow fs": "#c084fc",
    "imagemagick": "#555555",
    "gifsicle": "#a3a3a3",
}

Points = Sequence[tuple[float, float]]


def ticks(low: float, high: float) -> list[float]:
    """Return the round numbers of a logarithmic axis."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [v for p in powers for step in STEPS if low <= (v := step * 10.0**p) <= high]


def svg(curves: Mapping[str, Points], colors: Sequence[int]) -> str:
    """Draw points of (bytes a pixel, SSIMULACRA2), in lines; names end in a format."""
    every = [point for points in curves.values() for point in points]
    if not every:
        raise ValueError("nothing to draw: no picture has been looked at by everybody at every K")
    low, high = (math.log10(pick(p[0] for p in every)) for pick in (min, max))
    bottom, top = (pick(p[1] for p in every) for pick in (min, max))
    bottom, top = EVERY * math.floor(bottom / EVERY), EVERY * math.ceil(top / EVERY)

    def x(value: float) -> float:
        return LEFT + 10 + (math.log10(value) - low) / max(high - low, 1e-9) * (RIGHT - LEFT - 20)

    def y(value: float) -> float:
        return BOTTOM - (value - bottom) / max(top - bottom, EVERY) * (BOTTOM - TOP)

    title = f"Look for bytes, K = {', '.join(map(str, colors))}"
    turned = TEXT.format(0, 0, "middle", "SSIMULACRA2")
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" font-size="15">{escape(title)}</text>',
        TEXT.format((LEFT + RIGHT) / 2, HEIGHT - 12, "middle", "bytes a pixel"),
        f'<g transform="translate(18 {(TOP + BOTTOM) / 2}) rotate(-90)">{turned}</g>',
    ]
    for value in ticks(10**low, 10**high):
        lines.append(f'<path d="M{x(value):.1f} {TOP}V{BOTTOM}" stroke="#ddd"/>')
        lines.append(TEXT.format(x(value), BOTTOM + 16, "middle", f"{value:g}"))
    for look in range(bottom, top + 1, EVERY):
        lines.append(f'<path d="M{LEFT} {y(look):.1f}H{RIGHT}" stroke="#ddd"/>')
        lines.append(TEXT.format(LEFT - 6, y(look) + 4, "end", look))
    for number, (name, points) in enumerate(curves.items()):
        who, _, form = name.rpartition(", ")
        below = TOP + 8 + 20 * number
        style = f'stroke="{COLORS[who]}" stroke-dasharray="{FORMATS[form]}" fill="none"'
        for line in (points, ()):  # the curve, then its key
            ends = [(x(a), y(b)) for a, b in line] or [(RIGHT + 14, below), (RIGHT + 40, below)]
            path = " L".join(f"{a:.1f} {b:.1f}" for a, b in ends)
            lines.append(f'<path d="M{path}" {style} stroke-width="1.6"/>')
            dots = ends if line else [(RIGHT + 27, below)]
            lines += [
                f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.5" fill="{COLORS[who]}"/>'
                for a, b in dots
            ]
        lines.append(TEXT.format(RIGHT + 48, below + 4, "start", escape(name)))
    return "\n".join([*lines, "</svg>", ""])
