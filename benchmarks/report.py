"""Figures as text, the plot of the scaling, and the documents' tables out of `results/*.txt`.

``python benchmarks/report.py [--check]`` writes what stands in the README and its guide between
``<!-- name -->`` and ``<!-- end -->``, or only says what differs. It needs nothing but Python.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from measure import Figure

RESULTS = Path(__file__).with_name("results")
ROOT = Path(__file__).parent.parent
DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "guides" / "measurements.md")


def show(value: float | None, unit: str) -> str:
    """Render a value with its unit."""
    if value is None:
        return "-"
    if unit == "%":
        return f"{100 * value:.4g} %"
    return f"{value:{'.0f' if abs(value) >= 1000 else '.5g'}} {unit}".rstrip()


def table(figures: Sequence[Figure]) -> str:
    """Render figures below each other: fields two or more blanks apart, - for what is not."""
    rows = [["verdict", "n", "figure", "value", "target", "detail"]]
    for figure in figures:
        sign = ">=" if figure.at_least else "<="
        target = "-" if figure.target is None else f"{sign} {show(figure.target, figure.unit)}"
        value, count = show(figure.value, figure.unit), str(figure.n or "-")
        rows.append([figure.verdict, count, figure.name, value, target, figure.detail or "-"])
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)


class Shown(NamedTuple):
    """What a line of a table shows: a value (a share of 100 % is 1), and of how many pictures."""

    value: float
    n: str


def read(section: str, results: Path = RESULTS) -> dict[str, Shown]:
    """Read the values of a section's figures back from its text; none before it was measured."""
    if not (results / f"{section}.txt").exists():
        return {}
    found = {}
    for line in (results / f"{section}.txt").read_text(encoding="utf-8").splitlines():
        fields = re.split(r" {2,}", line, maxsplit=5)
        if fields[0] in ("PASS", "FAIL", "info") and fields[3] != "-":
            number, _, unit = fields[3].partition(" ")
            found[fields[2]] = Shown(float(number) / (100 if unit == "%" else 1), fields[1])
    return found


# The plot: points of two positive quantities on logarithmic axes

Points = Sequence[tuple[float, float]]
WIDTH, HEIGHT = 640, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 620, 44, 368
COLORS = ("#0b6bcb", "#c2410c", "#4d7c0f", "#7e22ce")
TEXT = '<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>'


def exponent(points: Points) -> tuple[float, float]:
    """Fit ``y = factor * x ** slope`` by least squares of the logarithms; slope and factor."""
    xs, ys = ([math.log(point[i]) for point in points] for i in (0, 1))
    mean_x, mean_y = math.fsum(xs) / len(xs), math.fsum(ys) / len(ys)
    spread = math.fsum((x - mean_x) ** 2 for x in xs)
    slope = math.fsum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    return slope, math.exp(mean_y - slope * mean_x)


