"""Where in a picture its colors changed, and where single pixels are off."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codec.colors.metrics import visible_errors
from codec.colors.naming import name_change, name_color
from codec.colors.pixels import as_channels
from codec.indexed import IndexedImage
from codec.reports.changes import KIND_WEIGHTS, Change, Shown
from codec.reports.quality import alike

Pixels = npt.NDArray[np.uint8]
Strip = tuple[slice, Pixels, Pixels, Pixels]

# Of places of errors: how many are shown. The bounds of the sides of all, and how many of them
# would fit into the shorter side; of small pictures, how many.
_PLACES = 3
_LEAST_SIDE, _MOST_SIDE = 16, 96
_ACROSS, _ACROSS_SMALL = 8, 4
# A place is put beside another one if it has this part there of what it has at most.
_BESIDE = 0.4
# How many pixels are asked for their names.
_ASKED = 500


@dataclass(frozen=True)
class Place:
    """A square of the picture.

    Parameters
    ----------
    x, y : int
        Its first column and row.
    width, height : int
        Its sides.
    worst : int
        The largest error in it.
    change : Change or None
        Which change of colors is seen in it; None if pixels changed, but no color on the whole.
    pixel : tuple of (int, int) or None
        Column and row of the pixel that shows the change best.
    """

    x: int
    y: int
    width: int
    height: int
    worst: int
    change: Change | None = None
    pixel: tuple[int, int] | None = None


def crop(picture: IndexedImage | Pixels, rows: slice, columns: slice) -> Pixels:
    """Cut pixels of shape (rows, columns, C) out of a picture."""
    if isinstance(picture, IndexedImage):
        return np.asarray(picture.codebook[picture.labels[rows, columns]])
    return as_channels(picture)[rows, columns]


def change_places(
    original: Pixels,
    decoded: IndexedImage | Pixels,
    changes: tuple[Change, ...],
    shown: Shown,
    strips: Callable[[], Iterable[Strip]],
    step: int = 1,
) -> tuple[Place, ...]:
    """Find where each change is seen most, and a pixel that shows it.

    Parameters
    ----------
    original : ndarray of shape (H, W, C), dtype uint8
        The picture.
    decoded : IndexedImage, or ndarray of shape (H, W) or (H, W, C), dtype uint8
        What it became.
    changes, shown : tuple of Change, Shown
        From `ChangedColors.find`.
    strips : callable
        Gives rows, pixels before and after, and kinds, for all of the picture.
    step : int
        Pixels of every so many columns and rows are preferred.

    Returns
    -------
    places : tuple of Place
        One for each change, in their order.
    """
    if not changes:
        return ()
    height, width = original.shape[:2]
    side = _side(height, width)
    half = max(side // 2, 1)
    grid = -(-height // half), -(-width // half)
    sums = np.zeros((len(changes), *grid))
    for rows, first, second, kinds in strips():
        numbers, sizes = shown.of(first, second)
        down, along = np.nonzero(numbers >= 0)
        cells = numbers[down, along] * grid[0] + (down + rows.start) // half
        cells = cells * grid[1] + along // half
        weights = sizes[down, along] * KIND_WEIGHTS[kinds[down, along]]
        sums += np.bincount(cells, weights, sums.size).reshape(sums.shape)
    across = 2 if half < side else 1
    for axis in (1, 2) if across == 2 else ():  # of each two cells
        after = np.take(sums, range(1, sums.shape[axis]), axis)
        sums[(slice(None),) * axis + (slice(0, -1),)] += after
    places: list[Place] = []
    for change, has in zip(changes, sums, strict=True):
        free = has.copy()
        for place in places:
            y, x = place.y // half, place.x // half
            free[max(y - across, 0) : y + across + 1, max(x - across, 0) : x + across + 1] = 0
        there = free if free.max() >= _BESIDE * has.max() else has
        row, column = divmod(int(there.argmax()), grid[1])
        y, x = max(min(row * half, height - side), 0), max(min(column * half, width - side), 0)
        number = len(places)
        places.append(_place(original, decoded, change, number, shown, (x, y, side), step))
    return tuple(places)


def _place(
    original: Pixels, decoded: IndexedImage | Pixels, change: Change, number: int, shown: Shown,
    square: tuple[int, int, int], step: int,
) -> Place:  # fmt: skip
    """Choose the pixel that changed most of those that are what the change is called."""
    x, y, side = square
    rows, columns = slice(y, y + side), slice(x, x + side)
    first, second = alike(original[rows, columns], crop(decoded, rows, columns))
    errors = visible_errors(first, second)
    numbers, _ = shown.of(first, second)
    down, along = np.nonzero(numbers == number)
    beside = (down + y) % step + (along + x) % step > 0
    order = np.lexsort((-errors[down, along].astype(int), beside))
    known: dict[tuple[bytes, bytes], bool] = {}
    best = None
    for at in order[:_ASKED].tolist():
        before, after = first[down[at], along[at]], second[down[at], along[at]]
        key = before.tobytes(), after.tobytes()
        if key not in known:
            pair = tuple(before.tolist()), tuple(after.tolist())
            known[key] = (name_color(pair[0]), name_change(*pair)) == change.words
        if known[key]:
            best = at
            break
    if best is None and len(order):
        best = int(order[0])
    pixel = None if best is None else (x + int(along[best]), y + int(down[best]))
    return Place(x, y, first.shape[1], first.shape[0], int(errors.max()), change, pixel)


def _side(height: int, width: int) -> int:
    short = min(height, width)
    side = min(max(short // _ACROSS, _LEAST_SIDE), _MOST_SIDE)
    return side if short > 2 * side else max(short // _ACROSS_SMALL, 1)


def squares(errors: Pixels, tops: list[int], lefts: list[int]) -> npt.NDArray[np.int64]:
    """Sum squared errors over the cells of a grid."""
    ends = [*tops[1:], len(errors)]
    sums = np.empty((len(tops), len(lefts)), dtype=np.int64)
    for row, top, end in zip(sums, tops, ends, strict=True):
        squared = errors[top:end].astype(np.uint16)
        squared *= squared
        row[:] = np.add.reduceat(squared.sum(axis=0, dtype=np.int64), lefts)
    return sums


def worst_places(errors: Pixels) -> tuple[Place, ...]:
    """Find the cells of a grid with most squared error, none beside another."""
    height, width = errors.shape
    side = min(max(min(height, width) // _ACROSS, _LEAST_SIDE), _MOST_SIDE)
    if min(height, width) <= 2 * side:
        return ()
    sums = squares(errors, list(range(0, height, side)), list(range(0, width, side)))
    places: list[Place] = []
    while len(places) < _PLACES and sums.any():
        row, column = divmod(int(sums.argmax()), sums.shape[1])
        y, x = min(row * side, height - side), min(column * side, width - side)
        part = errors[y : y + side, x : x + side]
        down, along = divmod(int(part.argmax()), part.shape[1])
        pixel = x + along, y + down
        places.append(Place(x, y, side, side, int(part.max()), None, pixel))
        sums[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] = 0
    return tuple(places)
