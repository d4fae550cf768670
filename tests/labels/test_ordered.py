"""The 8x8 pattern: what is promised of it."""

import numpy as np
import numpy.typing as npt
import pytest
from kernel_tools import Bytes
from marks import slowly

from codec import kernels
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import count_colors
from codec.labels.dithering import dither_pixels
from codec.labels.nearest import label_colors, label_pixels
from codec.labels.ordered import bayer_thresholds


def ordered(
    pixels: Bytes, codebook: Bytes, strength: float = 1.0, metric: ColorMetric | None = None
) -> Bytes:
    """Labels of a picture."""
    histogram, metric = count_colors(pixels), metric or ColorMetric()
    labels = label_colors(histogram.colors, codebook, metric)
    return dither_pixels(pixels, histogram, labels, codebook, metric, "ordered", strength)


def undithered(pixels: Bytes, codebook: Bytes, metric: ColorMetric) -> Bytes:
    histogram = count_colors(pixels)
    return label_pixels(pixels, histogram, label_colors(histogram.colors, codebook, metric))


def threshold(y: int, x: int) -> int:
    """Bayer's by interleaving bits."""
    value = 0
    for bit in range(3):
        a, b = x >> bit & 1, y >> bit & 1
        value = value * 4 + (2 * (a ^ b) + b)
    return value


def test_thresholds_are_bayers() -> None:
    table = bayer_thresholds()
    assert table[:2, :4].tolist() == [[0, 32, 8, 40], [48, 16, 56, 24]]
    assert [[threshold(y, x) for x in range(8)] for y in range(8)] == table.tolist()
    assert sorted(table.reshape(-1)) == list(range(64))


@pytest.mark.parametrize("size", [2, 5, 40])
@pytest.mark.parametrize("space", ["rgb", "oklab"])
def test_pixels_take_what_their_threshold_says(space: str, size: int, path: str) -> None:
    """A pixel at a time, the lighter of the pair where the threshold is below its share."""
    state, metric = np.random.RandomState(size), ColorMetric(space)
    pixels = state.randint(0, 256, (19, 21, 3)).astype(np.uint8)
    codebook = state.randint(0, 256, (size, 3)).astype(np.uint8)
    labels = ordered(pixels, codebook, 0.8, metric)
    first = undithered(pixels, codebook, metric)
    points = metric.coordinates(pixels.reshape(-1, 3))
    partners, shares = np.zeros((2, len(points)), dtype=np.uint8)
    search = kernels.pairs.PairSearch(metric.coordinates(codebook))
    search.find(points, first.reshape(-1), 205, partners, shares)
    luma = (codebook.astype(int) @ [299, 587, 114]).tolist()
    for i, (y, x) in enumerate(np.ndindex(19, 21)):
        one, other, share = int(first[y, x]), int(partners[i]), int(shares[i])
        if (luma[one], one) > (luma[other], other):
            one, other, share = other, one, 64 - share
        assert labels[y, x] == (other if threshold(y, x) < share else one)


@pytest.mark.parametrize("black", [0, 1])
def test_the_mean_of_a_flat_patch_is_its_color(black: int, path: str) -> None:
    """To half a step of 1/64; below a share of 1/11 nothing is mixed."""
    codebook = np.array([[0], [255]], dtype=np.uint8)[[black, 1 - black]]
    for grey in range(256):
        pixels = np.full((8, 8, 1), grey, dtype=np.uint8)
        mean = codebook[ordered(pixels, codebook)].mean()
        if min(grey, 255 - grey) < 255 / 11:
            assert mean == (0 if grey < 128 else 255)
        else:
            assert abs(mean - grey) <= 255 / 128 + 1e-3


def test_a_color_between_two_codewords_is_their_mean_in_the_space_of_the_metric(
    path: str,
) -> None:
    metric = ColorMetric("oklab")
    codebook = np.array([[40, 60, 160], [200, 180, 90], [250, 0, 250]], dtype=np.uint8)
    dark, light, _ = metric.coordinates(codebook)
    for share in (0.15, 0.3, 0.5, 0.7, 0.85):
        color = metric.colors((dark + share * (light - dark))[None], 3)
        labels = ordered(np.tile(color, (8, 8, 1)), codebook, 1.0, metric)
        assert set(labels.reshape(-1).tolist()) == {0, 1}
        # The color was rounded to 8 bits.
        assert abs((labels == 1).mean() - share) <= 1 / 64


