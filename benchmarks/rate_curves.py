"""Bytes against a quality: hulls, their distance, bytes at an anchor; classes of pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import looks_curves
from looks_curves import Hull, Point
from rate_metrics import SSIM, SSIMULACRA2
from rate_rows import Row

# Classes for the rates, by folder and number of colors
PHOTOGRAPHS, ART, SOFT, CLEAN = "photographs", "art", "soft", "clean"
CLASSES = (PHOTOGRAPHS, ART, SOFT, CLEAN)
SOFT_COLORS = 5000  # screenshots, maps and charts with more are soft
# Kinds for the frontier: by paper too, as lines and text on it may have many shades
DRAWN, PHOTOLIKE, PICTURED = "drawn", "photo-like", "photographs and art"
KINDS = (DRAWN, PHOTOLIKE, PICTURED)
PAPER, FEW_COLORS = 0.4, 1000  # drawn: so much of one color, or no more colors
DESKTOP_COLORS = 20_000  # a screenshot with more that is not drawn shows a photograph


def folder(row: Row) -> str:
    """Return the folder of a picture."""
    return row.picture.partition("/")[0]


def class_of(row: Row) -> str:
    """Return the class of a picture: by its folder, or soft or clean by its colors."""
    if folder(row) in ("kodak", "cq100"):
        return PHOTOGRAPHS
    if folder(row) == "art":
        return ART
    return SOFT if row.colors > SOFT_COLORS and folder(row) != "pixelart_rgba" else CLEAN


def kind_of(row: Row) -> str:
    """Return the kind of a picture: drawn, photo-like, or a photograph, painted or on a screen."""
    if class_of(row) in (PHOTOGRAPHS, ART):
        return PICTURED
    if folder(row) == "pixelart_rgba" or row.paper >= PAPER or row.colors <= FEW_COLORS:
        return DRAWN
    shown = folder(row) == "screenshots" and row.colors > DESKTOP_COLORS
    return PICTURED if shown else PHOTOLIKE


class Curve(NamedTuple):
    """The lower hull of files that lost something; the bytes of the smallest that lost nothing."""

    hull: Hull
    lossless: int | None

    def bytes_at(self, quality: float) -> float | None:
        """Return the bytes of a quality; None where no file has it.

        Between the files of the hull they are interpolated. The smallest file serves what is less
        than it has, and a file without loss serves everything.
        """
        sizes = [] if self.lossless is None else [float(self.lossless)]
        if self.hull and quality <= self.hull[-1].look:
            sizes.append(math.exp(looks_curves.log_bytes(self.hull, quality)))
        return min(sizes, default=None)


def scaled(metric: str, value: float) -> float:
    """Return a quality as it is drawn and compared: SSIM in dB, others as they are."""
    if metric != SSIM:
        return value
    return math.inf if value >= 1 else -10 * math.log10(1 - value)


def points(rows: Iterable[Row], metric: str) -> list[tuple[float, float]]:
    """Return bytes and quality of the files that were measured, smallest first."""
    return sorted(
        (float(row.bytes), scaled(metric, value))
        for row in rows
        if row.bytes is not None and (value := getattr(row, metric)) is not None
    )


def hull(files: Iterable[tuple[float, float]], metric: str) -> Hull:
    """Return the corners of the lower convex hull of bytes, from the smallest file to the best.

    For SSIMULACRA2 over the score and of the logarithm, as for the looks. PSNR and SSIM bend
    upwards over the logarithm, and a hull would skip all but the ends of them: there it is one of
    the bytes over squared error, or what SSIM lacks of 1.
    """
    if metric == SSIMULACRA2:
        return looks_curves.hull(files)
    found: list[tuple[float, float, float]] = []  # bytes, loss, quality
    for size, quality in sorted(files, key=lambda file: (file[0], -file[1])):
        loss = 10 ** (-quality / 10)
        if found and loss >= found[-1][1]:
            continue
        while len(found) > 1 and _gain(found[-2], size, loss) >= _gain(found[-2], *found[-1][:2]):
            found.pop()
        found.append((size, loss, quality))
    return [Point(math.log(size), quality) for size, _, quality in found]


def _gain(start: tuple[float, float, float], size: float, loss: float) -> float:
    return (start[1] - loss) / (size - start[0])


def curve(rows: Iterable[Row], metric: str) -> Curve:
    """Return the curve of some files."""
    found = points(rows, metric)
    lossless = min((int(size) for size, quality in found if quality == math.inf), default=None)
    lossy = [(size, q) for size, q in found if q < math.inf and size < (lossless or math.inf)]
    return Curve(hull(lossy, metric), lossless)


def rate(ours: Curve, theirs: Curve) -> float | None:
    """Return our bytes less theirs at an equal quality, as a share of theirs: BD-rate.

    None where no quality is common. Where both lose nothing whatever they do, those files count.
    """
    ratio = looks_curves.bytes_ratio(ours.hull, theirs.hull)
    if ratio is None and ours.lossless and theirs.lossless and not (ours.hull and theirs.hull):
        ratio = ours.lossless / theirs.lossless
    return None if ratio is None else ratio - 1


def worst_point(ours: Curve, plain: Curve) -> float | None:
    """Return the largest excess of our bytes at a corner of the plain curve, or without loss.

    None where we have no such quality at all.
    """
    corners = [(math.exp(p.log_bytes), ours.bytes_at(p.look)) for p in plain.hull]
    if plain.lossless:
        corners.append((float(plain.lossless), ours.lossless))
    return max((own / size - 1 for size, own in corners if own is not None), default=None)
