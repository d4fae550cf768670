"""Labels for their bytes, band by band: the kernel against its twin, and what both promise."""

import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from kernel_tools import Bytes, read_only
from marks import needs_kernels

from codec import kernels
from codec.kernels.plain import ratelabels as twin

Problem = dict[str, Any]
KINDS = ("noise", "shades", "patches", "stripes", "flat")
FIRST_EXPECTED = np.tile(np.array([128, 512, 768, 1024, 1792], np.int32), 64)


@functools.cache
def bits_of_odds() -> npt.NDArray[np.int32]:
    odds = [0.5, *range(1, 65537)]
    return read_only([round(256 * (16 - math.log2(each))) for each in odds], np.int32)


def nearest_words(words: npt.NDArray[np.int16], count: int) -> Bytes:
    squares = ((words[:, None].astype(np.int64) - words) ** 2).sum(axis=2)
    np.fill_diagonal(squares, -1)
    return read_only(np.argsort(squares, axis=1, kind="stable")[:, :count], np.uint8)


def some_pixels(
    kind: str, state: np.random.RandomState, height: int, width: int, channels: int
) -> npt.NDArray[np.int64]:
    shape = (height, width, channels)
    if kind == "noise":
        return np.asarray(state.randint(0, 256, shape))
    if kind == "flat":
        return np.full(shape, state.randint(0, 256)) + state.randint(0, 9, shape)
    y, x = np.indices(shape[:2])
    if kind == "shades":
        ramp = np.stack([(x * 7 * (each + 1) + y * 5) % 256 for each in range(channels)], axis=2)
        return np.asarray(ramp + state.randint(-9, 10, shape))
    colors = state.randint(0, 256, (40, channels))
    which = x // 3 + y // 8 if kind == "stripes" else x // 6 * 5 + y // 5
    return np.asarray(colors[which % 40] + state.randint(-12, 13, shape))


def problem(
    kind: str, shape: tuple[int, int], size: int, channels: int, *, seed: int = 0,
    grouped: bool = False, n_near: int = 16,
) -> Problem:  # fmt: skip
    """Pixels and code-words in RGB, read-only; the arguments of `choose` by name."""
    state = np.random.RandomState(seed + 100 * size + channels)
    pixels = np.clip(some_pixels(kind, state, *shape, channels), 0, 255)
    some = pixels.reshape(-1, channels)[state.randint(0, shape[0] * shape[1], size)]
    codebook = np.clip(some + state.randint(-4, 5, some.shape), 0, 255).astype(np.uint8)
    words = np.zeros((size, 4), np.int16)
    words[:, :channels] = codebook.astype(np.int16) * 16
    squares = ((pixels[:, :, None] - codebook.astype(int)) ** 2).sum(axis=3)
    nearest = squares.argmin(axis=2)
    groups, word_groups = np.ones(shape, np.uint8), np.ones(size, np.uint8)
    if grouped:
        groups = state.randint(0, 8, shape).astype(np.uint8)
        word_groups = (1 << state.randint(0, 3, size)).astype(np.uint8)
    return {
        "places": read_only(pixels.reshape(shape[0], -1) * 16, np.int16),
        "words": read_only(words, np.int16),
        "codebook": read_only(codebook, np.uint8),
        "weights": read_only(state.randint(64, 1025, shape), np.uint16),
        "groups": read_only(groups, np.uint8),
        "word_groups": read_only(word_groups, np.uint8),
        "before": read_only(nearest, np.uint8),
        "nearest": read_only(nearest, np.uint8),
        "near": nearest_words(words, n_near),
        "rate": 150000,
        "bits": bits_of_odds(),
    }


def choose(
    known: Problem, fast: bool, expected: npt.NDArray[np.int32], module: Any = None
) -> tuple[Bytes, int]:
    """Labels and their bits; `expected` is changed."""
    shape = known["nearest"].shape
    slots = np.full(kernels.labelcoder.n_slots(shape[0] * shape[1], fast), 0x9E3779B1, np.uint32)
    labels = np.full(shape, 255, np.uint8)
    module = module or kernels.ratelabels
    total = module.choose(
        **known, expected=expected, slots=slots, fast=fast, labels=labels
    )  # fmt: skip
    return labels, total


def assert_twins(known: Problem, fast: bool, rounds: int = 2) -> Bytes:
    """Both give the same, round by round; the labels of the last."""
    expected, twins_expected = FIRST_EXPECTED.copy(), FIRST_EXPECTED.copy()
    for _ in range(rounds):
        labels, total = choose(known, fast, expected)
        twins_labels, twins_total = choose(known, fast, twins_expected, twin)
        assert np.array_equal(labels, twins_labels)
        assert total == twins_total
        assert np.array_equal(expected, twins_expected)
        known = {**known, "before": read_only(labels, np.uint8)}
    return labels


