"""Rows of a source, read one after the other."""

from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

_KEPT_ROWS = 32  # more than anybody wants around a block


class Window:
    """A source whose rows come one after the other; the last are kept, to be asked for again.

    What it gives is good until it is asked again: where a source reads into arrays, it is one, for
    the system takes as long to clear memory as some of what is done to pixels.
    """

    def __init__(self, source: Any, channels: int) -> None:
        self._source, self._channels = source, channels
        self._rows, self._kept = range(0), np.empty(0, dtype=np.uint8)
        self._room = np.empty((0, 0, channels), dtype=np.uint8)

    def __getitem__(self, key: tuple[slice, slice]) -> Bytes:
        rows, columns = key
        again = rows.start in self._rows
        kept = self._kept[rows.start - self._rows.start if again else len(self._kept) :]
        missing = slice(rows.start + len(kept), rows.stop)
        if reads_into(self._source):
            found = self._array(rows.stop - rows.start, columns.stop - columns.start)
            if again:
                found[: len(kept)] = kept
            self._source.read_into(found[len(kept) :], missing, columns)
        else:
            found = np.asarray(self._source[missing, columns])
            found = np.concatenate([kept, found]) if again else found
        self._kept = found[-_KEPT_ROWS:].copy()
        self._rows = range(rows.stop - len(self._kept), rows.stop)
        return found

    def _array(self, height: int, width: int) -> Bytes:
        """Find room for so many pixels, where those before were."""
        if len(self._room) < height or self._room.shape[1] != width:
            self._room = self._room[:0].copy()  # so that there are never two
            self._room = np.empty((height, width, self._channels), dtype=np.uint8)
        return self._room[:height]


def reads_into(source: Any) -> bool:
    """Tell whether a source reads pixels where it is told to."""
    return bool(getattr(source, "in_place", False))
