"""How hard deflate tries, and which filter rows get."""

import zlib
from typing import Any

import deflate
import numpy as np
import numpy.typing as npt
import pytest

from codec.png.packing import _TRIAL_BYTES, deflate_level, deflate_rows
from codec.png.rowfilters import FILTERS, LEAST_ENTROPY, NONE, SUB, UP, filter_rows, unfilter_rows

EFFORTS = ("fast", "default", "best")


def inflate(idat: bytes, width: int) -> npt.NDArray[np.uint8]:
    """The filtered rows of a zlib stream."""
    return np.frombuffer(zlib.decompress(idat), dtype=np.uint8).reshape(-1, 1 + width)


def in_bands(seed: int) -> npt.NDArray[np.uint8]:
    """Bands of rows that each want another filter: walks along rows and columns, noise, shades."""
    state = np.random.RandomState(seed)
    rows, columns = np.mgrid[:10, :200]
    bands = []
    for _ in range(4):
        steps = state.randint(-2, 3, (10, 200))
        bands += [
            128 + np.cumsum(steps, axis=1),
            state.randint(0, 256, (1, 200)) + np.cumsum(steps, axis=0),
            state.choice([3, 250], (10, 200)),
            128 + 60 * np.sin(rows / 7 + seed) + 50 * np.sin(columns / 9) + steps / 2,
        ]
    return np.vstack(bands).astype(np.int64).astype(np.uint8)


def test_levels_fall_with_the_size_unless_told_otherwise() -> None:
    noise = np.random.RandomState(0).randint(0, 256, (2049, 1024)).astype(np.uint8)
    sizes = (1, 128, 129, 2048, 2049)

    assert [deflate_level(noise[:size], "default") for size in sizes] == [12, 12, 10, 10, 6]
    assert {deflate_level(noise[:size], "best") for size in sizes} == {12}
    assert {deflate_level(noise[:size], "fast") for size in sizes} == {6}


def test_what_is_flat_is_worth_more_time() -> None:
    flat = np.repeat(np.arange(64, dtype=np.uint8), 1024)[None].repeat(64, axis=0)

    assert flat.size > 1 << 21
    assert deflate_level(flat, "default") == 11
    assert deflate_level(flat, "fast") == 6


@pytest.mark.parametrize(("side", "levels"), [(700, (10, 12)), (1000, (10, 11)), (1600, (6, 11))])
def test_what_repeats_itself_is_worth_more_time_though_not_flat(
    side: int, levels: tuple[int, int]
) -> None:
    state = np.random.RandomState(0)
    noise = state.randint(0, 256, (side, side)).astype(np.uint8)
    tiles = np.tile(noise[:8, :100], (side // 8, side // 100))

    assert (deflate_level(noise, "default"), deflate_level(tiles, "default")) == levels
    walks = np.cumsum(noise % 3, axis=1).astype(np.uint8)  # which deflate, but repeat nothing
    assert deflate_level(walks, "default") == levels[0]
    assert {deflate_level(tiles, "best"), deflate_level(tiles, "fast")} == {6, 12}


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("kind", [NONE, SUB, UP])
def test_the_filter_is_chosen_by_trial(kind: int, effort: str) -> None:
    state = np.random.RandomState(1)
    labels = state.randint(0, 256, (300, 1000), dtype=np.uint8)
    assert labels.size > _TRIAL_BYTES  # so that it is tried on some of the rows
    labels = {
        NONE: labels % 3 * 80,
        SUB: np.cumsum(labels & 1, axis=1, dtype=np.uint8),
        UP: np.cumsum(labels & 1, axis=0, dtype=np.uint8),
    }[kind]

    filtered = inflate(deflate_rows(labels, effort), 1000)

    # In the first row, None and Up are the same.
    assert set(filtered[1:, 0].tolist()) == {kind}
    assert filtered.shape == (300, 1001)


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
    filtered = inflate(deflate_rows(labels.astype(np.uint8), "default"), 40)
    assert set(filtered[:, 0].tolist()) == {kind}


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (1000, 300), (3, 100_001)])
def test_rows_come_back(shape: tuple[int, int], effort: str) -> None:
    rows = np.resize(in_bands(2), shape)
    filtered = inflate(deflate_rows(rows, effort), shape[1])
    assert unfilter_rows(filtered, 1).tobytes() == rows.tobytes()


