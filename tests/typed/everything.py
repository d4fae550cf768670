"""All that is public, used as its types allow: type checkers read it, and a test runs it."""

import contextlib
import importlib
import io
from pathlib import Path
from typing import assert_type

import numpy as np
import numpy.typing as npt
from PIL import Image

import codec
from codec import chunks, dask, plots
from codec.formats.large.opening import open_sink
from codec.options import DitherChoice

Bytes = npt.NDArray[np.uint8]


def compress_and_back(pixels: Bytes, folder: Path) -> None:
    """Arrays, pictures in memory and bytes; every word that an argument takes."""
    indexed = codec.compress(
        pixels, n_colors=16, seed=1, engine="auto", effort="fast", tune="psnr", color_space="rgb",
        exact=True, codebook_from="kmeans", dither="none", dither_strength=1.0, keep_order=False,
        keep=["#ff0000", (0, 0, 0)], palette_depth="888", weights=np.ones(pixels.shape[:2]),
        format="png", rate_distortion=None,
    )  # fmt: skip
    assert_type(indexed, codec.IndexedImage)
    dithers: tuple[DitherChoice, ...] = ("auto", "none", "selective", "fs", "ordered")
    for dither in dithers:
        codec.compress(Image.fromarray(pixels), 8, dither=dither, effort="fast")
    data = codec.dumps(indexed, "png", effort="best")
    assert_type(data, bytes)
    assert codec.loads(memoryview(data), max_pixels=1 << 20, require_seal=True) == indexed
    (path,) = codec.save(indexed, folder / "a.npz", exclusive=True, effort="default")
    assert_type(path, Path)
    codec.save(indexed, io.BytesIO(), format="png")
    loaded = codec.load(str(path), max_pixels=1 << 20, require_seal=False)
    assert_type(codec.decompress(loaded), Bytes)
    for given in (data, bytearray(data), io.BytesIO(data)):
        picture = codec.read_image(given, first_frame=True, max_pixels=1 << 20, scale_range=False)
        codec.compress(picture, max_bytes=900, min_psnr=None, min_ssim=None, max_error=None)
        assert_type(picture.shape, tuple[int, ...])
        np.asarray(picture)
    codec.compress(pixels, codebook=loaded.codebook)
    codec.compress(pixels, auto=True, min_ssimulacra2=None, effort="fast")
    assert codec.__version__


def keep_metadata(pixels: Bytes, folder: Path) -> None:
    """Texts and a profile beside pixels."""
    metadata = codec.Metadata(texts=(codec.Text("Author", "A. N."),), profile=b"")
    indexed = codec.compress(pixels, 8, effort="fast")
    kept = codec.IndexedImage(indexed.labels, indexed.codebook, metadata=metadata)
    codec.save(kept, folder / "kept.png")
    assert codec.load(folder / "kept.png").metadata.texts[0].text == "A. N."
    picture = codec.read_image(folder / "kept.png", keep_texts=True, keep_profile=True)
    assert_type(picture.metadata, codec.Metadata)


def look_at(indexed: codec.IndexedImage) -> None:
    """What an indexed image tells and makes."""
    assert_type(indexed.labels, Bytes)
    assert_type(indexed.codebook, Bytes)
    assert_type(indexed.shape, tuple[int, ...])
    numbers = (indexed.height, indexed.width, indexed.n_colors, indexed.channels)
    assert_type(numbers, tuple[int, int, int, int])
    assert_type(indexed.select([0]), npt.NDArray[np.bool])
    colors = {"#ffffff": "#ff0000"}
    assert_type(indexed.recolor(colors), codec.IndexedImage)
    indexed.recolor({0: 7, 1: (1, 2, 3)}).recolor(indexed.codebook)
    assert_type(indexed.to_pil(), Image.Image)
    assert_type((indexed.verified, indexed.keep_order), tuple[bool | None, bool | None])
    assert_type(indexed.size_bytes, int | None)
    indexed.check()
    np.asarray(indexed)


def measure(pixels: Bytes, folder: Path) -> None:
    """Records of what pictures become, codebooks for many, plots."""
    codebook = codec.train([pixels, pixels], 8, tune="visual", keep="#ffffff")
    assert_type(codebook, Bytes)
    np.save(folder / "codebook.npy", codebook)
    assert_type(codec.load_codebook(folder / "codebook.npy"), Bytes)
    swept = codec.sweep(pixels, [2, 4], formats=("png", "kmc"), measure=True, effort="fast")
    assert_type(swept, list[codec.Swept])
    reports = codec.report(pixels, codec.compress(pixels, 4), max_pixels=1 << 20)
    assert_type(reports, list[codec.Report])
    assert_type(reports[0].ssim, float | None)
    indexed = codec.compress(pixels, codebook=codebook)
    look_at(indexed)
    plots.comparison(pixels, indexed)[0].get_title()
    plots.codebook(indexed).set_title("code-words")
    plots.color_scatter(pixels, indexed).set_title("colors")
    plots.rate_distortion(swept, rate="size_bytes", measure="ssim").set_title("sizes")


def estimate(pixels: Bytes) -> None:
    """The estimator, as scikit-learn's are used."""
    rows = pixels.reshape(-1, pixels.shape[-1])
    quantizer = codec.ColorQuantizer(4, random_state=0, engine="auto", effort="fast").fit(rows)
    assert_type(quantizer, codec.ColorQuantizer)
    assert_type(quantizer.codebook_, npt.NDArray[np.float64])
    assert_type(quantizer.labels_, npt.NDArray[np.intp])
    assert_type((quantizer.engine_, quantizer.inertia_), tuple[str, float])
    assert_type(quantizer.predict(rows), npt.NDArray[np.intp])
    assert_type(quantizer.score(rows), float)
    assert_type(quantizer.inverse_transform(quantizer.transform(rows)), npt.NDArray[np.float64])
    quantizer.partial_fit(rows).get_feature_names_out()


def in_parts(pixels: Bytes, folder: Path) -> None:
    """Pictures larger than memory."""
    counted: chunks.Histogram = chunks.count(pixels, map=map)
    total = chunks.Histogram.merge([counted, counted]) + counted
    chunks.save_histogram(total, folder / "histogram.npz")
    histogram = chunks.load_histogram(folder / "histogram.npz")
    assert_type((histogram.colors, histogram.n_pixels), tuple[Bytes, int])
    codebook: chunks.Codebook = chunks.train(histogram, 8, effort="fast", tune="psnr")
    codebook.prepare()
    assert_type(codebook.label(pixels, (0, 0)), Bytes)
    assert_type(codebook.words, Bytes)
    Image.fromarray(pixels).save(folder / "large.png")
    with chunks.open_source(folder / "large.png") as source:
        done = chunks.compress_chunked(source, folder / "large.tif", 8, format="tiff", force=True)
    assert_type(done, chunks.Compressed)
    with codec.open(folder / "large.tif", max_pixels=1 << 20) as image:
        assert_type(image[0:2, 0:2], Bytes)
        assert_type(image.labels[0:2, 0:2], Bytes)
        assert_type((image.shape, image.size_bytes), tuple[tuple[int, ...], int])


def on_a_cluster(pixels: Bytes, folder: Path) -> None:
    """Arrays of Dask; a source and a sink that others can open."""
    array = importlib.import_module("dask.array").from_array(pixels, chunks=(8, 8, 3))
    codebook = dask.fit(array, 8, tune="psnr", dither="none")
    assert_type(codebook, chunks.Codebook)
    labels, _ = dask.compress(array, 8, effort="fast", format="png")
    assert dask.labels(array, codebook).shape == labels.shape
    dask.decompress(labels, codebook).compute()
    np.save(folder / "pixels.npy", pixels)
    source = chunks.open_source(folder / "pixels.npy")
    dask.compress_files(source, open_sink(folder / "cluster.zarr"), 8, effort="fast")


def go_wrong(pixels: Bytes) -> None:
    """Errors, from one of everything to one of each."""
    codec.register_plugins()
    kinds: tuple[type[codec.CodecError], ...] = (
        codec.ClusterError, codec.FileError, codec.FormatError, codec.ImageError,
        codec.LimitError, codec.ParameterError, codec.TargetError,
    )  # fmt: skip
    with contextlib.suppress(*kinds):
        codec.compress(pixels, max_bytes=1)
    assert_type(codec.TargetError("no", "target-not-reachable").reason, str)


def main(folder: Path) -> None:
    """Run all of it in a folder."""
    rows, columns = np.mgrid[0:24, 0:32]
    pixels = np.stack([rows * 9, columns * 7, rows * columns // 4], axis=2).astype(np.uint8)
    compress_and_back(pixels, folder)
    keep_metadata(pixels, folder)
    measure(pixels, folder)
    estimate(pixels)
    in_parts(pixels, folder)
    on_a_cluster(pixels, folder)
    go_wrong(pixels)
