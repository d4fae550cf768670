"""Dithering: what is promised of it."""

import importlib
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from cli_tools import many_colors, with_alpha
from kernel_tools import Bytes
from marks import needs_kernels, slowly

import codec
from codec import kernels, threads
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import count_colors
from codec.colors.metrics import measure
from codec.compressor import compress_with_details
from codec.labels.dithering import dither_pixels, fixed_strength
from codec.labels.nearest import label_colors
from codec.options import COLOR_SPACES, TUNES
from codec.settings import CompressSettings

KINDS = ["fs", "selective", "ordered"]
TRAINING = ("breathing", "cells", "covering", "lloyd", "medoids", "merging", "summary")


@pytest.fixture
def path(path: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Train compiled, if anything was: twins of training take long, and dither nothing."""
    for name in TRAINING if kernels.COMPILED else ():
        monkeypatch.setattr(kernels, name, importlib.import_module(f"codec.kernels.{name}"))
    return path


def dithered(pixels: Bytes, codebook: Bytes, kind: str, strength: float = 1.0) -> Bytes:
    """Labels of a picture."""
    histogram = count_colors(pixels)
    labels = label_colors(histogram.colors, codebook, ColorMetric())
    return dither_pixels(pixels, histogram, labels, codebook, ColorMetric(), kind, strength)


@pytest.mark.parametrize(
    ("strength", "steps"),
    [(0, 0), (0.0019, 0), (1 / 512, 1), (0.3, 77), (0.5, 128), (0.7, 179), (0.999, 256), (1, 256)],
)
def test_a_strength_is_rounded_to_steps_of_1_in_256(strength: float, steps: int) -> None:
    assert fixed_strength(strength) == steps


@pytest.mark.parametrize("kind", ["fs", "ordered"])
@pytest.mark.parametrize("grey", [1, 40, 64, 127, 128, 200, 254])
def test_flat_grey_keeps_its_mean(grey: int, kind: str, path: str) -> None:
    pixels = np.full((64, 64, 1), grey, dtype=np.uint8)
    codebook = np.array([[0], [255]], dtype=np.uint8)
    mean = codebook[dithered(pixels, codebook, kind)].mean()
    # 64 thresholds are steps of 4; error diffusion loses what crosses the edges.
    assert abs(mean - grey) <= (2.0 if kind == "ordered" else 2.5)


@pytest.mark.parametrize("kind", KINDS)
def test_what_no_codeword_can_make_up_for_does_not_spread(kind: str, path: str) -> None:
    pixels = np.full((24, 48, 3), 120, dtype=np.uint8)
    pixels[:, :24] = (0, 255, 0)
    codebook = np.array([[100] * 3, [140] * 3, [120] * 3], dtype=np.uint8)
    labels = dithered(pixels, codebook, kind)
    assert (labels[:, 32:] == 2).mean() > 0.9


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [slowly(1), slowly(3), 4])
def test_strength_zero_is_no_dithering(channels: int, kind: Any, path: str) -> None:
    state = np.random.RandomState(channels)
    pixels = state.randint(0, 256, (10, 15, channels)).astype(np.uint8)
    for tune, space in product(TUNES, COLOR_SPACES[:2]):
        compress = partial(codec.compress, pixels, 9, tune=tune, color_space=space)
        plain, same = compress(dither="none"), compress(dither=kind, dither_strength=0)
        assert np.array_equal(plain.labels, same.labels)
        assert np.array_equal(plain.codebook, same.codebook)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tune", TUNES)
@pytest.mark.parametrize("channels", [2, 4])
def test_opaque_stays_opaque_and_transparent_transparent(
    channels: int, tune: str, kind: str, path: str
) -> None:
    state = np.random.RandomState(channels)
    pixels = state.randint(0, 256, (24, 30, channels)).astype(np.uint8)
    pixels[..., -1] = np.repeat(state.choice([0, 120, 255], (24, 6)), 5, axis=1)
    compressed = compress_with_details(pixels, CompressSettings(12, tune=tune, dither=kind))
    decoded = codec.decompress(compressed.indexed)
    assert (decoded[pixels[..., -1] == 255][:, -1] == 255).all()
    assert not decoded[pixels[..., -1] == 0].any()
    assert compressed.mse == pytest.approx(measure(pixels, decoded).mse)


@pytest.mark.parametrize("kind", KINDS)
def test_error_is_that_of_the_pixels(kind: str, path: str) -> None:
    pixels = many_colors()
    plain = compress_with_details(pixels, CompressSettings(8, tune="psnr"))
    details = compress_with_details(pixels, CompressSettings(8, tune="psnr", dither=kind))
    decoded = codec.decompress(details.indexed)
    assert details.mse == ((decoded.astype(float) - pixels) ** 2).mean() > plain.mse
    assert (details.dither, plain.dither) == (kind, "none")
    assert len(np.unique(details.indexed.labels)) == details.indexed.n_colors


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_shades_are_nearer_from_afar(kind: Any, path: str) -> None:
    rows, columns = np.mgrid[0:64, 0:128]
    pixels = np.stack([columns * 2, rows * 4, 255 - columns * 2], axis=2).astype(np.uint8)

    def afar(picture: Bytes) -> npt.NDArray[np.float64]:
        blocks = picture.reshape(8, 8, 16, 8, 3).mean(axis=(1, 3))
        return np.asarray(blocks[2:-2, 3:-3])  # colors that the code-words enclose

    def error(picture: Bytes) -> float:
        return float(((afar(picture) - afar(pixels)) ** 2).mean())

    plain = codec.decompress(codec.compress(pixels, 12, tune="psnr"))
    smooth = codec.decompress(codec.compress(pixels, 12, tune="psnr", dither=kind))
    # Where selective diffusion makes up for an error, it does so in part.
    assert error(smooth) < error(plain) / (5 if kind == "selective" else 20)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tune", TUNES)
@pytest.mark.parametrize("make", [many_colors, with_alpha])
def test_what_is_lossless_is_left_alone(make: Callable[[], Bytes], tune: str, kind: str) -> None:
    pixels, settings = make(), CompressSettings(16, tune=tune, dither=kind)
    first = compress_with_details(pixels, settings)
    again = compress_with_details(codec.decompress(first.indexed), settings)
    assert again.lossless
    assert again.mse == 0
    assert again.dither == "none"
    assert np.array_equal(codec.decompress(first.indexed), codec.decompress(again.indexed))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tune", TUNES)
def test_threads_change_nothing(tune: Any, kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = many_colors(height=40, width=48)
    monkeypatch.setattr(threads, "THREAD_PIXELS", 7 * 64)  # so that there is work for four
    results = set()
    for count in ("1", "2", "4"):
        monkeypatch.setenv("KMCODEC_THREADS", count)
        results.add(codec.compress(pixels, 32, tune=tune, dither=kind).labels.tobytes())
    assert len(results) == 1


@needs_kernels
@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_in_strips_and_groups_is_the_same(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = many_colors(height=40, width=50)
    codebook = np.unique(pixels[::4, ::4].reshape(-1, 3), axis=0)[::3]
    whole = dithered(pixels, codebook, kind)
    monkeypatch.setattr(threads, "STRIP_PIXELS", 150)
    monkeypatch.setattr(threads, "THREAD_PIXELS", 7 * 64)
    monkeypatch.setenv("KMCODEC_THREADS", "4")
    assert np.array_equal(dithered(pixels, codebook, kind), whole)
    turned = np.asarray(pixels[:, ::-1].copy()[:, ::-1])  # strides that run backwards
    assert np.array_equal(dithered(turned, codebook, kind), whole)
