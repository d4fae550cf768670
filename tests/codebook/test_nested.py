"""Codebooks of all sizes from one training."""

import numpy as np
import numpy.typing as npt
import pytest
from alpha_tools import WITH_ALPHA
from cli_tools import many_colors
from kernel_tools import hand_out_twins
from marks import needs_kernels

from codec.codebook.nested import Merges, Nest
from codec.codebook.training import train_codebook
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram, count_colors
from codec.colors.opacity import are_clear, are_solid
from codec.colors.pixels import without_hidden
from codec.labels.nearest import label_colors

Codebook = npt.NDArray[np.uint8]
RGB = ColorMetric("rgb")
SIZES = (2, 5, 12, 30, 64)


def nest_of(histogram: ColorHistogram, metric: ColorMetric = RGB, size: int = 128) -> Nest:
    """A nest of a trained codebook."""
    return Nest(histogram, train_codebook(histogram, size, metric=metric).codebook, metric)


def error(histogram: ColorHistogram, codebook: Codebook, metric: ColorMetric) -> float:
    """Squared error of the nearest code-words."""
    labels = label_colors(histogram.colors, codebook, metric)
    apart = metric.coordinates(histogram.colors) - metric.coordinates(codebook)[labels]
    return float(((apart**2).sum(axis=1) * histogram.counts).sum())


@needs_kernels
@pytest.mark.parametrize("space", ["rgb", "oklab"])
def test_nested_codebooks_are_about_as_good_as_trained_ones(space: str) -> None:
    metric, ratios = ColorMetric(space), []
    for seed in range(3):
        histogram = count_colors(many_colors(seed, height=64, width=96))
        nest = nest_of(histogram, metric)
        for size in SIZES:
            trained = train_codebook(histogram, size, metric=metric).codebook
            made = nest.codebook(size)
            assert len(made) <= size
            assert made.tolist() == np.unique(made, axis=0).tolist()
            ratios.append(error(histogram, made, metric) / error(histogram, trained, metric))
    assert np.mean(ratios) <= 1.02
    assert max(ratios) <= 1.06


@pytest.mark.parametrize("name", ["glow", "badges", "card"])
def test_classes_of_alpha_are_kept(name: str) -> None:
    histogram = count_colors(without_hidden(WITH_ALPHA[name]()))
    nest = nest_of(histogram)
    for size in SIZES:
        made = nest.codebook(size)
        assert len(made) <= size
        assert are_clear(made).sum() == are_clear(histogram.colors).any()
        assert are_solid(made).any() >= are_solid(histogram.colors).any()
    assert len(nest.codebook(1)) == 1


def test_grey_codebooks_are_the_best() -> None:
    histogram = count_colors(many_colors()[:, :, :1])
    nest = nest_of(histogram)
    for size in SIZES:
        assert nest.codebook(size).tolist() == train_codebook(histogram, size).codebook.tolist()


def test_the_largest_codebook_is_the_trained_one() -> None:
    histogram = count_colors(many_colors())
    codebook = train_codebook(histogram, 40).codebook
    assert Nest(histogram, codebook, RGB).codebook(40) is codebook


@needs_kernels
def test_a_codebook_does_not_depend_on_those_before() -> None:
    histogram = count_colors(many_colors())
    nest = nest_of(histogram)
    made = {size: nest.codebook(size).tolist() for size in SIZES}
    for size in reversed(SIZES):
        assert nest.codebook(size).tolist() == nest_of(histogram).codebook(size).tolist()
        assert nest.codebook(size).tolist() == made[size]


@needs_kernels
def test_twins_make_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    histogram = count_colors(many_colors(height=20, width=30))
    codebook = train_codebook(histogram, 40).codebook
    made = [Nest(histogram, codebook, RGB).codebook(size).tolist() for size in (3, 20)]
    hand_out_twins(monkeypatch)
    assert [Nest(histogram, codebook, RGB).codebook(size).tolist() for size in (3, 20)] == made


@needs_kernels
@pytest.mark.parametrize("size", [30, 100, 127])
def test_all_code_words_are_used_though_colors_are_near(size: int) -> None:
    colors = np.ascontiguousarray(np.indices((6, 6, 6), dtype=np.uint8).reshape(3, -1).T)
    histogram = ColorHistogram(colors, np.arange(1, 217))
    made = nest_of(histogram).codebook(size)
    assert len(made) == size
    assert len(np.unique(label_colors(colors, made, RGB))) == size


def clusters(points: list[int], weights: list[int]) -> npt.NDArray[np.int64]:
    """Sums of clusters that are points on a line."""
    sums = np.zeros((len(points), 6), dtype=np.int64)
    sums[:, 0] = weights
    sums[:, 1] = np.multiply(points, weights)
    sums[:, -1] = np.multiply(np.square(points), weights)
    return sums


def test_what_costs_least_is_merged_first() -> None:
    merges = Merges(clusters([0, 10, 13, 40], [1, 1, 9, 1]))
    # By hand: 10 and 13, 9 * 9 / 10; then 0 and their mean 12.7; then 40.
    assert merges.groups(3).tolist() == [0, 1, 1, 2]
    assert merges.groups(2).tolist() == [0, 0, 0, 1]
    assert merges.pair(0) == (2, 1)
    assert merges.means(3)[:, 0].tolist() == [0, 13, 40]
    everything = np.repeat([0, 10, 13, 40], [1, 1, 9, 1])
    assert merges.errors() == pytest.approx(
        [12 * everything.var(), 11 * everything[:-1].var(), 8.1, 0]
    )


def test_classes_merge_last() -> None:
    merges = Merges(clusters([0, 1, 50, 90], [1, 1, 1, 1]), np.array([0, 1, 0, 1]))
    assert merges.groups(2).tolist() == [0, 1, 0, 1]
    assert merges.groups(1).tolist() == [0, 0, 0, 0]
    assert merges.errors()[0] == pytest.approx(4 * np.var([0, 1, 50, 90]))
