"""What readers of all kinds of pictures hand on besides pixels, and the refusals they share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError
from codec.metadata import NO_METADATA, Metadata, Text

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Structure:
    """What a container says of its picture, whether or not that can be decoded.

    Parameters
    ----------
    kind : str
        ``PNG``, ``JPEG``, ``WebP``, ``BMP``, ``DIB``, ``GIF`` or ``TIFF``.
    width, height : int
        Before any turning.
    frames : int
        Pictures in the file, thumbnails not counted.
    index : int
        Where the first of them stands, thumbnails counted.
    notices : tuple of str
        What a user should know of the file.
    stored : str
        ``palette``, ``CMYK``, ``YCbCr`` or ``Lab``, where it is not told as grey or RGB.
    bits : int
        Of a sample, or of an index.
    """

    kind: str
    width: int
    height: int
    frames: int = 1
    index: int = 0
    notices: tuple[str, ...] = ()
    stored: str = ""
    bits: int = 8


def _no_texts() -> tuple[tuple[Text, ...], tuple[str, ...]]:
    return (), ()


@dataclass(frozen=True)
class Findings:
    """What a decoder found besides pixels.

    Parameters
    ----------
    structure : Structure
        Of the file.
    notices : tuple of str
        What was repaired or left out in decoding.
    profile : bytes or None
        ICC profile that is still to be applied.
    orientation : tuple of (int, str)
        1 to 8 are defined, and what a file states may be anything; and who states it.
    left_out : tuple of str
        Kinds of metadata that are not kept.
    conversions : tuple of str
        What was done to samples that are not what they were in the file.
    palette : ndarray of shape (P, C), dtype uint8, or None
        If there is one, what were to be pixels are indices of shape (H, W) into it.
    read_texts : callable
        Gives the texts of the file, and notices of those that could not be read.
    """

    structure: Structure
    notices: tuple[str, ...]
    profile: bytes | None
    orientation: tuple[int, str]
    left_out: tuple[str, ...]
    conversions: tuple[str, ...] = ()
    palette: npt.NDArray[np.uint8] | None = None
    read_texts: Callable[[], tuple[tuple[Text, ...], tuple[str, ...]]] = _no_texts


@dataclass(frozen=True, eq=False)
class SourceImage:
    """A picture as read from its file.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) for grey, else (H, W, C), dtype uint8
        Upright, straight alpha, in sRGB or in the color space of ``metadata.profile``.
    size_bytes : int
        Size of the file.
    notices : list of str
        What was changed or left out on the way here.
    conversions : tuple of str
        Those of the notices that say of samples that they are not what they were in the file:
        what is lossless from here on is not from there.
    indices : ndarray of shape (H, W), dtype uint8, or None
        Those of its palette, if it has one.
    palette : ndarray of shape (P, C), dtype uint8, or None
        Its entries, unused ones included, likewise. C is that of the pixels but where these are
        grey and there are unused entries that are not.
    kind : str
        Of the file, as in `Structure`; empty if it was read from none.
    stored, bits : str and int
        How the file stores samples, as in `Structure`.
    metadata : Metadata
        What of texts and profile was asked for, and is there.
    """

    pixels: Pixels
    size_bytes: int
    notices: list[str] = field(default_factory=list)
    conversions: tuple[str, ...] = ()
    indices: Pixels | None = None
    palette: Pixels | None = None
    kind: str = ""
    stored: str = ""
    bits: int = 8
    metadata: Metadata = NO_METADATA

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the pixels."""
        return self.pixels.shape

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        """Give NumPy the pixels."""
        return np.array(self.pixels, dtype, copy=copy)


def check_frames(structure: Structure, first_frame: bool) -> None:
    """Refuse several pictures in a file, unless the first of them is asked for.

    Raises
    ------
    ImageError
        There are several, and nobody said which.
    """
    if structure.frames > 1 and not first_frame:
        raise ImageError(
            f"the {structure.kind} holds {structure.frames} pictures "
            "(first_frame=True takes the first)",
            "several-frames",
        )


def truncated(kind: str) -> ImageError:
    """Make the error for a picture file that is not whole."""
    return ImageError(f"the {kind} ends early", "truncated")


def other_size(kind: str) -> ImageError:
    """Make the error for a picture whose decoder and container disagree."""
    return ImageError(f"the {kind} decodes to another size than it states", "damaged")


def frame_notices(frames: int) -> list[str]:
    """Say so if there are more pictures than the one that is taken."""
    return [f"only the first of {frames} pictures is taken"] if frames > 1 else []
