"""Cubes that cover points, and the nearest code-word within a largest error."""

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Whole = npt.NDArray[np.int32]

_LEVELS = 256
_COLORS_AT_ONCE = 1 << 12


def cover_points(points: Bytes, error: int, lows: Bytes, highs: Bytes) -> int:
    """Cover points with cubes whose centers are no farther from any of theirs than an error."""
    span, count = 2 * error, 0
    left = points.astype(np.intp)
    while len(left):
        if count == len(lows):
            return count + 1
        first = left[0]
        near = left[: np.searchsorted(left[:, 0], first[0] + span, side="right")]
        beside = near[(np.abs(near[:, 2:] - first[2:]) <= span).all(axis=1)]
        passed = np.append(0, np.cumsum(np.bincount(beside[:, 1], minlength=_LEVELS)))
        begins = np.arange(max(first[1] - span, 0), first[1] + 1)
        totals = passed[np.minimum(begins + span + 1, _LEVELS)] - passed[begins]
        low = np.array([first[0], begins[totals.argmax()], 0, 0])
        beside = beside[(low[1] <= beside[:, 1]) & (beside[:, 1] <= low[1] + span)]
        low[2:] = _densest(beside[:, 2:], first[2:], span)
        held = ((low <= near) & (near <= low + span)).all(axis=1)
        lows[count], highs[count] = near[held].min(axis=0), near[held].max(axis=0)
        left = np.concatenate([near[~held], left[len(near) :]])
        count += 1
    return count


def _densest(points: npt.NDArray[np.intp], held: npt.NDArray[np.intp], span: int) -> list[int]:
    """Find the square around a point that holds most points, the lowest of several."""
    counts = np.bincount(points[:, 0] * _LEVELS + points[:, 1], minlength=_LEVELS**2)
    sums = np.zeros((_LEVELS + 1, _LEVELS + 1), dtype=np.int64)
    sums[1:, 1:] = counts.reshape(_LEVELS, _LEVELS).cumsum(axis=0).cumsum(axis=1)
    rows, columns = (np.arange(max(place - span, 0), place + 1) for place in held.tolist())
    ends = np.minimum(rows + span + 1, _LEVELS), np.minimum(columns + span + 1, _LEVELS)
    totals = (
        sums[np.ix_(*ends)]
        - sums[np.ix_(rows, ends[1])]
        - sums[np.ix_(ends[0], columns)]
        + sums[np.ix_(rows, columns)]
    )
    row, column = divmod(int(totals.argmax()), len(columns))
    return [int(rows[row]), int(columns[column])]


def label_within(
    colors: Bytes, points: Whole, words: Bytes, places: Whole, error: int, labels: Whole
) -> None:
    """Find the nearest code-word of every color of those that are within an error."""
    for start in range(0, len(colors), _COLORS_AT_ONCE):
        part = slice(start, start + _COLORS_AT_ONCE)
        distances = np.zeros((len(colors[part]), len(words)), dtype=np.int64)
        within = np.ones(distances.shape, dtype=bool)
        for axis in range(colors.shape[1]):
            apart = colors[part, axis, None].astype(np.int16) - words[:, axis]
            within &= np.abs(apart) <= error
            distances += (points[part, axis, None].astype(np.int64) - places[:, axis]) ** 2
        distances[~within] = np.iinfo(np.int64).max
        labels[part] = np.where(within.any(axis=1), distances.argmin(axis=1), -1)
