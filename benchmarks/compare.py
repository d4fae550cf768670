"""Compare kmcodec with its peers, picture by picture: squared error, bytes, seconds.

``python benchmarks/compare.py PATH... [-k 16 64 256] [--peers NAME...] [--json FILE]``
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import environment
import numpy as np
import peers
import tables
from peers import PeerResult, Pixels
from PIL import Image

import codec
from codec import images

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
ROWS_AT_A_TIME = 256  # bounds the memory of squared_error()


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes
    ----------
    folder, name : str
        As in the tables.
    pixels : ndarray of uint8, shape (H, W) or (H, W, C)
        As our reader gives them: what we compress.
    reference : ndarray of uint8, shape (H, W, 3) or (H, W, 4)
        The same as RGB, or RGBA where some pixel is not opaque: what the peers get.
    """

    folder: str
    name: str
    pixels: Pixels
    reference: Pixels

    @property
    def alpha(self) -> bool:
        """Whether some pixel is not opaque."""
        return bool(self.reference.shape[2] == 4)


def comparable(pixels: Pixels) -> Pixels:
    """Expand grey to RGB, and drop an alpha channel that is 255 everywhere."""
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    channels = pixels.shape[2]
    has_alpha = channels in (2, 4) and bool((pixels[:, :, -1] != 255).any())
    order = {1: [0, 0, 0], 2: [0, 0, 0, 1], 3: [0, 1, 2], 4: [0, 1, 2, 3]}[channels]
    return np.ascontiguousarray(pixels[:, :, order if has_alpha else order[:3]])


def squared_error(reference: Pixels, decoded: Pixels) -> float:
    """Return the squared error, summed over R, G, B and averaged over the pixels; exact."""
    total = 0
    for start in range(0, len(reference), ROWS_AT_A_TIME):
        rows = slice(start, start + ROWS_AT_A_TIME)
        difference = np.subtract(reference[rows], decoded[rows], dtype=np.int64)
        total += int(np.vdot(difference, difference))
    height, width = reference.shape[:2]
    return float(total / (height * width))


def find_pictures(paths: Sequence[Path], limit: int | None) -> list[tuple[str, Path]]:
    """List folder names and picture files, in order; at most `limit` in a folder."""
    found: dict[str, list[Path]] = {}
    for path in paths:
        if not path.is_dir():
            found.setdefault(path.resolve().parent.name, []).append(path)
            continue
        for file in sorted(path.rglob("*")):
            if file.suffix.lower() in SUFFIXES:
                inside = file.parent.relative_to(path)
                folder = (Path(path.resolve().name) / inside).as_posix()
                found.setdefault(folder, []).append(file)
    return [(folder, file) for folder, files in found.items() for file in files[:limit]]


def read_picture(folder: str, path: Path) -> Picture:
    """Read a picture once, for everybody; refuse an animation."""
    with Image.open(path) as opened:
        if getattr(opened, "n_frames", 1) > 1:
            raise ValueError("has several frames")
    pixels = images.read_image(path).pixels
    return Picture(folder, path.name, pixels, comparable(pixels))


