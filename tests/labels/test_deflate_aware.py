"""Labels for deflate: what is promised of them."""

import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from kernel_tools import Bytes
from marks import needs_kernels
from scene_tools import page

import codec
from codec.colors.colorspace import ColorMetric
from codec.colors.places import place_colors, place_pixels
from codec.labels import deflate_aware
from codec.labels.deflate_aware import deflate_labels

RGB = ColorMetric("rgb", True)
Rates = npt.NDArray[np.uint32]


class Case:
    """A picture, the codebook and labels that k-means gives it, and what is known of both."""

    def __init__(self, pixels: Bytes, size: int) -> None:
        indexed = codec.compress(pixels, size, tune="psnr")
        self.pixels, self.nearest, self.codebook = pixels, indexed.labels, indexed.codebook
        self.places = place_pixels(pixels, RGB)
        self.words = place_colors(self.codebook, RGB)
        self.mean_error = self.error(self.nearest) / self.nearest.size

    def error(self, labels: Bytes) -> int:
        """Squared error in steps of places."""
        pixels = self.places.reshape(*labels.shape, -1).astype(np.int64)
        return int(((pixels - self.words[labels]) ** 2).sum())

    def rates(self, strength: float) -> Rates:
        """So many times the mean error of a pixel for a bit."""
        return np.full(self.nearest.shape, round(16 * strength * self.mean_error), dtype=np.uint32)

    def choose(self, strength: float, *, filter_bytes: bool = True) -> Bytes:
        return deflate_labels(
            self.places,
            self.words,
            self.nearest,
            self.rates(strength),
            filter_bytes=filter_bytes,
        )


def deflated(labels: Bytes, before: int = 1) -> int:
    """Bytes of labels with a filter byte before each row, or without."""
    return len(zlib.compress(np.pad(labels, ((0, 0), (before, 0))).tobytes(), 9))


def cloth(height: int = 128, width: int = 192, channels: int = 3) -> Bytes:
    """A weave of 7 by 9 pixels on a slope of light, with grain."""
    y, x = np.mgrid[:height, :width]
    grain = 4 * np.random.RandomState(4).randn(height, width, channels)
    weave = 25 * np.sin(2 * np.pi * x / 9) * np.sin(2 * np.pi * y / 7)
    tint = np.array([1.0, 0.8, 0.6, 1.0])[:channels]
    light = (110 + 0.3 * (x + y) + weave)[..., None] * tint
    picture: Bytes = np.clip(light + grain, 0, 255).astype(np.uint8)
    return picture


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (9, 1), (5, 2), (3, 40), (12, 300)])
def test_without_a_rate_labels_are_the_nearest(
    shape: tuple[int, int], channels: int, path: str
) -> None:
    state = np.random.RandomState(channels)
    words = state.randint(0, 4081, (50, channels)).astype(np.int16)
    nearest = state.randint(0, 50, shape).astype(np.uint8)
    places = state.randint(0, 4081, (shape[0], shape[1] * channels)).astype(np.int16)
    lams = np.zeros(shape, dtype=np.uint32)
    for filter_bytes in (True, False):
        labels = deflate_labels(places, words, nearest, lams, filter_bytes=filter_bytes)
        assert labels.dtype == np.uint8
        assert np.array_equal(labels, nearest)


@needs_kernels
def test_a_little_rate_changes_little_and_more_changes_more() -> None:
    """Sizes fall and errors rise, all the way."""
    case = Case(cloth(), 32)
    results = [case.choose(strength) for strength in (0, 0.25, 1, 4)]
    sizes = [deflated(labels) for labels in results]
    errors = [case.error(labels) for labels in results]
    assert sizes == sorted(sizes, reverse=True)
    assert errors == sorted(errors)
    assert (results[1] != case.nearest).mean() < 0.4


@needs_kernels
@pytest.mark.parametrize("filter_bytes", [True, False])
@pytest.mark.parametrize(
    ("size", "strength", "most"), [(16, 0.5, 0.95), (16, 2, 0.7), (64, 2, 0.7), (256, 4, 0.7)]
)
def test_error_and_bits_together_fall(
    size: int, strength: float, most: float, filter_bytes: bool
) -> None:
    """With bits as zlib counts them, which knows nothing of rates."""
    case = Case(cloth(), size)
    rate = strength * case.mean_error

    def total(labels: Bytes) -> float:
        return case.error(labels) + rate * 8 * deflated(labels, int(filter_bytes))

    labels = case.choose(strength, filter_bytes=filter_bytes)
    assert total(labels) < most * total(case.nearest)


