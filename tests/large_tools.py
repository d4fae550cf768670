"""What the tests of large formats share: labels, and writing them piece by piece."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from codec.formats.large.opening import open_sink
from codec.formats.large.sinks import Sink

Bytes = npt.NDArray[np.uint8]

NAMES = ["a.zarr", "a.tif", "a.labels.png", "a.npz", "a.png"]
TILED = ["a.zarr", "a.tif"]
ROWS = ["a.labels.png", "a.npz", "a.png"]
# Of tiles of 32 x 48.
SHAPES = [(1, 1), (1, 200), (300, 5), (31, 49), (32, 48), (96, 96), (101, 147)]
needs_gdal = pytest.mark.skipif(
    shutil.which("gdal_translate") is None, reason="gdal_translate is not installed"
)
needs_vips = pytest.mark.skipif(shutil.which("vips") is None, reason="vips is not installed")


def require(name: str) -> None:
    """Skip where what a format needs is not installed."""
    if name.endswith(".zarr"):
        pytest.importorskip("zarr")


def made(height: int, width: int, size: int, channels: int, seed: int = 0) -> tuple[Bytes, Bytes]:
    """Labels that repeat themselves a little, and a codebook with equal code-words."""
    state = np.random.RandomState(seed)
    labels = state.randint(0, size, (height, width)).astype(np.uint8)
    labels[::2, width // 2 :] = labels[:1, :1]
    codebook = state.randint(0, 256, (size, channels)).astype(np.uint8)
    codebook[-1] = codebook[0]
    return labels, codebook


def pixels_of(labels: Bytes, codebook: Bytes) -> Bytes:
    """What is to come back."""
    pixels: Bytes = codebook[labels]
    return pixels[:, :, 0] if codebook.shape[1] == 1 else pixels


def make_sink(path: Path, **options: Any) -> Sink:
    """A sink with tiles of 32 x 48 where there are tiles."""
    require(path.name)
    tile = {"tile": (32, 48)} if path.suffix in {".zarr", ".tif"} else {}
    return open_sink(path, **{**tile, **options})


def begin(sink: Sink, labels: Bytes, codebook: Bytes, facts: dict[str, Any]) -> None:
    """Begin with these labels' shape."""
    height, width = labels.shape
    sink.begin(height, width, codebook, facts)


def blocks(sink: Sink, labels: Bytes) -> Iterator[tuple[int, int, Bytes]]:
    """What is to be written: tiles from the last to the first, or a few rows at a time."""
    if sink.block is None:
        yield from ((top, 0, labels[top : top + 7]) for top in range(0, len(labels), 7))
        return
    down, across = sink.block
    for y in reversed(range(0, labels.shape[0], down)):
        for x in reversed(range(0, labels.shape[1], across)):
            yield y, x, labels[y : y + down, x : x + across]


def write(path: Path, labels: Bytes, codebook: Bytes, **options: Any) -> list[Path]:
    """Write a picture piece by piece."""
    with make_sink(path, **options) as sink:
        begin(sink, labels, codebook, {"effort": "default"})
        for y, x, block in blocks(sink, labels):
            sink.write(y, x, block)
        return sink.finish()


def flip(path: Path, place: int) -> None:
    """Damage a file in one bit."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(bytes(data))
