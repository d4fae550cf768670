"""IndexedImage to pixels. Needs NumPy alone."""

import numpy as np
import numpy.typing as npt

from codec.indexed import IndexedImage

_STRIP_PIXELS = 1 << 18


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
    pixels = np.empty((*indexed.labels.shape, indexed.channels), dtype=np.uint8)
    # NumPy widens labels to eight bytes each to look them up: a strip at a time.
    step = max(1, _STRIP_PIXELS // indexed.width)
    for top in range(0, indexed.height, step):
        rows = slice(top, top + step)
        pixels[rows] = indexed.codebook[indexed.labels[rows]]
    return pixels[:, :, 0] if indexed.channels == 1 else pixels
