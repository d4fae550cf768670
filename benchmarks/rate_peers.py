"""Whose files are on the curves: ours over K and rate_distortion, others over their qualities."""

from __future__ import annotations

import functools
import inspect
import io
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import looks_peers
import numpy as np
import peers
from pictures import Picture, Pixels, comparable
from PIL import Image, features

import codec

COLORS, FEW = (8, 16, 32, 64, 128, 256), (2, 4)  # few: for the lowest qualities of the frontier
PLAIN, STRENGTHS = "0", ("0.1", "0.2", "0.4", "0.8", "1.2", "2.5")  # of rate_distortion
FORMATS = ("kmc", "pair", "png")
# Ours by tune and dithering, the formats and strengths; where SSIMULACRA2 is the aim it counts
TUNES: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "psnr none": (FORMATS, (PLAIN, *STRENGTHS)),
    "visual none": (("kmc", "png"), (PLAIN, *STRENGTHS)),
    "visual auto": (("kmc", "png"), (PLAIN, STRENGTHS[0])),
}
PNGQUANT_COLORS = (2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256)
PROGRAMS = {  # in the folder of X.png; what they write last is X.out.*
    "webp near-lossless": ("cwebp -quiet -near_lossless {} -q 100 -m 6 X.png -o X.out.webp",),
    "webp": ("cwebp -quiet -q {} -m 6 {} X.png -o X.out.webp",),
    "jxl": (
        "cjxl X.png X.jxl -d {} -e {} {} --quiet --num_threads=0",
        "djxl X.jxl X.out.png --quiet --num_threads=0",
    ),
}


class File(NamedTuple):
    """What somebody made of a picture: decoded from its file, RGBA, and the bytes of that."""

    pixels: Pixels
    size_bytes: int


class Coder(NamedTuple):
    """Somebody's settings, from small to good, and how a file is made with one."""

    settings: Sequence[str]
    code: Callable[[Picture, str], File]


def setting(n_colors: int, strength: str) -> str:
    """Name a setting of ours."""
    return f"{n_colors} {strength}"


def parsed(setting: str) -> tuple[int, str]:
    """Return K and the strength that `setting` named."""
    n_colors, _, strength = setting.partition(" ")
    return int(n_colors), strength


def has_rate() -> bool:
    """Tell whether this checkout chooses labels for their bytes."""
    return "rate_distortion" in inspect.signature(codec.compress).parameters


def ours(tune: str, format: str, picture: Picture, setting: str) -> File:
    """Compress for a format, and decode its files."""
    n_colors, strength = parsed(setting)
    aim, dither = tune.split()
    options: dict[str, Any] = {"tune": aim, "dither": dither}
    if has_rate():
        options |= {"rate_distortion": float(strength), "format": format}
    content = peers.encode(format, codec.compress(picture.pixels, n_colors, **options), "default")
    return file(format, content)


def file(format: str, content: list[bytes]) -> File:
    """Decode our files."""
    decoded = comparable(codec.decompress(peers.decode(format, content)))
    return File(looks_peers.rgba(decoded), sum(map(len, content)))


def with_pillow(name: str, picture: Picture, setting: str) -> File:
    """Code with Pillow: a quality, and for JPEG the sampling of the colors."""
    quality, *words = setting.split()
    options: dict[str, Any] = {"AVIF": {"subsampling": "4:4:4", "speed": 4, "max_threads": 1}}.get(
        name, {"subsampling": (words or ["4:4:4"])[0], "optimize": True, "progressive": True}
    )
    buffer = io.BytesIO()
    Image.fromarray(picture.reference).save(buffer, name, quality=int(quality), **options)
    return File(_decoded(Image.open(buffer)), len(buffer.getvalue()))


def _decoded(image: Image.Image) -> Pixels:
    return np.array(image.convert("RGBA"))


def with_program(name: str, picture: Picture, setting: str) -> File:
    """Code with a program; the file that counts is the first that is written."""
    folder, sizes, out = picture.png.parent, [], Path()
    for line in PROGRAMS[name]:
        words = line.format(*setting.split(" ", 2), "").split()
        subprocess.run(words, cwd=folder, check=True, capture_output=True)
        out = folder / next(word for word in reversed(words) if word.startswith("X."))
        sizes.append(out.stat().st_size)
    with Image.open(out) as opened:
        return File(_decoded(opened), sizes[0])


