"""Where a picture is flat: pixels that have the color of all their neighbors."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

_ROWS_AT_ONCE = 64


def count_flats(
    rows: npt.NDArray[np.uint8],
    channels: int,
    top: int,
    bottom: int,
    left: int,
    right: int,
    keys: npt.NDArray[np.uint32],
    counts: npt.NDArray[np.int64],
) -> None:
    """Count the flat pixels of some colors: those whose neighbors, all that are there, have it."""
    for found, numbers in _flats(rows, channels, (top, bottom), (left, right)):
        places = np.searchsorted(keys, found)
        known = places < len(keys)
        known[known] = keys[places[known]] == found[known]
        counts[places[known]] += numbers[known]


def count_all_flats(
    rows: npt.NDArray[np.uint8],
    channels: int,
    top: int,
    bottom: int,
    left: int,
    right: int,
    table: npt.NDArray[np.uint32],
) -> None:
    """Count the flat pixels of all colors."""
    for found, numbers in _flats(rows, channels, (top, bottom), (left, right)):
        table[found] += numbers.astype(np.uint32)


def _flats(
    rows: npt.NDArray[np.uint8],
    channels: int,
    lines: tuple[int, int],
    columns: tuple[int, int],
) -> Iterator[tuple[npt.NDArray[np.uint32], npt.NDArray[np.intp]]]:
    """Find the colors of flat pixels, and how many there are of each, some rows at a time."""
    if not rows.shape[1]:
        return
    for start in range(lines[0], lines[1], _ROWS_AT_ONCE):
        stop = min(start + _ROWS_AT_ONCE, lines[1])
        # Beyond the borders lie the pixels at them once more, which are no other color.
        around = np.clip(np.arange(start - 1, stop + 1), 0, len(rows) - 1)
        samples = rows[around].reshape(len(around), -1, channels)
        pixels = np.zeros(samples.shape[:2], dtype=np.uint32)
        for channel in range(channels):
            pixels = pixels << 8 | samples[:, :, channel]
        padded = np.pad(pixels, ((0, 0), (1, 1)), mode="edge")
        level = (padded[:, :-2] == pixels) & (padded[:, 2:] == pixels)
        inner = pixels[1:-1]
        flat = level[:-2] & level[1:-1] & level[2:]
        flat &= (pixels[:-2] == inner) & (pixels[2:] == inner)
        flat[:, : columns[0]] = flat[:, columns[1] :] = False
        yield np.unique(inner[flat], return_counts=True)
