"""Mistakes that type checkers must find; nothing here is run.

mypy is told to expect each, and complains of one that it does not find.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

import codec


def words(pixels: npt.NDArray[np.uint8], indexed: codec.IndexedImage, path: Path) -> None:
    """A word is misspelt."""
    codec.compress(pixels, effort="bestt")  # type: ignore[arg-type]
    codec.compress(pixels, dither="floyd")  # type: ignore[arg-type]
    codec.compress(pixels, tune="visuall")  # type: ignore[arg-type]
    codec.compress(pixels, format="gif")  # type: ignore[arg-type]
    codec.compress(pixels, engine="gpu")  # type: ignore[arg-type]
    codec.compress(pixels, color_space="srgb")  # type: ignore[arg-type]
    codec.compress(pixels, codebook_from="octree")  # type: ignore[arg-type]
    codec.compress(pixels, palette_depth="566")  # type: ignore[arg-type]
    codec.compress(pixels, palette_depth=565)  # type: ignore[arg-type]
    codec.dumps(indexed, "jpeg")  # type: ignore[arg-type]
    codec.dumps(indexed, "png", effort="bestt")  # type: ignore[arg-type]
    codec.save(indexed, path, format="tif")  # type: ignore[arg-type]
    codec.save(indexed, path, effort="most")  # type: ignore[arg-type]
    codec.sweep(pixels, formats=["pngs"])  # type: ignore[list-item]
    codec.sweep(pixels, tune="ssim")  # type: ignore[arg-type]
    codec.train([pixels], effort="slow")  # type: ignore[arg-type]
    codec.ColorQuantizer(engine="cuda")  # type: ignore[arg-type]
    codec.ColorQuantizer(effort="bestt")  # type: ignore[arg-type]
    codec.chunks.compress_chunked(pixels, path, format="gif")  # type: ignore[arg-type]
    codec.chunks.train(codec.chunks.count(pixels), tune="look")  # type: ignore[arg-type]
    codec.dask.fit(pixels, dither="floyd")  # type: ignore[arg-type]
    codec.dask.compress(pixels, effort="bestt")  # type: ignore[arg-type]
    codec.dask.compress_files(pixels, pixels, tune="look")  # type: ignore[arg-type]
    codec.plots.rate_distortion([], rate="bytes")  # type: ignore[arg-type]


def names(pixels: npt.NDArray[np.uint8], indexed: codec.IndexedImage, path: Path) -> None:
    """An argument, an attribute or a function is misspelt, or is of another name elsewhere."""
    codec.compress(pixels, colors=16)  # type: ignore[call-arg]
    codec.compress(pixels, dithering="none")  # type: ignore[call-arg]
    codec.save(indexed, path, force=True)  # type: ignore[call-arg]
    codec.dask.compress(pixels, efort="best")  # type: ignore[call-arg]
    codec.ColorQuantizer(n_clusters=8)  # type: ignore[call-arg]
    codec.quantize(pixels)  # type: ignore[attr-defined]
    indexed.palette  # type: ignore[attr-defined]  # noqa: B018


def kinds(pixels: npt.NDArray[np.uint8], indexed: codec.IndexedImage, path: Path) -> None:
    """What is given or taken is something else."""
    codec.compress(b"\x89PNG")  # type: ignore[arg-type]
    codec.compress(path)  # type: ignore[arg-type]
    codec.compress(pixels, "16")  # type: ignore[arg-type]
    codec.decompress(pixels)  # type: ignore[arg-type]
    codec.dumps(indexed)  # type: ignore[call-arg]
    codec.loads("a.png")  # type: ignore[arg-type]
    name: str = codec.dumps(indexed, "png")  # type: ignore[assignment]
    name = codec.save(indexed, path)[0]  # type: ignore[assignment]
    print(name)
