"""Labels that are found once: of the colors of many pictures that share a codebook."""

import functools

import numpy as np
import numpy.typing as npt

from codec.colors.colorspace import ColorMetric
from codec.colors.pixels import pack_colors
from codec.labels.nearest import label_colors

Bytes = npt.NDArray[np.uint8]

_CHANNELS = 3
_FEW_COLORS = 1 << 16  # of a picture: of more, most are new


class RememberedLabels:
    """The nearest code-words of all colors that were asked for.

    Several threads may ask at a time.

    Parameters
    ----------
    codebook : ndarray of shape (K, 3), dtype uint8
        The code-words.
    metric : ColorMetric
        How different two colors are.
    """

    def __init__(self, codebook: Bytes, metric: ColorMetric) -> None:
        self._codebook, self._metric = codebook, metric
        # 32 MiB, of which there is what was written to: labels from 1, 0 for what is not known.
        self._labels = np.zeros(1 << 8 * _CHANNELS, dtype=np.uint16)

    def __call__(self, colors: Bytes) -> Bytes:
        """Label colors of shape (U, 3), as `label_colors` does."""
        keys = pack_colors(colors)
        labels = self._labels[keys]
        new = np.flatnonzero(labels == 0)
        if len(new):
            found = label_colors(colors[new], self._codebook, self._metric)
            labels[new] = found.astype(np.uint16) + 1
            self._labels[keys[new]] = labels[new]
        return (labels - 1).astype(np.uint8)


def label_again(colors: Bytes, codebook: Bytes, metric: ColorMetric) -> Bytes:
    """Label colors as `label_colors` does, with a codebook that others will be labeled with too.

    Parameters
    ----------
    colors, codebook, metric
        As for `label_colors`.

    Returns
    -------
    labels : ndarray of shape (U,), dtype uint8
        The same. What was found for the latest codebook is remembered, for RGB, of small pictures.
    """
    if colors.shape[1] != _CHANNELS or len(colors) > _FEW_COLORS:
        return label_colors(colors, codebook, metric)
    return _remembered(codebook.tobytes(), metric)(colors)


@functools.lru_cache(maxsize=1)
def _remembered(data: bytes, metric: ColorMetric) -> RememberedLabels:
    codebook = np.frombuffer(data, dtype=np.uint8).reshape(-1, _CHANNELS)
    return RememberedLabels(codebook, metric)
