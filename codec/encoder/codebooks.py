"""Codebooks from files of any kind that has one."""

import os

import numpy as np
import numpy.typing as npt

from codec.colors.histogram import count_colors
from codec.colors.pixels import as_channels, pack_colors, unpack_colors
from codec.errors import FormatError, ImageError
from codec.files import read_file, read_start
from codec.formats.codebooks import parse_palette
from codec.formats.files import is_marked, load_contents
from codec.formats.npy import MAGIC
from codec.formats.pair import decode_codebook
from codec.formats.registry import START_BYTES, formats_beginning, is_reserved
from codec.images.kinds import START_BYTES as PICTURE_START_BYTES
from codec.images.kinds import recognize
from codec.images.reading import read_image
from codec.images.spaces import indexed_in_srgb
from codec.limits import MAX_CODEBOOK_SIZE, MAX_PALETTE_BYTES, MAX_PIXELS

Bytes = npt.NDArray[np.uint8]


def load_codebook(
    path: str | bytes | os.PathLike[str], *, max_pixels: int = MAX_PIXELS
) -> npt.NDArray[np.uint8]:
    """Read a codebook for `codec.compress`, in the order that it has in its file.

    Parameters
    ----------
    path : str, bytes or path-like
        A `.npy`; a compressed file, whose codebook is taken; a picture with a palette, whose
        entries are taken, or one of at most 256 colors, in the order in which they appear from
        the top; a palette of GIMP (`.gpl`) or JASC (`.pal`); or a list of colors such as
        ``#ff8000``, between commas, blanks or lines. What it is, the first bytes decide.
    max_pixels : int
        Largest picture that is accepted.

    Returns
    -------
    codebook : ndarray of shape (K, C), dtype uint8
        1 <= K <= 256 code-words, unused and equal ones included.

    Raises
    ------
    FormatError, ImageError
        The file is none of these, damaged, or has too many colors.
    LimitError
        It is larger than allowed.
    FileError
        It is missing or cannot be read.
    """
    start, _ = read_start(path, max(START_BYTES, PICTURE_START_BYTES))
    if start.startswith(MAGIC[:6]):
        return _check(decode_codebook(read_file(path))[0])
    formats = formats_beginning(start)
    if formats and (
        not any(format.is_picture for format in formats)
        or is_reserved(os.fsdecode(path))
        or is_marked(path, max_pixels=max_pixels)
    ):
        indexed = load_contents(path, max_pixels=max_pixels).indexed
        return indexed_in_srgb(indexed)[0].codebook
    try:
        recognize(start)
    except ImageError:
        return parse_palette(read_file(path, MAX_PALETTE_BYTES))
    picture = read_image(path, first_frame=True, max_pixels=max_pixels)
    if picture.palette is not None:
        return _check(picture.palette)
    return _by_appearance(as_channels(picture.pixels))


def _check(codebook: Bytes) -> Bytes:
    """Hold an array to what a codebook is."""
    size, channels = codebook.shape
    if not (1 <= size <= MAX_CODEBOOK_SIZE and 1 <= channels <= 4):
        raise FormatError(
            f"its shape is ({size}, {channels}), and that of a codebook (1 to 256, 1 to 4)",
            "bad-codebook",
        )
    return codebook


def _by_appearance(pixels: Bytes) -> Bytes:
    """List the colors of a picture, row by row from the top."""
    found = len(count_colors(pixels))
    if found > MAX_CODEBOOK_SIZE:
        raise ImageError(
            f"it has {found} colors, and a codebook has {MAX_CODEBOOK_SIZE} at most "
            "(kmcodec train chooses so many)",
            "too-many-colors",
        )
    keys, firsts = np.unique(pack_colors(pixels).reshape(-1), return_index=True)
    return unpack_colors(keys[np.argsort(firsts)], pixels.shape[2])
