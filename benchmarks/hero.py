"""Draw the README's picture: a part of a sample, what pngquant makes of it, and what we make.

``python benchmarks/hero.py [OUT.png]`` needs pngquant, pyoxipng and ssimulacra2. Sizes and scores
are those of the whole picture. Everything is twice the size it is shown at.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import NamedTuple

import looks_metrics
import looks_peers
import looks_rows
import numpy as np
import peers
from pictures import Picture, Pixels
from PIL import Image, ImageDraw, ImageFont

import codec

ROOT = Path(__file__).parent.parent
SAMPLE, OUTPUT = ROOT / "samples" / "page.png", ROOT / "docs" / "hero.png"
PART = (971, 152, 195, 150)  # left, top, width, height: the smooth sky, where colors run out
ZOOM, GAP = 4, 15
SIZES, STEP = (44, 34, 34), 52  # of the lines beneath a part, and from one to the next
# A card of its own, so that the text can be read on a dark page as on a light one.
CARD, EDGE, TEXT = "#ffffff", "#d0d7de", ("#1f2328", "#1f2328", "#59636e")


class Shown(NamedTuple):
    """A part of the hero: what is seen of it, and the lines beneath."""

    pixels: Pixels
    lines: tuple[str, str, str]


def scores(picture: Picture, pixels: Pixels) -> str:
    """Tell how near pixels are to those of the picture."""
    error = picture.error(pixels) / pixels.shape[2]
    look = looks_metrics.Original(picture.reference).ssimulacra2(pixels)
    return f"SSIMULACRA2 {look:.1f}, PSNR {10 * math.log10(255**2 / error):.1f} dB"


def parts(picture: Picture, size_bytes: int) -> list[Shown]:
    """Make what stands side by side; ours has at most the bytes of theirs after oxipng."""
    theirs = looks_peers.PAINTERS["pngquant"](picture, 256)
    seen = np.ascontiguousarray(theirs.pixels[:, :, :3])
    most = len(looks_peers.optimized(theirs.png))
    indexed = codec.compress(picture.pixels, max_bytes=most, format="png")
    png, kmc = (len(peers.encode(name, indexed, "default")[0]) for name in ("png", "kmc"))
    ours = codec.decompress(indexed)
    as_written = f"{len(theirs.png):,} bytes; after oxipng: {most:,}"
    return [
        Shown(picture.reference, ("The original", f"{size_bytes:,} bytes", "")),
        Shown(seen, ("pngquant 256", as_written, scores(picture, seen))),
        Shown(ours, ("kmcodec", f"{png:,} bytes; as .kmc: {kmc:,}", scores(picture, ours))),
    ]


def draw(shown: list[Shown]) -> Image.Image:
    """Put parts side by side, their lines beneath."""
    left, top, width, height = PART
    wide, high = ZOOM * width, ZOOM * height
    size = len(shown) * (wide + GAP) + GAP, high + 3 * GAP + 3 * STEP
    card = Image.new("RGB", size, CARD)
    pen = ImageDraw.Draw(card)
    pen.rectangle((0, 0, size[0] - 1, size[1] - 1), outline=EDGE, width=2)
    for column, part in enumerate(shown):
        x = GAP + column * (wide + GAP)
        crop = part.pixels[top : top + height, left : left + width]
        enlarged = Image.fromarray(np.ascontiguousarray(crop)).resize(
            (wide, high), Image.Resampling.NEAREST
        )
        card.paste(enlarged, (x, GAP))
        for row, (line, size_px, color) in enumerate(zip(part.lines, SIZES, TEXT, strict=True)):
            font = ImageFont.load_default(size_px)  # Pillow's own, the same everywhere
            pen.text((x, high + 2 * GAP + row * STEP), line, color, font)
    return card


def main() -> None:
    """Write the picture."""
    looks_peers.need("pngquant", "oxipng", "ssimulacra2")
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT
    shown = parts(looks_rows.load(SAMPLE), SAMPLE.stat().st_size)
    output.write_bytes(looks_peers.optimized(looks_peers.as_png(draw(shown))))
    for part in shown:
        print("  ".join(filter(None, part.lines)))


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:  # something is not installed
        sys.exit(f"hero.py: {error}")
