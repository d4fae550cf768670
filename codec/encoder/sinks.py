"""Where labels of a picture in blocks go: a file that somebody writes, or an array."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError

Bytes = npt.NDArray[np.uint8]


class Sink(Protocol):
    """Where labels go.

    Parameters
    ----------
    block : tuple of int, or None
        Rows and columns of which whole multiples are written, but for the last ones; None where
        whole rows come in order.
    done : collection of tuple of int
        Origins of such blocks that are there already.
    """

    block: tuple[int, int] | None
    done: Any

    def begin(self, height: int, width: int, codebook: Bytes, facts: dict[str, Any]) -> None:
        """Get ready for a picture."""

    def write(self, y: int, x: int, labels: Bytes) -> None:
        """Store the labels of a block."""

    def finish(self) -> Sequence[Path]:
        """Let what was written have its names."""

    def abort(self) -> None:
        """Leave nothing behind."""


class ArraySink:
    """Labels in an array, or what is assigned to like one.

    Parameters
    ----------
    array : ndarray of shape (H, W), dtype uint8, or like one
        In memory, or of NumPy's memmap, Zarr or h5py, whose chunks blocks are multiples of.

    Raises
    ------
    ImageError
        It is no array of labels.
    """

    def __init__(self, array: Any) -> None:
        missing = [name for name in ("shape", "dtype", "__setitem__") if not hasattr(array, name)]
        if missing or str(array.dtype) != "uint8":
            kind = type(array).__name__ if missing else str(array.dtype)
            raise ImageError(
                f"labels need a uint8 array to be assigned to, not {kind}", "bad-dtype"
            )
        self._array = array
        self.done: tuple[()] = ()
        chunks = getattr(array, "chunks", None) or (1, 1)
        self.block: tuple[int, int] | None = (int(chunks[0]), int(chunks[1]))

    def check(self, height: int, width: int, channels: int) -> None:
        """Refuse a picture of another size, before it is read."""
        if tuple(self._array.shape) != (height, width):
            raise ImageError(
                f"labels need an array of shape {(height, width)}, not of "
                f"{tuple(self._array.shape)}",
                "bad-shape",
            )

    def begin(self, height: int, width: int, codebook: Bytes, facts: dict[str, Any]) -> None:
        """See `Sink`."""
        self.check(height, width, codebook.shape[1])

    def write(self, y: int, x: int, labels: Bytes) -> None:
        """See `Sink`."""
        self._array[y : y + labels.shape[0], x : x + labels.shape[1]] = labels

    def finish(self) -> Sequence[Path]:
        """See `Sink`."""
        return ()

    def abort(self) -> None:
        """See `Sink`; what was assigned stays."""
