"""The plot of quality against bytes: a panel for every picture, a line for everybody."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from looks_plot import ticks
from rate_curves import Curve, scaled
from rate_metrics import PSNR, SSIM, SSIMULACRA2
from report import TEXT

COLUMNS, WIDTH, HEIGHT, HEAD = 4, 300, 240, 64  # panels in a row, pixels of each, the key
LEFT, RIGHT, TOP, BOTTOM = 44, 288, 42, 208  # of the plot within its panel
SPREAD = 6.0  # bytes a pixel go so many times beyond those of ours, and no further
COLORS = {
    "kmc": "#0b3d91",
    "jpeg": "#a3a3a3",
    "webp": "#4d7c0f",
    "webp near-lossless": "#84cc16",
    "avif": "#be123c",
    "jxl": "#7e22ce",
    "pngquant": "#f59e0b",
}
NAMES = {"kmc": "kmcodec, .kmc", "jxl": "JPEG XL", "pngquant": "pngquant + oxipng -o 4"}
NAMES |= {"jpeg": "JPEG", "webp": "WebP", "webp near-lossless": "WebP, near-lossless"}
NAMES |= {"avif": "AVIF 4:4:4"}
TITLES = {PSNR: "PSNR, dB", SSIM: "SSIM", SSIMULACRA2: "SSIMULACRA2"}
TICKS = {  # of the quality; the first and the last are the ends
    PSNR: (26, 30, 34, 38, 42, 46, 50),
    SSIM: (0.7, 0.9, 0.95, 0.98, 0.99, 0.999),
    SSIMULACRA2: (30, 45, 60, 75, 85, 90, 100),
}


class Panel(NamedTuple):
    """What is drawn of a picture: its name and kind, its pixels, and everybody's curve."""

    name: str
    kind: str
    pixels: int
    curves: Mapping[str, Curve]


Points = Sequence[tuple[float, float]]


def svg(panels: Sequence[Panel], metric: str, anchors: Sequence[float]) -> str:
    """Draw the panels row by row; dots are corners of hulls, squares files without loss."""
    if not any(panel.curves for panel in panels):
        raise ValueError("nothing to draw: no picture has files")
    width = COLUMNS * WIDTH
    height = HEAD + math.ceil(len(panels) / COLUMNS) * HEIGHT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<clipPath id="plot"><rect x="{LEFT}" y="{TOP - 4}" width="{RIGHT - LEFT}" '
        f'height="{BOTTOM - TOP + 8}"/></clipPath>',
        f'<text x="{LEFT}" y="22" font-size="15">{TITLES[metric]} against bytes a pixel; squares: '
        "nothing is lost; dashed: anchors</text>",
    ]
    left = LEFT
    for who, color in COLORS.items():
        lines.append(f'<path d="M{left} 44h24" stroke="{color}" stroke-width="2"/>')
        lines.append(TEXT.format(left + 30, 48, "start", escape(NAMES[who])))
        left += 60 + 6 * len(NAMES[who])
    for number, panel in enumerate(panels):
        down, across = divmod(number, COLUMNS)
        place = f"{across * WIDTH} {HEAD + down * HEIGHT}"
        lines += [f'<g transform="translate({place})">', *drawn(panel, metric, anchors), "</g>"]
    return "\n".join([*lines, "</svg>", ""])


def ends(panel: Panel, lowest: float) -> tuple[float, float]:
    """Return the least and the most bytes a pixel that a panel shows."""
    sizes = {
        who: [math.exp(p.log_bytes) for p in c.hull if p.look >= lowest]
        + ([float(c.lossless)] if c.lossless else [])
        for who, c in panel.curves.items()
    }
    every = [size for own in sizes.values() for size in own]
    own = sizes.get("kmc") or every
    low = max(min(every, default=1), min(own, default=1) / SPREAD)
    high = min(max(every, default=2), max(own, default=2) * SPREAD)
    return low / panel.pixels / 1.1, max(high, 1.5 * low) / panel.pixels * 1.1


def drawn(panel: Panel, metric: str, anchors: Sequence[float]) -> list[str]:
    """Draw a panel at the origin."""
    bottom, top = (scaled(metric, TICKS[metric][i]) for i in (0, -1))
    low, high = ends(panel, bottom)
    wide = math.log(high / low)

    def x(value: float) -> float:
        return LEFT + math.log(value / panel.pixels / low) / wide * (RIGHT - LEFT)

    def y(quality: float) -> float:
        return BOTTOM - (quality - bottom) / (top - bottom) * (BOTTOM - TOP)

    lines = [
        TEXT.format(LEFT, TOP - 22, "start", escape(panel.name)),
        f'<g fill="#777">{TEXT.format(LEFT, TOP - 9, "start", panel.kind)}</g>',
    ]
    for value in spaced(ticks(low, high), low, high):
        lines.append(f'<path d="M{x(value * panel.pixels):.1f} {TOP}V{BOTTOM}" stroke="#e5e5e5"/>')
        lines.append(TEXT.format(x(value * panel.pixels), BOTTOM + 15, "middle", f"{value:g}"))
    for value in TICKS[metric]:
        style = 'stroke="#bbb" stroke-dasharray="3 3"' if value in anchors else 'stroke="#e5e5e5"'
        height = y(scaled(metric, value))
        lines.append(f'<path d="M{LEFT} {height:.1f}H{RIGHT}" {style}/>')
        lines.append(TEXT.format(LEFT - 5, height + 4, "end", f"{value:g}"))
    lines.append('<g clip-path="url(#plot)">')
    for who in (who for who in reversed(COLORS) if who in panel.curves):
        own, color = panel.curves[who], COLORS[who]
        corners = [(x(math.exp(p.log_bytes)), y(p.look)) for p in own.hull]
        path = " L".join(f"{a:.1f} {b:.1f}" for a, b in corners)
        if path:
            lines.append(f'<path d="M{path}" stroke="{color}" fill="none" stroke-width="1.4"/>')
        lines += [
            f'<circle cx="{a:.1f}" cy="{b:.1f}" r="1.8" fill="{color}"/>' for a, b in corners
        ]
        if own.lossless:
            left = x(own.lossless) - 3
            lines.append(
                f'<rect x="{left:.1f}" y="{TOP - 3}" width="6" height="6" fill="{color}"/>'
            )
    return [*lines, "</g>"]


def spaced(values: Sequence[float], low: float, high: float) -> list[float]:
    """Keep ticks that leave room for each other's numbers."""
    kept: list[float] = []
    for value in values:
        if not kept or math.log(value / kept[-1]) / math.log(high / low) > 0.14:
            kept.append(value)
    return kept
