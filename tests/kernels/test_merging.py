"""Ward's method, against errors by their definition."""

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from marks import needs_kernels

from codec import kernels

Floats = npt.NDArray[np.float64]


def problem(seed: int, size: int, axes: int) -> tuple[Floats, Floats]:
    """Weights and means of clusters."""
    state = np.random.RandomState(seed)
    return state.randint(1, 1000, size).astype(float), state.uniform(0, 2040, (size, axes))


def classes_of(*numbers: int) -> npt.NDArray[np.int32]:
    return np.array(numbers, dtype=np.int32)


def error(members: list[int], weights: Floats, means: Floats) -> float:
    """Squared error of some clusters' means around the mean of all."""
    own, places = weights[members, None], means[members]
    middle = (places * own).sum(axis=0) / own.sum()
    return float((own * (places - middle) ** 2).sum())


@pytest.mark.parametrize("axes", [1, 3, 4])
def test_each_merge_adds_least(axes: int, path: str) -> None:
    for seed in range(6):
        given, places = problem(seed, 12, axes)
        weights, means = given.copy(), places.copy()
        pairs, costs = kernels.merging.merge_clusters(weights, means, classes_of(*12 * [0]))
        assert len(pairs) == len(costs) == 11
        parts = {number: [number] for number in range(12)}
        for (kept, gone), cost in zip(pairs.tolist(), costs.tolist(), strict=True):
            rises = {
                (a, b): error(parts[a] + parts[b], given, places)
                - error(parts[a], given, places)
                - error(parts[b], given, places)
                for a, b in itertools.combinations(sorted(parts), 2)
            }
            assert cost == pytest.approx(min(rises.values()))
            assert rises[min(kept, gone), max(kept, gone)] == pytest.approx(cost)
            assert given[parts[kept]].sum() >= given[parts[gone]].sum()
            parts[kept] += parts.pop(gone)
        (last,) = parts
        assert weights.tolist() == [given.sum() if row == last else 0 for row in range(12)]
        assert means[last] == pytest.approx(np.average(places, axis=0, weights=given))


def test_the_first_of_equal_pairs_is_merged_first(path: str) -> None:
    weights, means = np.ones(6), np.array([[0.0], [9.0], [4.0], [13.0], [8.0], [17.0]])
    pairs, costs = kernels.merging.merge_clusters(weights, means, classes_of(0, 1, 0, 1, 0, 1))
    # By hand: 0 and 4, 9 and 13 cost 8, as 4 and 8 and 13 and 17 would; of each class one is left.
    assert pairs.tolist() == [[0, 2], [1, 3], [0, 4], [1, 5]]
    assert costs.tolist() == [8.0, 8.0, 24.0, 24.0]
    assert weights.tolist() == [3, 3, 0, 0, 0, 0]
    assert means[:2, 0].tolist() == [4, 13]


def test_clusters_without_weight_take_no_part(path: str) -> None:
    weights, means = np.array([0.0, 5.0, 0.0, 6.0]), np.array([[7.0], [0.0], [0.0], [11.0]])
    pairs, costs = kernels.merging.merge_clusters(weights, means, classes_of(0, 0, 0, 0))
    assert pairs.tolist() == [[3, 1]]
    assert costs.tolist() == [pytest.approx(121 * 30 / 11)]
    assert weights.tolist() == [0, 0, 0, 11]
    assert means[:, 0].tolist() == [7, 0, 0, 6]


@pytest.mark.parametrize("size", [0, 1])
def test_there_may_be_nothing_to_merge(size: int, path: str) -> None:
    given = np.ones(size), np.ones((size, 3)), np.zeros(size, dtype=np.int32)
    pairs, costs = kernels.merging.merge_clusters(*given)
    assert pairs.shape == (0, 2)
    assert costs.shape == (0,)


@needs_kernels
def test_what_does_not_fit_is_refused() -> None:
    weights, means = problem(0, 3, 2)
    for wrong in (
        (weights[:2], means, classes_of(0, 0, 0)),
        (weights, means[:2], classes_of(0, 0, 0)),
        (weights, means, classes_of(0, 0)),
    ):
        with pytest.raises(ValueError, match="do not fit"):
            kernels.merging.merge_clusters(*wrong)
