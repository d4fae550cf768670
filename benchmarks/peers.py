"""Who is measured: kmcodec, and what others have, each with its settings.

Quantizers never dither. Every peer is optional; one that is not installed has the version None.
What this project's package is asked beyond its public names is asked here alone.
"""

from __future__ import annotations

import functools
import io
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from measure import interleave, timed
from pictures import Picture, Pixels, comparable, noise
from PIL import Image

import codec
from codec.formats.registry import FORMATS

OURS, FULL = "kmcodec", "sklearn, all pixels"
N_SAMPLES = 10_000  # pixels that the tutorials' scikit-learn script clusters
MAX_PIXELS = 10**9
SCRIPT = Path(sys.executable).with_name(OURS)
COMMAND = [str(SCRIPT)] if SCRIPT.exists() else [sys.executable, "-m", "codec"]
TUNE = "psnr"  # for the least squared error, which is what the comparisons are about
PROGRAMS = {  # in the folder of X.png; what they write and read is X or X.*
    "pngquant": "pngquant --nofs -s1 --force --output X.out.png {k} -- X.png",  # its best
    "pngquant -s4": "pngquant --nofs -s4 --force --output X.out.png {k} -- X.png",  # its default
    "imagemagick": "{convert} X.png +dither -colors {k} png8:X.out.png",
    "cwebp": "cwebp -quiet -lossless -z 9 X.png -o X.cwebp",
    "decode cwebp": "dwebp -quiet X.cwebp -o X.out.png",
    "cjxl": "cjxl X.png X.cjxl -d 0 -e 9 --quiet --num_threads=0",
    "decode cjxl": "djxl X.cjxl X.out.png --quiet --num_threads=0",
}
LOSSY: dict[str, dict[str, Any]] = {  # of Pillow
    "JPEG": {"optimize": True, "subsampling": "4:2:0"},
    "AVIF": {"subsampling": "4:4:4"},
}

# What a quantizer made: decoded pixels, seconds, bytes of its file or None where it writes none.
# The seconds run from decoded pixels (programs: from the PNG file) to the written file, or to
# labels and codebook where there is no file; imports excluded.
Quantized = tuple[Pixels, float, int | None]
Quantize = Callable[[Picture, int], Quantized]


class Run(NamedTuple):
    """A quantizer on a picture: seconds, bytes of its file, squared error of opaque pictures."""

    seconds: float
    size_bytes: int | None = None
    error: float | None = None


class Coded(NamedTuple):
    """Bytes of a losslessly coded picture, and the seconds to encode and decode it."""

    size_bytes: int
    encode: float
    decode: float


def compress(pixels: Pixels, n_colors: int, **options: Any) -> codec.IndexedImage:
    """Compress for the least squared error."""
    return codec.compress(pixels, n_colors=n_colors, tune=TUNE, **options)


def encode(name: str, indexed: codec.IndexedImage, effort: str) -> list[bytes]:
    """Return the content of the files of one of our formats; nothing is checked or written."""
    return FORMATS[name].encode(FORMATS[name].arranged(indexed), effort)


def decode(name: str, content: list[bytes]) -> codec.IndexedImage:
    """Decode what `encode` returned."""
    return FORMATS[name].decode(*content, max_pixels=MAX_PIXELS).indexed


def in_memory(picture: Picture, n_colors: int, **options: Any) -> Quantized:
    """Compress to labels and codebook."""
    indexed, seconds = timed(compress, picture.pixels, n_colors, **options)
    return codec.decompress(indexed), seconds, None


def to_pair(picture: Picture, n_colors: int) -> Quantized:
    """Compress to a label PNG and a codebook file."""
    path = picture.png.with_name("X.labels.png")
    indexed, first = timed(compress, picture.pixels, n_colors)
    written, second = timed(codec.save, indexed, path, force=True)
    size_bytes = sum(file.stat().st_size for file in written)
    return codec.decompress(indexed), first + second, size_bytes


def words(program: str, n_colors: int = 256) -> list[str]:
    """Return a program's command line."""
    return PROGRAMS[program].format(k=n_colors, convert=find_imagemagick()).split()


def _seconds(program: str, folder: Path, n_colors: int = 256) -> float:
    run: Any = functools.partial(subprocess.run, check=True, capture_output=True)
    return timed(run, words(program, n_colors), cwd=folder)[1]


def program(name: str, picture: Picture, n_colors: int) -> Quantized:
    """Quantize with a program that writes a PNG."""
    folder = picture.png.parent
    seconds, output = _seconds(name, folder, n_colors), folder / "X.out.png"
    with Image.open(output) as opened:
        return np.array(opened.convert("RGBA")), seconds, output.stat().st_size