def run_ours(picture: Picture, n_colors: int) -> PeerResult:
    """Compress to labels and codebook, save the pair, decode."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        indexed = codec.compress(picture.pixels, n_colors=n_colors)
        written = codec.save(indexed, Path(folder, "X.labels.png"), force=True)
        seconds = time.perf_counter() - start
        size_bytes = sum(Path(path).stat().st_size for path in written)
    return PeerResult(comparable(codec.decompress(indexed)), size_bytes, seconds)


def run(name: str, picture: Picture, png: Path, n_colors: int) -> PeerResult:
    """Run kmcodec or a peer on a picture."""
    if name == tables.OURS:
        return run_ours(picture, n_colors)
    return peers.PEERS[name].quantize(png, picture.reference, n_colors)


def measure(name: str, picture: Picture, png: Path, n_colors: int) -> tables.Row:
    """Make one row. Whatever a codec raises ends up in the row: the others go on."""
    error: float | None = None
    size_bytes: int | None = None
    seconds: float | None = None
    failure: str | None = None
    try:
        result = run(name, picture, png, n_colors)
        if not picture.alpha:
            if result.pixels.shape != picture.reference.shape:
                raise ValueError(f"decoded to {result.pixels.shape}")
            error = squared_error(picture.reference, result.pixels)
        size_bytes, seconds = result.size_bytes, result.seconds
    except Exception as problem:
        failure = f"{type(problem).__name__}: {problem}"
    height, width = picture.pixels.shape[:2]
    channels = 1 if picture.pixels.ndim == 2 else picture.pixels.shape[2]
    return tables.Row(
        folder=picture.folder,
        picture=picture.name,
        width=width,
        height=height,
        channels=channels,
        alpha=picture.alpha,
        n_colors=n_colors,
        codec=name,
        squared_error=error,
        size_bytes=size_bytes,
        seconds=seconds,
        error=failure,
    )


def measure_picture(
    picture: Picture, names: Sequence[str], n_colors: Sequence[int]
) -> Iterator[tables.Row]:
    """Run every codec at every K on one picture."""
    with tempfile.TemporaryDirectory() as folder:
        png = Path(folder, "picture.png")
        Image.fromarray(picture.reference).save(png, compress_level=1)
        for k in n_colors:
            for name in names:
                yield measure(name, picture, png, k)


def measure_all(
    paths: Sequence[Path], limit: int | None, names: Sequence[str], n_colors: Sequence[int]
) -> tuple[list[tables.Row], list[str]]:
    """Run every codec on every picture; an interrupt ends it with what was measured.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders.
    limit : int or None
        Most pictures of a folder.
    names : sequence of str
        Codecs, ours too if it shall run.
    n_colors : sequence of int
        Every K.

    Returns
    -------
    rows : list of Row
    skipped : list of str
        Pictures that could not be read, and why.
    """

    def say(message: str) -> None:
        print(message, file=sys.stderr, flush=True)

    rows: list[tables.Row] = []
    skipped: list[str] = []
    files = find_pictures(paths, limit)
    try:
        for number, (folder, path) in enumerate(files, start=1):
            try:
                picture = read_picture(folder, path)
            except Exception as problem:  # not a picture for us: damaged, animated, too deep
                skipped.append(f"{folder}/{path.name}: {type(problem).__name__}: {problem}")
                say(f"[{number}/{len(files)}] skipped {skipped[-1]}")
                continue
            where = f"[{number}/{len(files)}] {folder}/{path.name}"
            for row in measure_picture(picture, names, n_colors):
                done = f"{row.seconds:.2f} s" if row.error is None else f"FAILED {row.error}"
                say(f"{where} K={row.n_colors} {row.codec} {done}")
                rows.append(row)
    except KeyboardInterrupt:
        say("interrupted: this is what was measured")
    return rows, skipped


def warm_up(names: Sequence[str]) -> None:
    """Run every codec once on a small picture, so that no measurement pays for an import."""
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    picture = Picture("", "warm-up", pixels, pixels)
    list(measure_picture(picture, names, [8]))


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="file or folder")
    parser.add_argument("-k", "--colors", nargs="+", type=int, default=[16, 64, 256], metavar="K")
    parser.add_argument(
        "--peers",
        nargs="+",
        choices=list(peers.PEERS),
        metavar="NAME",
        help=f"of {', '.join(peers.PEERS)}; default: all installed but the slow ones (opencv)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every row there")
    parser.add_argument("--limit", type=int, metavar="N", help="at most N pictures a folder")
    return parser.parse_args(arguments)


def report(rows: Sequence[tables.Row], names: Sequence[str]) -> list[tables.Verdict]:
    """Print the tables with the thresholds beside them; return the verdicts."""
    print(tables.LEGEND)
    folders = list(dict.fromkeys(row.folder for row in rows))
    verdicts = []
    for folder in folders:
        own = tables.judge_bytes(rows, folder)
        verdicts += own
        print("", tables.table(rows, folder, names), *(v.render() for v in own), sep="\n")
    overall = tables.judge_errors(rows, sorted({row.n_colors for row in rows}))
    print("", tables.table(rows, tables.ALL, names), *(v.render() for v in overall), sep="\n")
    failed = tables.failures(rows)
    if failed:
        print(f"\nfailed: {len(failed)}", *failed, sep="\n  ")
    return verdicts + overall


def main() -> int:
    """Run the comparison; exit code 1 when a threshold or one of our own runs fails."""
    options = parse()
    versions = peers.versions()
    asked = options.peers or [name for name, peer in peers.PEERS.items() if not peer.slow]
    names = [name for name in asked if versions[name] is not None]
    about = environment.describe(versions)
    print(environment.heading(about), flush=True)
    for name in names:
        print(f"  {name}: {peers.PEERS[name].settings}")

    warm_up([tables.OURS, *names])
    load = environment.OtherLoad()
    codecs = [tables.OURS, *names]
    rows, skipped = measure_all(options.paths, options.limit, codecs, options.colors)
    others = about["other_load_cores"] = load.cores()
    verdicts = report(rows, names)
    print("", environment.load_note(others), sep="\n")
    if skipped:
        print(f"\nskipped: {len(skipped)}", *skipped, sep="\n  ")
    if options.json:
        dump = {
            "environment": about,
            "settings": {name: peers.PEERS[name].settings for name in names},
            "thresholds": [asdict(verdict) for verdict in verdicts],
            "skipped": skipped,
            "rows": [asdict(row) for row in rows],
        }
        options.json.write_text(json.dumps(dump, indent=1, allow_nan=False) + "\n", "utf-8")
    ours_failed = any(row.codec == tables.OURS and row.error for row in rows)
    return int(not rows or ours_failed or any(verdict.passed is False for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main())
