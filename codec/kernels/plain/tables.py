"""Tables of all colors of three channels."""

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Whole = npt.NDArray[np.uint32]


def add_counts(keys: Whole, counts: Whole, table: Whole) -> None:
    """Add the counts of colors to those in a table."""
    if len(counts) != len(keys):
        raise ValueError("keys and counts do not fit")
    if len(keys) and int(keys.max()) >= len(table):
        raise ValueError("keys end outside the table")
    table[keys] += counts


def list_counts(table: Whole, first: int, keys: Whole, counts: Whole) -> None:
    """List what was counted in a part of a table."""
    found = np.flatnonzero(table)
    if len(counts) != len(keys):
        raise ValueError("keys and counts do not fit")
    if len(found) != len(keys):
        raise ValueError("keys do not fit the table")
    keys[:], counts[:] = found + first, table[found]


def count_in_table(rows: Bytes, table: Whole) -> None:
    """Count pixels of three channels in a table of all colors."""
    if rows.shape[1] % 3:
        raise ValueError("rows do not fit the channels")
    if len(table) != 1 << 24:
        raise ValueError("the table does not fit the channels")
    for row in rows:
        pixels = row.reshape(-1, 3).astype(np.uint32)
        keys, counts = np.unique(
            pixels[:, 0] << 16 | pixels[:, 1] << 8 | pixels[:, 2], return_counts=True
        )
        table[keys] += counts.astype(table.dtype)
