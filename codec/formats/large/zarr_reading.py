"""Zarr groups that kmcodec wrote, a tile at a time."""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codec.errors import FormatError
from codec.formats.large.layout import DIGEST_SIZE, Place, read_layout
from codec.formats.large.regions import Tiles, Token
from codec.formats.large.zarr_sink import ATTRIBUTE, DIGESTS, LABELS, import_zarr

Bytes = npt.NDArray[np.uint8]

# What zarr and its decoders say of damaged metadata and chunks.
_DAMAGED = (LookupError, RuntimeError, ValueError, TypeError, ArithmeticError, AttributeError)


class ZarrTiles(Tiles):
    """The tiles of a group.

    Parameters
    ----------
    path : Path
        What `ZarrSink` wrote.

    Raises
    ------
    FormatError
        It is something else, damaged, or not complete.
    ParameterError
        zarr is not installed.
    """

    kind = "Zarr"

    def __init__(self, path: Path) -> None:
        zarr = import_zarr()
        self._path = path
        try:
            group = zarr.open_group(str(path), mode="r", zarr_format=3)
        except (FileNotFoundError, *_DAMAGED) as error:
            raise FormatError("the directory is no group of Zarr 3", "not-compressed") from error
        described = group.attrs.get(ATTRIBUTE)
        layout = read_layout(described)
        if described.get("complete") is not True:
            raise FormatError(
                "it is not complete: compressing it again continues it, force=True starts anew",
                "truncated",
            )
        try:
            self._labels, stored = group[LABELS], group[DIGESTS]
            arrays = [(array.shape, array.dtype) for array in (self._labels, stored)]
            shapes = (layout.height, layout.width), (*layout.grid, DIGEST_SIZE)
            # Before anything is allocated for what an array says of its shape.
            if arrays != [(shape, np.uint8) for shape in shapes] or (
                self._labels.chunks != layout.tile
            ):
                raise FormatError(
                    "its arrays and what it says of its picture differ", "bad-members"
                )
            digests = np.asarray(stored[...])
        except FormatError:
            raise
        except _DAMAGED as error:
            raise FormatError("its arrays are missing or damaged", "bad-members") from error
        super().__init__(layout, digests, described.get("seal"))

    @property
    def size_bytes(self) -> int:
        """Bytes of all files of the store."""
        return sum(
            os.stat(os.path.join(folder, name)).st_size
            for folder, _, names in os.walk(self._path)
            for name in names
        )

    def token(self) -> Token:
        """Tell size and time of the file that has the seal."""
        status = os.stat(self._path / "zarr.json")
        return status.st_size, status.st_mtime_ns

    def close(self) -> None:
        """Nothing is open between two reads."""

    def _read(self, place: Place) -> Bytes:
        try:
            return np.ascontiguousarray(self._labels[self.layout.place(*place)])
        except FormatError:
            raise
        except (
            LookupError,
            RuntimeError,
            ValueError,
            TypeError,
        ) as error:  # what decoders say of damaged chunks
            raise FormatError(f"the data are damaged: {error}", "bad-deflate") from error
