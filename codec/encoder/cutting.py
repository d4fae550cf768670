"""In which blocks a picture is read: whole rows where that fits memory, and tiles where not."""

import math
from numbers import Integral
from typing import Any

from codec.encoder.blocks import Blocks, Map
from codec.errors import ImageError

_BLOCK_PIXELS = 1 << 23
_MOST_PIXELS = 1 << 25  # of rows over the whole width that have to be read at once
_IN_ORDER = map  # what is read in order is read by one, whoever else there is
_NEEDED = ("__getitem__", "dtype")


def cut(
    source: Any,
    *,
    sink_block: tuple[int, int] | None = None,
    whole_rows: bool = False,
    strip: int = 1,
    map: Map = map,
) -> Blocks:
    """Decide in which blocks a picture is read.

    Parameters
    ----------
    source : object
        See `Blocks`; with an attribute `tile` or `chunks`, blocks are of whole tiles where that
        can be, and with `in_order` of whole rows.
    sink_block : tuple of int, optional
        Rows and columns that blocks must be whole multiples of, but for the last ones.
    whole_rows : bool
        Whether blocks must have the whole width.
    strip : int
        Rows that blocks must be multiples of.
    map : callable
        See `Blocks`.

    Returns
    -------
    blocks : Blocks

    Raises
    ------
    ImageError
        The source is no picture of 8 bits.
    """
    height, width, channels = _shape(source)
    tile = _tile(source)
    in_order = bool(getattr(source, "in_order", False))
    needed = sink_block or (1, 1)
    step = math.lcm(needed[0], strip)
    joint = math.lcm(step, tile[0])
    if joint * width <= _MOST_PIXELS:
        step = joint
    if in_order or whole_rows or step * width <= _MOST_PIXELS:
        rows, columns = max(1, _BLOCK_PIXELS // (width * step)) * step, width
    else:
        rows, across = joint, math.lcm(needed[1], tile[1])
        if rows * across > _MOST_PIXELS:
            rows, across = step, needed[1]
        columns = max(1, _BLOCK_PIXELS // (rows * across)) * across
    return Blocks(
        source, height, width, channels, _parts(height, rows), _parts(width, columns),
        _IN_ORDER if in_order else map,
    )  # fmt: skip


def _parts(size: int, step: int) -> list[range]:
    return [range(start, min(start + step, size)) for start in range(0, size, step)]


def _shape(source: Any) -> tuple[int, int, int]:
    shape = getattr(source, "shape", None)
    if hasattr(source, "mask"):
        raise ImageError("pixels are a masked array: pixels.filled(0) has none", "bad-dtype")
    if not isinstance(shape, tuple) or not all(hasattr(source, name) for name in _NEEDED):
        raise ImageError(
            f"{type(source).__name__} has no shape or dtype, or cannot be sliced: arrays of "
            "NumPy, Zarr and HDF5 do",
            "bad-shape",
        )
    channels = shape[2] if len(shape) == 3 else 1
    whole = len(shape) in (2, 3) and all(isinstance(side, Integral) for side in shape)
    if not whole or not 1 <= channels <= 4 or min(shape) < 1:
        raise ImageError(
            f"pixels must have shape (H, W) or (H, W, 1 to 4), not {shape}", "bad-shape"
        )
    if str(source.dtype) != "uint8":
        raise ImageError(f"pixels must be uint8, not {source.dtype}", "bad-dtype")
    return int(shape[0]), int(shape[1]), int(channels)


def _tile(source: Any) -> tuple[int, int]:
    found = getattr(source, "tile", None) or getattr(source, "chunks", None)
    if found is None or len(found) < 2 or not all(isinstance(side, int) for side in found[:2]):
        return 1, 1
    return max(found[0], 1), max(found[1], 1)
