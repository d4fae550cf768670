"""The order of code-words."""

import itertools

import numpy as np
import numpy.typing as npt
import pytest

from codec.colors.lookup import renumber
from codec.labels.ordering import (
    _count_neighbors,
    _linear_arrangement,
    order_codewords,
    sampled_rows,
)
from codec.png.packing import deflate_rows


def _smooth_labels(size: int, seed: int) -> np.ndarray:
    state = np.random.RandomState(seed)
    rows, columns = np.mgrid[:90, :110]
    levels = (rows + columns) / 200 * (size - 1) + state.randn(90, 110) * 0.6
    labels = np.clip(np.rint(levels), 0, size - 1).astype(np.uint8)
    return np.asarray(state.permutation(size).astype(np.uint8)[labels])


def _codebook(size: int) -> npt.NDArray[np.uint8]:
    """Code-words that are not grey."""
    codebook = np.zeros((size, 3), dtype=np.uint8)
    codebook[:, 1] = np.arange(size)
    codebook[:, 0] = 255
    return codebook


def _cost(touching: np.ndarray, line: np.ndarray) -> float:
    place = np.argsort(line)
    return float((touching * np.abs(place[:, None] - place[None, :])).sum())


def _touching(labels: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.int64]:
    """How often two labels touch, in both directions."""
    counts = np.zeros((size, size), dtype=np.int64)
    for first, second in ((labels[:, 1:], labels[:, :-1]), (labels[1:], labels[:-1])):
        np.add.at(counts, (first, second), 1)
        np.add.at(counts, (second, first), 1)
    return counts


@pytest.mark.parametrize("size", [1, 2, 3, 40, 256])
def test_the_order_is_a_permutation(size: int) -> None:
    labels = _smooth_labels(size, 0)

    order = order_codewords(labels, _codebook(size))

    assert sorted(order.tolist()) == list(range(size))


def test_neighbors_are_counted_in_both_directions() -> None:
    labels = np.array([[0, 1, 1], [2, 0, 1]], dtype=np.uint8)
    expected = [[0, 3, 1], [3, 0, 0], [1, 0, 0]]
    expected[0][2] = expected[2][0] = 2

    assert _count_neighbors([labels], 3).tolist() == expected


def test_a_scrambled_ramp_is_put_in_line() -> None:
    labels = _smooth_labels(24, 1)
    touching = _count_neighbors([labels], 24)

    line = _linear_arrangement(touching)

    random_lines = [np.random.RandomState(s).permutation(24) for s in range(50)]
    assert _cost(touching, line) < 0.3 * min(_cost(touching, other) for other in random_lines)


def test_small_arrangements_are_near_the_optimum() -> None:
    state = np.random.RandomState(2)
    for _ in range(10):
        touching = np.triu(state.randint(0, 30, (7, 7)), 1)
        touching += touching.T
        lines = (np.array(line) for line in itertools.permutations(range(7)))
        best = min(_cost(touching, line) for line in lines)

        assert _cost(touching, _linear_arrangement(touching)) <= 1.05 * best


