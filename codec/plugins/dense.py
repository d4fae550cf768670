"""Dense files for the plugins: pixels to bytes, and errors that their users catch."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.compressor import compress_with_details
from codec.errors import FormatError, LimitError
from codec.formats.checking import encode_checked
from codec.formats.registry import FORMATS
from codec.images.records import SourceImage
from codec.metadata import Metadata
from codec.settings import CompressSettings

DENSE = FORMATS["kmc"]


class DamagedFileError(FormatError, OSError):
    """A `FormatError` for who expects an `OSError` of a file that cannot be read."""


class TooLargeFileError(LimitError, OSError):
    """A `LimitError` for who expects an `OSError` of a file that cannot be read."""


@contextmanager
def reading(damaged: type[DamagedFileError] = DamagedFileError) -> Iterator[None]:
    """Raise errors of reading as what users of Pillow and imageio catch.

    Parameters
    ----------
    damaged : type
        What a `FormatError` becomes.
    """
    try:
        yield
    except FormatError as error:
        raise damaged(str(error), error.reason) from error
    except LimitError as error:
        raise TooLargeFileError(str(error), error.reason) from error


def compress_to_bytes(
    pixels: npt.NDArray[np.uint8] | SourceImage, profile: bytes = b"", **options: Any
) -> bytes:
    """Compress pixels to the content of a dense file.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8, or SourceImage
        The picture.
    profile : bytes
        ICC profile of its colors; nothing for sRGB.
    **options
        Those of `codec.compress`.

    Returns
    -------
    data : bytes
        The content of `X.kmc`.

    Raises
    ------
    CodecError
        As `codec.compress`; or the profile is too large.
    """
    settings = CompressSettings(**options)
    details = compress_with_details(
        pixels,
        settings,
        format=DENSE,
    )
    indexed = replace(details.indexed, metadata=Metadata(profile=profile))
    (data,), _ = encode_checked(DENSE, indexed, settings.effort)
    return data
