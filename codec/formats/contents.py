"""Contents: what a reader found in a file, beside the picture itself."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codec.errors import FormatError, ImageError
from codec.formats.seal import check_seal
from codec.indexed import IndexedImage
from codec.metadata import NO_METADATA, Metadata


@dataclass(frozen=True, eq=False)
class Contents:
    """A picture as read from its file.

    Parameters
    ----------
    format : str
        ``pair``, ``npz``, ``png`` or ``kmc``.
    indexed : IndexedImage
        The picture, which tells whether a seal verified it.
    part_bytes : dict of str to int
        Bytes of the file or files by part; they add up to the whole.
    """

    format: str
    indexed: IndexedImage
    part_bytes: dict[str, int]

    @property
    def metadata(self) -> Metadata:
        """Texts, and the ICC profile of the colors, empty for sRGB; of sealed files alone."""
        return self.indexed.metadata

    @property
    def verified(self) -> bool:
        """Whether a seal proved that labels and codebook are those that were written."""
        return bool(self.indexed.verified)

    @property
    def size_bytes(self) -> int:
        """Bytes of all its files together."""
        return sum(self.part_bytes.values())


def make_contents(
    format: str,
    labels: npt.NDArray[np.uint8],
    codebook: npt.NDArray[np.uint8],
    seal: bytes,
    part_bytes: dict[str, int],
    metadata: Metadata = NO_METADATA,
) -> Contents:
    """Join what was read, checking labels against codebook and both against the seal.

    Metadata are those of a sealed file: of others, which are anybody's, nothing is taken over.

    Raises
    ------
    FormatError
        The parts are not a picture, or not the one that was sealed.
    """
    try:
        size = sum(part_bytes.values())
        indexed = IndexedImage(
            labels, codebook, verified=bool(seal), size_bytes=size,
            metadata=metadata if seal else NO_METADATA,
        )  # fmt: skip
    except ImageError as error:
        raise FormatError(str(error), error.reason) from error
    if seal:
        check_seal(seal, indexed)
    return Contents(format, indexed, part_bytes)
