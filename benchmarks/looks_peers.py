"""Who is looked at: kmcodec, and other quantizers as people use them, with their defaults."""

from __future__ import annotations

import functools
import io
import shutil
import subprocess
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import peers
from pictures import Picture, Pixels
from PIL import Image

import codec

PROGRAMS = {  # in the folder of X.png; what they write is X.out.*
    "pngquant": ("pngquant --force --output X.out.png {k} -- X.png",),
    "pngquant --nofs": ("pngquant --nofs --force --output X.out.png {k} -- X.png",),
    "pngquant --nofs -s1": ("pngquant --nofs -s1 --force --output X.out.png {k} -- X.png",),
    "imagemagick": ("{convert} X.png -colors {k} X.out.png",),
    # It reads nothing but GIFs, which its usual partner makes
    "gifsicle": ("{convert} X.png gif:X.gif", "gifsicle --colors {k} X.gif -o X.out.gif"),
}


class Seen(NamedTuple):
    """What somebody made of a picture: the pixels, an indexed PNG of them, bytes of a .kmc."""

    pixels: Pixels  # RGBA
    png: bytes
    kmc: int | None = None


Painter = Callable[[Picture, int], Seen]


def rgba(pixels: Pixels) -> Pixels:
    """Expand to RGBA."""
    channels = pixels.shape[2]
    colors = pixels[:, :, [0, 0, 0] if channels < 3 else [0, 1, 2]]
    opaque = np.full_like(pixels[:, :, :1], 255)
    return np.concatenate([colors, opaque if channels in (1, 3) else pixels[:, :, -1:]], axis=2)


def as_png(image: Image.Image) -> bytes:
    """Return an indexed image as a PNG by Pillow."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def ours(picture: Picture, n_colors: int, *, tune: str, dither: str) -> Seen:
    """Compress as `tune` and `dither` say, all else at its default."""
    indexed = codec.compress(picture.pixels, n_colors, tune=tune, dither=dither)
    png, kmc = (peers.encode(name, indexed, "default")[0] for name in ("png", "kmc"))
    return Seen(rgba(codec.decompress(indexed)), png, len(kmc))


def program(name: str, picture: Picture, n_colors: int) -> Seen:
    """Quantize with programs; what they wrote last counts, a GIF as the PNG of the same labels."""
    folder = picture.png.parent
    for line in PROGRAMS[name]:
        words = line.format(k=n_colors, convert=peers.find_imagemagick()).split()
        subprocess.run(words, cwd=folder, check=True, capture_output=True)
    output = next(folder / word for word in words if word.startswith("X.out"))
    with Image.open(output) as opened:
        gif = opened.format == "GIF"
        content = as_png(opened) if gif else output.read_bytes()
        return Seen(np.array(opened.convert("RGBA")), content)


def libimagequant(picture: Picture, n_colors: int) -> Seen:
    """Quantize with libimagequant, which dithers."""
    import imagequant

    image = Image.fromarray(rgba(picture.reference))
    function: Any = imagequant.quantize_raw_rgba_bytes
    labels, colors = function(
        image.tobytes(), *image.size, dithering_level=1.0, max_colors=n_colors
    )
    indexed = Image.frombytes("P", image.size, bytes(labels))
    indexed.putpalette(colors, "RGBA")
    return Seen(np.array(indexed.convert("RGBA")), as_png(indexed))


def pillow(picture: Picture, n_colors: int, *, again: bool = False) -> Seen:
    """Quantize with Pillow: median cut or, where there is alpha, the octree.

    It dithers by default, but only to a palette that is given: `again` gives it the one just made.
    """
    image = Image.fromarray(picture.reference)
    indexed = image.quantize(n_colors)
    indexed = image.quantize(palette=indexed) if again else indexed
    return Seen(np.array(indexed.convert("RGBA")), as_png(indexed))


TUNES = {
    "ours auto": ("visual", "auto"),
    "ours selective": ("visual", "selective"),
    "ours none": ("visual", "none"),
    "ours fs": ("visual", "fs"),
    "ours ordered": ("visual", "ordered"),
    "ours psnr": ("psnr", "none"),
}
PAINTERS: dict[str, Painter] = {
    **{n: functools.partial(ours, tune=t, dither=d) for n, (t, d) in TUNES.items()},
    **{name: functools.partial(program, name) for name in PROGRAMS},
    "libimagequant": libimagequant,
    "pillow": pillow,
    "pillow fs": functools.partial(pillow, again=True),
}


def optimized(png: bytes) -> bytes:
    """Return a PNG after ``oxipng -o 4``."""
    import oxipng

    return oxipng.optimize_from_memory(png, level=4)


def installed(who: str) -> bool:
    """Tell whether somebody can run here."""
    name = who.partition(" ")[0]
    return name == "ours" or versions()[name] is not None


@functools.cache
def versions() -> dict[str, str | None]:
    """Return the versions of everybody, and of what looks."""
    found = peers.versions()
    names = ("pngquant", "libimagequant", "pillow", "imagemagick")
    return {
        **{name: found[name] for name in names},
        "gifsicle": found["imagemagick"] and peers.word("gifsicle", "--version", 2),
        "oxipng": peers.packages().get("pyoxipng"),
        "ssimulacra2": peers.packages().get("ssimulacra2"),
    }


def need(*names: str) -> None:
    """Refuse to go on without packages or programs."""
    lacking = [name for name in names if not (versions().get(name) or shutil.which(name))]
    if lacking:
        raise RuntimeError(f"it needs {', '.join(lacking)}")
