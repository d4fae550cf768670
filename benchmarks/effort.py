"""What `--effort best` gains over the default, and what each effort costs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import fmean, median
from typing import Any

import compare
import photographs
from compare import Picture
from figures import Figure, Result, geometric_mean
from photographs import KODAK, Settings, say

import codec

SECTION = "effort"
EFFORTS = ("fast", "default", "best")
SEEDS = range(10)
N_COLORS = 256
RECORD = "kodim05.png"
RECORDS = {256: (36.3, 38.2), 64: (105.7, 110.8)}  # K: at most, and the best published
MIN_GAIN = 0.012
NOTE = """\
squared error: sum over R, G, B, mean over pixels, code-words rounded to whole levels.
gain: 1 - best / median of ten default runs (seeds 0 to 9), K = 256, mean over the pictures."""


def once(picture: Picture, n_colors: int, effort: str, seed: int) -> dict[str, Any]:
    """Compress once; squared error and seconds."""
    start = time.perf_counter()
    indexed = codec.compress(picture.pixels, n_colors=n_colors, seed=seed, effort=effort)
    seconds = time.perf_counter() - start
    decoded = compare.comparable(codec.decompress(indexed))
    return {
        "picture": picture.name,
        "mpx": photographs.megapixels(picture),
        "n_colors": n_colors,
        "effort": effort,
        "seed": seed,
        "seconds": seconds,
        "squared_error": compare.squared_error(picture.reference, decoded),
    }


def runs(picture: Picture) -> list[dict[str, Any]]:
    """Compress with ten seeds by default, once fast and once best; the record's K too."""
    say(f"{SECTION}: {picture.name}")
    rows = [once(picture, N_COLORS, "default", seed) for seed in SEEDS]
    rows += [once(picture, N_COLORS, effort, 0) for effort in EFFORTS if effort != "default"]
    if picture.name == RECORD:
        rows += [once(picture, k, "best", 0) for k in RECORDS if k != N_COLORS]
    return rows


def judge_records(rows: Sequence[dict[str, Any]]) -> list[Figure]:
    """Make the lines of the one picture that others published figures for."""
    figures = []
    for k, (limit, published) in RECORDS.items():
        found = [
            row["squared_error"]
            for row in rows
            if (row["picture"], row["n_colors"], row["effort"]) == (RECORD, k, "best")
        ]
        detail = f"best published {published}" if found else "no such picture"
        value = found[0] if found else None
        name = f"{RECORD}, K={k}, best: squared error"
        figures.append(Figure(SECTION, name, value, limit, "", detail=detail))
    return figures


def against_default(rows: Sequence[dict[str, Any]], effort: str) -> dict[str, float]:
    """Return squared error / median of the default runs, by picture."""
    own = [row for row in rows if row["n_colors"] == N_COLORS]
    ratios = {}
    for row in own:
        if row["effort"] == effort and row["seed"] == 0:
            defaults = [
                other["squared_error"]
                for other in own
                if other["picture"] == row["picture"] and other["effort"] == "default"
            ]
            ratios[row["picture"]] = row["squared_error"] / max(median(defaults), 1e-9)
    return ratios


def judge(rows: Sequence[dict[str, Any]]) -> list[Figure]:
    """Make every line of this section."""
    figures = judge_records(rows)
    for effort in ("best", "fast"):
        ratios = against_default(rows, effort)
        gains = [1 - ratio for ratio in ratios.values()]
        name = f"{KODAK} ({len(gains)}), K={N_COLORS}, {effort}: gain over default"
        target = MIN_GAIN if effort == "best" else None
        if not gains:
            figures.append(Figure(SECTION, name, None, target, "%", True, "no pictures"))
            continue
        detail = f"least {min(gains):.2%}, most {max(gains):.2%}"
        figures.append(Figure(SECTION, name, fmean(gains), target, "%", True, detail))
    for effort in EFFORTS:
        own = [row for row in rows if row["effort"] == effort and row["n_colors"] == N_COLORS]
        rates = [row["seconds"] / row["mpx"] for row in own]
        name = f"{KODAK}, K={N_COLORS}, {effort}: seconds a megapixel"
        detail = f"most {max(rates):.3f}" if rates else "no pictures"
        figures.append(Figure(SECTION, name, geometric_mean(rates), unit="s/Mpx", detail=detail))
    return figures


def run(settings: Settings) -> Result:
    """Measure over kodak; with a limit, the picture of the records is among the pictures."""
    paths = photographs.in_folders(settings, [KODAK])
    first = [path for path in paths if path.name == RECORD]
    paths = [*first, *(path for path in paths if path not in first)][: settings.limit]
    rows = [row for picture in photographs.read_all(paths) for row in runs(picture)]
    return Result(judge(rows), rows, NOTE)