def errors_of(known: Problem, labels: Bytes) -> npt.NDArray[np.int64]:
    """Squared errors of pixels, in steps of places."""
    height, width = labels.shape
    places = known["places"].reshape(height, width, -1).astype(np.int64)
    words = known["words"][:, : places.shape[2]].astype(np.int64)
    return np.asarray(((places - words[labels]) ** 2).sum(axis=2))


few_or_all = pytest.mark.parametrize("fast", [True, False], ids=["few", "all"])


def varied() -> Iterator[tuple[str, tuple[int, int], int, int]]:
    shapes = [(12, 9), (14, 24), (1, 17), (17, 1), (2, 2), (9, 21)]
    sizes = [2, 3, 5, 9, 16, 17, 40]
    for number in range(20):
        yield KINDS[number % 5], shapes[number % 6], sizes[number % 7], 1 + number % 4


@needs_kernels
@few_or_all
@pytest.mark.parametrize(("kind", "shape", "size", "channels"), list(varied()))
def test_labels_bits_and_what_is_expected_are_those_of_the_twin(
    kind: str, shape: tuple[int, int], size: int, channels: int, fast: bool
) -> None:
    known = problem(kind, shape, size, channels, grouped=size % 2 > 0, n_near=8 if fast else 16)
    for rate in (100000, 3000000):
        labels = assert_twins({**known, "rate": rate}, fast)
        own = known["groups"] & known["word_groups"][labels]
        assert ((labels == known["nearest"]) | (own > 0)).all()


@few_or_all
def test_these_pictures_have_something_to_choose(fast: bool) -> None:
    changed = []
    for kind, shape, size, channels in varied():
        known = problem(kind, shape, size, channels)
        labels, _ = choose(known, fast, FIRST_EXPECTED.copy())
        changed.append((labels != known["nearest"]).mean())
    assert 0.1 < np.mean(changed) < 0.5


@needs_kernels
@few_or_all
def test_of_a_large_codebook_too(fast: bool) -> None:
    assert_twins(problem("noise", (10, 14), 256, 3), fast)
    assert_twins(problem("patches", (20, 30), 200, 4), fast)


@needs_kernels
@few_or_all
def test_the_greatest_numbers_do_not_overflow(fast: bool) -> None:
    known = problem("noise", (9, 12), 9, 4)
    corners = np.random.RandomState(0).randint(0, 2, (9, 48)) * 4095
    ends = np.where(known["words"] < 2000, 0, 4095)
    known |= {
        "places": read_only(corners, np.int16),
        "words": read_only(ends, np.int16),
        "weights": read_only(np.full((9, 12), 65535), np.uint16),
        "bits": read_only(np.full(65537, 8191), np.int32),
    }
    for rate in ((1 << 40) - 1, 1 << 30, 1):
        most = np.full(320, 1 << 17, np.int32)
        twins_most = most.copy()
        found = choose({**known, "rate": rate}, fast, most)
        expected = choose({**known, "rate": rate}, fast, twins_most, twin)
        assert np.array_equal(found[0], expected[0])
        assert found[1] == expected[1]
        assert np.array_equal(most, twins_most)


@few_or_all
@pytest.mark.parametrize("kind", KINDS)
def test_bytes_that_cost_nothing_change_no_error(kind: str, fast: bool) -> None:
    known = problem(kind, (12, 20), 12, 3)
    labels, _ = choose({**known, "rate": 0}, fast, FIRST_EXPECTED.copy())
    assert np.array_equal(errors_of(known, labels), errors_of(known, known["nearest"]))


@few_or_all
def test_the_dearer_the_bits_the_fewer(fast: bool) -> None:
    known = problem("patches", (20, 24), 24, 3)
    totals, errors = [], []
    for rate in (0, 100000, 400000, 1600000, 6400000):
        labels, total = choose({**known, "rate": rate}, fast, FIRST_EXPECTED.copy())
        totals.append(total)
        errors.append(int((errors_of(known, labels) * known["weights"]).sum()))
    assert totals == sorted(totals, reverse=True)
    assert errors == sorted(errors)
    assert totals[-1] < 0.5 * totals[0]


@few_or_all
@pytest.mark.parametrize("kind", ["shades", "patches", "stripes"])
def test_bits_are_those_of_the_coder(kind: str, fast: bool) -> None:
    """But for what the coder learns within a pixel, and for the last bytes of the stream."""
    known = problem(kind, (40, 60), 16, 3)
    labels, total = choose(known, fast, FIRST_EXPECTED.copy())
    slots = np.empty(kernels.labelcoder.n_slots(labels.size, fast), np.uint32)
    room = np.empty(2 * labels.size + 100, np.uint8)
    size = kernels.labelcoder.encode(labels, known["codebook"], slots, room, fast)
    assert size == pytest.approx(total / 256 / 8, rel=0.01, abs=4)