def pngquant(picture: Picture, setting: str) -> File:
    """Quantize with pngquant, then ``oxipng -o 4``."""
    n_colors, _, options = setting.partition(" ")
    seen = looks_peers.program(f"pngquant {options}".strip(), picture, int(n_colors))
    return File(seen.pixels, len(looks_peers.optimized(seen.png)))


def _numbers(*parts: range) -> list[str]:
    return [str(number) for part in parts for number in part]


QUALITIES = _numbers(range(10, 70, 10), range(70, 90, 5), range(90, 101, 2))
JPEGS = {"4:2:0": ["1", "5", *QUALITIES[:11]], "4:4:4": QUALITIES[2:]}
DISTANCES = [
    "25",
    "15",
    "10",
    "7",
    "5",
    "4",
    "3",
    "2.5",
    "2",
    "1.5",
    "1.2",
    "1",
    "0.8",
    "0.6",
    "0.45",
    "0.3",
    "0.2",
    "0.1",
]
OURS: dict[str, tuple[str, str]] = {  # tune and format by who
    f"ours {tune} {form}": (tune, form) for tune, (forms, _) in TUNES.items() for form in forms
}
PEERS: dict[str, Coder] = {
    "jpeg": Coder(
        [f"{quality} {sampling}" for sampling, some in JPEGS.items() for quality in some],
        functools.partial(with_pillow, "JPEG"),
    ),
    "webp": Coder(
        ["0", *QUALITIES, *(f"{q} -sharp_yuv" for q in QUALITIES[6:])],
        functools.partial(with_program, "webp"),
    ),
    "webp near-lossless": Coder(
        _numbers(range(0, 101, 20)), functools.partial(with_program, "webp near-lossless")
    ),
    "avif": Coder(
        _numbers(range(0, 90, 10), range(55, 80, 10), range(85, 101, 3)),
        functools.partial(with_pillow, "AVIF"),
    ),
    "jxl": Coder(
        [f"{d} 7" for d in DISTANCES] + [f"{d} 7 -m 1" for d in DISTANCES[5:18:4]] + ["0 9"],
        functools.partial(with_program, "jxl"),
    ),
    "pngquant": Coder(
        [f"{k}{way}" for way in ("", " --nofs -s1") for k in PNGQUANT_COLORS],
        pngquant,
    ),
}
WHO = (*OURS, *PEERS)


def coder(who: str, colors: Sequence[int] = (*FEW, *COLORS)) -> Coder:
    """Return what somebody can do; of ours what this checkout can."""
    if who in PEERS:
        return PEERS[who]
    tune, form = OURS[who]
    strengths = TUNES[tune][1] if has_rate() else [PLAIN]
    settings = [setting(k, strength) for strength in strengths for k in colors]
    return Coder(settings, functools.partial(ours, tune, form))


def takes(who: str, picture: Picture) -> bool:
    """Tell whether somebody can code a picture at all."""
    return who != "jpeg" or not picture.alpha


@functools.cache
def versions() -> Mapping[str, str | None]:
    """Return the versions of everybody, and of what looks."""
    found = looks_peers.versions()
    programs = peers.versions()
    return {
        **{name: features.version(name) for name in ("jpg", "avif") if features.check(name)},
        **{name: programs[name] for name in ("cwebp", "cjxl")},
        **{name: found[name] for name in ("pngquant", "oxipng", "ssimulacra2", "pillow")},
    }


def installed(who: str) -> bool:
    """Tell whether somebody can run here; ours always can."""
    needs = {"jpeg": ["jpg"], "jxl": ["cjxl"], "pngquant": ["pngquant", "oxipng"]}.get(
        who, ["cwebp"] if who.startswith("webp") else [who]
    )
    if who == "jxl" and not shutil.which("djxl"):
        return False
    return who in OURS or all(versions().get(name) for name in needs)
