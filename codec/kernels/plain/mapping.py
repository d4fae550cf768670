"""Colors to labels, labels to colors: a row after the other, as NumPy widens every index."""

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Keys = npt.NDArray[np.uint32]

_LABELS = 256


def packed(colors: Bytes) -> Keys:
    """Pack colors (..., C) into whole numbers, the first channel most significant."""
    keys = colors[..., 0].astype(np.uint32)
    for channel in range(1, colors.shape[-1]):
        keys <<= 8
        keys |= colors[..., channel]
    return keys


def fill_table(colors: Bytes, color_labels: Bytes, table: Bytes) -> None:
    """Enter the labels of colors, of four channels the opaque ones, into a table over all."""
    if colors.shape[1] == 4:
        opaque = colors[:, 3] == 255
        colors, color_labels = colors[opaque, :3], color_labels[opaque]
    table[packed(colors)] = color_labels


def map_pixels(
    rows: Bytes,
    channels: int,
    table: Bytes,
    firsts: Keys,
    keys: Keys,
    key_labels: Bytes,
    labels: Bytes,
) -> None:
    """Look up the label of every pixel; an unknown translucent color gets 0."""
    for row, target in zip(rows.reshape(*labels.shape, channels), labels, strict=True):
        target[:] = table[packed(row[:, :3])]
        if channels == 4 and not (opaque := row[:, 3] == 255).all():
            wanted = packed(row[~opaque])
            places = np.searchsorted(keys, wanted)
            known = np.append(keys, 0)[places] == wanted
            known &= places < len(keys)
            target[~opaque] = np.where(known, np.append(key_labels, 0)[places], 0)


def look_up_rows(table: Bytes, labels: Bytes, rows: Bytes) -> int:
    """Replace every label by its row of a table; return the largest if one can be beyond it."""
    size, channels = table.shape
    padded = np.zeros((_LABELS, channels), dtype=np.uint8)
    padded[:size] = table
    for row, values in zip(labels, rows, strict=True):
        values[:] = padded[row].reshape(-1)
    return int(labels.max()) if size < _LABELS and labels.size else 0
