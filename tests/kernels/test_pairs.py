"""Pairs of code-words: against a search in whole numbers, and against the plain module."""

from collections.abc import Callable
from fractions import Fraction
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest
from kernel_tools import Bytes, brute_force
from marks import needs_kernels, slowly

from codec import kernels
from codec.kernels.plain import pairs as plain

Points = npt.NDArray[np.float64]

EXTENTS = [1, 3, 255, 65536, 1 << 20]
SIZES = [1, 2, 3, 7, 15, 16, 17, 40, 256]


def problem(number: int, count: int = 200) -> tuple[Points, Points]:
    """Colors and code-words of every number of axes, far and near, some of them equal."""
    state = np.random.RandomState(number)
    axes, extent = number % 4 + 1, EXTENTS[number % 5]
    words = state.randint(-extent, extent + 1, (SIZES[number % 9], axes)).astype(np.float64)
    points = state.randint(-extent, extent + 1, (count, axes)).astype(np.float64)
    if number % 3 == 0:
        words[-1] = words[0]
        points[::5] = words[state.randint(0, len(words), len(points[::5]))]
    if number % 7 == 0:
        words[:, 0] = words[:, 0] // 60  # all in a plane, or nearly
    return points, words


def pairs(
    module: ModuleType, points: Points, labels: Bytes, words: Points, strength: int
) -> tuple[Bytes, Bytes]:
    """Partners and shares."""
    partners, shares = np.full_like(labels, 77), np.full_like(labels, 77)
    module.PairSearch(words).find(points, labels, strength, partners, shares)
    return partners, shares


def gain_and_share(point: Points, first: Points, other: Points) -> tuple[Fraction, Fraction]:
    """What a code-word would gain as the partner of another, and its share."""
    v = [int(a) - int(b) for a, b in zip(point, first, strict=True)]
    w = [int(a) - int(b) for a, b in zip(other, first, strict=True)]
    length = sum(x * x for x in w)
    if length == 0:
        return Fraction(0), Fraction(0)
    product = sum(a * b for a, b in zip(v, w, strict=True))
    along = min(Fraction(max(product, 0)), Fraction(length, 2))
    return along * (11 * along - length) / length, along / length


@pytest.mark.parametrize("strength", [256, slowly(1), slowly(100)])
@pytest.mark.parametrize("number", [*range(9), *(slowly(n) for n in range(9, 36))])
def test_no_partner_is_better(number: int, strength: int, path: str) -> None:
    points, words = problem(number, 30)
    labels = np.array(brute_force(points, words), dtype=np.uint8)

    partners, shares = pairs(kernels.pairs, points, labels, words, strength)

    for point, label, partner, share in zip(points, labels, partners, shares, strict=True):
        gains = [gain_and_share(point, words[label], other)[0] for other in words]
        gain, exact = gain_and_share(point, words[label], words[partner])
        # Floats have 24 digits; an error of a sum of products shows most where they cancel.
        slack = Fraction(int(((point - words[label]) ** 2).sum()), 1 << 16)
        assert gain >= max(gains) - slack
        if partner == label:
            assert share == 0
        else:
            assert gain > -slack
            assert abs(share - 64 * exact * strength / 256) <= Fraction(501, 1000)


def test_colors_of_the_codebook_have_no_partner(path: str) -> None:
    words = np.array([[0, 0, 0], [90, 0, 0], [91, 2, 3]], dtype=np.float64)
    labels = np.arange(3, dtype=np.uint8)
    partners, shares = pairs(kernels.pairs, words, labels, words, 256)
    assert partners.tolist() == labels.tolist()
    assert not shares.any()


@pytest.mark.parametrize(
    ("place", "partner", "share"), [(0, 0, 0), (9, 0, 0), (10, 1, 6), (25, 1, 16), (50, 1, 32)]
)
def test_shares_are_those_of_the_place_between(
    place: int, partner: int, share: int, path: str
) -> None:
    words = np.array([[0, 0], [100, 0], [0, 300]], dtype=np.float64)
    points = np.array([[place, 0]], dtype=np.float64)
    found = pairs(kernels.pairs, points, np.zeros(1, np.uint8), words, 256)
    assert [int(array[0]) for array in found] == [partner, share]


def test_of_equal_partners_the_lowest_is_taken(path: str) -> None:
    words = np.array([[0], [100], [100], [-100]], dtype=np.float64)
    points = np.array([[30], [-30]], dtype=np.float64)
    partners, _ = pairs(kernels.pairs, points, np.zeros(2, np.uint8), words, 256)
    assert partners.tolist() == [1, 3]


@needs_kernels
@pytest.mark.parametrize("nearest", [True, False])
@pytest.mark.parametrize("number", range(45))
def test_the_plain_module_finds_the_same_pairs(number: int, nearest: bool) -> None:
    from codec.kernels import pairs as compiled

    points, words = problem(number)
    labels = np.random.RandomState(number).randint(0, len(words), len(points)).astype(np.uint8)
    if nearest:
        labels = np.array(brute_force(points, words), dtype=np.uint8)
    strength = (256, 1, 77, 0)[number % 4]

    found = pairs(compiled, points, labels, words, strength)

    expected = pairs(plain, points, labels, words, strength)
    assert np.array_equal(found[0], expected[0])
    assert np.array_equal(found[1], expected[1])


@needs_kernels
def test_what_does_not_fit_is_refused() -> None:
    from codec.kernels.pairs import PairSearch

    def zeros(*shape: int) -> Bytes:
        return np.zeros(shape, dtype=np.uint8)

    for shape in ((0, 3), (257, 3), (2, 0), (2, 5)):
        with pytest.raises(ValueError, match="code-words must be"):
            PairSearch(np.zeros(shape))
    find: Callable[..., None] = PairSearch(np.zeros((2, 3))).find
    for points, labels, strength, partners, shares in (
        (np.zeros((5, 4)), zeros(5), 256, zeros(5), zeros(5)),
        (np.zeros((5, 3)), zeros(4), 256, zeros(5), zeros(5)),
        (np.zeros((5, 3)), zeros(5), 256, zeros(4), zeros(5)),
        (np.zeros((5, 3)), zeros(5), 256, zeros(5), zeros(6)),
        (np.zeros((5, 3)), zeros(5), 257, zeros(5), zeros(5)),
        (np.zeros((5, 3)), zeros(5), -1, zeros(5), zeros(5)),
        (np.zeros((5, 3)), zeros(5) + 2, 256, zeros(5), zeros(5)),
    ):
        with pytest.raises(ValueError, match=r"fit|range|no such"):
            find(points, labels, strength, partners, shares)
