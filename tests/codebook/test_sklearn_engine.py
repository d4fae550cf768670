"""The engine of scikit-learn: weighted points and real code-words."""

import numpy as np

from codec.codebook.sklearn_engine import WeightedPoints, train_codewords


def test_binning_keeps_the_weight_and_the_mean() -> None:
    state = np.random.RandomState(8)
    points = state.randint(-50, 200, (5000, 3)).astype(float)
    weights = state.randint(1, 9, 5000).astype(float)
    sample = WeightedPoints(points, weights)

    for most in (4000, 300, 20, 1):
        binned = sample.binned(most)
        assert len(binned) <= most
        assert binned.weights.sum() == weights.sum()
        expected = (points * weights[:, None]).sum(axis=0)
        assert np.allclose((binned.points * binned.weights[:, None]).sum(axis=0), expected)


def test_cells_are_told_apart_whatever_their_extent() -> None:
    """Six axes of 65,536 cells: more than fit into one integer."""
    corners = np.array([[a, 0, 0, 0, 0, b] for a in (0, 65536) for b in (0, 65536)], float)

    merged = WeightedPoints(corners, np.ones(4)).merged(1.0)

    assert sorted(merged.points.tolist()) == sorted(corners.tolist())


def test_codewords_of_few_points_are_the_points() -> None:
    points = np.array([[1.5, 2.0], [3.0, 4.0], [1.5, 2.0]])

    codewords = train_codewords(WeightedPoints(points[:2], np.ones(2)), 2)

    assert sorted(codewords.tolist()) == [[1.5, 2.0], [3.0, 4.0]]