def test_samples_are_whole_rows_spread_over_the_picture() -> None:
    for height, width, pixels in itertools.product((1, 9, 100, 431), (1, 40, 999), (1, 500, 9999)):
        labels = np.arange(height, dtype=np.uint16)[:, None].repeat(width, axis=1)

        samples = [labels[rows] for rows in sampled_rows(height, width, pixels)]

        rows = np.concatenate([sample[:, 0] for sample in samples])
        assert (np.diff(rows.astype(int)) > 0).all()
        assert all((np.diff(sample[:, 0]) == 1).all() for sample in samples)
        assert len(rows) <= max(1, pixels // width)
        assert len(rows) >= min(height, 0.6 * pixels // width)
        assert abs(int(rows[0]) - (height - 1 - int(rows[-1]))) <= 1


def test_the_order_of_a_large_picture_comes_from_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = _smooth_labels(100, 5)
    monkeypatch.setattr(sampled_rows, "__defaults__", (2000,))

    order = order_codewords(labels, _codebook(100))

    assert sorted(order.tolist()) == list(range(100))
    assert order.tolist() == order_codewords(np.asfortranarray(labels), _codebook(100)).tolist()


def test_labels_of_a_flat_picture_come_by_frequency() -> None:
    labels = np.repeat(np.random.RandomState(7).randint(0, 40, (50, 20)), 8, axis=1)

    order = order_codewords(labels.astype(np.uint8), _codebook(40))

    counts = np.bincount(labels.reshape(-1), minlength=40)[order]
    assert (np.diff(counts) <= 0).all()


@pytest.mark.parametrize("repeated", [0, 1, -1])
def test_a_picture_is_flat_if_more_than_three_quarters_repeat(repeated: int) -> None:
    """Of four pairs in a row three are equal, and no label is so frequent that it comes first."""
    rows = [[label] * 4 + [next_] for label, next_ in enumerate((1, 2, 3, 4, 3))]
    labels = np.repeat(np.array(rows, dtype=np.uint8), 4, axis=0)
    if repeated == 1:
        labels[0, 4] = 0
    elif repeated == -1:
        labels[0, 2] = 1

    order = order_codewords(labels, _codebook(5)).tolist()

    assert order in ([[3, 2, 4, 1, 0]] if repeated > 0 else [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0]])


@pytest.mark.parametrize("most", range(0, 24, 4))
def test_a_label_of_more_than_a_quarter_comes_first(most: int) -> None:
    labels = _smooth_labels(24, 1)
    labels[:, 60:] = most

    order = order_codewords(labels, _codebook(24)).tolist()

    line = _linear_arrangement(_count_neighbors([labels], 24)).tolist()
    others = [label for label in line if label != most]
    assert order == [most, *(others if line.index(most) < 12 else others[::-1])]
    assert order != line or line[0] == most


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_greys_ascend(channels: int) -> None:
    labels = _smooth_labels(40, 1)
    levels = np.random.RandomState(1).permutation(40).astype(np.uint8)
    codebook = np.repeat(levels[:, None], channels, axis=1)
    if channels in (2, 4):
        codebook[:, -1] = 255

    ascending = np.argsort(codebook[:, 0])
    assert order_codewords(labels, codebook).tolist() == ascending.tolist()

    if channels in (2, 4):
        codebook[0, -1] = 254
        assert order_codewords(labels, codebook).tolist() != ascending.tolist()


def test_two_greys_ascend_however_frequent_they_are() -> None:
    labels = np.zeros((9, 9), dtype=np.uint8)
    labels[4, 4] = 1
    codebook = np.array([[255], [0]], dtype=np.uint8)

    assert order_codewords(labels, codebook).tolist() == [1, 0]
    assert order_codewords(labels, codebook[::-1]).tolist() == [0, 1]


def _stripes(size: int) -> npt.NDArray[np.uint8]:
    """A few colors in repeated patterns, none of them a quarter of the picture."""
    state = np.random.RandomState(11)
    tiles = state.randint(0, size, (12, 8, 8)).astype(np.uint8)
    return np.vstack([np.hstack(list(tiles[state.randint(0, 12, 20)])) for _ in range(15)])


@pytest.mark.parametrize("size", [3, 10, 200])
def test_with_best_effort_no_order_deflates_worse_than_by_default(size: int) -> None:
    for labels in (_stripes(size), _smooth_labels(size, 3)):
        size_of = {}
        for effort in ("default", "best"):
            order = order_codewords(labels, _codebook(size), effort)
            assert sorted(order.tolist()) == list(range(size))
            size_of[effort] = len(deflate_rows(renumber(labels, order), "best"))
        assert size_of["best"] <= size_of["default"]


def test_with_best_effort_a_better_order_is_found() -> None:
    labels = _stripes(200)
    plain, best = (
        deflate_rows(renumber(labels, order_codewords(labels, _codebook(200), effort)), "best")
        for effort in ("default", "best")
    )
    assert len(best) < len(plain)


def test_with_best_effort_many_greys_ascend_as_they_need_no_palette_then() -> None:
    rows, columns = np.mgrid[:90, :110]
    noise = np.random.RandomState(1).randn(90, 110)
    levels = np.clip(np.rint(rows + columns + 2 * noise), 0, 199).astype(np.uint8)
    scrambled = np.random.RandomState(2).permutation(200).astype(np.uint8)
    codebook = np.argsort(scrambled).astype(np.uint8)[:, None]

    order = order_codewords(scrambled[levels], codebook, "best")

    assert order.tolist() == scrambled.tolist()


@pytest.mark.parametrize("turned", [False, True])
def test_rows_that_change_slowly_are_put_in_line(turned: bool) -> None:
    # Noise along one direction, small steps along the other.
    state = np.random.RandomState(6)
    start = state.randint(0, 200, (1, 300))
    levels = (start + np.cumsum(state.randint(-1, 2, (300, 300)), axis=0)) % 200
    picture = np.ascontiguousarray(levels.T if turned else levels)
    scrambled = state.permutation(200)
    labels = scrambled[picture].astype(np.uint8)
    touching = _touching(labels, 200)

    order = order_codewords(labels, _codebook(200))

    assert _cost(touching, order) <= _cost(touching, scrambled)
    assert _cost(touching, order) < 0.7 * _cost(touching, np.arange(200))


@pytest.mark.parametrize("size", [3, 4, 8, 24, 100, 256])
def test_a_line_never_costs_more_than_that_which_was_given(size: int) -> None:
    for seed in range(5):
        state = np.random.RandomState(seed)
        noise = state.randint(0, size, (40, 50))
        steps = state.permutation(size)[np.cumsum(noise % 3 - 1, axis=1) % size]
        for picture in (noise, steps):
            labels = picture.astype(np.uint8)
            touching = _touching(labels, size)

            order = _linear_arrangement(_count_neighbors([labels], size))

            assert _cost(touching, order) <= _cost(touching, np.arange(size))


def test_the_order_of_a_small_picture_is_the_best_and_always_the_same() -> None:
    rows = [[3, 0, 4, 1], [0, 4, 1, 2], [4, 1, 2, 2], [1, 2, 3, 3]]
    labels = np.array(rows, dtype=np.uint8)
    touching = _touching(labels, 5)

    order = order_codewords(labels, _codebook(5))

    assert order.tolist() == [0, 4, 1, 2, 3]
    lines = map(np.array, itertools.permutations(range(5)))
    assert _cost(touching, order) == min(_cost(touching, line) for line in lines)


def test_renumbered_labels_mean_the_same_colors() -> None:
    state = np.random.RandomState(3)
    codebook = state.randint(0, 256, (200, 3)).astype(np.uint8)
    labels = state.randint(0, 200, (40, 50)).astype(np.uint8)
    order = state.permutation(200)

    assert (codebook[order][renumber(labels, order)] == codebook[labels]).all()
