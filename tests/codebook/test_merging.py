"""Code-words that are merged, against Ward's method by its definition."""

import itertools

import numpy as np
import numpy.typing as npt
import pytest

from codec.codebook.merging import Clusters, merge_clusters

Whole = npt.NDArray[np.int64]


class Pixels:
    """Weighed pixels of several labels; errors by their definition."""

    def __init__(self, seed: int, size: int, axes: int, count: int = 60) -> None:
        state = np.random.RandomState(seed)
        self.places = state.randint(0, 4081, (count, axes)).astype(float)
        self.weights = state.randint(64, 1025, count).astype(float)
        self.labels = np.append(np.arange(size), state.randint(0, size, count - size))
        self.size = size

    def clusters(self) -> Clusters:
        weights = np.bincount(self.labels, self.weights, self.size).astype(np.float64)
        columns = [
            np.bincount(self.labels, column * self.weights, self.size) for column in self.places.T
        ]
        return Clusters(weights, np.stack(columns, axis=1))

    def error(self, members: set[int]) -> float:
        """Squared error of these labels' pixels around their mean."""
        inside = np.isin(self.labels, list(members))
        places, weights = self.places[inside], self.weights[inside, None]
        mean = (places * weights).sum(axis=0) / weights.sum()
        return float((weights * (places - mean) ** 2).sum())


def by_definition(
    pixels: Pixels, classes: npt.NDArray[np.uint8], most: float
) -> set[frozenset[int]]:
    """Merge the two that add least, again and again."""
    parts = [{label} for label in range(pixels.size)]
    while len(parts) > 2:
        pairs = [
            (pixels.error(a | b) - pixels.error(a) - pixels.error(b), i, j)
            for (i, a), (j, b) in itertools.combinations(enumerate(parts), 2)
            if classes[min(a)] == classes[min(b)] > 0
        ]
        if not pairs or min(pairs)[0] >= most:
            break
        _, i, j = min(pairs)
        parts[i] |= parts.pop(j)
    return {frozenset(part) for part in parts}


def parts_of(heirs: npt.NDArray[np.intp]) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(heirs == heir).tolist()) for heir in set(heirs.tolist())}


def one_class(size: int) -> npt.NDArray[np.uint8]:
    return np.ones(size, np.uint8)


MOST = (0.0, 4e8, 1e9, 2e9, np.inf)


@pytest.mark.parametrize("most", MOST)
@pytest.mark.parametrize("axes", [1, 3, 4])
def test_clusters_are_merged_as_ward_says(axes: int, most: float) -> None:
    for seed in range(4):
        pixels = Pixels(seed, 9, axes)
        heirs = merge_clusters(pixels.clusters(), one_class(9), most)
        assert parts_of(heirs) == by_definition(pixels, one_class(9), most)


def test_the_costs_of_these_tests_merge_some() -> None:
    left = [
        len(parts_of(merge_clusters(Pixels(0, 9, 3).clusters(), one_class(9), most)))
        for most in MOST
    ]
    assert left[0] == 9
    assert left[-1] == 2
    assert left == sorted(left, reverse=True)
    assert len(set(left)) > 3


@pytest.mark.parametrize("most", MOST)
def test_classes_are_never_mixed(most: float) -> None:
    for seed in range(4):
        pixels = Pixels(seed, 12, 3)
        classes = np.random.RandomState(seed).randint(0, 4, 12).astype(np.uint8)
        heirs = merge_clusters(pixels.clusters(), classes, most)
        assert np.array_equal(classes[heirs], classes)
        assert np.array_equal(heirs[classes == 0], np.flatnonzero(classes == 0))
        assert parts_of(heirs) == by_definition(pixels, classes, most)


def test_the_heavier_is_the_heir() -> None:
    clusters = Clusters(np.array([5.0, 6.0, 900.0]), np.array([[50.0], [61.0], [90000.0]]))
    assert merge_clusters(clusters, one_class(3), 1e6).tolist() == [1, 1, 2]
    for seed in range(8):
        heirs = merge_clusters(Pixels(seed, 12, 2).clusters(), one_class(12), 1e9)
        assert np.array_equal(heirs[heirs], heirs)


def test_what_costs_as_much_as_it_may_stays() -> None:
    clusters = Clusters(np.array([1.0, 1.0, 1.0]), np.array([[0.0], [2.0], [100.0]]))
    assert merge_clusters(clusters, one_class(3), 2.0).tolist() == [0, 1, 2]
    assert merge_clusters(clusters, one_class(3), 2.001).tolist() == [0, 0, 2]


@pytest.mark.parametrize("size", [1, 2])
def test_two_are_never_merged(size: int) -> None:
    clusters = Clusters(np.ones(size), np.arange(size, dtype=np.float64)[:, None])
    assert merge_clusters(clusters, one_class(size), np.inf).tolist() == list(range(size))


def test_empty_ones_have_the_first_that_stays() -> None:
    weights = np.array([0.0, 3.0, 0.0, 9.0, 4.0, 0.0])
    sums = weights[:, None] * np.array([[7.0], [10.0], [7.0], [11.0], [900.0], [7.0]])
    heirs = merge_clusters(Clusters(weights, sums), one_class(6), 100.0)
    assert heirs.tolist() == [3, 3, 3, 3, 4, 3]
    heirs = merge_clusters(Clusters(weights, sums), one_class(6), 1.0)
    assert heirs.tolist() == [1, 1, 1, 3, 4, 1]


def test_nothing_given_is_changed() -> None:
    clusters = Pixels(0, 9, 3).clusters()
    copies = [each.copy() for each in clusters]
    merge_clusters(clusters, one_class(9), np.inf)
    assert all(np.array_equal(each, copy) for each, copy in zip(clusters, copies, strict=True))
