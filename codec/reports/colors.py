"""What a report says of colors, by their names in `FileReport`."""

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.colors.histogram import count_colors
from codec.colors.lookup import count_labels
from codec.colors.notation import write_color
from codec.colors.pixels import as_channels, distinct
from codec.indexed import IndexedImage
from codec.limits import MAX_CODEBOOK_SIZE

Bytes = npt.NDArray[np.uint8]


def codebook_facts(indexed: IndexedImage) -> dict[str, Any]:
    """Write the code-words of an indexed image, in the order of labels."""
    return {"n_colors": indexed.n_colors, "colors": write_colors(indexed.codebook)}


def used_facts(indexed: IndexedImage) -> dict[str, Any]:
    """Tell how many colors the pixels of an indexed image have, and whether any is not opaque."""
    return used_facts_of(indexed.codebook, count_labels(indexed.labels))


def used_facts_of(codebook: Bytes, counts: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Tell the same of a codebook of shape (K, C), and how many pixels have each label."""
    used = codebook[np.flatnonzero(counts)]
    return {"unique_colors": len(distinct(used)), "alpha": _has_alpha(used)}


def pixel_facts(pixels: Bytes) -> dict[str, Any]:
    """Tell the same of pixels of shape (H, W) or (H, W, C), and write their colors if few."""
    colors = count_colors(as_channels(pixels)).colors
    are_few = len(colors) <= MAX_CODEBOOK_SIZE
    return {
        "unique_colors": len(colors),
        "alpha": _has_alpha(colors),
        "colors": write_colors(colors) if are_few else (),
    }


def write_colors(colors: Bytes) -> tuple[str, ...]:
    """Write colors of shape (N, C); those of a codebook that many files share, once."""
    return _written(colors.tobytes(), colors.shape[1])


@functools.lru_cache(maxsize=4)
def _written(data: bytes, channels: int) -> tuple[str, ...]:
    colors = np.frombuffer(data, dtype=np.uint8).reshape(-1, channels)
    return tuple(map(write_color, colors.tolist()))


def _has_alpha(colors: Bytes) -> bool:
    return colors.shape[1] in (2, 4) and bool((colors[:, -1] < 255).any())
