"""Arrays in files as pictures: `.npy`, Zarr and OME-Zarr.

Samples of 8 bits are taken for sRGB with straight alpha: these files say nothing of colors.
"""

import io
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError, not_imported
from codec.files.views import FileView, changed
from codec.images.records import Findings, Structure, truncated
from codec.images.sources.base import PixelSource
from codec.limits import check_part

Pixels = npt.NDArray[np.uint8]

NPY_MAGIC = b"\x93NUMPY"
# What a header of a `.npy` takes, at most.
_HEADER_BYTES = 16384
# What is in a folder that Zarr wrote.
_ZARR_FILES = ("zarr.json", ".zarray", ".zgroup")
_AT_ONCE = 1 << 24


class NpySource(PixelSource):
    """The array of a `.npy`, rows by rows.

    Parameters
    ----------
    view : FileView
        The file.

    Raises
    ------
    ImageError
        It is damaged, or no array (H, W) or (H, W, C) of dtype uint8 in C order.
    """

    def __init__(self, view: FileView) -> None:
        start = io.BytesIO(view[:_HEADER_BYTES])
        try:
            version = np.lib.format.read_magic(start)
            read = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            shape, in_columns, dtype = read(start)
        except (ValueError, KeyError) as error:
            raise ImageError("the header of the .npy is damaged", "damaged") from error
        height, width, channels = _checked_shape(shape, dtype)
        if in_columns:
            raise ImageError("the array of the .npy is not in C order", "unsupported")
        self._offset, self._row = start.tell(), width * channels
        if self._offset + height * self._row > view.size:
            raise truncated(".npy")
        check_part(self._row, "a row of the .npy")
        self._view, self._pixel = view, (width, channels)
        super().__init__(view, _plain_findings("NumPy", height, width), channels, None)

    def _read(self, rows: slice, columns: slice) -> Pixels:
        found = np.empty((rows.stop - rows.start, self._row), dtype=np.uint8)
        step = max(1, _AT_ONCE // self._row)
        for top in range(rows.start, rows.stop, step):
            end = min(top + step, rows.stop)
            data = self._view[self._offset + top * self._row : self._offset + end * self._row]
            part = np.frombuffer(data, dtype=np.uint8)
            found[top - rows.start : end - rows.start] = part.reshape(end - top, self._row)
        return found.reshape(len(found), *self._pixel)[:, columns]


class Folder:
    """A folder as a file: its bytes, and when any of its files changed."""

    closed: bool = False

    def __init__(self, path: str) -> None:
        self.path = path
        self.token: tuple[int, int] = self.find_token()
        self.size: int = self.token[0]

    def find_token(self) -> tuple[int, int]:
        """Add up the bytes of all files, and find the latest time."""
        size = latest = 0
        for status in _statuses(self.path):
            size += status.st_size
            latest = max(latest, status.st_mtime_ns)
        return size, latest

    def close(self) -> None:
        """Let go of it."""
        self.closed = True


def _statuses(path: str) -> Iterator[os.stat_result]:
    for folder, _, names in os.walk(path):
        for name in names:
            yield os.stat(os.path.join(folder, name))


def is_zarr(path: str) -> bool:
    """Tell whether a path is a folder that Zarr wrote."""
    return any(os.path.isfile(os.path.join(path, name)) for name in _ZARR_FILES)


class _Axes(NamedTuple):
    """Where rows, columns and channels are among the axes of an array; none of channels is -1."""

    rows: int
    columns: int
    channels: int


class ZarrSource(PixelSource):
    """An array of Zarr, or a level of a picture of OME-Zarr.

    Parameters
    ----------
    path : str
        Of the folder.
    level : int
        0 is the picture itself.

    Raises
    ------
    ImageError
        It has no such level, or no array of uint8 of one picture.
    LimitError
        A chunk takes too much memory.
    """

    def __init__(self, path: str, *, level: int = 0) -> None:
        zarr = _import_zarr()
        folder = Folder(path)
        try:
            opened = zarr.open(path, mode="r")
        except Exception as error:
            raise ImageError("the Zarr folder is damaged", "damaged") from error
        attributes = dict(opened.attrs)
        if "kmcodec" in attributes:
            raise ImageError("holds labels, not pixels (codec.open reads it)", "no-stream")
        kind, names = "Zarr", ""
        if not isinstance(opened, zarr.Array):
            kind = "OME-Zarr"
            place, names = _dataset(attributes, level)
            opened = opened.get(place)
            if not isinstance(opened, zarr.Array):
                raise ImageError(f"the OME-Zarr has no array {place!r}", "damaged")
        elif level:
            raise ImageError(f"an array of Zarr has no level {level}", "no-level")
        self._array, self._axes = opened, _axes(opened.shape, names)
        rows, columns, _ = self._axes
        shape = [opened.shape[axis] for axis in self._axes if axis >= 0]
        height, width, count = _checked_shape(tuple(shape), opened.dtype)
        chunks = opened.chunks
        check_part(int(np.prod(chunks, dtype=object)), "a chunk of the Zarr")
        tile = min(chunks[rows], height), min(chunks[columns], width)
        super().__init__(folder, _plain_findings(kind, height, width), count, tile)

    def _read(self, rows: slice, columns: slice) -> Pixels:
        places = {self._axes.rows: rows, self._axes.columns: columns}
        if self._axes.channels >= 0:
            places[self._axes.channels] = slice(None)
        key = tuple(places.get(axis, 0) for axis in range(self._array.ndim))
        found = np.asarray(self._array[key])
        order = np.argsort(np.argsort([axis for axis in self._axes if axis >= 0]))
        return found.transpose(order)

    def check_unchanged(self) -> None:
        """Refuse a folder of which any file was written to since it was opened."""
        check_folder(self._file.path, self.token)


def check_folder(path: str, token: tuple[int, int]) -> None:
    """Refuse a folder that is not what it was.

    Raises
    ------
    ImageError
        Any of its files was changed, added or removed; reason ``input-changed``.
    """
    try:
        same = Folder(path).token == token
    except OSError as error:
        raise changed() from error
    if not same:
        raise changed()


def _import_zarr() -> Any:
    try:
        import zarr
    except ImportError as error:
        cure = 'reading Zarr needs zarr (pip install "kmcodec[large]")'
        raise ImageError(not_imported(error, "zarr", cure), "missing-dependency") from error
    return zarr


def _dataset(attributes: dict[str, Any], level: int) -> tuple[str, str]:
    """Find the path of a level's array in what OME-Zarr tells of it, and the names of its axes."""
    try:
        image = attributes.get("ome", attributes)["multiscales"][0]
        axes = "".join(axis if isinstance(axis, str) else axis["name"] for axis in image["axes"])
        places = [str(found["path"]) for found in image["datasets"]]
    except (KeyError, IndexError, TypeError) as error:
        raise ImageError(
            "the Zarr folder is a group and no OME-Zarr picture (name an array in it)",
            "unsupported",
        ) from error
    if not 0 <= level < len(places):
        raise ImageError(
            f"the OME-Zarr has no level {level}: they are 0 to {len(places) - 1}", "no-level"
        )
    return places[level], axes


def _axes(shape: tuple[int, ...], names: str) -> _Axes:
    """Find rows, columns and channels; all other axes must have one place."""
    names = names or {2: "yx", 3: "yxc"}.get(len(shape), "")
    if len(names) != len(shape) or not {"y", "x"} <= set(names) <= set("tczyx"):
        raise ImageError(f"an array of shape {shape} is no picture", "bad-shape")
    longer = [name for name, size in zip(names, shape, strict=True) if name in "tz" and size != 1]
    if longer:
        raise ImageError(
            f"the array has several places along {', '.join(longer)}, and a picture one",
            "bad-shape",
        )
    return _Axes(names.index("y"), names.index("x"), names.find("c"))


def _checked_shape(shape: tuple[int, ...], dtype: Any) -> tuple[int, int, int]:
    """Take an array's shape for a picture's."""
    if dtype != np.uint8:
        raise ImageError(
            f"its samples are {dtype}, not uint8 (scale them to 8 bits first)", "bad-dtype"
        )
    height, width, channels = (*shape, 1)[:3] if len(shape) in (2, 3) else (0, 0, 0)
    if not (height and width and 1 <= channels <= 4):
        raise ImageError(f"an array of shape {shape} is no picture", "bad-shape")
    return height, width, channels


def _plain_findings(kind: str, height: int, width: int) -> Findings:
    return Findings(Structure(kind, width, height), (), None, (1, ""), ())
