"""How much errors of colors show: more in smooth surroundings than in texture."""

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Whole = npt.NDArray[np.int64]

_SIDE = 4


def _in_blocks(values: Whole) -> Whole:
    """Sum up blocks, the last ones of fewer rows or columns."""
    height, width = values.shape
    sums = np.add.reduceat(values, np.arange(0, height, _SIDE), axis=0)
    return np.asarray(np.add.reduceat(sums, np.arange(0, width, _SIDE), axis=1))


def _weights(shades: Whole) -> Whole:
    """Weigh blocks by the mean variance of the channels of their shades, (H, W, 1 or 3)."""
    unit = shades.shape[2] * _in_blocks(np.ones_like(shades[..., 0])) ** 2
    variance = np.zeros_like(unit)
    for channel in np.moveaxis(shades, 2, 0):
        count = _in_blocks(np.ones_like(channel))
        variance += count * _in_blocks(channel * channel) - _in_blocks(channel) ** 2
    divisor = 16 * unit + variance
    weights = np.maximum((512 * unit + divisor) // (2 * divisor), 1)
    return np.where(variance == 0, 4, weights)


def weigh_cells(
    rows: Bytes, channels: int, weights: npt.NDArray[np.int32], counts: npt.NDArray[np.int32]
) -> None:
    """Sum up, for cells of colors, how much errors show at their pixels."""
    pixels = rows.reshape(len(rows), -1, channels).astype(np.int64)
    if pixels.size == 0:
        return
    cells = pixels[..., 0]
    if channels >= 3:
        cells = (pixels[..., :3] >> 2) @ np.array([1 << 12, 1 << 6, 1])
    if channels in (2, 4):
        alpha = pixels[..., -1:]
        on_black = (pixels[..., :-1] * alpha + 127) // 255
        weight = np.minimum(_weights(on_black), _weights(on_black + 255 - alpha))
    else:
        weight = _weights(pixels)
    height, width = cells.shape
    each = weight.repeat(_SIDE, axis=0)[:height].repeat(_SIDE, axis=1)[:, :width]
    np.add.at(weights, cells, each.astype(np.int32))
    np.add.at(counts, cells, np.int32(1))