@pytest.mark.parametrize("effort", ["default", "best"])
@pytest.mark.parametrize("seed", range(5))
def test_rows_that_want_different_filters_get_them(seed: int, effort: str) -> None:
    rows = in_bands(seed)

    idat = deflate_rows(rows, effort)

    assert len(set(inflate(idat, 200)[:, 0].tolist())) >= 3
    alike = [len(zlib.compress(filter_rows(rows, kind).tobytes(), 9)) for kind in FILTERS]
    assert len(idat) < 0.93 * min(alike)


def by_brute_force(rows: npt.NDArray[np.uint8]) -> int:
    """Bytes if each row gets the filter with which it and the rows before it deflate best."""
    alike = [filter_rows(rows, kind) for kind in FILTERS]
    done, written = zlib.compressobj(9), 0
    for y in range(len(rows)):
        tried = []
        for filtered in alike:
            longer = done.copy()  # instead of deflating all rows before it again
            size = written + len(longer.compress(filtered[y].tobytes()))
            tried.append((size + len(longer.copy().flush()), size, longer))
        _, written, done = min(tried, key=lambda each: each[0])
    return written + len(done.flush())


@pytest.mark.parametrize("seed", range(5))
def test_the_choice_is_as_good_as_that_of_brute_force(seed: int) -> None:
    rows = in_bands(seed)
    assert len(deflate_rows(rows, "best")) <= 1.005 * by_brute_force(rows)


@pytest.mark.parametrize("kind", [*FILTERS, LEAST_ENTROPY])
def test_with_best_effort_no_filter_would_be_better(kind: int) -> None:
    state = np.random.RandomState(3)
    pictures = [
        in_bands(9),
        np.cumsum(state.randint(-1, 2, (90, 120)), axis=1).astype(np.uint8),
        np.cumsum(np.cumsum(state.randint(-1, 2, (90, 120)), axis=1), axis=0).astype(np.uint8),
        np.repeat(np.repeat(state.randint(0, 9, (9, 12)), 10, axis=0), 10, axis=1).astype(
            np.uint8
        ),
    ]
    for rows in pictures:
        alone = deflate.zlib_compress(filter_rows(rows, kind), 12)
        assert len(deflate_rows(rows, "best")) <= len(alone)


def small(kind: str, seed: int) -> npt.NDArray[np.uint8]:
    """Make labels of a small picture: as of a photograph, smooth ones, and flat ones."""
    state = np.random.RandomState(seed)
    if kind == "photograph":  # some words over and over, in no order
        words = state.randint(0, 256, 40)
        return words[state.geometric(0.08, (96, 96)) % 40].astype(np.uint8)
    if kind == "smooth":
        return np.cumsum(state.randint(-1, 2, (96, 96)), axis=1).astype(np.uint8)
    return np.kron(state.randint(0, 256, (12, 12)), np.ones((8, 8))).astype(np.uint8)


@pytest.mark.parametrize("kind", ["photograph", "smooth", "flat"])
@pytest.mark.parametrize("effort", ["fast", "default"])
def test_small_rows_are_packed_nearly_as_well_as_by_longer_trials(kind: str, effort: str) -> None:
    level = {"fast": 6, "default": 12}[effort]
    for seed in range(5):
        rows = small(kind, seed)
        ways = (*FILTERS[:3], LEAST_ENTROPY)
        least = min(len(deflate.zlib_compress(filter_rows(rows, way), level)) for way in ways)
        assert len(deflate_rows(rows, effort)) <= 1.03 * least
        assert np.array_equal(unfilter_rows(inflate(deflate_rows(rows, effort), 96), 1), rows)


def test_small_rows_that_repeat_themselves_are_deflated_as_before() -> None:
    """Level 12, with the filter of the longer trials: what is flat gains most by it."""
    for seed in range(5):
        flat, noise = small("flat", seed), small("photograph", seed)
        assert deflate_rows(flat, "default") == min(
            (
                bytes(deflate.zlib_compress(filter_rows(flat, way), 12))
                for way in (*FILTERS[:3], LEAST_ENTROPY)
            ),
            key=len,
        )
        assert deflate_rows(noise, "default") == bytes(
            deflate.zlib_compress(filter_rows(noise, NONE), 10)
        )