def pillow(picture: Picture, n_colors: int) -> Quantized:
    """Quantize with Pillow: median cut and its k-means, which is its best; alpha: the octree."""
    method = Image.Quantize.FASTOCTREE if picture.alpha else Image.Quantize.MEDIANCUT
    image, file, none = Image.fromarray(picture.reference), io.BytesIO(), Image.Dither.NONE
    indexed, first = timed(image.quantize, n_colors, method=method, kmeans=1, dither=none)
    second = timed(indexed.save, file, "PNG", optimize=True)[1]
    return np.array(indexed.convert("RGBA")), first + second, len(file.getvalue())


def libimagequant(picture: Picture, n_colors: int) -> Quantized:
    """Quantize with libimagequant: no dithering, quality 100, its default speed; no file."""
    import imagequant

    image = Image.fromarray(picture.reference).convert("RGBA")
    options = {"dithering_level": 0.0, "max_colors": n_colors, "max_quality": 100}
    function = imagequant.quantize_raw_rgba_bytes
    (labels, colors), seconds = timed(function, image.tobytes(), *image.size, **options)
    codebook = np.array(colors, np.uint8).reshape(-1, 4)
    return codebook[np.frombuffer(labels, np.uint8).reshape(image.size[::-1])], seconds, None


def opencv(picture: Picture, n_colors: int) -> Quantized:
    """Quantize with ``cv2.kmeans`` on all pixels, as its tutorial does; no file."""
    import cv2

    points = picture.reference.reshape(picture.n_pixels, -1).astype(np.float32)
    labels: Any = np.empty((len(points), 1), np.int32)
    k, limits = min(n_colors, len(points)), (cv2.TERM_CRITERIA_MAX_ITER, 20, 0.0)
    start = cv2.KMEANS_PP_CENTERS
    cv2.setRNGSeed(0)
    (_, _, centers), seconds = timed(cv2.kmeans, points, k, labels, limits, 1, start)
    codebook = np.rint(centers).clip(0, 255).astype(np.uint8)
    return codebook[labels.reshape(picture.reference.shape[:2])], seconds, None


def tutorial(pixels: Pixels, n_colors: int, *, full: bool = False) -> tuple[Pixels, Pixels]:
    """Return codebook and labels as the scikit-learn script of the tutorials makes them.

    This is scikit-learn's example "Color Quantization using K-Means" with 10,000 sampled pixels,
    kept as people run it; `full` clusters all pixels instead.
    """
    from sklearn.cluster import KMeans
    from sklearn.utils import shuffle

    points = pixels.reshape(-1, pixels.shape[2]).astype(np.float64) / 255
    n_samples = min(N_SAMPLES, len(points))
    sample = points if full else shuffle(points, random_state=0, n_samples=n_samples)
    model: Any = KMeans(n_clusters=min(n_colors, len(sample)), random_state=0).fit(sample)
    labels = model.labels_ if full else model.predict(points)
    codebook = np.rint(model.cluster_centers_ * 255).clip(0, 255).astype(np.uint8)
    return codebook, labels.astype(np.uint8).reshape(pixels.shape[:2])


def sklearn(
    picture: Picture, n_colors: int, *, full: bool = False, write: bool = False
) -> Quantized:
    """Quantize with the tutorials' script; what it writes is a label PNG and a codebook."""
    import imageio.v3 as iio

    (codebook, labels), seconds = timed(tutorial, picture.reference, n_colors, full=full)
    if not write:
        return codebook[labels], seconds, None
    png, npy = picture.png.with_name("tutorial.png"), picture.png.with_name("tutorial.npy")
    seconds += timed(iio.imwrite, png, labels)[1] + timed(np.save, npy, codebook)[1]
    return codebook[labels], seconds, png.stat().st_size + npy.stat().st_size


LIBRARIES: dict[str, Quantize] = {
    OURS: in_memory,
    "libimagequant": libimagequant,
    "sklearn": sklearn,
    FULL: functools.partial(sklearn, full=True),
}
QUANTIZERS: dict[str, Quantize] = {
    OURS: to_pair,
    "libimagequant": libimagequant,
    "pngquant": functools.partial(program, "pngquant"),
    "sklearn": functools.partial(sklearn, write=True),
    "pillow": pillow,
    "imagemagick": functools.partial(program, "imagemagick"),
    "opencv": opencv,
}


