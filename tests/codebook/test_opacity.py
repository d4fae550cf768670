"""Training by classes of alpha."""

import numpy as np
import numpy.typing as npt
import pytest
from alpha_tools import WITH_ALPHA
from marks import needs_kernels, slowly

from codec.codebook import native
from codec.codebook.baselines import BASELINES
from codec.codebook.opacity import complete, train_parted
from codec.codebook.training import train_codebook
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram, count_colors
from codec.colors.opacity import PartedMetric, are_clear, are_solid
from codec.colors.pixels import without_hidden

Codebook = npt.NDArray[np.uint8]


def counted(name: str) -> ColorHistogram:
    """Colors of a picture, all clear ones one."""
    return count_colors(without_hidden(WITH_ALPHA[name]()))


def error(histogram: ColorHistogram, codebook: Codebook, metric: ColorMetric) -> float:
    """Squared error where each color has the nearest code-word that it may have."""
    colors = histogram.colors
    points, words = metric.coordinates(colors), metric.coordinates(codebook)
    found = ((points[:, None] - words) ** 2).sum(axis=2)
    for are_such in (are_clear, are_solid):
        found[np.ix_(are_such(colors), ~are_such(codebook))] = np.inf
    return float((found.min(axis=1) * histogram.counts).sum())


@pytest.mark.parametrize("name", WITH_ALPHA)
@pytest.mark.parametrize("size", [2, 3, 6, 20])
def test_codebooks_have_each_class_that_colors_have(name: str, size: int) -> None:
    histogram = counted(name)

    codebook = train_codebook(histogram, size).codebook

    clear = are_clear(codebook)
    assert len(codebook) <= size
    assert codebook.tolist() == np.unique(codebook, axis=0).tolist()
    assert clear.sum() == are_clear(histogram.colors).any()
    assert not codebook[clear].any()
    assert are_solid(codebook).any() >= are_solid(histogram.colors).any()


@needs_kernels
@pytest.mark.parametrize("space", ["rgb", slowly("oklab")])
def test_training_by_classes_beats_training_without(space: str) -> None:
    """On the whole by far, and by more where code-words are few."""
    metric = PartedMetric(space)
    ratios = []
    for name in WITH_ALPHA:
        histogram = counted(name)
        colors, counts = histogram.colors, histogram.counts
        for size in (4, 8, 16):
            found = train_codebook(histogram, size, metric=ColorMetric(space)).codebook
            without = native.train(colors, counts, size, metric=metric)
            without = complete(without, colors, counts, size, metric)
            ratios.append(error(histogram, found, metric) / error(histogram, without, metric))

    assert np.exp(np.log(ratios).mean()) < 0.8
    assert max(ratios) < 1.1


def test_where_all_is_clear_one_codeword_is_enough() -> None:
    colors = np.array([[0, 0, 0, 0], [1, 2, 3, 0], [9, 9, 9, 0]], dtype=np.uint8)

    found = train_parted(native.begin, colors, np.ones(3, np.int64), 2, metric=ColorMetric())

    assert found.tolist() == [[0, 0, 0, 0]]


@needs_kernels
def test_where_all_is_translucent_classes_do_not_matter() -> None:
    histogram = count_colors(np.clip(WITH_ALPHA["fading"](), 1, 254))

    found = train_codebook(histogram, 12).codebook

    without = native.train(histogram.colors, histogram.counts, 12, metric=ColorMetric())
    assert np.array_equal(found, without)


@pytest.mark.parametrize(
    ("codebook", "size", "expected"),
    [
        # There is room.
        ([[9, 100]], 3, [[0, 0], [9, 100], [40, 255]]),
        # The nearest gives way.
        ([[9, 10], [30, 200]], 2, [[0, 0], [40, 255]]),
        # The clear one does not.
        ([[0, 0], [200, 3]], 2, [[0, 0], [40, 255]]),
        # Invisible colors are clear.
        ([[77, 0], [8, 255], [3, 3]], 3, [[0, 0], [3, 3], [8, 255]]),
    ],
)
def test_missing_classes_take_the_places_of_the_nearest(
    codebook: list[list[int]], size: int, expected: list[list[int]]
) -> None:
    colors = np.array([[0, 0], [9, 100], [30, 255], [40, 255]], dtype=np.uint8)
    counts = np.array([5, 5, 1, 2])

    found = complete(np.array(codebook, np.uint8), colors, counts, size, ColorMetric())

    assert found.tolist() == expected


@pytest.mark.parametrize("source", BASELINES)
def test_codebooks_without_kmeans_are_completed(source: str) -> None:
    pixels = without_hidden(WITH_ALPHA["icons"]())
    histogram = count_colors(pixels)
    for size in (2, 5, 40):
        codebook = train_codebook(
            histogram, size, instead=lambda *rest: BASELINES[source](pixels, *rest)
        ).codebook

        assert len(codebook) <= size
        assert are_clear(codebook).any()
        assert are_solid(codebook).any()
