"""Draw crops of twelve pictures, twice their size: labels for their bytes, and peers of as many.

``python benchmarks/rate_sheet.py DATA OUT.png [--rate-distortion C] [--pictures GLOB...]``
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import lines
import looks_peers
import looks_rows
import numpy as np
import peers
from looks_sheet import CAPTION, CROP, GAP, PLACES, ZOOM, Place, cell
from measure import say
from pictures import Picture, Pixels
from PIL import Image, ImageDraw

import codec

MORE = (
    Place("screenshots/lorem_ipsum_screenshot.png", 60, 60),
    Place("maps/test_gshhs.png", 200, 150),
)
EXAMPLES = (*PLACES, *MORE)
Made = tuple[Pixels, int]


def ours(picture: Picture, n_colors: int, format: str, rate_distortion: float) -> Made:
    """Compress, and return the pixels and the bytes."""
    indexed = codec.compress(
        picture.pixels, n_colors, dither="none", format=format, rate_distortion=rate_distortion
    )
    files = peers.encode(format, indexed, "default")
    return looks_peers.rgba(codec.decompress(indexed)), sum(map(len, files))


def pngquant(picture: Picture, n_colors: int) -> Made:
    """Compress with pngquant and oxipng."""
    seen = looks_peers.PAINTERS["pngquant"](picture, n_colors)
    return seen.pixels, len(looks_peers.optimized(seen.png))


def within(make: Callable[[int], Made], size_bytes: int) -> tuple[int, Made]:
    """Find the most colors that take no more bytes; 2 if there are none."""
    low, high = 2, 257
    found = make(low)
    while high - low > 1:
        middle = (low + high) // 2
        made = make(middle)
        if made[1] <= size_bytes:
            low, found = middle, made
        else:
            high = middle
    return low, found


def row(picture: Picture, rate_distortion: float) -> dict[str, Pixels]:
    """Make what stands in a row, by its caption."""
    cells = {f"{picture.name}": picture.reference}
    for format in ("kmc", "png"):
        pixels, size = ours(picture, 256, format, rate_distortion)
        cells[f"{format}, C = {rate_distortion:g}: {size:,} bytes"] = pixels
        n_colors, made = within(lambda k, f=format: ours(picture, k, f, 0.0), size)
        cells[f"{format}, C = 0, K = {n_colors}: {made[1]:,}"] = made[0]
    n_colors, made = within(lambda k: pngquant(picture, k), size)
    cells[f"pngquant {n_colors} + oxipng: {made[1]:,}"] = made[0]
    return cells


def draw(data: Path, output: Path, names: Sequence[str], rate_distortion: float) -> None:
    """Write the sheet, a row for every picture that is there."""
    places = [place for place in EXAMPLES if place.name in names and (data / place.name).exists()]
    wide, high = ZOOM * CROP[0] + GAP, ZOOM * CROP[1] + CAPTION
    sheet = Image.new("RGB", (wide * 6, max(high * len(places), 1)), "white")
    pen = ImageDraw.Draw(sheet)
    for number, place in enumerate(places):
        picture = looks_rows.load(data / place.name)
        say(picture.name)
        for column, (caption, pixels) in enumerate(row(picture, rate_distortion).items()):
            corner = (column * wide, number * high)
            pen.text((corner[0] + 4, corner[1] + 3), caption, fill="black")
            shown = cell(np.ascontiguousarray(pixels), place)
            sheet.paste(shown, (corner[0], corner[1] + CAPTION))
    indexed = codec.compress(np.asarray(sheet), 256, dither="none")
    codec.save(indexed, output)


def main() -> None:
    """Draw a sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, metavar="DATA", help="folder of folders of pictures")
    parser.add_argument("output", type=Path, metavar="OUTPUT.png")
    parser.add_argument("--rate-distortion", type=float, default=1.2, metavar="C")
    names = [place.name for place in EXAMPLES]
    parser.add_argument("--pictures", nargs="+", metavar="GLOB", help=f"of {'; '.join(names)}")
    asked = parser.parse_args()
    draw(
        asked.data, asked.output, lines.chosen(names, asked.pictures or []), asked.rate_distortion
    )


if __name__ == "__main__":
    main()
