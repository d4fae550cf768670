"""Draw crops of ten pictures, twice their size, side by side: a sheet to look at.

``python benchmarks/looks_sheet.py DATA OUT.png [--colors K] [--pictures GLOB...] [--who GLOB...]``
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import lines
import looks_metrics
import looks_rows
import numpy as np
from looks_peers import PAINTERS, installed, rgba
from measure import say
from pictures import Pixels
from PIL import Image, ImageDraw

WHO = ("ours auto", "ours selective", "ours none", "pngquant", "pngquant --nofs", "pillow")
CROP = (160, 120)  # width, height
ZOOM, CAPTION, GAP = 2, 18, 4


class Place(NamedTuple):
    """A picture and the left upper corner of what is shown of it."""

    name: str
    left: int
    top: int


PLACES = (
    Place("kodak/kodim03.png", 200, 40),
    Place("kodak/kodim05.png", 300, 180),
    Place("cq100/paper_clips.png", 200, 150),
    Place("cq100/hard_candy.png", 200, 150),
    Place("screenshots/sddm.png", 560, 200),
    Place("screenshots/mms_scipy2013.png", 250, 120),
    Place("maps/50-natural-earth-1-downsampled.png", 330, 60),
    Place("charts/test_streamplot.png", 60, 60),
    Place("art/rogue.jpg", 300, 100),
    Place("pixelart_rgba/fireball-tall.png", 40, 60),
)


def cell(pixels: Pixels, place: Place) -> Image.Image:
    """Cut a crop and enlarge it; what is clear shows a checkerboard."""
    shown = looks_metrics.composites(rgba(pixels))["checkerboard"]
    image = Image.fromarray(shown)
    left = max(0, min(place.left, image.width - CROP[0]))
    top = max(0, min(place.top, image.height - CROP[1]))
    crop = image.crop((left, top, left + CROP[0], top + CROP[1]))
    return crop.resize((ZOOM * CROP[0], ZOOM * CROP[1]), Image.Resampling.NEAREST)


def draw(
    data: Path, n_colors: int, output: Path, names: Sequence[str], who: Sequence[str]
) -> None:
    """Write the sheet of one K, a row for every picture that is there."""
    places = [place for place in PLACES if place.name in names and (data / place.name).exists()]
    who = [name for name in who if installed(name)]
    wide, high = ZOOM * CROP[0] + GAP, ZOOM * CROP[1] + CAPTION
    sheet = Image.new("RGB", (wide * (len(who) + 1), max(high * len(places), 1)), "white")
    pen = ImageDraw.Draw(sheet)
    for row, place in enumerate(places):
        picture = looks_rows.load(data / place.name)
        say(f"{picture.name} K={n_colors}")
        made = {place.name: picture.reference}
        made |= {
            f"{name}, K = {n_colors}": PAINTERS[name](picture, n_colors).pixels for name in who
        }
        for column, (caption, pixels) in enumerate(made.items()):
            corner = (column * wide, row * high)
            pen.text((corner[0] + 4, corner[1] + 3), caption, fill="black")
            sheet.paste(
                cell(np.ascontiguousarray(pixels), place), (corner[0], corner[1] + CAPTION)
            )
    sheet.save(output)


def main() -> None:
    """Draw a sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, metavar="DATA", help="folder of folders of pictures")
    parser.add_argument("output", type=Path, metavar="OUTPUT.png")
    parser.add_argument("--colors", type=int, default=16, metavar="K", help="default: 16")
    names = [place.name for place in PLACES]
    parser.add_argument("--pictures", nargs="+", metavar="GLOB", help=f"of {'; '.join(names)}")
    parser.add_argument("--who", nargs="+", metavar="GLOB", help=f"of {'; '.join(PAINTERS)}")
    asked = parser.parse_args()
    names = lines.chosen(names, asked.pictures or [])
    who = lines.chosen([*PAINTERS], asked.who) if asked.who else WHO
    draw(asked.data, asked.colors, asked.output, names, who)


if __name__ == "__main__":
    main()
