"""Draw curves of bytes against PSNR, SSIM and SSIMULACRA2, and judge them; targets; nesting.

``python benchmarks/rate.py DATA [SECTION...] [--rows FILE] [--who GLOB...] [--jobs N]``

What was measured stands in a CSV file, to which a run adds what is not there yet. After a change
of kmcodec its lines have to go, those of others stay: ``sed -i /^ours/d FILE``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import lines
import looks_peers
import measure
import peers
import pictures
import rate_figures
import rate_frontier
import rate_nested
import rate_peers
import rate_rows
import rate_targets
import report
from measure import Figure, Settings
from rate_metrics import METRICS, SSIMULACRA2
from rate_peers import COLORS, FEW, OURS, PEERS, WHO
from rate_rows import FOLDERS, Table


@dataclass
class Rate(Settings):
    """What was asked for on the command line."""

    colors: list[int] = field(default_factory=lambda: [*COLORS])
    rows: Path = Path("rate.csv")
    pictures: list[str] = field(default_factory=list)
    who: list[str] = field(default_factory=list)
    metrics: list[str] = field(default_factory=lambda: [*METRICS])
    crop: int | None = None
    max_pixels: float | None = None
    jobs: int = 1
    known: bool = False
    cases: int = 500


def files(settings: Rate) -> list[Path]:
    """List the pictures that are asked for."""
    return pictures.asked(
        settings.data,
        settings.folders or FOLDERS,
        settings.limit,
        settings.pictures,
        settings.max_pixels,
    )


def table(settings: Rate, who: list[str], colors: list[int]) -> Table:
    """Measure what is asked for and not known; return all that is asked for."""
    who = lines.chosen(who, settings.who)
    if not settings.known:
        if SSIMULACRA2 in settings.metrics:
            looks_peers.need("ssimulacra2")
        can = [name for name in who if rate_peers.installed(name)]
        paths, crop, jobs = files(settings), settings.crop, settings.jobs
        rate_rows.measure(settings.rows, paths, crop, colors, can, settings.metrics, jobs)
    folders = settings.folders or FOLDERS
    return rate_rows.table(settings.rows, folders, settings.pictures, settings.crop, colors, who)


def rate(settings: Rate) -> Iterator[Figure]:
    """Compare labels chosen for the bytes with plain k-means over K, and with pngquant.

    Bjøntegaard's rate with straight lines, over what the lower hulls have in common: our bytes
    less theirs, geometric means over the pictures. Ours is the hull over K and rate_distortion
    (0, 0.1, 0.2, 0.4, 0.8, 1.2, 2.5), plain that of 0 alone: PSNR and SSIM by --tune psnr, at
    equal SSIMULACRA2 by --tune visual, undithered; SSIM in dB. Beside pngquant + oxipng -o 4 each
    has its best K and dithering. Worst point: our bytes where a plain file is, at its PSNR.
    """
    found = table(settings, [*OURS, "pngquant"], settings.colors)
    yield from rate_figures.rates(found)
    yield from rate_figures.beside_pngquant(found)


def frontier(settings: Rate) -> Iterator[Figure]:
    """Compare our .kmc with the best of others at anchors of PSNR, SSIM and SSIMULACRA2.

    JPEG (4:2:0 and 4:4:4), WebP, near-lossless WebP, AVIF 4:4:4, JPEG XL, pngquant + oxipng -o 4,
    each with its best settings. Our bytes / theirs, interpolated on the lower hulls; geometric
    means. drawn: mostly one color, few colors, or pixel art; photo-like: maps and gradients.
    """
    kmc = [who for who in OURS if who.endswith("kmc")]
    found = table(settings, [*kmc, *PEERS], [*FEW, *settings.colors])
    yield from rate_frontier.frontier(found)
    for metric in settings.metrics if settings.write else ():
        drawn = rate_frontier.plot(found, metric)
        Path(report.RESULTS, f"frontier-{metric}.svg").write_text(drawn, encoding="utf-8")


def targets(settings: Rate) -> Iterator[Figure]:
    """Ask for bytes, a quality or a largest error, and judge what the files have.

    Bytes and qualities lie between those of plain files of 8 and of 256 colors; every picture as
    it is and as grey, every format and tune. Time: of compressing for a target and encoding, over
    that without one at 256 colors. Packing bound: so many colors are so far apart that 256 cannot
    be within less of all of them.
    """
    rows = settings.rows.with_suffix(".targets.csv")
    if not settings.known:
        rate_targets.measure(rows, files(settings), settings.crop, settings.cases, settings.jobs)
    yield from rate_targets.judged(rows, settings.crop)


def nested(settings: Rate) -> Iterator[Figure]:
    """Compare codebooks of many sizes from one training with those of their own.

    Squared error of the nearest code-words, over that of compressing with --tune psnr; time of
    all sizes over that of one training at 256 colors, encoding excluded.
    """
    rows = settings.rows.with_suffix(".nested.csv")
    if not settings.known:
        rate_nested.measure(rows, files(settings), settings.crop, settings.jobs)
    yield from rate_nested.judged(rows, settings.crop)


SECTIONS: dict[str, measure.Section] = {
    "rate": rate,
    "frontier": frontier,
    "targets": targets,
    "nested": nested,
}
OPTIONS: measure.Options = {
    "--rows": {"type": Path, "metavar": "FILE", "help": "the CSV file; default: rate.csv"},
    "--known": {"action": "store_true", "help": "measure nothing, judge what FILE has"},
    "--metrics": {"nargs": "+", "choices": METRICS, "help": "default: all; the last is slow"},
    "--colors": {"type": int, "nargs": "+", "metavar": "K", "help": "default: 8 16 32 ... 256"},
    "--folders": {"nargs": "+", "metavar": "NAME", "help": "those of DATA that count"},
    "--pictures": {"nargs": "+", "metavar": "GLOB", "help": "those that count, as FOLDER/NAME"},
    "--max-pixels": {"type": float, "metavar": "N", "help": "leave out what is larger: 6e6"},
    "--who": {"nargs": "+", "metavar": "GLOB", "help": f"of {'; '.join(WHO)}"},
    "--crop": {"type": int, "metavar": "N", "help": "the middle NxN pixels, for a quick look"},
    "--cases": {"type": int, "metavar": "N", "help": "of --max-bytes; default: 500"},
    "--jobs": {"type": int, "metavar": "N", "help": "processes; default: 1"},
}


def about() -> str:
    """Return the versions."""
    return peers.about(rate_peers.versions())


if __name__ == "__main__":
    sys.exit(measure.main(__doc__, SECTIONS, OPTIONS, about, Rate()))
