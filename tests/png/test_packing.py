"""How hard deflate tries, and which filter rows get."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from codec.png.packing import best_filter, deflate_level
from codec.png.rowfilters import NONE, SUB, UP


def test_levels_fall_with_the_size_unless_told_otherwise() -> None:
    noise = np.random.RandomState(0).randint(0, 256, (2049, 1024)).astype(np.uint8)
    sizes = (1, 128, 129, 2048, 2049)

    assert [deflate_level(noise[:size], "default") for size in sizes] == [12, 12, 10, 10, 6]
    assert {deflate_level(noise[:size], "best") for size in sizes} == {12}
    assert {deflate_level(noise[:size], "fast") for size in sizes} == {6}


def test_what_is_flat_is_worth_more_time() -> None:
    flat = np.repeat(np.arange(64, dtype=np.uint8), 1024)[None].repeat(64, axis=0)

    assert flat.size > 1 << 21
    assert deflate_level(flat, "default") == 10
    assert deflate_level(flat, "fast") == 6


@pytest.mark.parametrize("kind", [NONE, SUB, UP])
def test_the_filter_is_chosen_by_trial(kind: int) -> None:
    state = np.random.RandomState(1)
    labels = state.randint(0, 256, (300, 4000), dtype=np.uint8)
    labels = {
        NONE: labels % 3 * 80,
        SUB: np.cumsum(labels & 1, axis=1, dtype=np.uint8),
        UP: np.cumsum(labels & 1, axis=0, dtype=np.uint8),
    }[kind]

    filtered = best_filter(labels)

    assert set(filtered[:, 0].tolist()) == {kind}
    assert filtered.shape == (300, 4001)


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (np.random.RandomState(0).randint(0, 256, (40, 40)), 0),
        (np.cumsum(np.random.RandomState(0).randint(0, 3, (40, 40)), axis=1), 1),
        (np.cumsum(np.random.RandomState(0).randint(0, 3, (40, 40)), axis=0), 2),
    ],
    ids=["noise", "steps along rows", "steps along columns"],
)
def test_the_filter_that_suits_the_labels_is_chosen(labels: npt.NDArray[Any], kind: int) -> None:
    assert set(best_filter(labels.astype(np.uint8))[:, 0].tolist()) == {kind}
