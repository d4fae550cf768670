"""Counting colors.

An entry stands for a pixel, or for up to 15 blocks of 16 pixels of one color. Here it is the
packed color, 24 bits, and above it the number of blocks.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from codec.kernels.plain.mapping import packed

Bytes = npt.NDArray[np.uint8]
Halves = npt.NDArray[np.uint16]
Whole = npt.NDArray[np.uint32]
Runs = npt.NDArray[np.uint64]

_BUCKETS = 1 << 12
_BLOCK = 16
_MOST_BLOCKS = 15
_NO_ENTRY = 0xFFFFFFFF
_PIXELS_AT_ONCE = 1 << 18


def count_small(rows: Bytes, channels: int, table: Runs) -> None:
    """Count pixels of one or two channels."""
    for row in rows:
        keys = packed(row.reshape(-1, channels))
        table += np.bincount(keys, minlength=len(table)).astype(np.uint64)


def _run_starts(keys: npt.NDArray[np.unsignedinteger]) -> npt.NDArray[np.intp]:
    return np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])


def _strips(rows: Bytes, channels: int) -> Iterator[Bytes]:
    """Cut rows into pictures (H, W, C) small enough to be held several times over."""
    width = rows.shape[1] // channels
    step = max(1, _PIXELS_AT_ONCE // max(width, 1))
    for top in range(0, len(rows), step):
        yield rows[top : top + step].reshape(-1, width, channels)


def _opaque(pixels: Bytes) -> npt.NDArray[np.bool_]:
    if pixels.shape[2] == 4:
        return np.asarray(pixels[..., 3] == 255)
    return np.ones(pixels.shape[:2], dtype=bool)


def _entries(rows: Bytes, channels: int) -> Iterator[Whole]:
    """Find the entries of opaque pixels in the order in which they are put into buckets.

    Blocks of one color wait until one of another follows, whatever pixels stand between them.
    """
    waiting = number = 0
    for pixels in _strips(rows, channels):
        keys, opaque = packed(pixels[..., :3]), _opaque(pixels)
        height, width = keys.shape
        whole = width // _BLOCK * _BLOCK
        blocks = pixels[:, :whole].reshape(height, -1, _BLOCK, channels)
        alike = np.zeros(keys.shape, dtype=bool)
        alike[:, :whole] = (blocks == blocks[:, :, :1]).all(axis=(2, 3)).repeat(_BLOCK, axis=1)
        found = np.where(opaque & ~alike, keys, np.uint32(_NO_ENTRY)).reshape(-1)
        # An entry of blocks stands where the block does that ends it.
        firsts = np.flatnonzero(opaque & alike & (np.arange(width) % _BLOCK == 0))
        for place, key in zip(firsts.tolist(), keys.reshape(-1)[firsts].tolist(), strict=True):
            if number and (key != waiting or number == _MOST_BLOCKS):
                found[place] = waiting | number << 24
                number = 0
            waiting = key
            number += 1
        yield found[found != _NO_ENTRY]
    if number:
        yield np.array([waiting | number << 24], dtype=np.uint32)


def _translucent_runs(rows: Bytes, channels: int) -> Runs:
    """Find runs of one translucent color, whatever opaque pixels stand between them."""
    if channels == 3:
        return np.empty(0, dtype=np.uint64)
    found = [packed(pixels[~_opaque(pixels)]) for pixels in _strips(rows, channels)]
    keys = np.concatenate([np.empty(0, dtype=np.uint32), *found])
    starts = _run_starts(keys)
    lengths = np.diff(starts, append=len(keys)).astype(np.uint64)
    return keys[starts].astype(np.uint64) << np.uint64(32) | lengths


def _buckets(entries: Whole) -> npt.NDArray[np.uint16]:
    return (entries >> 12 & 4095).astype(np.uint16)


def count_entries(rows: Bytes, channels: int, heads: Whole) -> int:
    """Count the entries of each bucket; return the number of runs of translucent pixels."""
    for entries in _entries(rows, channels):
        heads += np.bincount(_buckets(entries), minlength=_BUCKETS).astype(np.uint32)
    return len(_translucent_runs(rows, channels))


def put_entries(rows: Bytes, channels: int, heads: Whole, entries: Halves, runs: Runs) -> None:
    """Put the entries of rows into their buckets."""
    for found in _entries(rows, channels):
        found = found[np.argsort(_buckets(found), kind="stable")]
        buckets = _buckets(found)
        numbers = np.bincount(buckets, minlength=_BUCKETS).astype(np.uint32)
        firsts = np.cumsum(numbers, dtype=np.uint32) - numbers
        places = heads[buckets] + np.arange(len(found), dtype=np.uint32) - firsts[buckets]
        inside = places < len(entries)
        entries[places[inside]] = (found & 4095 | found >> 24 << 12)[inside]
        heads += numbers
    others = _translucent_runs(rows, channels)[: len(runs)]
    runs[: len(others)] = others


def merge_runs(runs: Runs) -> int:
    """Merge runs of one key; return how many are left."""
    if not len(runs):
        return 0
    keys = runs >> np.uint64(32)
    starts = _run_starts(keys)
    lengths = np.add.reduceat(runs & np.uint64(0xFFFFFFFF), starts)
    runs[: len(starts)] = keys[starts] << np.uint64(32) | lengths
    return len(starts)


def count_buckets(
    entries: Halves, starts: Whole, first: int, last: int, counts: Whole, unique: Whole
) -> None:
    """Count the colors of some buckets."""
    used = 0
    unique[first:last] = 0
    filled = first + np.flatnonzero(starts[first + 1 : last + 1] > starts[first:last])
    for bucket in filled.tolist():
        begin, end = int(starts[bucket]), int(starts[bucket + 1])
        found = entries[begin:end]
        lows, blocks = found & 4095, found >> 12
        table = np.bincount(lows, np.where(blocks, blocks * _BLOCK, 1)).astype(np.uint32)
        colors = np.flatnonzero(table)
        entries[begin : begin + len(colors)] = colors
        counts[used : used + len(colors)] = table[colors]
        unique[bucket] = len(colors)
        used += len(colors)


def write_colors(
    entries: Halves,
    starts: Whole,
    first: int,
    last: int,
    counts: Whole,
    unique: Whole,
    colors: Bytes,
    color_counts: npt.NDArray[np.int64],
) -> None:
    """Write out the colors of some buckets."""
    numbers = unique[first:last].astype(np.intp)
    buckets = np.arange(first, last).repeat(numbers)
    used = len(buckets)
    within = np.arange(used) - (np.cumsum(numbers) - numbers).repeat(numbers)
    lows = entries[starts[buckets] + within]
    colors[:used, 0] = buckets >> 4
    colors[:used, 1] = (buckets & 15) << 4 | lows >> 8
    colors[:used, 2] = lows & 255
    colors[:used, 3:] = 255
    color_counts[:used] = counts[:used]
