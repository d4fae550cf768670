"""Labels for deflate: the kernel against its twin, and what can be told without a parse."""

from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_tools import Bytes
from marks import needs_kernels

from codec import kernels
from codec.kernels.plain import deflatelabels as plain

Problem = dict[str, Any]


def problem(seed: int, size: int, count: int, axes: int, coarse: int) -> Problem:
    """Noise around code-words, some of them equal; costs, groups and rates at random."""
    state = np.random.RandomState(seed)
    words = (state.randint(0, 4081, (size, axes)) // coarse * coarse).astype(np.int16)
    nearest = state.randint(0, size, count).astype(np.uint8)
    if seed % 2:  # rows that resemble one another
        row = state.randint(0, size, 1 + count // 5)
        nearest = np.resize(row, count).astype(np.uint8)
    spread = int(state.choice([0, 20, 300, 3000]))
    places = words[nearest] + state.randint(-spread, spread + 1, (count, axes))
    lams = (float(state.choice([50, 5e4, 1e8])) * state.rand(count)).astype(np.uint32)
    lams[state.rand(count) < 0.1] = 0
    tried = state.permutation(np.arange(1, 60))[: seed % 12]
    return {
        "places": np.clip(places, 0, 4080).astype(np.int16),
        "words": words,
        "nearest": nearest,
        "lams": lams,
        "word_groups": state.randint(0, 4, size).astype(np.uint8),
        "pixel_groups": state.choice([0, 1, 2, 3], count, p=[0.1, 0.2, 0.1, 0.6]).astype(np.uint8),
        "literals": state.randint(256, 3072, 256).astype(np.uint16),
        "lengths": state.randint(500, 4000, 259).astype(np.uint16),
        "distances": state.randint(300, 5000, 32769).astype(np.uint16),
        "tried": tried.astype(np.int32),
        "searched": int(state.choice([0, 1, 3, 16])),
    }


def chosen(module: ModuleType, problem: Problem) -> Bytes:
    labels = np.full(problem["nearest"].shape, 255, dtype=np.uint8)
    module.choose_labels(*problem.values(), labels)
    return labels


def literal_costs(problem: Problem) -> npt.NDArray[np.int64]:
    """What every label costs every pixel by itself, beside the error of the nearest."""
    gaps = problem["places"][:, None].astype(np.int64) - problem["words"]
    errors = (gaps**2).sum(axis=2)
    pixels = np.arange(len(errors))
    errors -= errors[pixels, problem["nearest"]][:, None]
    lams = problem["lams"].astype(np.int64)[:, None]
    costs = errors * ((1 << 36) // np.maximum(lams, 1)) >> 24
    costs[(errors > (lams << 4)) | (lams == 0)] = 1 << 29
    costs[(problem["pixel_groups"][:, None] & problem["word_groups"]) == 0] = 1 << 29
    costs[pixels, problem["nearest"]] = 0
    literals: npt.NDArray[np.uint16] = problem["literals"]
    total: npt.NDArray[np.int64] = costs + literals[: len(problem["words"])]
    return total


@needs_kernels
@settings(max_examples=120, derandomize=True, deadline=None)
@given(
    st.integers(0, 1 << 20), st.sampled_from([1, 2, 5, 40, 256]),
    st.sampled_from([1, 2, 3, 4, 7, 100, 300, 700]), st.integers(1, 4),
    st.sampled_from([1, 64, 2048]),
)  # fmt: skip
def test_twins_choose_the_same(seed: int, size: int, count: int, axes: int, coarse: int) -> None:
    given = problem(seed, size, count, axes, coarse)
    assert np.array_equal(chosen(kernels.deflatelabels, given), chosen(plain, given))


@pytest.mark.parametrize("axes", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(4))
def test_where_matches_are_dear_every_label_is_the_cheapest(
    seed: int, axes: int, path: str
) -> None:
    """Of equal cost the nearest, then the lowest; no code-word is left out of the search."""
    given = problem(seed, 60, 400, axes, 64)
    given["lengths"][:] = 65535
    given["literals"] = given["literals"] // 256 * 256
    costs, nearest = literal_costs(given), given["nearest"]
    # Where the nearest code-word is not, errors are bounded from below too.
    true = costs - given["literals"][:60]
    fair = true.min(axis=1) >= 0
    expected = costs.argmin(axis=1)
    pixels = np.arange(len(nearest))
    ties = costs[pixels, nearest] == costs[pixels, expected]
    expected[ties] = nearest[ties]
    assert fair.sum() > 100
    assert np.array_equal(chosen(kernels.deflatelabels, given)[fair], expected[fair])


@pytest.mark.parametrize("seed", range(6))
def test_no_pixel_gets_what_its_group_forbids(seed: int, path: str) -> None:
    given = problem(seed, 40, 700, 3, 1)
    given["lams"] = np.where(given["lams"] > 0, 1 << 28, 0).astype(np.uint32)
    labels = chosen(kernels.deflatelabels, given)
    changed = labels != given["nearest"]
    assert changed.any()
    assert (given["lams"][changed] > 0).all()
    assert (given["word_groups"][labels] & given["pixel_groups"])[changed].all()


def repeats(distance: int) -> Problem:
    """A hundred pixels that repeat the first hundred but for noise, at some distance."""
    state = np.random.RandomState(7)
    words = np.arange(0, 4080, 64, dtype=np.int16)[:, None]
    labels = np.zeros(distance + 100, dtype=np.intp)
    labels[:100] = labels[distance:] = state.randint(8, len(words), 100)
    places = words[labels] + state.randint(-40, 41, (len(labels), 1))
    places = np.clip(places, 0, 4080).astype(np.int16)
    nearest = np.abs(places - words[:, 0]).argmin(axis=1).astype(np.uint8)
    ones = np.ones(len(labels), dtype=np.uint8)
    return {
        "places": places, "words": words, "nearest": nearest,
        "lams": np.full(len(labels), 16 * 400, dtype=np.uint32),
        "word_groups": ones[: len(words)], "pixel_groups": ones,
        "literals": np.full(256, 1536, dtype=np.uint16),
        "lengths": np.full(259, 1024, dtype=np.uint16),
        "distances": np.full(32769, 2048, dtype=np.uint16),
        "tried": np.array([], dtype=np.int32), "searched": 3,
    }  # fmt: skip


@pytest.mark.parametrize(("distance", "farther"), [(500, True), (32768, True), (32769, False)])
def test_what_nearly_repeats_is_found_in_the_window_alone(distance: int, farther: bool) -> None:
    """Nobody named the distance."""
    given = repeats(distance)
    assert (given["nearest"][distance:] == given["nearest"][:100]).mean() < 0.7
    labels = chosen(kernels.deflatelabels, given)
    same = (labels[distance:] == labels[:100]).mean()
    assert same > 0.8 if farther else same < 0.7


def test_a_match_goes_on_across_blocks() -> None:
    """1200 pixels of one color but for noise that is worth less than another match."""
    words = np.array([[1000], [1064]], dtype=np.int16)
    given = repeats(500)
    state = np.random.RandomState(1)
    count = 1200
    ones = np.ones(count, dtype=np.uint8)
    given.update(
        places=(1000 + state.randint(0, 40, (count, 1))).astype(np.int16), words=words,
        nearest=np.zeros(count, dtype=np.uint8), lams=np.full(count, 16 * 5000, dtype=np.uint32),
        word_groups=ones[:2], pixel_groups=ones, tried=np.array([1], dtype=np.int32),
    )  # fmt: skip
    given["nearest"] = (given["places"][:, 0] > 1032).astype(np.uint8)
    assert 0.1 < given["nearest"].mean() < 0.3
    assert len(set(chosen(kernels.deflatelabels, given)[1:].tolist())) == 1


@needs_kernels
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("places", np.zeros((5, 3), dtype=np.int16)),
        ("places", np.zeros((7, 2), dtype=np.int16)),
        ("places", np.full((7, 3), 4081, dtype=np.int16)),
        ("words", np.full((4, 3), -1, dtype=np.int16)),
        ("words", np.zeros((0, 3), dtype=np.int16)),
        ("words", np.zeros((257, 3), dtype=np.int16)),
        ("nearest", np.full(7, 4, dtype=np.uint8)),
        ("lams", np.zeros(6, dtype=np.uint32)),
        ("word_groups", np.zeros(3, dtype=np.uint8)),
        ("pixel_groups", np.zeros(8, dtype=np.uint8)),
        ("literals", np.zeros(255, dtype=np.uint16)),
        ("lengths", np.zeros(258, dtype=np.uint16)),
        ("distances", np.zeros(32768, dtype=np.uint16)),
        ("tried", np.zeros(1, dtype=np.int32)),
        ("tried", np.full(1, 32769, dtype=np.int32)),
        ("tried", np.arange(1, 18, dtype=np.int32)),
        ("searched", -1),
        ("searched", 17),
    ],
)
def test_what_does_not_fit_is_refused(name: str, value: Any) -> None:
    given = problem(0, 4, 7, 3, 1)
    given[name] = value
    with pytest.raises(ValueError, match=r"fit|range|no such|missing"):
        kernels.deflatelabels.choose_labels(*given.values(), np.zeros(7, dtype=np.uint8))
