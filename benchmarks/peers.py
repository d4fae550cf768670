"""The peers: other quantizers behind one signature, all without dithering.

Each takes the picture twice, as a PNG file for the programs and as pixels for the libraries, and
returns the decoded pixels, the size of the file that it writes, and the time it took. All are
optional: a peer that is not installed has the version None.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import environment
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


class PeerError(RuntimeError):
    """A peer did not do its work on a picture."""


@dataclass(frozen=True)
class PeerResult:
    """What a peer made of a picture.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (H, W, C)
        Decoded; same shape as the input.
    size_bytes : int or None
        Size of what it wrote; None for a library that writes no file.
    seconds : float
        Wall time, from the decoded pixels (programs: from the PNG file) to the written file, or
        to the labels and codebook where no file is written. Import time is not included.
    """

    pixels: Pixels
    size_bytes: int | None
    seconds: float


@dataclass(frozen=True)
class Peer:
    """One quantizer.

    Attributes
    ----------
    name : str
        As on the command line.
    settings : str
        What it is asked to do.
    quantize : callable
        ``quantize(path, pixels, n_colors) -> PeerResult``; `path` is a PNG of `pixels`.
    version : callable
        Returns the version, or None when it is not installed.
    slow : bool
        Runs only when asked for by name.
    """

    name: str
    settings: str
    quantize: Callable[[Path, Pixels, int], PeerResult]
    version: Callable[[], str | None]
    slow: bool = False

    def available(self) -> bool:
        """Tell whether it is installed."""
        return self.version() is not None


def _read(path: Path, channels: int) -> Pixels:
    """Read a PNG as RGB (3 channels) or RGBA (4)."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGBA" if channels == 4 else "RGB"))


def _run_program(command: Sequence[str], path: Path, pixels: Pixels) -> PeerResult:
    """Run a program that writes the file ``out.png`` in its working folder; decode that file."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "out.png")
        start = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
        if done.returncode != 0 or not output.exists():
            message = done.stderr.strip() or "no output written"
            raise PeerError(f"{command[0]} on {path.name}: exit {done.returncode}: {message}")
        return PeerResult(_read(output, pixels.shape[2]), output.stat().st_size, seconds)


def quantize_pngquant(path: Path, pixels: Pixels, n_colors: int) -> PeerResult:
    """Quantize with pngquant at its slowest, best setting."""
    source = str(path.resolve())
    command = ["pngquant", "--nofs", "-s1", "--output", "out.png", str(n_colors), "--", source]
    return _run_program(command, path, pixels)


def quantize_imagemagick(path: Path, pixels: Pixels, n_colors: int) -> PeerResult:
    """Quantize with ImageMagick's octree."""
    program = environment.find_imagemagick()
    if program is None:
        raise PeerError("ImageMagick is not installed")
    command = [program, str(path.resolve()), "+dither", "-colors", str(n_colors), "png8:out.png"]
    return _run_program(command, path, pixels)


def quantize_pillow(path: Path, pixels: Pixels, n_colors: int) -> PeerResult:
    """Quantize with Pillow: median cut, then its k-means until no pixel changes its color.

    ``kmeans=1`` is its best setting: 2-3 times less squared error than ``kmeans=0``. Pictures
    with alpha go through the octree, the only method of a stock Pillow that takes them.
    """
    picture = Image.fromarray(pixels)
    has_alpha = pixels.shape[2] == 4
    method = Image.Quantize.FASTOCTREE if has_alpha else Image.Quantize.MEDIANCUT
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "out.png")
        start = time.perf_counter()
        indexed = picture.quantize(n_colors, method=method, kmeans=1, dither=Image.Dither.NONE)
        indexed.save(output, optimize=True)
        seconds = time.perf_counter() - start
        return PeerResult(_read(output, pixels.shape[2]), output.stat().st_size, seconds)


def quantize_libimagequant(path: Path, pixels: Pixels, n_colors: int) -> PeerResult:
    """Quantize with the libimagequant inside the ``imagequant`` package; writes no file."""
    import imagequant

    height, width, channels = pixels.shape
    opaque = np.full((height, width, 1), 255, np.uint8)
    rgba = pixels if channels == 4 else np.concatenate([pixels, opaque], axis=2)
    data = rgba.tobytes()
    start = time.perf_counter()
    raw_labels, raw_codebook = imagequant.quantize_raw_rgba_bytes(
        data, width, height, dithering_level=0.0, max_colors=n_colors, max_quality=100
    )
    seconds = time.perf_counter() - start
    codebook = np.array(raw_codebook, dtype=np.uint8).reshape(-1, 4)[:, :channels]
    labels = np.frombuffer(raw_labels, np.uint8).reshape(height, width)
    return PeerResult(codebook[labels], None, seconds)


def quantize_opencv(path: Path, pixels: Pixels, n_colors: int) -> PeerResult:
    """Quantize with ``cv2.kmeans`` on all pixels, as its tutorial does; writes no file."""
    import cv2

    height, width, channels = pixels.shape
    cv2.setRNGSeed(0)
    criteria = (cv2.TERM_CRITERIA_MAX_ITER, 20, 0.0)
    start = time.perf_counter()
    points = pixels.reshape(-1, channels).astype(np.float32)
    k = min(n_colors, len(points))
    labels = np.empty((len(points), 1), np.int32)
    _, _, centers = cv2.kmeans(points, k, labels, criteria, 1, cv2.KMEANS_PP_CENTERS)
    codebook = np.rint(centers).clip(0, 255).astype(np.uint8)
    seconds = time.perf_counter() - start
    return PeerResult(codebook[labels.reshape(height, width)], None, seconds)


def quantize_sklearn(path: Path, pixels: Pixels, n_colors: int) -> PeerResult:
    """Quantize with the tutorials' scikit-learn script; writes a label PNG and a codebook."""
    import tutorial

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fewer distinct colors than K: KMeans warns
        start = time.perf_counter()
        codebook, labels = tutorial.quantize(pixels, n_colors)
        written = tutorial.save(codebook, labels, str(Path(folder, "out")))
        seconds = time.perf_counter() - start
        size_bytes = sum(Path(name).stat().st_size for name in written)
    return PeerResult(codebook[labels], size_bytes, seconds)


PEERS = {
    peer.name: peer
    for peer in (
        Peer(
            "pngquant",
            "pngquant --nofs -s1 K",
            quantize_pngquant,
            environment.pngquant_version,
        ),
        Peer(
            "libimagequant",
            "imagequant package, dithering_level=0.0, max_quality=100",
            quantize_libimagequant,
            lambda: environment.library_version("imagequant"),
        ),
        Peer(
            "pillow",
            "Image.quantize, MEDIANCUT, kmeans=1 (alpha: FASTOCTREE); PNG with optimize=True",
            quantize_pillow,
            lambda: environment.library_version("pillow"),
        ),
        Peer(
            "imagemagick",
            "convert +dither -colors K png8:",
            quantize_imagemagick,
            environment.imagemagick_version,
        ),
        Peer(
            "sklearn",
            "KMeans on 10,000 shuffled pixels, predict on all; imageio PNG + np.save",
            quantize_sklearn,
            lambda: environment.library_version("scikit-learn"),
        ),
        Peer(
            "opencv",
            "cv2.kmeans on all pixels, k-means++ centers, 1 attempt, 20 iterations",
            quantize_opencv,
            lambda: environment.library_version("opencv-python-headless", "opencv-python"),
            slow=True,
        ),
    )
}


def versions() -> dict[str, str | None]:
    """Return the version of every peer, None where it is not installed."""
    return {name: peer.version() for name, peer in PEERS.items()}
