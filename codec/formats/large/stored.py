"""`codec.open`: compressed files of any size, as arrays of which regions are read."""

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from codec.colors.lookup import look_up
from codec.errors import FormatError, ImageError
from codec.files import read_start
from codec.formats.files import load_contents
from codec.formats.large.layout import Layout
from codec.formats.large.regions import Index, Tiles, Token, find_region
from codec.formats.large.sinks import told
from codec.formats.large.tiff_reading import MAGICS, TiffTiles
from codec.indexed import CHANNEL_NAMES
from codec.limits import MAX_PIXELS

Bytes = npt.NDArray[np.uint8]


class LargeImage:
    """A compressed picture that is read a region at a time.

    ``image[y0:y1, x0:x1]`` are pixels, ``image.labels[y0:y1, x0:x1]`` labels: arrays in memory. It
    may be read by several threads, and be pickled for other processes: a copy opens the file anew.

    Parameters
    ----------
    path : path-like
        The file.
    max_pixels : int
        Largest picture that is read whole, where a format knows no regions.
    require_seal : bool
        Refuse what has no seal.

    Raises
    ------
    FormatError, LimitError, FileError
        As `codec.load`.
    """

    in_order = False
    stored: str = "palette"
    bits: int = 8
    conversions: tuple[str, ...] = ()
    dtype: np.dtype[np.uint8] = np.dtype(np.uint8)

    def __init__(
        self,
        path: str | bytes | os.PathLike[str],
        *,
        max_pixels: int = MAX_PIXELS,
        require_seal: bool = False,
    ) -> None:
        self.path: Path = Path(os.fsdecode(path))
        self._options = {"max_pixels": max_pixels, "require_seal": require_seal}
        self.notices: list[str] = []
        self._tiles = _open_tiles(self.path, max_pixels, require_seal)
        self._token = self._tiles.token()
        self.verified: bool = getattr(self._tiles, "verified", True)

    @property
    def codebook(self) -> Bytes:
        """The code-words, shape (K, C)."""
        return self._tiles.layout.codebook

    @property
    def facts(self) -> dict[str, Any]:
        """What was stored of the picture beside: names and values of JSON."""
        return dict(self._tiles.layout.facts)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the pixels: (H, W) for grey, else (H, W, C)."""
        layout, channels = self._tiles.layout, self.codebook.shape[1]
        return (layout.height, layout.width, *((channels,) if channels > 1 else ()))

    @property
    def ndim(self) -> int:
        """Number of axes, 2 or 3."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of samples."""
        return int(np.prod(self.shape, dtype=object))

    @property
    def tile(self) -> tuple[int, int] | None:
        """Rows and columns that are decoded at a time; None if all is in memory."""
        return None if isinstance(self._tiles, _Whole) else self._tiles.layout.tile

    @property
    def kind(self) -> str:
        """What the file is."""
        return self._tiles.kind

    @property
    def size_bytes(self) -> int:
        """Bytes of the file or files."""
        return self._tiles.size_bytes

    @property
    def labels(self) -> "LargeLabels":
        """The labels, shape (H, W): regions of them are read when they are asked for."""
        return LargeLabels(self)

    @property
    def indices(self) -> "LargeLabels":
        """The labels, which are indices of `palette`."""
        return self.labels

    @property
    def palette(self) -> Bytes:
        """The codebook."""
        return self.codebook

    def __getitem__(self, index: Index | tuple[Index, ...]) -> Bytes:
        rows, columns, rest = find_region(index, self.shape)
        labels = self.read_labels(rows, columns)
        shape = (*labels.shape, *self.shape[2:])
        pixels = np.empty(shape, dtype=np.uint8)
        if labels.size:
            pixels = look_up(self.codebook, labels).reshape(shape)
        return np.asarray(pixels[rest], order="C")

    def read_labels(self, rows: slice, columns: slice) -> Bytes:
        """Read the labels of a region.

        Parameters
        ----------
        rows, columns : slice
            Start and stop within the picture.

        Returns
        -------
        labels : ndarray of shape (h, w), dtype uint8

        Raises
        ------
        FormatError
            A tile of it is damaged.
        FileError
            It cannot be read.
        """
        with told(self.path, "read"):
            labels = self._tiles.read(rows, columns)
        if labels.size and (largest := int(labels.max())) >= len(self.codebook):
            raise FormatError(
                f"label {largest} is beyond the codebook of {len(self.codebook)}",
                "label-out-of-range",
            )
        return labels

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        return _whole(self, dtype, copy)

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (str(self.path), self._options, self._token)

    def check_unchanged(self) -> None:
        """Refuse a file that is not what it was when it was opened.

        Raises
        ------
        ImageError
            Its size or time has changed.
        """
        with told(self.path, "read"):
            changed = self._tiles.token() != self._token
        if changed:
            raise ImageError("the file was changed while it was read", "input-changed")

    def close(self) -> None:
        """Let go of the file."""
        for key in [key for key, image in _reopened.items() if image is self]:
            del _reopened[key]
        self._tiles.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        height, width = self.shape[:2]
        name, size = CHANNEL_NAMES[self.codebook.shape[1]], len(self.codebook)
        return f"<LargeImage {width} × {height}, {name}, K = {size}, {self.size_bytes:,} bytes>"


