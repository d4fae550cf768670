"""IndexedImage: a codebook and the labels that point into it, which is what every file means."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError
from codec.limits import MAX_CODEBOOK_SIZE

CHANNEL_NAMES = {1: "grey", 2: "grey+alpha", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True, eq=False)
class IndexedImage:
    """A picture of at most 256 colors.

    Parameters
    ----------
    labels : ndarray of shape (H, W), dtype uint8
        Row index into the codebook for every pixel; every label is less than K.
    codebook : ndarray of shape (K, C), dtype uint8
        The code-words, 1 <= K <= 256. C = 1 grey, 2 grey+alpha, 3 RGB, 4 RGBA; 8-bit sRGB,
        straight alpha.
    verified : bool or None
        Whether the file it was read from has a seal, which then proved that these are the labels
        and the codebook that were written; None for what was not read from a file.
    keep_order : bool or None
        Whether labels are numbers that mean something: then `codec.save` keeps them in all
        formats. If they are not, it leaves out unused and equal code-words of png and kmc. If
        nobody said so, None, it just puts code-words of kmc into ascending order. No file tells.

    Raises
    ------
    ImageError
        A shape, dtype or label is outside these bounds.
    """

    labels: npt.NDArray[np.uint8]
    codebook: npt.NDArray[np.uint8]
    verified: bool | None = field(default=None, kw_only=True)
    keep_order: bool | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Hold the arrays to what they must be; they may have been changed since they were given.

        Raises
        ------
        ImageError
            A shape, dtype or label is outside the bounds.
        """
        labels, codebook = self.labels, self.codebook
        for name, array, shape in (("labels", labels, "(H, W)"), ("codebook", codebook, "(K, C)")):
            if not isinstance(array, np.ndarray) or array.dtype != np.uint8 or array.ndim != 2:
                raise ImageError(f"{name} must be a uint8 array of shape {shape}", f"bad-{name}")
            # Asking for np.ma would import it, which takes longer than decoding a small picture.
            if type(array) is not np.ndarray and hasattr(array, "mask"):
                raise ImageError(f"{name} must have no mask: {name}.filled(0)", f"bad-{name}")
        if labels.size == 0:
            raise ImageError(f"labels have the empty shape {labels.shape}", "bad-labels")
        size, channels = codebook.shape
        if not 1 <= size <= MAX_CODEBOOK_SIZE or channels not in CHANNEL_NAMES:
            raise ImageError(
                f"codebook has shape {codebook.shape}, not (1 to 256, 1 to 4)", "bad-codebook"
            )
        if size < MAX_CODEBOOK_SIZE and labels.max() >= size:
            raise ImageError(
                f"label {labels.max()} is beyond the codebook of {size}", "label-out-of-range"
            )

    @property
    def height(self) -> int:
        """Rows, H."""
        return int(self.labels.shape[0])

    @property
    def width(self) -> int:
        """Columns, W."""
        return int(self.labels.shape[1])

    @property
    def n_colors(self) -> int:
        """Size of the codebook, K."""
        return int(self.codebook.shape[0])

    @property
    def channels(self) -> int:
        """Channels of a code-word, C."""
        return int(self.codebook.shape[1])
