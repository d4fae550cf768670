"""Read pictures as other writers store them, in every mode they have, and compare with Pillow.

    python tests/fuzz/rewritten.py FOLDER [--limit N]

Every picture below FOLDER is rewritten by Pillow, ImageMagick (`convert`), OpenCV and libvips
(`pyvips`), as far as they are installed, as every kind of file that is read here and with every
option below. What Pillow makes of such a file in 8 bits is what `codec.read_image` should give, or
it says in a notice or an error why not. A difference without a word is a fault, another exception
than `CodecError` too.
"""

import argparse
import io
import itertools
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS.parent)]

from codec.errors import CodecError  # noqa: E402
from codec.images.reading import read_image  # noqa: E402

Pixels = npt.NDArray[np.uint8]

SIDE = 96
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".gif", ".bmp")
PILLOW_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16")
PILLOW_TIFFS = (None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group4", "lzma")
PILLOW_KINDS: dict[str, list[dict[str, Any]]] = {
    "png": [{}, {"bits": 4}],
    "bmp": [{}],
    "gif": [{}, {"interlace": 0}],
    "jpg": [{}, {"progressive": True}, {"subsampling": 0}, {"optimize": True}],
    "webp": [{}, {"lossless": True}],
    "tif": [{"compression": name} for name in PILLOW_TIFFS],
}
MAGICK_TYPES = (
    "Bilevel", "Grayscale", "GrayscaleAlpha", "Palette", "PaletteAlpha", "TrueColor",
    "TrueColorAlpha", "ColorSeparation",
)  # fmt: skip
MAGICK_TIFFS = ("None", "LZW", "Zip", "RLE", "JPEG", "Group4", "LZMA", "Zstd")
MAGICK_LAYOUTS = (
    "", "-interlace Plane", "-endian MSB", "-define tiff:tile-geometry=64x64",
    "-define tiff:predictor=2", "-define tiff:rows-per-strip=7",
)  # fmt: skip
MAGICK_KINDS = {
    "png": ["", "-interlace PNG", "-depth 16", "-depth 4"],
    "jpg": ["", "-interlace Plane", "-sampling-factor 2x1"],
    "gif": ["", "-interlace GIF"],
    "bmp": [""],
    "bmp3": [""],
    "bmp2": [""],
    "webp": ["", "-define webp:lossless=true"],
    "tif": [
        f"-compress {name} -depth {depth} {layout}"
        for name, depth, layout in itertools.product(MAGICK_TIFFS, (8, 16), MAGICK_LAYOUTS)
    ],
}
VIPS_TIFFS = ("none", "lzw", "deflate", "packbits", "jpeg", "zstd")
VIPS_LAYOUTS = ("", ",tile", ",predictor=horizontal", ",bigtiff", ",miniswhite")
VIPS_KINDS = {
    "png": ["", "[interlace]", "[palette]"],
    "jpg": ["", "[interlace]"],
    "webp": ["", "[lossless]"],
    "gif": [""],
    "tif": [
        f"[compression={name}{layout}]"
        for name, layout in itertools.product(VIPS_TIFFS, VIPS_LAYOUTS)
    ],
}
OPENCV_TIFFS = (1, 5, 8, 32946)


def by_pillow(source: Image.Image, folder: Path) -> Iterator[Path]:
    for mode in PILLOW_MODES:
        try:
            image = source.convert("RGB") if mode in ("CMYK", "YCbCr", "LAB") else source
            if mode == "I;16":
                grey = np.asarray(source.convert("L")).astype(np.uint16) * 257
                image = Image.fromarray(grey)
            elif mode == "LAB":
                image = Image.frombytes("LAB", image.size, image.tobytes())
            else:
                image = image.convert(mode)
        except ValueError:
            continue
        for kind, variants in PILLOW_KINDS.items():
            for number, options in enumerate(variants):
                path = folder / f"pillow-{mode.replace(';', '')}-{number}.{kind}"
                try:
                    image.save(path, **options)
                except (OSError, ValueError, KeyError, TypeError, SystemError):
                    continue  # not in this mode
                yield path


def by_magick(source: Image.Image, folder: Path) -> Iterator[Path]:
    plain = folder / "source.png"
    source.save(plain)
    for kind in MAGICK_TYPES:
        for ending, variants in MAGICK_KINDS.items():
            for number, options in enumerate(variants):
                path = folder / f"magick-{kind}-{number}.{ending.rstrip('23')}"
                command = [
                    "convert",
                    str(plain),
                    "-type",
                    kind,
                    *options.split(),
                    f"{ending}:{path}",
                ]
                if subprocess.run(command, capture_output=True, check=False).returncode == 0:
                    yield path


def by_opencv(source: Image.Image, folder: Path) -> Iterator[Path]:
    import cv2

    for mode, depth in itertools.product(("L", "RGB", "RGBA"), (8, 16)):
        array = np.asarray(source.convert(mode))
        if array.ndim == 3:
            array = array[:, :, [2, 1, 0, 3][: array.shape[2]]]
        samples = array.astype(np.uint16) * 257 if depth == 16 else array
        for ending in ("png", "jpg", "webp", "bmp", "tif"):
            for number in OPENCV_TIFFS if ending == "tif" else (0,):
                path = folder / f"opencv-{mode}-{depth}-{number}.{ending}"
                options = [cv2.IMWRITE_TIFF_COMPRESSION, number] if number else []
                if cv2.imwrite(str(path), samples, options):
                    yield path


def by_vips(source: Image.Image, folder: Path) -> Iterator[Path]:
    import pyvips

    for mode, depth in itertools.product(("L", "LA", "RGB", "RGBA"), (8, 16)):
        image = pyvips.Image.new_from_array(np.asarray(source.convert(mode)))
        kind = "b-w" if mode[0] == "L" else "srgb"
        if depth == 16:
            image, kind = (image * 257).cast("ushort"), {"b-w": "grey16", "srgb": "rgb16"}[kind]
        image = image.copy(interpretation=kind)
        for ending, variants in VIPS_KINDS.items():
            for number, options in enumerate(variants):
                path = folder / f"vips-{mode}-{depth}-{number}.{ending}"
                try:
                    image.write_to_file(f"{path}{options}")
                except pyvips.Error:
                    continue
                yield path


def available() -> dict[str, Callable[[Image.Image, Path], Iterator[Path]]]:
    writers: dict[str, Callable[[Image.Image, Path], Iterator[Path]]] = {"Pillow": by_pillow}
    if shutil.which("convert"):
        writers["ImageMagick"] = by_magick
    for name, package, writer in (("OpenCV", "cv2", by_opencv), ("libvips", "pyvips", by_vips)):
        try:
            __import__(package)
        except ImportError:
            continue
        writers[name] = writer
    return writers


def as_pillow_reads(path: Path) -> Pixels | str:
    """Pixels in 8 bits, or why there are none."""
    try:
        with Image.open(path) as image:
            image.load()
            if image.mode.startswith("I"):
                return ((np.asarray(image).astype(np.int64) * 255 + 32767) // 65535).astype(
                    np.uint8
                )
            clear = "transparency" in image.info
            grey = image.mode in ("1", "L", "LA")
            mode = ("L" if grey else "RGB") + ("A" if clear or image.mode[-1] in "Aa" else "")
            return np.asarray(image.convert(mode))
    except (OSError, SyntaxError, ValueError) as error:
        return f"Pillow: {error}"


def outcome(path: Path) -> str:
    expected = as_pillow_reads(path)
    try:
        found = read_image(path, first_frame=True)
    except CodecError as error:
        return f"refused: {error.reason}" + ("" if isinstance(expected, str) else ", Pillow reads")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
        return f"STRAY {type(error).__name__}: {error}"
    if isinstance(expected, str):
        return f"read; {expected.split(':')[0]}"
    if same(found.pixels, expected):
        return "same"
    told = [notice for notice in found.notices if "metadata" not in notice]
    return f"differs, said: {told}" if told else f"DIFFERS {found.pixels.shape} {expected.shape}"


def same(pixels: Pixels, expected: Pixels) -> bool:
    """Whether two pictures look the same: greys and opaque alpha may be stored or not."""
    one, other = (as_rgba(array) for array in (pixels, expected))
    return one.shape == other.shape and bool(np.array_equal(one, other))


def as_rgba(pixels: Pixels) -> Pixels:
    file = Image.fromarray(pixels)
    array = np.asarray(file.convert("RGBA")).copy()
    array[array[:, :, 3] == 0] = 0
    return array


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    sources = sorted(path for path in options.folder.rglob("*") if path.name.endswith(ENDINGS))
    sources = sources[:: max(1, len(sources) // options.limit)] if options.limit else sources
    found: Counter[str] = Counter()
    examples: dict[str, str] = {}
    print(f"{len(sources)} pictures by {', '.join(available())}", flush=True)
    for source in sources:
        try:
            with Image.open(io.BytesIO(source.read_bytes())) as image:
                image.draft("RGB", (SIDE, SIDE))
                mode = "RGBA" if image.mode[-1] == "A" or "transparency" in image.info else "RGB"
                small = image.convert(mode)
                small.thumbnail((SIDE, SIDE - 7))
        except (OSError, ValueError, SyntaxError):
            continue  # not whole
        for name, writer in available().items():
            with tempfile.TemporaryDirectory() as folder:
                for path in writer(small, Path(folder)):
                    key = f"{name} {path.suffix[1:]} {outcome(path)}"
                    found[key] += 1
                    examples.setdefault(key, f"{source.name} {path.name}")
                    path.unlink()
    for key, count in sorted(found.items()):
        print(f"{count:6} {key}   ({examples[key]})")
    faults = sum(count for key, count in found.items() if "DIFFERS" in key or "STRAY" in key)
    print(f"{found.total()} files, {faults} faults")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
