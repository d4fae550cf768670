"""Measure what a person sees: SSIMULACRA2 and butteraugli beside other quantizers, and bytes.

``python benchmarks/looks.py DATA [SECTION...] [--rows FILE] [--who GLOB...] [--colors K...]``

What was measured stands in a CSV file, to which a run adds what is not there yet. After a change
of kmcodec its lines have to go: ``sed -i /^ours/d FILE``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import lines
import looks_figures
import looks_peers
import looks_plot
import looks_rows
import measure
import peers
import pictures
import report
from looks_figures import Table
from looks_metrics import BACKGROUNDS, BUTTERAUGLI
from looks_peers import PAINTERS
from looks_rows import ALPHA_FOLDERS, FOLDERS, Row
from measure import Figure, Settings

COLORS = (8, 16, 32, 64, 128, 256)


@dataclass
class Looks(Settings):
    """What was asked for on the command line."""

    colors: list[int] = field(default_factory=lambda: [*COLORS])
    rows: Path = Path("looks.csv")
    pictures: list[str] = field(default_factory=list)
    who: list[str] = field(default_factory=list)
    crop: int | None = None
    jobs: int = 2
    known: bool = False


def table(settings: Looks, background: str | None = None) -> Table:
    """Measure what is asked for and not known; return all that is asked for."""
    folders = settings.folders or (*FOLDERS, *ALPHA_FOLDERS)
    who = lines.chosen([*PAINTERS], settings.who)
    if not settings.known and background is None:
        looks_peers.need("ssimulacra2", "oxipng", BUTTERAUGLI)
        files = pictures.asked(settings.data, folders, settings.limit, settings.pictures)
        can = [name for name in who if looks_peers.installed(name)]
        looks_rows.measure(
            settings.rows, files, settings.crop, settings.colors, can, settings.jobs
        )
    found: dict[int, dict[str, dict[str, Row]]] = {k: {} for k in settings.colors}
    for (name, picture, k), rows in looks_rows.cases(looks_rows.read(settings.rows)).items():
        path, _, crop = picture.partition("#")
        asked = path.partition("/")[0] in folders and crop == str(settings.crop or "")
        asked = asked and lines.chosen([path], settings.pictures) != []
        kept = [row for row in rows if background in (None, row.background)]
        if asked and k in found and name in who and kept:
            found[k].setdefault(picture, {})[name] = looks_rows.averaged(kept)
    return found


def looks(settings: Looks) -> Iterator[Figure]:
    """Compare looks at the same K, and the bytes of indexed PNGs.

    SSIMULACRA2: ours - theirs, means; butteraugli (3-norm) and bytes (after oxipng -o 4): ours /
    theirs, geometric means. Of opaque pictures, or put on white. Everybody at the defaults, but
    ours as it is named: auto, selective, none, fs, ordered with --tune visual, and --tune psnr.
    """
    yield from looks_figures.same_k(table(settings))


def alpha(settings: Looks) -> Iterator[Figure]:
    """Compare looks and bytes of pictures with transparency, as `looks` does.

    On black, white and a checkerboard of 8 pixels (#999 and #666): the mean, and each of them.
    """
    by_background = {background: table(settings, background) for background in BACKGROUNDS}
    yield from looks_figures.with_alpha(table(settings), by_background)


def hulls(settings: Looks) -> Iterator[Figure]:
    """Compare bytes at an equal look, each program with its best K and dithering.

    Upper convex hulls of SSIMULACRA2 over the logarithm of bytes, integrated where both have
    files; ours / theirs, geometric means. Theirs after oxipng -o 4; ours the PNG as written and
    after it, and the .kmc. auto: its bytes over those of our own hull where that looks the same.
    """
    found = table(settings)
    yield from looks_figures.equal_look(found)
    if settings.write:
        drawn = looks_plot.svg(looks_figures.curves(found), settings.colors)
        Path(report.RESULTS, "looks.svg").write_text(drawn, encoding="utf-8")


def smooth(settings: Looks) -> Iterator[Figure]:
    """Compare squared error where a band would show, undithered, with pngquant --nofs -s1.

    Of pixels around which no channel varies by more than 16 within 7x7, and some by 1 at least;
    summed over R, G, B; ours / theirs, geometric means over the pictures that have such pixels.
    """
    yield from looks_figures.smooth(table(settings))


SECTIONS: dict[str, measure.Section] = {
    "looks": looks,
    "alpha": alpha,
    "hulls": hulls,
    "smooth": smooth,
}
OPTIONS: measure.Options = {
    "--rows": {"type": Path, "metavar": "FILE", "help": "the CSV file; default: looks.csv"},
    "--known": {"action": "store_true", "help": "measure nothing, judge what FILE has"},
    "--colors": {"type": int, "nargs": "+", "metavar": "K", "help": "default: 8 16 32 ... 256"},
    "--folders": {"nargs": "+", "metavar": "NAME", "help": "those of DATA that count"},
    "--pictures": {"nargs": "+", "metavar": "GLOB", "help": "those that count, as FOLDER/NAME"},
    "--who": {"nargs": "+", "metavar": "GLOB", "help": f"of {'; '.join(PAINTERS)}"},
    "--crop": {"type": int, "metavar": "N", "help": "the middle NxN pixels, for a quick look"},
    "--jobs": {"type": int, "metavar": "N", "help": "processes; default: 2"},
}


def about() -> str:
    """Return the versions."""
    return peers.about(looks_peers.versions())


if __name__ == "__main__":
    sys.exit(measure.main(__doc__, SECTIONS, OPTIONS, about, Looks()))