def test_groups_say_what_a_pixel_may_be() -> None:
    known = problem("noise", (12, 20), 12, 3)
    alone = read_only(np.zeros((12, 20)), np.uint8)
    labels, _ = choose({**known, "groups": alone, "rate": 1 << 30}, True, FIRST_EXPECTED.copy())
    assert np.array_equal(labels, known["nearest"])
    labels, _ = choose({**known, "rate": 1 << 30}, True, FIRST_EXPECTED.copy())
    assert not np.array_equal(labels, known["nearest"])


@few_or_all
def test_many_code_words_may_have_one_place(fast: bool) -> None:
    known = problem("noise", (12, 20), 40, 4)
    words = known["words"].copy()
    words[10:38] = words[10]
    known |= {
        "words": read_only(words, np.int16),
        "near": nearest_words(words, 16),
        "nearest": read_only(np.random.RandomState(0).randint(10, 38, (12, 20)), np.uint8),
        "groups": read_only(np.random.RandomState(1).randint(0, 2, (12, 20)), np.uint8),
    }
    labels, _ = choose(known, fast, FIRST_EXPECTED.copy())
    assert labels.max() < 40
    alone = known["groups"] == 0
    assert np.array_equal(labels[alone], known["nearest"][alone])
    if kernels.COMPILED:
        assert_twins(known, fast)


@few_or_all
def test_the_same_comes_of_the_same(fast: bool) -> None:
    known = problem("stripes", (12, 20), 12, 3)
    found = [choose(known, fast, FIRST_EXPECTED.copy()) for _ in range(3)]
    assert len({(labels.tobytes(), total) for labels, total in found}) == 1


def impossible() -> Iterator[tuple[str, Any]]:
    """Arguments that do not fit the problem below: 5 x 6 pixels, 4 words of 3 channels."""

    def cut(name: str, *where: slice) -> tuple[str, Any]:
        return name, lambda known: np.ascontiguousarray(known[name][where])

    def one_is(name: str, value: int) -> tuple[str, Any]:
        def change(known: Problem) -> npt.NDArray[np.generic]:
            changed: npt.NDArray[np.generic] = known[name].copy()
            changed[(-1,) * changed.ndim] = value
            return changed

        return name, change

    few = slice(None, -1)
    for name in ("places", "weights", "groups", "before", "nearest"):
        yield cut(name, few)
        yield cut(name, slice(None), few)
        yield cut(name, slice(0, 0))
    for name in ("words", "codebook", "word_groups", "near"):
        yield cut(name, few)
    yield cut("words", slice(None), few)
    for name in ("bits", "expected"):
        yield cut(name, few)
    yield "places", lambda known: np.zeros((5, 30), np.int16)  # 5 axes
    yield "places", lambda known: np.zeros((5, 0), np.int16)
    yield "codebook", lambda known: np.zeros((4, 5), np.uint8)
    yield "codebook", lambda known: np.zeros((4, 0), np.uint8)
    yield "near", lambda known: np.arange(4, dtype=np.uint8)[:, None].copy()
    yield "near", lambda known: np.arange(4, dtype=np.uint8)[:, None].repeat(17, axis=1)
    yield "near", lambda known: np.ascontiguousarray(known["near"][:, ::-1])
    for name in ("before", "nearest", "near"):
        yield one_is(name, 4)
    for name, beyond in (("places", 4096), ("words", 4096), ("bits", 8192), ("expected", 131073)):
        yield one_is(name, beyond)
        yield one_is(name, -1)
    yield "rate", lambda known: -1
    yield "rate", lambda known: 1 << 40
    yield "rate", lambda known: 1 << 80


@pytest.mark.parametrize("module", ["plain", pytest.param("compiled", marks=needs_kernels)])
@pytest.mark.parametrize(("name", "change"), list(impossible()))
def test_what_does_not_fit_is_refused(name: str, change: Any, module: str) -> None:
    known = problem("noise", (5, 6), 4, 3) | {"expected": FIRST_EXPECTED.copy()}
    labels = np.full((5, 6), 77, np.uint8)
    slots = np.empty(kernels.labelcoder.n_slots(30, True), np.uint32)
    home = twin if module == "plain" else kernels.ratelabels
    with pytest.raises(ValueError, match=r"shape|code-word|range"):
        home.choose(**known | {name: change(known)}, slots=slots, fast=True, labels=labels)
    assert (labels == 77).all()


@needs_kernels
def test_too_few_slots_and_code_words_are_refused() -> None:
    known = problem("noise", (5, 6), 4, 3) | {"expected": FIRST_EXPECTED.copy()}
    labels = np.empty((5, 6), np.uint8)
    needed = kernels.labelcoder.n_slots(30, False)
    with pytest.raises(ValueError, match="shape"):
        kernels.ratelabels.choose(
            **known, slots=np.empty(needed - 1, np.uint32), fast=False, labels=labels
        )
    lone = problem("noise", (5, 6), 1, 3) | {"expected": FIRST_EXPECTED.copy()}
    with pytest.raises(ValueError, match="shape"):
        kernels.ratelabels.choose(
            **lone, slots=np.empty(needed, np.uint32), fast=False, labels=labels
        )
