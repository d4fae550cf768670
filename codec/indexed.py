"""IndexedImage: a codebook and the labels that point into it, which is what every file means.

How it is shown, recolored or handed to Pillow stands in other wings, which methods import when
they are called: reading and decompressing need NumPy alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError, ParameterError
from codec.limits import MAX_CODEBOOK_SIZE
from codec.metadata import NO_METADATA, Metadata

if TYPE_CHECKING:
    from PIL.Image import Image

    from codec.colors.recoloring import Color

CHANNEL_NAMES = {1: "grey", 2: "grey+alpha", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True, eq=False, repr=False)
class IndexedImage:
    """A picture of at most 256 colors.

    Two are equal if their labels and codebooks are. ``np.asarray(indexed)`` is its pixels, and
    notebooks show it with its colors.

    Parameters
    ----------
    labels : ndarray of shape (H, W), dtype uint8
        Row index into the codebook for every pixel; every label is less than K.
    codebook : ndarray of shape (K, C), dtype uint8
        The code-words, 1 <= K <= 256. C = 1 grey, 2 grey+alpha, 3 RGB, 4 RGBA; 8-bit sRGB, or
        in the color space of ``metadata.profile``; straight alpha.
    verified : bool or None
        Whether the file it was read from has a seal, which then proved that these are the labels
        and the codebook that were written; None for what was not read from a file.
    keep_order : bool or None
        Whether labels are numbers that mean something: then `codec.save` keeps them in all
        formats. If they are not, it leaves out unused and equal code-words of png and kmc. If
        nobody said so, None, it just puts code-words of kmc into ascending order. No file tells.
    size_bytes : int or None
        Bytes of the files it was read from; None for what was not read from a file.
    metadata : Metadata
        Texts, and the ICC profile of the code-words: of what was read from a file with a seal, or
        compressed with them (`codec.read_image` with ``keep_metadata=True``). `codec.save` stores
        what its format can hold.

    Raises
    ------
    ImageError
        A shape, dtype or label is outside these bounds.
    """

    labels: npt.NDArray[np.uint8]
    codebook: npt.NDArray[np.uint8]
    verified: bool | None = field(default=None, kw_only=True)
    keep_order: bool | None = field(default=None, kw_only=True)
    size_bytes: int | None = field(default=None, kw_only=True)
    metadata: Metadata = field(default=NO_METADATA, kw_only=True)

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

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the pixels: (H, W) for grey, else (H, W, C)."""
        channels = () if self.channels == 1 else (self.channels,)
        return (self.height, self.width, *channels)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IndexedImage):
            return NotImplemented
        return np.array_equal(self.labels, other.labels) and np.array_equal(
            self.codebook, other.codebook
        )

    def __hash__(self) -> int:
        arrays = self.labels, self.codebook
        return hash(tuple((array.shape, array.tobytes()) for array in arrays))

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        if copy is False:
            raise ValueError("pixels are made of labels and codebook, which copy=False forbids")
        from codec.colors.lookup import look_up

        self.check()
        pixels = look_up(self.codebook, self.labels).reshape(self.shape)
        return pixels if dtype is None else pixels.astype(dtype, copy=False)

    def select(
        self, labels: int | Sequence[int] | npt.NDArray[np.integer]
    ) -> npt.NDArray[np.bool]:
        """Find the pixels of some code-words.

        Parameters
        ----------
        labels : int or sequence of int
            Each less than K.

        Returns
        -------
        mask : ndarray of shape (H, W), dtype bool
            Where the label is one of them.

        Raises
        ------
        ParameterError
            One is no label of this image.

        Examples
        --------
        >>> import numpy as np
        >>> from codec import IndexedImage
        >>> indexed = IndexedImage(np.array([[0, 1, 1, 2]], np.uint8), np.eye(3, dtype=np.uint8))
        >>> indexed.select([0, 1]).tolist()
        [[True, True, True, False]]
        """
        wanted = np.atleast_1d(np.asarray(labels))
        if wanted.size == 0:
            wanted = wanted.astype(np.intp)
        if wanted.dtype.kind not in "iu" or ((wanted < 0) | (wanted >= self.n_colors)).any():
            raise ParameterError(
                f"labels are whole numbers from 0 to {self.n_colors - 1}, not {labels!r}", "labels"
            )
        is_wanted = np.zeros(MAX_CODEBOOK_SIZE, dtype=np.bool_)
        is_wanted[wanted] = True
        return is_wanted[self.labels]

    def recolor(
        self,
        colors: "Mapping[Any, Color] | Sequence[Color] | npt.NDArray[np.integer]",
    ) -> "IndexedImage":
        """Give the picture other code-words.

        Parameters
        ----------
        colors : mapping, or a whole codebook
            New colors, by labels, by colors, or for every label: ``{3: "#ff0000"}``,
            ``{"#ffffff": (0, 0, 0, 0)}``, or an array of shape (K, C). A color is text such as
            ``"#ff0000"`` or ``"#ff000080"``, 1 to 4 numbers from 0 to 255 as in a code-word, or,
            if it is a new one, a single number, which is grey. All change at once, so that two
            colors may change places; a color stands for all code-words that are equal to it.

        Returns
        -------
        indexed : IndexedImage
            The same labels, not copied, with another codebook. Of a mapping it has alpha, or RGB
            in place of grey, where the old or the new code-words need it.

        Raises
        ------
        ParameterError
            There is no such label, code-word or color, or one label gets two colors.
        ImageError
            A whole codebook is too small for the labels, or too large.

        Examples
        --------
        >>> import numpy as np
        >>> import codec
        >>> indexed = codec.compress(np.array([[0, 0, 255]], dtype=np.uint8))
        >>> np.asarray(indexed.recolor({"#ffffff": "#ff0000"})).tolist()
        [[[0, 0, 0], [0, 0, 0], [255, 0, 0]]]
        """
        from codec.colors.recoloring import recolored

        codebook = recolored(self.codebook, colors)
        return IndexedImage(
            self.labels, codebook, keep_order=self.keep_order, metadata=self.metadata
        )

    def to_pil(self) -> "Image":
        """Make an image of Pillow.

        Returns
        -------
        image : PIL.Image.Image
            Of mode P: its indices are the labels, its palette is the codebook, and alpha stands
            in ``info["transparency"]``, which Pillow converts and saves; so is a profile, in
            ``info["icc_profile"]``.
        """
        from codec.images.memory import to_pillow

        self.check()
        image = to_pillow(self.labels, self.codebook)
        if self.metadata.profile:
            image.info["icc_profile"] = self.metadata.profile
        return image

    def __repr__(self) -> str:
        size = "" if self.size_bytes is None else f", {self.size_bytes:,} bytes"
        kind = CHANNEL_NAMES[self.channels]
        return f"<IndexedImage {self.width} × {self.height}, {kind}, K = {self.n_colors}{size}>"

    def _repr_png_(self) -> bytes:
        from codec.reports.notebook import as_png

        return as_png(self)

    def _repr_html_(self) -> str:
        from codec.reports.notebook import as_html

        return as_html(self)
