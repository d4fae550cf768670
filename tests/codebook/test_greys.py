"""Codebooks of grey pictures: no other has less squared error."""

import itertools
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marks import slowly
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

import codec
from codec.codebook.greys import optimal_codebook
from codec.codebook.training import train_codebook
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram
from codec.kernels import COMPILED
from codec.options import COLOR_SPACES, EFFORTS, ENGINE_NAMES

ENGINES = ["auto"] + [name for name in ENGINE_NAMES if name != "native" or COMPILED]


def _histogram(levels: npt.ArrayLike, counts: npt.ArrayLike) -> ColorHistogram:
    return ColorHistogram(
        np.array(levels, dtype=np.uint8).reshape(-1, 1), np.array(counts, dtype=np.int64)
    )


def _random_histogram(seed: int, size: int, heaviest: int, levels: int = 256) -> ColorHistogram:
    state = np.random.RandomState(seed)
    chosen = np.sort(state.permutation(levels)[:size])
    return _histogram(chosen, state.randint(1, heaviest + 1, size, dtype=np.int64))


def _error(histogram: ColorHistogram, codewords: npt.ArrayLike) -> int:
    """Squared error where every level has the nearest code-word, in Python's whole numbers."""
    places = [int(place) for place in np.asarray(codewords).reshape(-1)]
    pairs = zip(histogram.colors[:, 0].tolist(), histogram.counts.tolist(), strict=True)
    return sum(count * min((level - place) ** 2 for place in places) for level, count in pairs)


def _found(histogram: ColorHistogram, size: int) -> int:
    """The error of the codebook found, which is checked."""
    codebook = optimal_codebook(histogram.colors, histogram.counts, size)

    assert codebook.dtype == np.uint8
    assert codebook.shape == (size, 1)
    assert (np.diff(codebook[:, 0].astype(int)) > 0).all()
    assert histogram.colors.min() <= codebook.min()
    assert codebook.max() <= histogram.colors.max()
    return _error(histogram, codebook)


def _center_error(histogram: ColorHistogram, first: int, last: int) -> int:
    """The least error of a run of levels with one code-word, of all there are."""
    part = slice(first, last)
    run = ColorHistogram(histogram.colors[part], histogram.counts[part])
    low, high = int(run.colors.min()), int(run.colors.max())
    return min(_error(run, [place]) for place in range(low, high + 1))


@settings(max_examples=60, derandomize=True, deadline=None)
@given(data=st.data())
def test_no_division_into_runs_is_better(data: st.DataObject) -> None:
    levels = sorted(data.draw(st.sets(st.integers(0, 255), min_size=2, max_size=9), "levels"))
    counts = data.draw(
        st.lists(st.integers(1, 20), min_size=len(levels), max_size=len(levels)), "counts"
    )
    histogram = _histogram(levels, counts)
    for size in range(1, min(4, len(levels))):
        divisions = itertools.combinations(range(1, len(levels)), size - 1)
        least = min(
            sum(
                _center_error(histogram, first, last)
                for first, last in itertools.pairwise([0, *cuts, len(levels)])
            )
            for cuts in divisions
        )

        assert _found(histogram, size) == least


@pytest.mark.parametrize("seed", range(12))
def test_no_codebook_at_all_is_better(seed: int) -> None:
    """Not even one that is no set of means, or has fewer code-words."""
    state = np.random.RandomState(seed)
    offset, heaviest = (0, 5, 239)[seed % 3], (1, 3, 50, 1000)[seed % 4]
    levels = offset + np.sort(state.permutation(17)[: state.randint(4, 10)])
    histogram = _histogram(levels, state.randint(1, heaviest + 1, len(levels)))
    for size in (1, 2, 3):
        codebooks = itertools.chain(
            *(itertools.combinations(range(offset, offset + 17), less + 1) for less in range(size))
        )

        assert _found(histogram, size) == min(_error(histogram, some) for some in codebooks)


def _least_error(histogram: ColorHistogram, size: int) -> int:
    """The same by recursion, in Python's whole numbers."""

    @cache
    def run(first: int, last: int) -> int:
        levels = histogram.colors[first:last, 0].tolist()
        counts = histogram.counts[first:last].tolist()
        weight = sum(counts)
        total = sum(level * count for level, count in zip(levels, counts, strict=True))
        center = (2 * total + weight) // (2 * weight)
        return sum((level - center) ** 2 * n for level, n in zip(levels, counts, strict=True))

    @cache
    def least(last: int, clusters: int) -> int:
        if clusters == 1:
            return run(0, last)
        begins = range(clusters - 1, last)
        return min(least(first, clusters - 1) + run(first, last) for first in begins)

    return least(len(histogram), size)


