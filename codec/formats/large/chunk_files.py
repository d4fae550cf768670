"""Chunks of labels in a Zarr folder, as zarr writes them: bytes that zstd packed, a file a chunk.

A chunk passes through an event loop, other threads and several copies where zarr writes it, which
takes as long as packing it, and one thread at a time does most of that. Files are the same.
"""

import os
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

# What a file is called until all of it is there; zarr does the same.
UNFINISHED = ".partial"


class ChunkFiles:
    """The chunks of an array of uint8 in two axes, whose fill value is 0.

    Parameters
    ----------
    folder : Path
        Of the array.
    shape : tuple of int
        Rows and columns of a chunk.
    level : int
        How hard zstd tries.
    """

    def __init__(self, folder: Path, shape: tuple[int, int], level: int) -> None:
        from numcodecs.zstd import Zstd

        self._folder, self._shape = os.fspath(folder), shape
        self._zstd: Any = Zstd(level=level)

    def _path(self, place: tuple[int, int]) -> str:
        return os.path.join(self._folder, "c", *map(str, place))

    def write(self, place: tuple[int, int], values: Bytes) -> None:
        """Write a chunk, of which what lies beyond the array is left out."""
        if values.shape != self._shape:
            padding = [
                (0, side - own) for side, own in zip(self._shape, values.shape, strict=True)
            ]
            values = np.pad(values, padding)
        if values.any():
            write_whole(self._path(place), self._zstd.encode(np.ascontiguousarray(values)))
        elif os.path.lexists(path := self._path(place)):
            os.unlink(path)

    def read(self, place: tuple[int, int], shape: tuple[int, int]) -> Bytes:
        """Read rows and columns of a chunk that lie in the array.

        Raises
        ------
        RuntimeError, ValueError
            It is damaged.
        """
        try:
            with open(self._path(place), "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return np.zeros(shape, dtype=np.uint8)
        values = np.frombuffer(self._zstd.decode(data), dtype=np.uint8).reshape(self._shape)
        return values[: shape[0], : shape[1]]


def write_whole(path: str, data: Any) -> None:
    """Write a file that is there with all of its bytes or not at all, and its folder."""
    part = f"{path}.{uuid.uuid4().hex}{UNFINISHED}"
    try:
        file = open(part, "xb", buffering=0)  # noqa: SIM115 - closed below
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        file = open(part, "xb", buffering=0)  # noqa: SIM115
    try:
        with file:
            view = memoryview(data).cast("B")
            while len(view):
                view = view[file.write(view) :]
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise
