"""In process, pixels to codebook and labels: time and squared error beside the peers."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

import compare
import numpy as np
import peers
import photographs
from compare import Picture
from figures import Figure, Result, geometric_mean, interleave, medians, reraise, timed, worst
from peers import PeerResult
from photographs import LARGE, MIDDLE, SMALL, Settings, SizeClass, say

import codec

SECTION = "in-process"
OURS, FULL, OWN_FILES = "kmcodec", "sklearn, all pixels", "decode + label-PNG encode"
N_COLORS = 256


@dataclass(frozen=True)
class Targets:
    """What is asked against a peer, as ratios ours / peer; None where nothing is.

    Attributes
    ----------
    seconds, error : float or None
        Largest geometric mean over the pictures.
    every : str
        ``lower`` or ``at most``: what our squared error has to be on every picture; empty where
        the count is information.
    """

    seconds: float | None = None
    error: float | None = None
    every: str = ""


TARGETS = {
    (SMALL.name, "libimagequant"): Targets(0.5, 0.96, "lower"),
    (SMALL.name, "sklearn"): Targets(0.8, 0.96),
    (SMALL.name, FULL): Targets(1 / 50, 1.0, "at most"),
    (MIDDLE.name, "libimagequant"): Targets(0.3, None, "lower"),
    (LARGE.name, "libimagequant"): Targets(0.12, None, "lower"),
    (LARGE.name, OWN_FILES): Targets(0.8),
}

NOTE = """\
time: geometric mean over the pictures of ours / theirs, medians of runs in turns; imports and
files excluded. squared error: sum over R, G, B, mean over pixels, code-words rounded.
libimagequant: imagequant package, dithering 0, quality 100, its default speed; its RGBA input is
made beforehand. sklearn: KMeans on 10,000 pixels and predict on all, as in tutorial.py."""


def quantize_ours(picture: Picture) -> PeerResult:
    """Compress with the defaults."""
    start = time.perf_counter()
    indexed = codec.compress(picture.pixels, n_colors=N_COLORS)
    seconds = time.perf_counter() - start
    return PeerResult(compare.comparable(codec.decompress(indexed)), None, seconds)


def quantize_libimagequant(picture: Picture) -> PeerResult:
    """Quantize with libimagequant as everywhere here."""
    return peers.quantize_libimagequant(Path(), picture.reference, N_COLORS)


def quantize_sample(picture: Picture) -> PeerResult:
    """Quantize with the tutorials' script, without its files."""
    import tutorial

    start = time.perf_counter()
    codebook, labels = tutorial.quantize(picture.reference, N_COLORS)
    seconds = time.perf_counter() - start
    return PeerResult(codebook[labels], None, seconds)


def quantize_full(picture: Picture) -> PeerResult:
    """Quantize with scikit-learn on all pixels, one start."""
    from sklearn.cluster import KMeans

    height, width = picture.reference.shape[:2]
    start = time.perf_counter()
    points = picture.reference.reshape(height * width, -1).astype(np.float64) / 255
    model: Any = KMeans(n_clusters=N_COLORS, n_init=1, random_state=0).fit(points)
    codebook = np.rint(model.cluster_centers_ * 255).clip(0, 255).astype(np.uint8)
    labels = model.labels_.astype(np.uint8)
    seconds = time.perf_counter() - start
    return PeerResult(codebook[labels].reshape(height, width, -1), None, seconds)


PEERS: dict[str, Callable[[Picture], PeerResult]] = {
    "libimagequant": quantize_libimagequant,
    "sklearn": quantize_sample,
}


def installed(name: str) -> bool:
    """Tell whether a peer of this section can run."""
    return peers.PEERS["sklearn" if name == FULL else name].available()


def _row(size: SizeClass, picture: Picture, name: str, results: Sequence[Any]) -> dict[str, Any]:
    return {
        "class": size.name,
        "picture": f"{picture.folder}/{picture.name}",
        "pixels": round(photographs.megapixels(picture) * 1e6),
        "codec": name,
        "seconds": [seconds for seconds, _ in results],
        "squared_error": results[0][1],
    }


def measure(
    size: SizeClass,
    picture: Picture,
    tasks: Mapping[str, Callable[[Picture], PeerResult]],
    repeats: int,
) -> list[dict[str, Any]]:
    """Run quantizers in turns on one picture; one row for each that did not fail."""

    def task(quantize: Callable[[Picture], PeerResult]) -> Callable[[], tuple[float, float]]:
        def call() -> tuple[float, float]:
            result = quantize(picture)
            return result.seconds, compare.squared_error(picture.reference, result.pixels)

        return call

    def failed(name: str, problem: Exception) -> None:
        say(f"{picture.name}: {name} FAILED {type(problem).__name__}: {problem}")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fewer distinct colors than K: KMeans warns
        calls = {name: task(quantize) for name, quantize in tasks.items()}
        outcomes = interleave(calls, repeats, failed)
    return [_row(size, picture, name, results) for name, results in outcomes.items()]


def compared(
    rows: Sequence[dict[str, Any]], size: SizeClass, peer: str
) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return our row and the peer's by picture, for the pictures that have both."""
    own = [row for row in rows if row["class"] == size.name]
    ours = {row["picture"]: row for row in own if row["codec"] == OURS}
    return {
        row["picture"]: (ours[row["picture"]], row)
        for row in own
        if row["codec"] == peer and row["picture"] in ours
    }


