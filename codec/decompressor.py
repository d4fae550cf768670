"""IndexedImage to pixels. Needs NumPy alone."""

import numpy as np
import numpy.typing as npt

from codec.indexed import IndexedImage
from codec.lookup import look_up


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

    Examples
    --------
    >>> import numpy as np
    >>> from codec import IndexedImage, decompress
    >>> flag = np.array([[0, 0, 255], [255, 255, 255], [255, 0, 0]], dtype=np.uint8)
    >>> decompress(IndexedImage(np.array([[0, 1, 2]], dtype=np.uint8), flag)).tolist()
    [[[0, 0, 255], [255, 255, 255], [255, 0, 0]]]
    """
    pixels = look_up(indexed.codebook, indexed.labels)
    return pixels[:, :, 0] if indexed.channels == 1 else pixels
