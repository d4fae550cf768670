"""The seal: forty bytes that bind a codebook to its labels (format-spec section 4).

A swapped, edited or damaged part is then an error and not a wrong picture. A seal is a checksum,
not a signature: it detects accidents, not forgers.
"""

import hashlib
import struct

import numpy as np
import numpy.typing as npt

from codec.errors import FormatError
from codec.indexed import IndexedImage
from codec.threads import row_strips

_NAME = b"KMCODEC"
VERSION = b"1"
SEAL_SIZE = 40
# Private, ancillary, and not safe to copy: whoever changes the picture drops it.
SEAL_CHUNK = b"kmSL"


def make_seal(indexed: IndexedImage) -> bytes:
    """Compute the seal of an indexed image.

    Parameters
    ----------
    indexed : IndexedImage
        What the file means.

    Returns
    -------
    seal : bytes of length 40
        ``KMCODEC1`` and the SHA-256 digest of shape, codebook and labels.
    """
    sealing = Sealing(indexed.height, indexed.width, indexed.codebook)
    for rows in row_strips(indexed.height, indexed.width):
        sealing.add(indexed.labels[rows])
    return sealing.seal()


class Sealing:
    """A seal that is computed while labels come, from the first row to the last.

    Parameters
    ----------
    height, width : int
        Of the picture.
    codebook : ndarray of shape (K, C), dtype uint8
        The code-words.
    """

    def __init__(self, height: int, width: int, codebook: npt.NDArray[np.uint8]) -> None:
        self._digest = hashlib.sha256(_NAME + VERSION)
        self._digest.update(struct.pack(">IIHB", height, width, *codebook.shape))
        self._digest.update(codebook.tobytes())

    def add(self, rows: npt.NDArray[np.uint8]) -> None:
        """Take the labels of the next rows."""
        self._digest.update(np.ascontiguousarray(rows).data)

    def seal(self) -> bytes:
        """Return the seal of what was taken."""
        return _NAME + VERSION + self._digest.digest()


def is_seal(data: bytes) -> bool:
    """Tell whether bytes are a seal of any version, right or wrong."""
    return data.startswith(_NAME)


def is_of_other_version(seal: bytes) -> bool:
    """Tell whether something is a seal, but not of this version."""
    return is_seal(seal) and len(seal) > len(_NAME) and seal[7:8] != VERSION


def check_version(seal: bytes) -> None:
    """Check what a seal says of itself, before anything is read by the rules of its version.

    Parameters
    ----------
    seal : bytes
        As found in the file.

    Raises
    ------
    FormatError
        Not a seal, or one of another version.
    """
    if is_of_other_version(seal):
        raise FormatError(
            f"written by version {seal[7:8]!r} of the format; this reads version {VERSION!r}",
            "unsupported-version",
        )
    if len(seal) != SEAL_SIZE or not is_seal(seal):
        raise FormatError("what should be a kmcodec seal is something else", "bad-seal")


def check_seal(seal: bytes, indexed: IndexedImage) -> None:
    """Compare a seal with what was read.

    Parameters
    ----------
    seal : bytes
        As found in the file.
    indexed : IndexedImage
        As found in the file.

    Raises
    ------
    FormatError
        Not a seal, a seal of a newer version, or the seal of something else.
    """
    check_version(seal)
    if seal != make_seal(indexed):
        raise FormatError(
            "labels and codebook do not belong together, or one of them was changed",
            "digest-mismatch",
        )