def run(quantize: Quantize, picture: Picture, n_colors: int) -> Run:
    """Run a quantizer on a picture."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fewer distinct colors than K: KMeans warns
        decoded, seconds, size_bytes = quantize(picture, n_colors)
    error = None if picture.alpha else picture.error(comparable(decoded))
    return Run(seconds, size_bytes, error)


def run_all(
    quantizers: Mapping[str, Quantize], picture: Picture, n_colors: int, repeats: int = 1
) -> dict[str, Run]:
    """Run quantizers in turns; their seconds are medians, and who fails is left out."""
    tasks = {
        name: functools.partial(run, quantize, picture, n_colors)
        for name, quantize in quantizers.items()
    }
    return {
        name: Run(median(r.seconds for r in runs), runs[0].size_bytes, runs[0].error)
        for name, runs in interleave(tasks, repeats, strict=False).items()
    }


def _rgba(image: Image.Image) -> Pixels:
    """Return pixels without the colors that nobody sees."""
    pixels = np.array(image.convert("RGBA"))
    pixels[pixels[:, :, 3] == 0] = 0
    return pixels


def optimize_png(folder: Path, n_colors: int) -> Coded:
    """Give a PNG to pngquant, then to ``oxipng -o 4``; without pngquant if it changes a color."""
    import oxipng

    source, seconds = folder / "X.out.png", _seconds("pngquant", folder, max(2, n_colors))
    if not (_rgba(Image.open(source)) == _rgba(Image.open(folder / "X.png"))).all():
        source, seconds = folder / "X.png", 0.0
    content, more = timed(oxipng.optimize_from_memory, source.read_bytes(), level=4)
    return Coded(len(content), seconds + more, timed(Image.open(source).load)[1])


def code_all(indexed: codec.IndexedImage, names: Sequence[str]) -> dict[str, Coded]:
    """Code a picture with the lossless coders of others."""
    coded = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Path(folder, "X.png").write_bytes(encode("png", indexed, "fast")[0])
        for coder in names:
            if coder == "oxipng":
                coded[coder] = optimize_png(folder, indexed.n_colors)
                continue
            encoding, decoding = _seconds(coder, folder), _seconds(f"decode {coder}", folder)
            coded[coder] = Coded(Path(folder, f"X.{coder}").stat().st_size, encoding, decoding)
    return coded


def lossy_bytes(picture: Picture, name: str, error: float) -> int | None:
    """Return the bytes at the least quality whose squared error is at most `error`."""
    Image.init()
    low, high, size = 0, 100 if name in Image.SAVE else 0, None
    while low < high:
        quality, file = (low + high) // 2, io.BytesIO()
        Image.fromarray(picture.reference).save(file, name, quality=quality, **LOSSY[name])
        if picture.error(np.asarray(Image.open(file))) <= error:
            high, size = quality, len(file.getvalue())
        else:
            low = quality + 1
    return size


@functools.cache
def word(name: str | None, option: str, place: int) -> str | None:
    """Return a word that a program prints first of all; None when it cannot run."""
    if name is None or shutil.which(name) is None:
        return None
    done = subprocess.run([name, option], capture_output=True, text=True, check=False)
    return done.stdout.split()[place] if done.returncode == 0 and done.stdout else None


def find_imagemagick() -> str | None:
    """Return the command that is ImageMagick's ``convert``; other programs share that name."""
    names = ("magick", "convert-im6.q16", "convert-im6.q16hdri", "convert")
    return next((name for name in names if word(name, "-version", 1) == "ImageMagick"), None)


@functools.cache
def packages() -> dict[str, str]:
    """Return the version of every Python package that is installed, by its name in small."""
    return {package.name.lower(): package.version for package in metadata.distributions()}


@functools.cache
def versions() -> dict[str, str | None]:
    """Return the version of every peer; None where it is not installed."""
    found = {
        "pngquant": word("pngquant", "--version", 0),
        "libimagequant": packages().get("imagequant"),
        "sklearn": packages().get("scikit-learn"),
        "pillow": packages().get("pillow"),
        "imagemagick": word(find_imagemagick(), "-version", 2),
        "opencv": packages().get("opencv-python-headless") or packages().get("opencv-python"),
        "cwebp": word("cwebp", "-version", 0),
        "cjxl": word("cjxl", "--version", 1),
    }
    return {**found, "oxipng": found["pngquant"] and packages().get("pyoxipng")}


def installed(name: str) -> bool:
    """Tell whether a quantizer or coder can run; ours always can."""
    return name == OURS or versions()[name.partition(",")[0]] is not None


def about(found: Mapping[str, str | None] | None = None) -> str:
    """Return our version with the engine that runs here, and those `found` of the peers."""
    found = versions() if found is None else found
    in_memory(noise(), 256)  # loads the engine, for which no measurement shall pay
    done = subprocess.run([*COMMAND, "info", "--engine"], capture_output=True, text=True)
    present = ", ".join(f"{name} {version}" for name, version in found.items() if version)
    absent = ", ".join(name for name, version in found.items() if not version)
    ours = f"{OURS} {codec.__version__}, {done.stdout.strip()}, numpy {np.__version__}"
    return f"{ours}\npeers: {present}" + (f"\nnot installed: {absent}" if absent else "")
