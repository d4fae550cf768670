"""What all sources have in common: slices, colors, orientation, notices, and being the same file.

A source gives the pixels of `codec.images.reading.read_image`, bit for bit. What changes pixels
is done to each part by the same functions; notices of what depends on all pixels are complete when
all were read once.
"""

from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from codec.colors.lookup import look_up
from codec.errors import CodecError, ImageError
from codec.files.views import check_token
from codec.images.decoders import as_codec_error
from codec.images.kinds import name_notices
from codec.images.orientation import TURNS, turn_upright
from codec.images.palettes import Entries, convert_palette
from codec.images.profiles import Conversion
from codec.images.records import Findings, frame_notices

Pixels = npt.NDArray[np.uint8]
Box = tuple[slice, slice]
Recipe = tuple[Any, tuple[Any, ...]]

# Pixels that are read at once in search of the palette's entries in use.
_AT_ONCE = 1 << 22


class Identity(Protocol):
    """A file that can tell whether it was changed."""

    path: str
    size: int
    token: tuple[int, int]

    @property
    def closed(self) -> bool:
        """Whether it was closed."""

    def close(self) -> None:
        """Let go of it."""


class PixelSource:
    """A picture file whose pixels are read when they are sliced: upright, sRGB, straight alpha.

    ``source[y0:y1, x0:x1]`` is an array (h, w) or (h, w, C), contiguous, of dtype uint8.

    Attributes
    ----------
    shape : tuple of int
        (H, W) for grey, else (H, W, C).
    tile : tuple of (int, int) or None
        Rows and columns that are stored together: slices aligned to these decode nothing twice.
    in_order : bool
        Rows are decoded one after the other. Of those given last, 16 may be asked for again; with
        rows further up another pass begins.
    kind, stored, bits, size_bytes : str, str, int and int
        As in `codec.images.records.SourceImage`.
    palette : ndarray of shape (P, C), dtype uint8, or None
        Its entries, unused ones included, in sRGB.
    indices : Indices or None
        Sliced like pixels, it gives indices (h, w) into the palette.
    """

    in_order = False
    dtype: np.dtype[np.uint8] = np.dtype(np.uint8)
    recipe: Recipe

    def __init__(
        self,
        file: Identity,
        findings: Findings,
        channels: int,
        tile: tuple[int, int] | None,
        seen: bytes = b"",
    ) -> None:
        self._file = file
        self._findings = findings
        structure = findings.structure
        self.kind: str = structure.kind
        self.stored: str = structure.stored
        self.bits: int = structure.bits
        self.size_bytes: int = file.size
        self._size = structure.height, structure.width
        self.orientation: int = findings.orientation[0]
        turned = self.orientation in (5, 6, 7, 8)
        self.tile: tuple[int, ...] | None = tile[::-1] if tile and turned else tile
        self.seen: bytes = seen
        self._entries: Entries | None = None
        self._conversion: Conversion | None = None
        self._changed = False
        if self._is_indexed():
            self._entries = self._convert_entries()
            channels = self._entries.shown.shape[1]
        elif findings.profile:
            self._conversion = Conversion(findings.profile, channels <= 2)
        size = self._size[::-1] if turned else self._size
        self.shape: tuple[int, ...] = size if channels == 1 else (*size, channels)
        self.ndim: int = len(self.shape)
        self.palette: Pixels | None = self._entries.palette if self._entries else None
        self.indices: Indices | None = Indices(self) if self._entries else None

    # What kinds of files do differently

    def _read(self, rows: slice, columns: slice) -> Pixels:
        """Read stored pixels (h, w) or (h, w, C), or indices (h, w): not turned, not converted."""
        raise NotImplementedError

    def _is_indexed(self) -> bool:
        return self._findings.palette is not None

    def _stored_palette(self, highest: int) -> Pixels:
        """Take the entries of the palette, as many as its indices up to the highest need."""
        assert self._findings.palette is not None  # noqa: S101 - or nobody would ask
        return self._findings.palette

    def _found_notices(self) -> tuple[str, ...]:
        return self._findings.notices

    def _found_conversions(self) -> tuple[str, ...]:
        return self._findings.conversions

    def _structure_notices(self) -> tuple[str, ...]:
        return self._findings.structure.notices

    # What is the same for all

    @property
    def notices(self) -> list[str]:
        """What is changed or left out on the way here; complete when all was read once."""
        told = self._told()
        turn = TURNS.get(self.orientation)
        left_out = self._findings.left_out
        return [
            *self._structure_notices(),
            *name_notices(self._file.path, self.kind),
            *frame_notices(self._findings.structure.frames),
            *self._found_conversions(),
            *self._found_notices(),
            *told,
            *([f"{turn} as its {self._findings.orientation[1]} orientation asks"] if turn else []),
            *([f"metadata is not kept: {', '.join(left_out)}"] if left_out else []),
        ]

    @property
    def conversions(self) -> tuple[str, ...]:
        """Those of the notices that say of samples that they are not what they were."""
        changed = self._entries.changed if self._entries else self._changed
        return self._found_conversions() + (self._told() if changed else ())

    def _told(self) -> tuple[str, ...]:
        if self._entries:
            return self._entries.notices
        return self._conversion.notices if self._conversion else ()

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Pixels:
        """Read some rows and columns.

        Raises
        ------
        ImageError, FormatError
            They are damaged; or the file was changed (``input-changed``).
        FileError
            They cannot be read.
        """
        rows, columns, rest = bounds(key, self.shape)
        pixels = self._upright(rows, columns)
        if self._entries:
            pixels = look_up(self._entries.shown, pixels)
        if pixels.ndim == 3 and self.ndim == 2:
            pixels = pixels[:, :, 0]
        return np.ascontiguousarray(pixels[(slice(None), slice(None), *rest)])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """Read all of it."""
        if copy is False:
            raise ValueError("pixels of a file become an array only as a copy")
        return self[:, :].astype(dtype or np.uint8, copy=False)

    def _upright(self, rows: slice, columns: slice) -> Pixels:
        """Read and convert stored pixels, or indices, and turn them."""
        if rows.start >= rows.stop or columns.start >= columns.stop:
            shape = rows.stop - rows.start, columns.stop - columns.start, *self.shape[2:]
            return np.empty(shape[:2] if self._entries else shape, dtype=np.uint8)
        stored_rows, stored_columns = _turned_back(rows, columns, self.shape, self.orientation)
        try:
            pixels = self._read(stored_rows, stored_columns)
            if self._conversion and self._conversion.changes:
                stored = pixels
                pixels = self._conversion(stored)
                self._changed = self._changed or not np.array_equal(pixels, stored)
        except CodecError:
            raise
        except Exception as error:  # whatever a decoder says of damaged data
            raise as_codec_error(error, self.kind) from error
        return turn_upright(pixels, self.orientation)

    def _convert_entries(self) -> Entries:
        """Find which entries of the palette are in use, and convert it."""
        seen = np.zeros(256, dtype=bool)
        if self.seen:
            seen = np.frombuffer(self.seen, dtype=bool)
        else:
            height, width = self._size
            step = max(1, _AT_ONCE // width)
            if self.tile:
                step = -(-step // self.tile[0]) * self.tile[0]
            for top in range(0, height, step):
                part = self._read(slice(top, min(top + step, height)), slice(0, width))
                seen |= np.bincount(part.reshape(-1), minlength=256) > 0
                if seen.all():
                    break
            self.seen = seen.tobytes()
        palette = self._stored_palette(int(np.flatnonzero(seen)[-1]))
        return convert_palette(palette, seen[: len(palette)], self._findings.profile)

    def check_unchanged(self) -> None:
        """Refuse a file that was written to since it was opened.

        Raises
        ------
        ImageError
            Its size or its time is another, or it is gone; reason ``input-changed``.
        """
        check_token(self._file.path, self._file.token)

    @property
    def token(self) -> tuple[int, int]:
        """What tells one state of the file from another."""
        return self._file.token

    @property
    def closed(self) -> bool:
        """Whether nothing can be read any more."""
        return self._file.closed

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> Recipe:
        """Pickle as the path, and what tells whether another process finds the same file there."""
        make, arguments = self.recipe
        return make, (*arguments, self.token, self.seen)


class Indices:
    """The indices of a picture with a palette, sliced as its pixels are."""

    dtype: np.dtype[np.uint8] = np.dtype(np.uint8)
    ndim = 2

    def __init__(self, source: PixelSource) -> None:
        self._source = source
        self.shape: tuple[int, ...] = source.shape[:2]

    def __getitem__(self, key: Any) -> Pixels:
        rows, columns, _ = bounds(key, self.shape)
        return np.ascontiguousarray(self._source._upright(rows, columns))


def bounds(key: Any, shape: tuple[int, ...]) -> tuple[slice, slice, tuple[Any, ...]]:
    """Find the rows and columns that a key asks for, and what it says of channels.

    Raises
    ------
    IndexError
        It is anything but slices of step 1.
    """
    keys = key if isinstance(key, tuple) else (key,)
    if Ellipsis in keys:
        place = keys.index(Ellipsis)
        missing = len(shape) - len(keys) + 1
        keys = (*keys[:place], *(slice(None),) * missing, *keys[place + 1 :])
    keys += (slice(None),) * (2 - len(keys))
    if len(keys) > len(shape) or not all(isinstance(each, slice) for each in keys):
        raise IndexError("a source is sliced by rows and columns, as source[y0:y1, x0:x1]")
    found = []
    for each, size in zip(keys[:2], shape, strict=False):
        start, stop, step = each.indices(size)
        if step != 1:
            raise IndexError("a source is sliced without steps")
        found.append(slice(start, max(start, stop)))
    return found[0], found[1], keys[2:]


def _turned_back(
    rows: slice, columns: slice, shape: tuple[int, ...], orientation: int
) -> tuple[slice, slice]:
    """Find the stored rows and columns of a part of the upright picture."""
    height, width = shape[:2]
    if orientation in (2, 3, 6, 7):
        columns = slice(width - columns.stop, width - columns.start)
    if orientation in (3, 4, 7, 8):
        rows = slice(height - rows.stop, height - rows.start)
    return (columns, rows) if orientation in (5, 6, 7, 8) else (rows, columns)


def no_stream(what: str) -> ImageError:
    """Make the error for a picture that cannot be read a part at a time, though perhaps whole."""
    return ImageError(
        f"{what} cannot be read a part at a time (convert it to a tiled TIFF or a plain PNG, "
        "or raise max_pixels so that it is read whole)",
        "no-stream",
    )