class LargeLabels:
    """The labels of a `LargeImage`, an array of which regions are read."""

    dtype: np.dtype[np.uint8] = np.dtype(np.uint8)
    ndim = 2

    def __init__(self, image: LargeImage) -> None:
        self._image = image
        self.shape: tuple[int, int] = (image.shape[0], image.shape[1])

    def __getitem__(self, index: Index | tuple[Index, ...]) -> Bytes:
        rows, columns, rest = find_region(index, self.shape)
        return np.asarray(self._image.read_labels(rows, columns)[rest], order="C")

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        return _whole(self, dtype, copy)


class _Whole(Tiles):
    """A picture of a format that knows no regions, in memory."""

    def __init__(self, path: Path, max_pixels: int, require_seal: bool) -> None:
        contents = load_contents(path, max_pixels=max_pixels, require_seal=require_seal)
        self._path, self._contents = path, contents
        self.labels, self.verified = contents.indexed.labels, contents.verified
        self.kind = contents.format
        sides = contents.indexed.height, contents.indexed.width
        self.layout = Layout(*sides, contents.indexed.codebook, sides)

    @property
    def size_bytes(self) -> int:
        return self._contents.size_bytes

    def token(self) -> Token:
        status = os.stat(self._path)
        return status.st_size, status.st_mtime_ns

    def close(self) -> None:
        """Nothing is open."""

    def read(self, rows: slice, columns: slice) -> Bytes:
        return self.labels[rows, columns]

    def _read(self, place: tuple[int, int]) -> Bytes:
        return self.labels[self.layout.place(*place)]


def open(  # noqa: A001
    path: str | bytes | os.PathLike[str],
    *,
    max_pixels: int = MAX_PIXELS,
    require_seal: bool = False,
) -> LargeImage:
    """Open a compressed file, of any size, to read regions of it.

    Parameters
    ----------
    path : str, bytes or path-like
        A ``.zarr`` or ``.tif`` that kmcodec wrote, of which only what is asked for is read and
        verified; or a file of another format, which is read whole as `codec.load` does.
    max_pixels : int
        Largest picture that is read whole. Those of which regions are read have no limit.
    require_seal : bool
        Refuse what has no seal; a ``.zarr`` or ``.tif`` always has one.

    Returns
    -------
    image : LargeImage
        With `shape`, `dtype`, `codebook` and `labels`; ``image[y0:y1, x0:x1]`` are pixels, in
        the color space of the profile that a png or kmc may have kept, which `codec.load` tells.
        To be closed, or used as a context.

    Raises
    ------
    FormatError
        It is none of these, damaged, not complete, or has no seal that was required.
    LimitError
        The picture is larger than allowed.
    FileError
        A file is missing or cannot be read.
    ParameterError
        A package is missing; the message says how to get it.
    """
    return LargeImage(path, max_pixels=max_pixels, require_seal=require_seal)


def _open_tiles(path: Path, max_pixels: int, require_seal: bool) -> Tiles:
    if os.path.isdir(path):
        from codec.formats.large.zarr_reading import ZarrTiles

        return ZarrTiles(path)
    start, _ = read_start(path, 4)
    if start in MAGICS:
        return TiffTiles(path)
    return _Whole(path, max_pixels, require_seal)


def _reopen(path: str, options: dict[str, Any], token: Token) -> LargeImage:
    """Open what was pickled, once in a process, unless it was changed since."""
    key = path, token, tuple(sorted(options.items()))
    image = _reopened.get(key)
    if image is None:
        image = LargeImage(path, **options)
        image._token = token
        image.check_unchanged()
        _reopened[key] = image
    return image


_reopened: dict[tuple[Any, ...], LargeImage] = {}


def _whole(
    array: LargeImage | LargeLabels, dtype: npt.DTypeLike | None, copy: bool | None
) -> npt.NDArray[Any]:
    if copy is False:
        raise ValueError("it is read from a file, which copy=False forbids")
    found = array[...]
    return found if dtype is None else found.astype(dtype, copy=False)
