"""IndexedImage to pixels. Needs NumPy alone."""

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError
from codec.indexed import IndexedImage


def decompress(indexed: IndexedImage) -> npt.NDArray[np.uint8]:
    """Rebuild the pixels of an indexed image.

    Parameters
    ----------
    indexed : IndexedImage
        From `codec.compress` or `codec.load`.

    Returns
    -------
    pixels : ndarray of shape (H, W) for grey, else (H, W, C), dtype uint8
        ``codebook[labels]``: every pixel is the code-word its label points to.

    Raises
    ------
    ImageError
        It is something else, such as pixels, or its arrays were changed and do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> from codec import IndexedImage, decompress
    >>> flag = np.array([[0, 0, 255], [255, 255, 255], [255, 0, 0]], dtype=np.uint8)
    >>> decompress(IndexedImage(np.array([[0, 1, 2]], dtype=np.uint8), flag)).tolist()
    [[[0, 0, 255], [255, 255, 255], [255, 0, 0]]]
    """
    if not isinstance(indexed, IndexedImage):
        raise ImageError(
            f"expected an IndexedImage, not {type(indexed).__name__}: codec.load(file) and "
            "codec.loads(data) read one",
            "bad-type",
        )
    return np.asarray(indexed)
