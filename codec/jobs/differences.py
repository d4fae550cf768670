"""What a picture became beside its original, both of any size, block by block."""

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.encoder.cutting import cut
from codec.encoder.rows import Block
from codec.indexed import CHANNEL_NAMES
from codec.reports.quality import differences, samples_alike

Bytes = npt.NDArray[np.uint8]


def difference_facts(original: Any, decoded: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Measure pictures that are read a part at a time.

    Parameters
    ----------
    original, decoded : sources of equal H and W
        See `codec.encoder.blocks.Blocks`.

    Returns
    -------
    facts : dict
        Mean and largest error, where that is, and whether there is none, by their names in
        `FileReport`, as `codec.reports.quality` measures them in memory.
    notices : tuple of str
        Says if one had to be written as the other is.
    """
    in_order = bool(getattr(decoded, "in_order", False))
    blocks = cut(original, sink_block=getattr(decoded, "tile", None), whole_rows=in_order)
    total, worst, place = 0.0, 0, None
    for _, (squares, highest, found) in blocks.each(functools.partial(_differ, decoded)):
        total += squares
        if highest > worst or (place and found and highest == worst and found < place):
            worst, place = highest, found
    for source in (original, decoded):
        if (check := getattr(source, "check_unchanged", None)) is not None:
            check()
    first, second = blocks.channels, (*decoded.shape, 1)[2]
    notices: tuple[str, ...] = ()
    if first != second:
        notices = (f"compared {CHANNEL_NAMES[first]} with {CHANNEL_NAMES[second]}",)
    mse = total / (blocks.height * blocks.width * samples_alike(first, second))
    facts = {
        "mse": mse,
        "worst_error": worst,
        "worst_at": place and place[::-1],
        "lossless": mse == 0,
    }
    return facts, notices


def _differ(
    decoded: Any, pixels: Bytes, inner: tuple[slice, slice], block: Block
) -> tuple[float, int, tuple[int, int] | None]:
    rows, columns = block.rows, block.columns
    other = np.asarray(decoded[rows.start : rows.stop, columns.start : columns.stop])
    squares, worst, place = differences(pixels, other)
    return squares, worst, place and (rows.start + place[0], columns.start + place[1])