@needs_kernels
def test_fewer_bytes_than_fewer_codewords_of_the_same_error() -> None:
    """By a fifth: 64 code-words with a rate beside fewer without."""
    pixels = cloth()
    case = Case(pixels, 64)
    labels = case.choose(1)
    fewer = next(
        other for size in range(32, 65) if (other := Case(pixels, size)).mean_error * labels.size
        <= case.error(labels)
    )  # fmt: skip
    assert len(fewer.codebook) < 64
    assert deflated(labels) < 0.8 * deflated(fewer.nearest)


@pytest.mark.parametrize("seed", range(3))
def test_groups_are_kept_to(seed: int, path: str) -> None:
    """Three kinds of code-words; pixels that may have two of them, one, or stay as they are."""
    state = np.random.RandomState(seed)
    case = Case(cloth(12, 50), 24)
    word_groups = (1 << state.randint(0, 3, len(case.words))).astype(np.uint8)
    pixel_groups = state.choice([0, 1, 2, 4, 3, 6], case.nearest.shape).astype(np.uint8)
    labels = deflate_labels(
        case.places, case.words, case.nearest, case.rates(8), (word_groups, pixel_groups)
    )
    changed = labels != case.nearest
    assert 0.1 < changed.mean() < 0.9
    assert (word_groups[labels] & pixel_groups)[changed].all()
    assert not changed[pixel_groups == 0].any()


@needs_kernels
def test_results_depend_on_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither on strides, threads nor the run, and nothing that was given is written to."""
    monkeypatch.setattr(deflate_aware, "_STRIP_PIXELS", 1 << 12)
    case = Case(cloth(), 64)
    arrays = [case.places, case.words, case.nearest, case.rates(1)]

    def choose(order: Any) -> Bytes:
        places, words, nearest, lams = (np.array(array, order=order) for array in arrays)
        for array in (places, words, nearest, lams):
            array.flags.writeable = False
        return deflate_labels(places, words, nearest, lams)

    monkeypatch.setenv("KMCODEC_THREADS", "1")
    first = choose("C")
    monkeypatch.setenv("KMCODEC_THREADS", "4")
    assert np.array_equal(choose("C"), first)
    assert np.array_equal(choose("F"), first)


@needs_kernels
def test_strips_cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of them, each as large as a window."""
    case = Case(cloth(256, 384), 64)
    whole = deflated(case.choose(1))
    monkeypatch.setattr(deflate_aware, "_STRIP_PIXELS", 1 << 15)
    assert deflated(case.choose(1)) < 1.08 * whole


@pytest.mark.parametrize("size", [16, 64])
@pytest.mark.parametrize("strength", [1, 4])
def test_lone_pixels_and_thin_lines_survive(size: int, strength: float) -> None:
    """Of strong contrast, on grain: not one of them changes its color much."""
    pixels = cloth(100, 200)
    drawn = np.zeros((100, 200), dtype=bool)
    drawn[20, 10:190] = drawn[10:90, 150] = True
    drawn[np.arange(30, 90), np.arange(30, 90)] = True
    drawn[40:95:6, 100:140:5] = True
    pixels[drawn] = (250, 20, 30)
    case = Case(pixels, size)
    shown = case.codebook[case.choose(strength)].astype(int)
    # Nearer to the ink than to what surrounds it.
    assert (abs(shown[drawn] - (250, 20, 30)).max(axis=1) < 60).all()
    # Nor does ink get where there was none.
    assert (abs(shown[~drawn] - (250, 20, 30)).max(axis=1) > 60).all()


def test_text_stays_as_it_is() -> None:
    case = Case(page(), 16)
    labels = case.choose(2)
    shown, was = (case.codebook[some].astype(int) for some in (labels, case.nearest))
    assert abs(shown - was).max() < 90
    assert deflated(labels) <= deflated(case.nearest)


def test_lengths_and_distances_cost_what_rfc_1951_says() -> None:
    tried = np.array([1, 100], dtype=np.int32)
    counts = np.full(256, 1000, dtype=np.int64)
    counts[7], counts[8] = 0, 1
    literals, lengths, distances = map(list, deflate_aware._guess_costs(counts, tried))
    assert literals[7] == literals[8] == 12 * 256
    # 256 of 340 thousand: 8 bits and the logarithm of 4/3.
    assert abs(literals[0] - 256 * (8 + np.log2(4 / 3))) < 4
    for shorter, longer, extra in [(11, 12, 1), (35, 42, 3), (227, 257, 5)]:
        assert lengths[shorter] == lengths[longer]
        assert (lengths[shorter] - extra * 256) <= 12 * 256
    assert lengths[257] - lengths[258] == 5 * 256
    assert lengths[3] < lengths[4]
    # Symbols that nobody expects are equally dear but for what follows them.
    extras = {4: 0, 5: 1, 7: 1, 9: 2, 16385: 13, 24577: 13, 32768: 13}
    assert all(distances[d] - distances[2] == 256 * extra for d, extra in extras.items())
    assert distances[1] < distances[2]
    assert distances[97] == distances[128]
    assert distances[97] < distances[129]
