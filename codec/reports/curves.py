"""The rate-distortion curve as coordinates of a drawing."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from codec.colors.metrics import psnr_db
from codec.reports.text import format_bytes

_WIDTH, _HEIGHT = 420.0, 280.0
_LETTER, _LINE = 7.5, 13.0  # about how large letters are
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 16.0, 22.0, 40.0


@dataclass(frozen=True)
class Point:
    """What a picture became, or could have become.

    Parameters
    ----------
    title : str
        What to call it.
    size_bytes : int
        Of all its files.
    mse : float
        Mean squared error.
    """

    title: str
    size_bytes: int
    mse: float


def draw_curve(points: Sequence[Point], others: Sequence[Point]) -> dict[str, Any] | None:
    """Place points by bytes, in logarithms, and PSNR.

    Parameters
    ----------
    points : sequence of Point
        Those of the page, in its order.
    others : sequence of Point
        Those of a curve for comparison.

    Returns
    -------
    drawing : dict or None
        Coordinates for the template; None if fewer than two points have an error.
    """
    known = [each for each in (*points, *others) if each.mse and each.size_bytes]
    if len({*known}) < 2:
        return None
    logarithms = [math.log(each.size_bytes) for each in known]
    qualities = [psnr_db(each.mse) for each in known]
    low, high = min(logarithms) - 0.08, max(logarithms) + 0.08
    bottom, top = math.floor(min(qualities) - 0.5), math.ceil(max(qualities) + 0.5)

    def across(size: float) -> float:
        return _LEFT + (math.log(size) - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    def down(quality: float) -> float:
        return _HEIGHT - _BOTTOM - (quality - bottom) / (top - bottom) * (_HEIGHT - _TOP - _BOTTOM)

    line = [(across(each.size_bytes), down(psnr_db(each.mse)))
            for each in sorted(others, key=lambda each: each.size_bytes) if each.mse]  # fmt: skip
    labels = _Labels(line)

    def place(point: Point) -> dict[str, Any] | None:
        if not point.mse or not point.size_bytes:
            return None
        x, y = round(across(point.size_bytes), 1), round(down(psnr_db(point.mse)), 1)
        return {"x": x, "y": y, "title": point.title, "label": labels.place(x, y, point.title)}

    step = next(each for each in (1, 2, 5, 10, 20, 50) if (top - bottom) / each <= 6)
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "left": _LEFT,
        "right": _WIDTH - _RIGHT,
        "base": _HEIGHT - _BOTTOM,
        "points": [place(each) for each in points],
        "line": [place(each) for each in sorted(others, key=lambda each: each.size_bytes)
                 if each.mse],
        "levels": [(each, round(down(each), 1)) for each in range(-(-bottom // step) * step,
                                                                 top + 1, step)],
        "sizes": [(format_bytes(size).replace(".0 ", " "), round(across(size), 1))
                  for size in _round_sizes(math.exp(low), math.exp(high))],
    }  # fmt: skip


class _Labels:
    """Texts beside points, none over another nor over a line; who finds no place has none."""

    def __init__(self, line: Sequence[tuple[float, float]]) -> None:
        self._line = list(itertools.pairwise(line))
        self._taken: list[tuple[float, float, float, float]] = []

    def place(self, x: float, y: float, text: str) -> dict[str, Any] | None:
        """Find a place above, beside or below a point."""
        width = _LETTER * len(text)
        for anchor, away, lower in (
            ("start", 8, -7), ("end", -8, -7), ("start", 9, 5), ("end", -9, 5),
            ("start", 7, 17), ("end", -7, 17),
        ):  # fmt: skip
            left = x + away - (width if anchor == "end" else 0)
            box = (left, y + lower - _LINE, left + width, y + lower)
            if left < _LEFT or box[2] > _WIDTH or any(_meet(box, each) for each in self._taken):
                continue
            if any(_crosses(box, *part) for part in self._line):
                continue
            self._taken.append(box)
            return {"x": round(x + away, 1), "y": round(y + lower, 1), "anchor": anchor}
        return None


def _crosses(box: tuple[float, ...], start: tuple[float, float], end: tuple[float, float]) -> bool:
    """Tell whether a line goes through a box, by clipping it to both pairs of sides."""
    first, last = 0.0, 1.0
    for axis in (0, 1):
        low, high, move = box[axis], box[axis + 2], end[axis] - start[axis]
        if move == 0:
            if not low < start[axis] < high:
                return False
            continue
        enters, leaves = sorted(((low - start[axis]) / move, (high - start[axis]) / move))
        first, last = max(first, enters), min(last, leaves)
    return first < last


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _round_sizes(low: float, high: float) -> list[int]:
    """List round numbers of bytes in a range, up to five."""
    found = [
        factor * 10**power
        for power in range(1, 12)
        for factor in (1, 2, 5)
        if low <= factor * 10**power <= high
    ]
    return found if len(found) <= 5 else found[:: -(-len(found) // 5)]