def svg(series: Mapping[str, Points], fits: Mapping[str, Points], labels: Sequence[str]) -> str:
    """Draw up to four series of points, lines through the ends in `fits`; title, x and y axis."""
    logs = [[math.log10(p[i]) for points in series.values() for p in points] for i in (0, 1)]
    low = [math.floor(min(values)) for values in logs]
    span = [max(math.ceil(max(v)) - first, 1) for v, first in zip(logs, low, strict=True)]

    def x(value: float) -> float:
        return LEFT + (math.log10(value) - low[0]) / span[0] * (RIGHT - LEFT)

    def y(value: float) -> float:
        return BOTTOM - (math.log10(value) - low[1]) / span[1] * (BOTTOM - TOP)

    title, x_label, y_label = map(escape, labels)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" font-size="15">{title}</text>',
        TEXT.format(WIDTH / 2, HEIGHT - 12, "middle", x_label),
        f'<g transform="translate(18 210) rotate(-90)">{TEXT.format(0, 0, "middle", y_label)}</g>',
    ]
    for value in (10.0 ** (low[0] + i) for i in range(span[0] + 1)):
        lines.append(f'<path d="M{x(value):.1f} {TOP}V{BOTTOM}" stroke="#ddd"/>')
        lines.append(TEXT.format(x(value), BOTTOM + 16, "middle", f"{value:g}"))
    for value in (10.0 ** (low[1] + i) for i in range(span[1] + 1)):
        lines.append(f'<path d="M{LEFT} {y(value):.1f}H{RIGHT}" stroke="#ddd"/>')
        lines.append(TEXT.format(LEFT - 6, y(value) + 4, "end", f"{value:g}"))
    for number, ((name, points), color) in enumerate(zip(series.items(), COLORS, strict=False)):
        ends = " L".join(f"{x(px):.1f} {y(py):.1f}" for px, py in fits.get(name, ()))
        lines += [f'<path d="M{ends}" stroke="{color}" fill="none"/>'] if ends else []
        below = TOP + 14 + 17 * number
        dots = [(x(px), y(py)) for px, py in points] + [(LEFT + 14, below)]
        lines += [f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="4" fill="{color}"/>' for cx, cy in dots]
        lines.append(TEXT.format(LEFT + 24, below + 4, "start", escape(name)))
    return "\n".join([*lines, "</svg>", ""])


# The documents' tables


def times(value: float) -> str:
    """Render a ratio of seconds or bytes."""
    return f"{value:.2f} ×" if value >= 0.01 else f"{value:.1g} ×"


def score(value: float, sign: str = "") -> str:
    """Render SSIMULACRA2, which may be negative."""
    return f"{value:{sign}.1f}".replace("-", "−")


def signed(value: float) -> str:
    """Render a difference of SSIMULACRA2."""
    return score(value, "+")


Cells = Mapping[str, tuple[str, Callable[[float], str]]]  # head: a figure's name, how it is shown
Keys = Mapping[str, str]  # head: what goes into the figures' names
one, two, three, whole = (style.format for style in ("{:.1f}", "{:.2f}", "{:.3f}", "{:,.0f}"))
IN_PROCESS: Cells = {
    "time, libimagequant": ("{}, libimagequant: time", times),
    "time, scikit-learn on 10,000 pixels": ("{}, sklearn: time", times),
    "time, scikit-learn on all pixels": ("{}, sklearn, all pixels: time", times),
    "time, our own decoding and encoding of the same files": ("{}, own files: time", times),
    "squared error, libimagequant": ("{}, libimagequant: squared error", "{:.3f} ×".format),
}
PROCESS: Cells = {
    "time, ours ÷ theirs": ("{}, pngquant: time", times),
    "the worst picture": ("{}, pngquant: time, worst", times),
    "our seconds, mean": ("{}, kmcodec: seconds, mean", two),
    "bytes, ours ÷ theirs": ("{}, pngquant: bytes", times),
}
ERROR: Cells = {
    "kmcodec": ("K={}, kmcodec: mean squared error", "**{:.1f}**".format),
    "pngquant -s1": ("K={}, pngquant: mean squared error", one),
    "libimagequant": ("K={}, libimagequant: mean squared error", one),
    "scikit-learn, 10,000 pixels": ("K={}, sklearn: mean squared error", one),
    "ours ÷ pngquant": ("K={}, pngquant: squared error", three),
    "÷ libimagequant": ("K={}, libimagequant: squared error", three),
    "÷ scikit-learn": ("K={}, sklearn: squared error", three),
}
PAIR: Cells = {
    folder: (f"{folder}, K={{}}, pngquant: bytes of the pair", two)
    for folder in ("kodak", "cq100", "screenshots", "maps", "charts")
}
DENSE: Cells = {
    "PNG: pngquant, `oxipng -o 4`": ("{}: kmc / oxipng", two),
    "`cwebp -lossless -z 9`": ("{}: kmc / cwebp", two),
    "`cjxl -d 0 -e 9`": ("{}: kmc / cjxl", two),
    "our pair": ("{}: kmc / pair", two),
    "`--effort fast` ÷ default": ("{}: kmc-fast / kmc", two),
}
LOSSY: Cells = {
    "PSNR": ("K={}: PSNR", "{:.1f} dB".format),
    "kmcodec pair": ("K={}: pair", whole),
    "JPEG": ("K={}: JPEG", whole),
    "AVIF": ("K={}: AVIF", whole),
}
LOOKS: Cells = {
    "SSIMULACRA2, ours − theirs": ("{}, pngquant: SSIMULACRA2", signed),
    "the worst picture": ("{}, pngquant: SSIMULACRA2, worst", signed),
    "butteraugli, ours ÷ theirs": ("{}, pngquant: butteraugli", times),
    "bytes, ours ÷ theirs": ("{}, pngquant: bytes", times),
}
LOOKS_PEERS: Cells = {
    **{f"SSIMULACRA2, K = {k}": (f"K={k}, {{}}: SSIMULACRA2", score) for k in (16, 64, 256)},
    **{f"bits a pixel, {k}": (f"K={k}, {{}}: bits a pixel, PNG", two) for k in (16, 64, 256)},
}
LOOKERS = {
    "kmcodec": "auto",
    "kmcodec `--dither selective`": "selective",
    "kmcodec `--dither none`": "none",
    "kmcodec `--tune psnr`": "psnr",
    "pngquant": "pngquant",
    "pngquant `--nofs`": "pngquant --nofs",
    "libimagequant": "libimagequant",
    "Pillow": "pillow",
    "ImageMagick": "imagemagick",
    "gifsicle": "gifsicle",
}
CLASSES = {"768×512": "768x512", "2.4 Mpx": "2.4 Mpx", "10 to 17 Mpx": "10-24 Mpx"}
KINDS = {kind: kind for kind in ("photographs", "screenshots", "maps", "charts", "pixel art")}
COLORS_SHOWN = {k: k for k in ("16", "64", "256")}
LOOKS_SHOWN = {
    f"{k}, `--dither {dither}`": f"K={k}, {dither}"
    for k in COLORS_SHOWN
    for dither in ("auto", "selective", "none")
}
# By the name between the markers: the section, the corner, what is shown, and of what
TABLES: dict[str, tuple[str, str, Cells, Keys]] = {
    "speed-in-process": ("in-process", "ours ÷ theirs", IN_PROCESS, CLASSES),
    "speed-process": ("process", "", PROCESS, CLASSES),
    "looks": ("looks", "K", LOOKS, LOOKS_SHOWN),
    "looks-peers": ("looks", "", LOOKS_PEERS, LOOKERS),
    "quality-error": ("error", "K", ERROR, COLORS_SHOWN),
    "quality-pair": ("error", "bytes ÷ pngquant -s1", PAIR, {f"K = {k}": k for k in COLORS_SHOWN}),
    "quality-dense": ("dense", "bytes ÷", DENSE, KINDS),
    "quality-lossy": ("lossy", "K", LOSSY, COLORS_SHOWN),
}


def markdown(found: Mapping[str, Shown], corner: str, cells: Cells, keys: Keys) -> str:
    """Make a table; classes of pictures have their number, and those of size are columns."""
    rows = [[corner, *cells]]
    for label, key in keys.items():
        shows = [found.get(name.format(key)) for name, _ in cells.values()]
        n = next((shown.n for shown in shows if shown), "-") if keys in (CLASSES, KINDS) else ""
        row = [f"{label} ({n})" if n else label]
        for shown, (_, style) in zip(shows, cells.values(), strict=True):
            other = f" ({shown.n})" if n and shown and shown.n not in (n, "-") else ""
            row.append(style(shown.value) + other if shown else "–")
        rows.append(row)
    rows = [list(row) for row in zip(*rows, strict=True)] if keys is CLASSES else rows
    lines = [f"| {' | '.join(row)} |".replace("|  |", "| |") for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def updated(texts: Sequence[str], results: Path = RESULTS) -> list[str]:
    """Return documents with every table, each in one of them, as the results have it."""
    made = list(texts)
    for name, (section, corner, cells, keys) in TABLES.items():
        start, end = f"<!-- {name} -->\n", "\n<!-- end -->"
        places = [place for place, text in enumerate(made) if start in text]
        if len(places) != 1:
            raise ValueError(f"the table {name} has {len(places)} places, not one")
        before, _, after = made[places[0]].partition(start)
        if end not in after:
            raise ValueError(f"the table {name} has no end")
        shown = markdown(read(section, results), corner, cells, keys)
        made[places[0]] = before + start + shown + end + after.partition(end)[2]
    return made


def main() -> int:
    """Write the documents' tables, or only say what differs; exit code 1 when something does."""
    texts = [path.read_text(encoding="utf-8") for path in DOCUMENTS]
    wanted, check = updated(texts), "--check" in sys.argv[1:]
    for path, text, new in zip(DOCUMENTS, texts, wanted, strict=True):
        lines = text.splitlines()
        for line in new.splitlines():
            if line not in lines:
                print(line)
        if not check:
            path.write_text(new, encoding="utf-8")
    return int(check and wanted != texts)


if __name__ == "__main__":
    sys.exit(main())
