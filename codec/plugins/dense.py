"""Pixels to the bytes of a dense file, for the plugins."""

from typing import Any

import numpy as np
import numpy.typing as npt

from codec.compressor import compress
from codec.settings import CompressSettings


def compress_to_bytes(
    pixels: npt.NDArray[np.uint8], profile: bytes = b"", **options: Any
) -> bytes:
    """Compress pixels to the content of a dense file.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        The picture.
    profile : bytes
        ICC profile of its colors; nothing for sRGB.
    **options
        Those of `compress`.

    Returns
    -------
    data : bytes
        The content of `X.kmc`.

    Raises
    ------
    CodecError
        As `compress`; or the profile is too large.
    """
    from codec.formats.checking import check_encoded
    from codec.formats.kmc import file as kmc
    from codec.formats.registry import FORMATS, arranged_for

    form = FORMATS["kmc"]
    indexed = arranged_for(form, compress(pixels, **options))
    parts = kmc.encode(indexed, options.get("effort", CompressSettings.effort), profile)
    check_encoded(form, parts, indexed)
    return parts[0]
