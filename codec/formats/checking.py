"""Everything that is written is decoded again, and compared, before anybody relies on it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import FormatError, ImageError
from codec.formats.contents import Contents
from codec.formats.registry import Format
from codec.indexed import IndexedImage
from codec.threads import row_strips


def encode_checked(
    format: Format,
    indexed: IndexedImage,
    effort: str,
    *,
    encoded: Sequence[bytes] | None = None,
    **options: Any,
) -> tuple[list[bytes], Contents]:
    """Encode an indexed image, and decode it again.

    Parameters
    ----------
    format, indexed, effort
        How what is stored.
    encoded : sequence of bytes, optional
        The files, if they are there already.
    **options
        What `format.encode` takes beside these.

    Returns
    -------
    files : list of bytes
        The content of the files, as `format.files` names them.
    contents : Contents
        What a reader finds in them.

    Raises
    ------
    ImageError
        The colors have a profile that the format cannot hold.
    ParameterError
        The format cannot be written here.
    FormatError
        They do not decode to the same labels, codebook and metadata; this is a bug.
    """
    if indexed.metadata.profile and not format.holds(indexed.metadata.profile):
        raise ImageError(
            f"{format.title} files do not hold the ICC profile that the colors need; "
            "png and kmc do (keep_profile=False makes them sRGB)",
            "profile",
        )
    files = format.encode(indexed, effort, **options) if encoded is None else list(encoded)
    contents = format.decode(*files, max_pixels=indexed.labels.size)
    if not (
        _equal(contents.indexed.labels, indexed.labels)
        and _equal(contents.indexed.codebook, indexed.codebook)
        and contents.metadata == format.held(indexed.metadata)
    ):
        raise FormatError("what was encoded decodes to another picture", "verify")
    return files, contents


def _equal(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> bool:
    """Compare strip by strip, which for large pictures is ten times faster than at once."""
    return first.shape == second.shape and all(
        np.array_equal(first[rows], second[rows]) for rows in row_strips(*first.shape)
    )
