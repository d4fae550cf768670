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
    """The nearest code-words of all colors that were asked for, but for the first time.

    A codebook that is used once needs no memory. Several threads may ask at a time.

    Parameters
    ----------
    codebook : ndarray of shape (K, 3), dtype uint8
        The code-words.
    metric : ColorMetric
        How different two colors are.
    """

    def __init__(self, codebook: Bytes, metric: ColorMetric) -> None:
        self._codebook, self._metric = codebook, metric
        self._was_asked = False
        self._labels: npt.NDArray[np.uint16] | None = None

    def __call__(self, colors: Bytes) -> Bytes:
        """Label colors of shape (U, 3), as `label_colors` does."""
        if not self._was_asked:
            self._was_asked = True
            return label_colors(colors, self._codebook, self._metric)
        known = self._labels
        if known is None:
            # 32 MiB, of which there is what was written to: labels from 1, 0 for what is unknown.
            self._labels = known = np.zeros(1 << 8 * _CHANNELS, dtype=np.uint16)
        keys = pack_colors(colors)
        labels = known[keys]
        new = np.flatnonzero(labels == 0)
        if len(new):
            found = label_colors(colors[new], self._codebook, self._metric)
            labels[new] = found.astype(np.uint16) + 1
            known[keys[new]] = labels[new]
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
        The same. What is found for the latest codebook is remembered, for RGB, of small pictures,
        from the second of them on.
    """
    if colors.shape[1] != _CHANNELS or len(colors) > _FEW_COLORS:
        return label_colors(colors, codebook, metric)
    return _remembered(codebook.tobytes(), metric)(colors)


@functools.lru_cache(maxsize=1)
def _remembered(data: bytes, metric: ColorMetric) -> RememberedLabels:
    codebook = np.frombuffer(data, dtype=np.uint8).reshape(-1, _CHANNELS)
    return RememberedLabels(codebook, metric)
