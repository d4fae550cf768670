"""Which pictures in a directory were made there by kmcodec; a name alone proves nothing."""

import os
from pathlib import Path

import numpy as np

from codec.decompressor import decompress
from codec.errors import CodecError, FormatError, ImageError
from codec.files import read_start
from codec.formats.files import is_marked, load_contents
from codec.formats.registry import (
    FORMATS,
    LARGE_FORMATS,
    START_BYTES,
    is_reserved,
    own_endings,
    peek_size,
)
from codec.limits import MAX_PIXELS

DECODED_ENDING = ".decoded.png"
# What to do about a directory: of verbs that have -r, and of those that have not.
RECURSIVE = "-r takes what is in it"
ONE_BY_ONE = "name the files in it"
# Why what is found in a directory is left out.
LEFT_OUT = "left-out"
# Why what is there is not made again.
UP_TO_DATE = "up-to-date"
TIFF_MAGICS = (b"II\x2a\0", b"II\x2b\0")
_LARGE_ENDINGS = tuple(format.default_ending for format in LARGE_FORMATS.values())
_OWN_LARGE_ENDINGS = tuple(format.ending for format in LARGE_FORMATS.values())


def is_large(path: Path) -> bool:
    """Tell whether kmcodec wrote a `.zarr` or a `.tif`, of which parts are read."""
    if os.path.isdir(path):
        from codec.formats.large.zarr_sink import stored_description

        return stored_description(path) is not None
    try:
        if read_start(path, 4)[0] not in TIFF_MAGICS:
            return False
        from codec.formats.large.tiff_reading import TiffTiles

        TiffTiles(path).close()
    except CodecError as error:
        return isinstance(error, FormatError) and error.reason != "not-compressed"
    return True


def is_ours(path: Path, max_pixels: int = MAX_PIXELS, suffix: str = "") -> bool:
    """Tell whether a file is one that kmcodec compressed.

    Parameters
    ----------
    path : Path
        Any file.
    max_pixels : int
        Of larger pictures nothing is known.
    suffix : str
        What names of compressed files may end in, before their endings: then any may be one.

    Returns
    -------
    ours : bool
        Whether its name is that of a compressed file, and it has the mark that only kmcodec
        writes, even if its codebook is lost, or is sealed.
    """
    named = bool(suffix)  # perhaps of another run with another one
    if not named and not path.name.lower().endswith(own_endings()):
        return False
    if path.name.lower().endswith(_OWN_LARGE_ENDINGS if named else _LARGE_ENDINGS):
        return is_large(path)
    try:
        if is_marked(path, max_pixels=max_pixels):
            return True
        return is_reserved(path) and load_contents(path, max_pixels=max_pixels).verified
    except (CodecError, MemoryError):
        return False


def check_not_decoded(path: Path, max_pixels: int = MAX_PIXELS) -> None:
    """Refuse a picture that kmcodec decompressed: it takes as long as decompressing it again.

    Parameters
    ----------
    path : Path
        Any picture.
    max_pixels : int
        Of larger ones nothing is known.

    Raises
    ------
    ImageError
        It is named like one that was decompressed, and has the pixels of a sealed file beside
        it that is named so; of the reason ``left-out``.
    """
    if not path.name.lower().endswith(DECODED_ENDING):
        return
    stem = path.name[: -len(DECODED_ENDING)]
    endings = ["", *(format.default_ending for format in FORMATS.values())]
    if any(_decodes_to(path.with_name(stem + end), path, max_pixels) for end in endings if stem):
        raise made_here()


def made_here() -> ImageError:
    """Say of what is found in a directory why it is left out."""
    return ImageError("kmcodec made it", LEFT_OUT)


def _decodes_to(compressed: Path, picture: Path, max_pixels: int) -> bool:
    try:
        sizes = [peek_size(read_start(path, START_BYTES)[0]) for path in (compressed, picture)]
        if None not in sizes and sizes[0] != sizes[1]:
            return False
        contents = load_contents(compressed, max_pixels=max_pixels)
        if not contents.verified or sizes[1] != (contents.indexed.width, contents.indexed.height):
            return False
        from codec.images.reading import read_image
        from codec.images.spaces import indexed_in_srgb

        pixels = read_image(picture, max_pixels=max_pixels).pixels
        return bool(np.array_equal(pixels, decompress(indexed_in_srgb(contents.indexed)[0])))
    except (CodecError, MemoryError):
        return False
