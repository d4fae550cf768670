"""A large picture in tiles: where they are, what is written of it all, and its seal.

Labels that are written tile by tile, in any order, are sealed tile by tile: each has a digest, and
the seal of the picture is that of shape, codebook and all digests (format-spec section 17).
"""

import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import FormatError, ImageError, ParameterError
from codec.indexed import IndexedImage
from codec.limits import MAX_CODEBOOK_SIZE

Bytes = npt.NDArray[np.uint8]
Place = tuple[int, int]

VERSION = 1
DIGEST_SIZE = 32
# So that places in a picture, and what programs make of them, fit into 32 bits with a sign.
MAX_LARGE_SIDE = 2**31 - 1
_SEALED = b"KMCODEC1tiles"


def check_codebook(codebook: Bytes) -> Bytes:
    """Copy a codebook that is one, or raise `ImageError`."""
    label = np.zeros((1, 1), dtype=np.uint8)
    return np.array(IndexedImage(label, np.asarray(codebook)).codebook, order="C")


def check_labels(labels: Bytes, n_colors: int) -> Bytes:
    """Refuse what are no labels of a codebook; give them in C order.

    Raises
    ------
    ImageError
        It is no uint8 array of two axes, or one of them is K or more.
    """
    labels = np.ascontiguousarray(labels)
    if labels.dtype != np.uint8 or labels.ndim != 2 or not labels.size:
        raise ImageError("labels must be a uint8 array of shape (h, w)", "bad-labels")
    if n_colors < MAX_CODEBOOK_SIZE and (largest := int(labels.max())) >= n_colors:
        raise ImageError(
            f"label {largest} is beyond the codebook of {n_colors}", "label-out-of-range"
        )
    return labels


@dataclass(frozen=True, eq=False)
class Layout:
    """What is known of a picture before its first label.

    Parameters
    ----------
    height, width : int
        1 to 2**31 - 1.
    codebook : ndarray of shape (K, C), dtype uint8
        The code-words.
    tile : tuple of int
        Rows and columns of a tile; the last ones of a row and of a column may be smaller.
    facts : mapping
        What else is stored of it: names and values of JSON.
    """

    height: int
    width: int
    codebook: Bytes
    tile: tuple[int, int]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for side in (self.height, self.width):
            if not 1 <= side <= MAX_LARGE_SIDE:
                raise ParameterError(
                    f"a side of {side} pixels is not one of 1 to {MAX_LARGE_SIDE}", "side-limit"
                )
        if min(self.tile) < 1:
            raise ParameterError(f"tiles of {self.tile} have no pixels", "tile")
        object.__setattr__(self, "codebook", check_codebook(self.codebook))
        try:
            facts = json.loads(json.dumps(dict(self.facts), allow_nan=False))
        except (TypeError, ValueError) as error:
            raise ParameterError(f"facts are values of JSON: {error}", "facts") from error
        object.__setattr__(self, "facts", facts)

    @property
    def grid(self) -> tuple[int, int]:
        """How many tiles there are in a column, and in a row."""
        return -(-self.height // self.tile[0]), -(-self.width // self.tile[1])

    def place(self, row: int, column: int) -> tuple[slice, slice]:
        """Find rows and columns of a tile."""
        top, left = row * self.tile[0], column * self.tile[1]
        return (
            slice(top, min(top + self.tile[0], self.height)),
            slice(left, min(left + self.tile[1], self.width)),
        )

    def tiles(self) -> Iterator[Place]:
        """Yield row and column of every tile."""
        rows, columns = self.grid
        return ((row, column) for row in range(rows) for column in range(columns))

    def touched(self, rows: slice, columns: slice) -> list[Place]:
        """List the tiles that have pixels in a region that is not empty."""
        (height, width) = self.tile
        return [
            (row, column)
            for row in range(rows.start // height, (rows.stop - 1) // height + 1)
            for column in range(columns.start // width, (columns.stop - 1) // width + 1)
        ]

    def cut(self, y: int, x: int, labels: Bytes) -> list[tuple[Place, Bytes]]:
        """Cut a block into the tiles that it consists of, which are views of it.

        Raises
        ------
        ParameterError
            It lies outside the picture, or has parts of tiles.
        """
        rows, columns = slice(y, y + labels.shape[0]), slice(x, x + labels.shape[1])
        (height, width), ends = self.tile, (rows.stop, columns.stop)
        if (
            min(y, x) < 0 or y % height or x % width
            or ends[0] > self.height or ends[1] > self.width
            or (ends[0] % height and ends[0] != self.height)
            or (ends[1] % width and ends[1] != self.width)
        ):  # fmt: skip
            raise ParameterError(
                f"rows {y} to {ends[0]} and columns {x} to {ends[1]} are not whole tiles of "
                f"{height}x{width}", "block",
            )  # fmt: skip
        found = []
        for place in self.touched(rows, columns):
            down, across = self.place(*place)
            part = labels[down.start - y : down.stop - y, across.start - x : across.stop - x]
            found.append((place, part))
        return found

    def seal(self, digests: Bytes) -> str:
        """Compute the seal of a picture from the digests of its tiles.

        Parameters
        ----------
        digests : ndarray of shape (rows, columns, 32), dtype uint8
            SHA-256 of the labels of each tile, without what pads it.

        Returns
        -------
        seal : str
            64 hexadecimal digits.
        """
        size, channels = self.codebook.shape
        sealed = hashlib.sha256(_SEALED)
        sealed.update(struct.pack(">IIHBII", self.height, self.width, size, channels, *self.tile))
        sealed.update(self.codebook.tobytes())
        sealed.update(digests.tobytes())
        return sealed.hexdigest()

    def described(self) -> dict[str, Any]:
        """Say it in values of JSON."""
        return {
            "version": VERSION,
            "height": self.height,
            "width": self.width,
            "tile": list(self.tile),
            "codebook": self.codebook.tolist(),
            "facts": dict(self.facts),
        }


def digest_of(labels: Bytes) -> bytes:
    """Compute the digest of the labels of a tile."""
    return hashlib.sha256(np.ascontiguousarray(labels).data).digest()


def check_version(version: object) -> None:
    """Refuse what was written by rules of another version, with `FormatError`."""
    if version != VERSION:
        raise FormatError(
            f"written by version {version!r} of the profile; this reads version {VERSION}",
            "unsupported-version",
        )


def read_layout(described: object) -> Layout:
    """Read what `Layout.described` says.

    Raises
    ------
    FormatError
        It is something else.
    """
    if not isinstance(described, Mapping) or "version" not in described:
        raise FormatError("kmcodec did not write it", "not-compressed")
    check_version(described["version"])
    try:
        height, width, *tile = (
            int(number) for number in (described["height"], described["width"], *described["tile"])
        )
        codebook = np.array(described["codebook"], dtype=np.uint8)
        return Layout(height, width, codebook, (tile[0], tile[1]), described["facts"])
    except (
        ImageError,
        ParameterError,
        LookupError,
        TypeError,
        ValueError,
        OverflowError,
    ) as error:
        raise FormatError("what it says of its picture is damaged", "bad-header") from error
