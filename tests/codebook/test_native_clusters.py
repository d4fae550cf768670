"""Clusters of points, by the engine of compiled kernels, for code-words that are not rounded."""

import numpy as np
import numpy.typing as npt
import pytest
from marks import needs_kernels

from codec.codebook.native import MAX_CLUSTERS, cluster
from codec.options import EFFORTS

Whole = npt.NDArray[np.int32]

pytestmark = needs_kernels


def _points(size: int, columns: int, extent: int) -> tuple[Whole, npt.NDArray[np.int64]]:
    """So many distinct points or fewer, and their weights."""
    random = np.random.RandomState(size)
    points = np.unique(random.randint(0, extent, (size, columns)).astype(np.int32), axis=0)
    return points, random.randint(1, 9, len(points)).astype(np.int64)


def _error(points: Whole, weights: npt.NDArray[np.int64], clusters: Whole) -> float:
    """Weighted squared error about the means of clusters."""
    total = 0.0
    for column in points.astype(np.float64).T:
        sums = np.bincount(clusters, weights * column)
        total += (weights * column**2).sum() - (sums**2 / np.bincount(clusters, weights)).sum()
    return total


@pytest.mark.parametrize("effort", list(EFFORTS))
@pytest.mark.parametrize("n_colors", [1, 2, 199])
def test_every_cluster_has_a_point(n_colors: int, effort: str) -> None:
    points, weights = _points(200, 2, 1 << 20)
    points[-1] = 1 << 20

    clusters = cluster(points[:200], weights[:200], n_colors, effort=effort)

    assert np.unique(clusters).tolist() == list(range(n_colors))


def test_as_many_clusters_as_the_kernels_take() -> None:
    points, weights = _points(3000, 3, 2048)

    clusters = cluster(points, weights, MAX_CLUSTERS, effort="fast")

    assert np.unique(clusters).tolist() == list(range(MAX_CLUSTERS))


def test_clusters_far_apart_are_found() -> None:
    points, weights = _points(300, 3, 40)
    groups = np.repeat(np.arange(4), len(points))
    points = (np.tile(points, (4, 1)) + groups[:, None] ** 2 * 100_000).astype(np.int32)

    clusters = cluster(points, np.tile(weights, 4), 4)

    assert len(np.unique(groups * 4 + clusters)) == 4


def test_more_points_than_it_trains_with_are_told_apart() -> None:
    points, weights = _points(80_000, 3, 1 << 11)
    assert len(points) > EFFORTS["fast"].points

    clusters = cluster(points, weights, 8, effort="fast")

    # A cube of which each eighth has a code-word.
    one = float(weights.sum()) * 3 * (1 << 22) / 12
    assert _error(points, weights, clusters) <= 1.03 * one / 4


def test_threads_do_not_matter_but_the_seed_does(monkeypatch: pytest.MonkeyPatch) -> None:
    points, weights = _points(20_000, 3, 500)
    found = []
    for threads, seed in (("1", 0), ("3", 0), ("3", 1)):
        monkeypatch.setenv("KMCODEC_THREADS", threads)
        found.append(cluster(points, weights, 30, seed=seed, effort="fast").tolist())

    assert found[0] == found[1]
    assert found[1] != found[2]
