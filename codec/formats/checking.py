"""Everything that is written is decoded again and compared first."""

import numpy as np
import numpy.typing as npt

from codec.errors import FormatError
from codec.formats.contents import Contents
from codec.formats.registry import Format
from codec.indexed import IndexedImage

_STRIP_BYTES = 1 << 18


def encode_checked(
    form: Format, indexed: IndexedImage, effort: str = "default"
) -> tuple[list[bytes], Contents]:
    """Encode an indexed image, and decode it again before anybody relies on it.

    Parameters
    ----------
    form : Form
        How it is stored.
    indexed : IndexedImage
        What to store.
    effort : {'fast', 'default', 'best'}
        How hard deflate tries; for a .kmc, ``fast`` asks less of each pixel.

    Returns
    -------
    parts : list of bytes
        The content of the files, as `part_paths` names them.
    contents : Contents
        What a reader finds in them.

    Raises
    ------
    FormatError
        They do not decode to the same labels and codebook; this is a bug.
    """
    parts = form.encode(indexed, effort)
    return parts, check_encoded(form, parts, indexed)


def check_encoded(form: Format, parts: list[bytes], indexed: IndexedImage) -> Contents:
    """Decode what was encoded, and compare.

    Parameters
    ----------
    form : Form
        How it is stored.
    parts : list of bytes
        From its `encode`.
    indexed : IndexedImage
        What was encoded.

    Returns
    -------
    contents : Contents
        What a reader finds in them.

    Raises
    ------
    FormatError
        They do not decode to the same labels and codebook; this is a bug.
    """
    contents = form.decode(parts, indexed.labels.size)
    if not (
        _equal(contents.indexed.labels, indexed.labels)
        and _equal(contents.indexed.codebook, indexed.codebook)
    ):
        raise FormatError("what was encoded decodes to another picture", "verify")
    return contents


def _equal(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> bool:
    """Compare strip by strip, which for large pictures is ten times faster than at once."""
    step = max(1, _STRIP_BYTES // first.shape[1])
    return first.shape == second.shape and all(
        np.array_equal(first[top : top + step], second[top : top + step])
        for top in range(0, len(first), step)
    )
