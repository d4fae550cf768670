"""How the time of compressing grows with the picture: an exponent, and a plot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import inprocess
import photographs
import plot
from compare import Picture
from figures import Figure, Result, interleave
from peers import PeerResult
from photographs import HUGE, LADDER, Settings, say

SECTION = "scaling"
MAX_EXPONENT = 1.0
LIMIT_NOTE = "least squares of log seconds over log pixels, one photograph at every size"
Key = tuple[str, str, str]


def measure(settings: Settings) -> list[dict[str, Any]]:
    """Time every picture of the ladder and every huge one, all in turns."""
    pictures = {
        folder: [*photographs.read_all(photographs.in_folders(settings, [folder]))]
        for folder in (LADDER, HUGE)
    }
    codecs: dict[str, Callable[[Picture], PeerResult]] = {inprocess.OURS: inprocess.quantize_ours}
    if inprocess.installed("libimagequant"):
        codecs["libimagequant"] = inprocess.quantize_libimagequant
    rows = []
    for folder, several in pictures.items():
        say(f"{SECTION}: {folder}, {len(several)} pictures")
        tasks = {
            (folder, codec, picture.name): _task(quantize, picture)
            for picture in several
            for codec, quantize in codecs.items()
        }
        sizes = {picture.name: photographs.megapixels(picture) * 1e6 for picture in several}
        seconds: Mapping[Key, list[float]] = interleave(tasks, settings.repeats, _failed)
        rows += [
            {
                "folder": key[0],
                "codec": key[1],
                "picture": key[2],
                "pixels": round(sizes[key[2]]),
                "seconds": values,
            }
            for key, values in seconds.items()
        ]
    return rows


def _task(quantize: Callable[[Picture], PeerResult], picture: Picture) -> Callable[[], float]:
    return lambda: quantize(picture).seconds


def _failed(key: Key, problem: Exception) -> None:
    say(f"{SECTION}: {key[1]} on {key[2]} FAILED {type(problem).__name__}: {problem}")


def points_of(rows: list[dict[str, Any]], folder: str, codec: str) -> list[tuple[float, float]]:
    """Return pixels and median seconds, smallest picture first."""
    return sorted(
        (row["pixels"], median(row["seconds"]))
        for row in rows
        if row["folder"] == folder and row["codec"] == codec
    )


def judge(rows: list[dict[str, Any]], codec: str) -> Figure:
    """Make the line of one codec; ours has a target."""
    points = points_of(rows, LADDER, codec)
    target = MAX_EXPONENT if codec == inprocess.OURS else None
    if len({pixels for pixels, _ in points}) < 2:
        known = codec == inprocess.OURS or inprocess.installed(codec)
        reason = "fewer than two sizes" if known else "not installed"
        return Figure(SECTION, f"{codec}: exponent", None, target, "", detail=reason)
    slope, _ = plot.exponent(points)
    steps = ", ".join(f"{pixels / 1e6:.2f} Mpx {seconds:.4f} s" for pixels, seconds in points)
    return Figure(SECTION, f"{codec}: exponent", slope, target, "", detail=steps)


def draw(rows: list[dict[str, Any]], settings: Settings) -> str:
    """Write the SVG file, and return the plot as text."""
    series: dict[str, list[tuple[float, float]]] = {}
    fits: dict[str, list[tuple[float, float]]] = {}
    for codec in dict.fromkeys(row["codec"] for row in rows):
        ladder = points_of(rows, LADDER, codec)
        if len({pixels for pixels, _ in ladder}) >= 2:
            slope, factor = plot.exponent(ladder)
            name = f"{codec}, time ~ pixels^{slope:.2f}"
            series[name] = ladder
            ends = (ladder[0][0], ladder[-1][0])
            fits[name] = [(pixels, factor * pixels**slope) for pixels in ends]
        others = points_of(rows, HUGE, codec)
        if others:
            series[f"{codec}, other pictures"] = others
    if not series:
        return ""
    labels = ("Pixels to codebook and labels, K = 256", "pixels", "seconds")
    settings.plot.parent.mkdir(parents=True, exist_ok=True)
    settings.plot.write_text(plot.svg(series, fits, labels), encoding="utf-8")
    return plot.text(series) + f"\nplot written to {settings.plot.name}"


def run(settings: Settings) -> Result:
    """Measure, judge the exponent, draw."""
    rows = measure(settings)
    figures = [judge(rows, codec) for codec in (inprocess.OURS, "libimagequant")]
    return Result(figures, rows, f"{LIMIT_NOTE}\n{draw(rows, settings)}")