def judge(rows: Sequence[dict[str, Any]], size: SizeClass, peer: str) -> list[Figure]:
    """Make the lines of one class against one peer."""
    targets = TARGETS.get((size.name, peer), Targets())
    both = compared(rows, size, peer)
    title = f"{size.name} ({len(both)}), {peer}"
    without = {row["picture"] for row in rows if row["codec"] == peer} - both.keys()
    without &= {row["picture"] for row in rows if row["class"] == size.name}
    if without:
        detail = f"ours failed on {', '.join(sorted(without))}"
        return [Figure(SECTION, f"{title}: time", None, targets.seconds, "x", False, detail, True)]
    if not both:
        reason = "not measured" if installed(peer) else "not installed"
        return [Figure(SECTION, f"{title}: time", None, targets.seconds, detail=reason)]
    times = {
        name: median(ours["seconds"]) / median(theirs["seconds"])
        for name, (ours, theirs) in both.items()
    }
    errors = {
        name: ours["squared_error"] / max(theirs["squared_error"], 1e-9)
        for name, (ours, theirs) in both.items()
    }
    strict = targets.every != "at most"
    good = {name for name, ratio in errors.items() if (ratio < 1 if strict else ratio <= 1)}
    bad = [f"{name} {ratio:.4f}" for name, ratio in errors.items() if name not in good]
    mine = fmean(median(ours["seconds"]) for ours, _ in both.values())
    other = fmean(median(theirs["seconds"]) for _, theirs in both.values())
    counted = f"{len(good)} of {len(both)}" + (f"; not: {', '.join(bad)}" if bad else "")
    spread = f"{worst(times)}; mean {mine:.3f} s, theirs {other:.3f} s"
    word = "at most theirs" if not strict else "lower"
    return [
        Figure(
            SECTION,
            f"{title}: time",
            geometric_mean([*times.values()]),
            targets.seconds,
            detail=spread,
        ),
        Figure(
            SECTION,
            f"{title}: squared error",
            geometric_mean([*errors.values()]),
            targets.error,
            detail=worst(errors),
        ),
        Figure(
            SECTION,
            f"{title}: squared error {word} on",
            len(good) / len(both),
            1.0 if targets.every else None,
            "%",
            True,
            counted,
        ),
    ]


def time_own(path: Path, repeats: int) -> dict[str, float]:
    """Return the median seconds of compressing, decoding and encoding one picture."""
    from codec.formats import pair

    pixels = codec.read_image(path).pixels
    indexed = codec.compress(pixels, n_colors=N_COLORS)
    tasks = {
        "compress": lambda: timed(lambda: codec.compress(pixels, n_colors=N_COLORS)),
        "decode": lambda: timed(lambda: codec.read_image(path)),
        "encode": lambda: timed(lambda: pair.encode(indexed, "default")),
    }
    return medians(interleave(tasks, repeats, reraise))


def own_files(settings: Settings, paths: Sequence[Path]) -> tuple[list[Figure], list[Any]]:
    """Time compressing against our own decoding and label-PNG encoding of the same pictures."""
    rows: list[dict[str, Any]] = []
    for path in paths:
        say(f"{SECTION}: {path.name}, {OWN_FILES}")
        spent = time_own(path, settings.repeats)
        rows.append({"class": LARGE.name, "picture": path.name, "codec": OWN_FILES, **spent})
    return [_judge_own(rows)], rows


def _judge_own(rows: Sequence[dict[str, Any]]) -> Figure:
    title = f"{LARGE.name} ({len(rows)}), own {OWN_FILES}: time"
    target = TARGETS[LARGE.name, OWN_FILES].seconds
    if not rows:
        return Figure(SECTION, title, None, target, detail="no pictures")
    ratios = {row["picture"]: row["compress"] / (row["decode"] + row["encode"]) for row in rows}
    parts = ", ".join(
        f"{what} {fmean(row[what] for row in rows):.3f} s"
        for what in ("compress", "decode", "encode")
    )
    return Figure(
        SECTION,
        title,
        geometric_mean([*ratios.values()]),
        target,
        detail=f"{worst(ratios)}; mean {parts}",
    )


def _full_rows(settings: Settings) -> list[dict[str, Any]]:
    """Run scikit-learn on all pixels of the first pictures, once each."""
    paths = photographs.of_class(settings, SMALL)[: settings.full_kmeans]
    rows = []
    for picture in photographs.read_all(paths if installed(FULL) else []):
        say(f"{SECTION}: {picture.folder}/{picture.name}, {FULL}: this takes minutes")
        rows += measure(SMALL, picture, {FULL: quantize_full}, 1)
    return rows


def warm_up(tasks: Mapping[str, Callable[[Picture], PeerResult]]) -> None:
    """Run every quantizer on a small picture, so that no measurement pays for an import."""
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    measure(SMALL, Picture("", "warm-up", pixels, pixels), tasks, 1)


def run(settings: Settings) -> Result:
    """Measure every class against every peer."""
    tasks = {OURS: quantize_ours} | {
        name: quantize for name, quantize in PEERS.items() if installed(name)
    }
    warm_up(tasks)
    rows: list[dict[str, Any]] = []
    figures: list[Figure] = []
    for size in photographs.CLASSES:
        for picture in photographs.read_all(photographs.of_class(settings, size)):
            say(f"{SECTION}: {size.name} {picture.folder}/{picture.name}")
            rows += measure(size, picture, tasks, settings.repeats)
    rows += _full_rows(settings)
    for size in photographs.CLASSES:
        for peer in [*PEERS, FULL] if size is SMALL else PEERS:
            figures += judge(rows, size, peer)
    own, own_rows = own_files(settings, photographs.of_class(settings, LARGE))
    return Result(figures + own, rows + own_rows, NOTE)