@pytest.mark.parametrize("heaviest", [1, 2, 1000, (1 << 40) // 45])
@pytest.mark.parametrize("size", [2, 3, 7, 20, 43, 44])
def test_it_equals_a_recursion(size: int, heaviest: int) -> None:
    for seed, levels in ((size, 45), (size + 1, 60), (size + 2, 256)):
        histogram = _random_histogram(seed, 45, heaviest, levels)

        assert _found(histogram, size) == _least_error(histogram, size)


@pytest.mark.parametrize("size", [2, slowly(5), slowly(16), slowly(60)])
def test_scikit_learn_finds_nothing_better(size: int) -> None:
    for seed, (count, heaviest) in enumerate([(61, 1), (90, 50), (200, 1000), (256, 10**6)]):
        histogram = _random_histogram(seed, count, heaviest)
        model = KMeans(size, n_init=20, random_state=seed)
        with threadpool_limits(limits=1):
            model.fit(histogram.colors.astype(float), sample_weight=histogram.counts)

        rounded = np.floor(model.cluster_centers_ + 0.5)

        assert _found(histogram, size) <= _error(histogram, rounded)


@pytest.mark.parametrize("heaviest", [slowly(1), 9, slowly(1 << 31)])
def test_all_levels_and_one_codeword_less(heaviest: int) -> None:
    for seed in range(5):
        histogram = _random_histogram(seed, 256, heaviest)
        least = min(_center_error(histogram, first, first + 2) for first in range(255))

        assert _found(histogram, 255) == least


@pytest.mark.parametrize("heaviest", [1, 2, 1000, 1 << 32])
def test_one_codeword_is_the_rounded_mean(heaviest: int) -> None:
    for seed, size in enumerate((2, 3, 100, 255, 256)):
        histogram = _random_histogram(seed, size, heaviest)
        total = sum((histogram.colors[:, 0] * histogram.counts).tolist())
        weight = sum(histogram.counts.tolist())

        codebook = optimal_codebook(histogram.colors, histogram.counts, 1)

        assert codebook.tolist() == [[(2 * total + weight) // (2 * weight)]]
        assert _found(histogram, 1) == _center_error(histogram, 0, size)


@pytest.mark.slow
def test_a_trillion_pixels_overflow_nothing() -> None:
    """As many as are allowed, nearly all black, nearly all white, half of each, or even."""
    most = (1 << 40) - 1
    ends = {"black": [most - 254, 1], "white": [1, most - 254], "both": [most // 2 - 200] * 2}
    for first, last in ends.values():
        histogram = _histogram(range(256), [first, *[1] * 254, last])
        for size in (2, 3, 5):
            assert _found(histogram, size) == _least_error(histogram, size)
    even = _histogram(range(256), [most // 256] * 256)
    assert _found(even, 128) == 128 * (most // 256)
    assert _found(even, 1) == (most // 256) * sum((level - 128) ** 2 for level in range(256))


def test_two_far_levels() -> None:
    assert optimal_codebook(*_parts([0, 255], [1, 1]), 1).tolist() == [[128]]
    assert optimal_codebook(*_parts([0, 255], [3, 1]), 1).tolist() == [[64]]
    assert optimal_codebook(*_parts([0, 254, 255], [1, 1, 2]), 2).tolist() == [[0], [255]]


def _parts(
    levels: npt.ArrayLike, counts: npt.ArrayLike
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    histogram = _histogram(levels, counts)
    return histogram.colors, histogram.counts


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("effort", EFFORTS)
def test_every_engine_and_effort_is_optimal(engine: str, effort: str) -> None:
    histogram = _random_histogram(3, 120, 1000)
    for size, space, seed in itertools.product((1, 2, 16, 119), COLOR_SPACES, (0, 7)):
        found = train_codebook(
            histogram,
            size,
            metric=ColorMetric(space),
            seed=seed,
            engine=engine,
            effort=effort,
        )

        expected = optimal_codebook(histogram.colors, histogram.counts, size)
        assert found.codebook.tolist() == expected.tolist()
        assert found.engine == "optimal"


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_a_grey_picture_is_compressed_optimally(engine: Any) -> None:
    state = np.random.RandomState(4)
    pixels = np.clip(state.standard_normal((60, 50)) * 40 + 128, 0, 255).astype(np.uint8)
    levels, counts = np.unique(pixels, return_counts=True)
    histogram = _histogram(levels, counts)
    for size in (1, 2, 9, 100):
        shown = codec.decompress(codec.compress(pixels, size, engine=engine, tune="psnr"))

        error = int(((shown.astype(np.int64) - pixels) ** 2).sum())
        assert error == _least_error(histogram, size)