@pytest.mark.parametrize("size", [2, 3, 9])
@pytest.mark.parametrize("space", ["rgb", "oklab"])
def test_a_ramp_gets_lighter_all_the_way(space: str, size: int, path: str) -> None:
    """So where the nearest code-word changes the pattern does not: every place has one edge."""
    ramp = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(256, 1, 1, 3)
    greys = np.repeat(np.linspace(0, 255, size).astype(np.uint8)[:, None], 3, axis=1)
    codebook = greys[np.random.RandomState(size).permutation(size)]
    patches = np.array(
        [codebook[ordered(np.tile(grey, (8, 8, 1)), codebook, 1.0, ColorMetric(space))]
         for grey in ramp]
    )  # fmt: skip
    assert (np.diff(patches[..., 0].astype(int), axis=0) >= 0).all()


def test_flat_colors_of_the_codebook_are_left_alone(path: str) -> None:
    state = np.random.RandomState(0)
    codebook = np.unique(state.randint(0, 256, (30, 3)).astype(np.uint8), axis=0)
    expected = state.randint(0, len(codebook), (40, 50)).astype(np.uint8)
    for space in ("rgb", "oklab"):
        labels = ordered(codebook[expected], codebook, 1.0, ColorMetric(space))
        assert np.array_equal(labels, expected)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("space", [slowly("rgb"), "oklab"])
@pytest.mark.parametrize("channels", [2, 4])
def test_classes_of_alpha_do_not_mix(channels: int, space: str, exact: bool, path: str) -> None:
    state, metric = np.random.RandomState(channels), ColorMetric(space, exact)
    pixels = state.randint(0, 256, (48, 40, channels)).astype(np.uint8)
    pixels[..., -1] = state.choice([0, 1, 90, 254, 255], (48, 40))
    codebook = state.randint(0, 256, (11, channels)).astype(np.uint8)
    codebook[:, -1] = [0, 0, 30, 255, 255, 255, 128, 254, 7, 200, 255]
    labels, plain = ordered(pixels, codebook, 1.0, metric), undithered(pixels, codebook, metric)
    alpha, found = pixels[..., -1], codebook[labels][..., -1]
    assert (found[alpha == 255] == 255).all()
    assert np.array_equal(labels[alpha == 0], plain[alpha == 0])
    assert (found[(alpha > 0) & (alpha < 255)] > 0).all()
    assert (labels != plain)[(alpha > 0) & (alpha < 255)].any()


@pytest.mark.parametrize("channels", [2, 4])
def test_codebooks_that_lack_a_class_will_do(channels: int, path: str) -> None:
    state = np.random.RandomState(channels)
    pixels = state.randint(0, 256, (16, 16, channels)).astype(np.uint8)
    pixels[..., -1] = state.choice([0, 90, 255], (16, 16))
    for alphas in ([0, 0], [0, 90], [90, 200], [255, 255]):
        codebook = state.randint(0, 256, (2, channels)).astype(np.uint8)
        codebook[:, -1] = alphas
        labels = ordered(pixels, codebook)
        assert labels.max() < 2
        if alphas == [0, 90]:
            assert (labels[pixels[..., -1] > 0] == 1).all()


def test_strength_scales_the_share(path: str) -> None:
    codebook = np.array([[0], [200]], dtype=np.uint8)
    pixels = np.full((8, 8, 1), 75, dtype=np.uint8)  # a share of 24 of 64
    counts = [int(ordered(pixels, codebook, s).sum()) for s in (0, 0.25, 0.5, 0.75, 1)]
    assert counts == [0, 6, 12, 18, 24]


def test_neighbors_of_another_size_change_no_pixel(path: str) -> None:
    """The pattern starts at the picture's corner, whatever the picture's size."""
    state = np.random.RandomState(3)
    pixels = state.randint(0, 256, (37, 29, 3)).astype(np.uint8)
    codebook = state.randint(0, 256, (6, 3)).astype(np.uint8)
    whole: npt.NDArray[np.uint8] = ordered(pixels, codebook)
    assert np.array_equal(ordered(pixels[:21, :11], codebook), whole[:21, :11])
