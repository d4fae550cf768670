"""Codebooks chosen without k-means, for `kmcodec sweep` to compare with.

They are what tutorials start from; seeing them beside k-means shows what clustering buys.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from codec.colors.histogram import ColorHistogram
from codec.colors.pixels import pack_colors
from codec.threads import row_strips

Codebook = npt.NDArray[np.uint8]


def random_codebook(
    pixels: npt.NDArray[np.uint8], histogram: ColorHistogram, n_colors: int, seed: int
) -> Codebook:
    """Take the colors of random pixels: frequent colors are likelier, none is taken twice."""
    shares = histogram.counts / histogram.counts.sum()
    chosen = np.random.RandomState(seed).choice(
        len(histogram), min(n_colors, len(histogram)), replace=False, p=shares
    )
    return histogram.colors[np.sort(chosen)]


def first_pixels_codebook(
    pixels: npt.NDArray[np.uint8], histogram: ColorHistogram, n_colors: int, seed: int
) -> Codebook:
    """Take the first colors that occur, in reading order."""
    found: list[int] = []
    seen: set[int] = set()
    for rows in row_strips(*pixels.shape[:2]):
        keys = pack_colors(pixels[rows]).reshape(-1)
        _, first = np.unique(keys, return_index=True)
        for key in keys[np.sort(first)].tolist():
            if key not in seen:
                seen.add(key)
                found.append(key)
                if len(found) == n_colors:
                    break
        if len(found) == n_colors:
            break
    places = np.searchsorted(pack_colors(histogram.colors), np.array(sorted(found), np.uint32))
    return histogram.colors[places]


def median_cut_codebook(
    pixels: npt.NDArray[np.uint8], histogram: ColorHistogram, n_colors: int, seed: int
) -> Codebook:
    """Halve the box of most pixels along its longest side until there are enough; take means.

    References
    ----------
    P. Heckbert, "Color image quantization for frame buffer display", SIGGRAPH 1982,
    doi:10.1145/965145.801294.
    """
    boxes = [np.arange(len(histogram))]
    colors, counts = histogram.colors, histogram.counts
    while len(boxes) < n_colors:
        splittable = [i for i, box in enumerate(boxes) if len(box) > 1]
        if not splittable:
            break
        chosen = max(splittable, key=lambda i: int(counts[boxes[i]].sum()))
        box = boxes.pop(chosen)
        spans = colors[box].max(axis=0).astype(int) - colors[box].min(axis=0)
        box = box[np.argsort(colors[box, int(spans.argmax())], kind="stable")]
        passed = np.cumsum(counts[box])
        middle = int(np.searchsorted(passed, passed[-1] / 2)) + 1
        middle = min(max(middle, 1), len(box) - 1)
        boxes += [box[:middle], box[middle:]]
    means = [np.average(colors[box], axis=0, weights=counts[box]) for box in boxes]
    return np.unique(np.floor(np.array(means) + 0.5).astype(np.uint8), axis=0)


BASELINES: dict[str, Callable[[npt.NDArray[np.uint8], ColorHistogram, int, int], Codebook]] = {
    "random": random_codebook,
    "first-pixels": first_pixels_codebook,
    "median-cut": median_cut_codebook,
}
