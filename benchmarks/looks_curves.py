"""Look against bytes: hulls, and bytes at an equal look. It needs nothing but Python."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Point(NamedTuple):
    """A file: the logarithm of its bytes, and how it looks (more is better)."""

    log_bytes: float
    look: float


Hull = Sequence[Point]


def hull(files: Iterable[tuple[float, float]]) -> Hull:
    """Return the upper convex hull of (bytes, look), from the smallest file to the best look."""
    found: list[Point] = []
    for size, look in sorted(files, key=lambda file: (file[0], -file[1])):
        point = Point(math.log(size), look)
        if found and point.look <= found[-1].look:
            continue
        while len(found) > 1 and _slope(found[-2], point) >= _slope(found[-2], found[-1]):
            found.pop()
        found.append(point)
    return found


def _slope(a: Point, b: Point) -> float:
    return (b.look - a.look) / (b.log_bytes - a.log_bytes)


def log_bytes(points: Hull, look: float) -> float:
    """Return where a hull reaches a look that lies within it."""
    for a, b in itertools.pairwise(points):
        if a.look <= look <= b.look:
            return a.log_bytes + (look - a.look) / (b.look - a.look) * (b.log_bytes - a.log_bytes)
    return points[0].log_bytes


def bytes_ratio(ours: Hull, theirs: Hull) -> float | None:
    """Return our bytes over theirs at an equal look, geometrically averaged over the common range.

    This is the Bjøntegaard rate of straight lines between the files: 0.8 is -20 %. None where no
    look of one is a look of the other.
    """
    if not ours or not theirs:
        return None
    low, high = max(ours[0].look, theirs[0].look), min(ours[-1].look, theirs[-1].look)
    if low > high:
        return None
    if low == high:
        return math.exp(log_bytes(ours, low) - log_bytes(theirs, low))
    # Straight between the corners of both, so that trapezoids are exact
    corners = sorted({low, high, *(p.look for p in (*ours, *theirs) if low < p.look < high)})
    gaps = [log_bytes(ours, look) - log_bytes(theirs, look) for look in corners]
    area = sum(
        (gaps[i] + gaps[i + 1]) / 2 * (corners[i + 1] - corners[i]) for i in range(len(gaps) - 1)
    )
    return math.exp(area / (high - low))
