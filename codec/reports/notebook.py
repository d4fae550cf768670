"""An indexed image as notebooks show it: the picture, its figures and its colors."""

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from codec.colors.lookup import count_labels
from codec.colors.notation import write_color
from codec.options import DECODED_PNG_LEVEL
from codec.png.reading import INDEXED
from codec.png.rowfilters import NONE, filter_rows
from codec.png.writing import palette_chunks, write_png
from codec.reports.pictures import png_address, shown_step

if TYPE_CHECKING:
    from codec.indexed import IndexedImage

# Colors that are shown at once; the others unfold.
_COLORS_AT_ONCE = 32
# Pixels of smaller pictures are seen as squares.
_SMALL_SIDE = 256
# No color of text or of a page is named: themes are dark or light. This grey shows on both.
_LINE = "1px solid rgba(128, 128, 128, .7)"
_CHECKERBOARD = "repeating-conic-gradient(#ccc 0 25%, #fff 0 50%) 0 0 / 1em 1em"


def as_png(indexed: "IndexedImage") -> bytes:
    """Encode an indexed image as a PNG to look at.

    Parameters
    ----------
    indexed : IndexedImage
        The picture.

    Returns
    -------
    data : bytes
        An indexed PNG with the same pixels; of over 2,097,152 pixels, every n-th row and column.
    """
    indexed.check()
    step = shown_step(indexed.height, indexed.width)
    labels = np.ascontiguousarray(indexed.labels[::step, ::step])
    height, width = labels.shape
    chunks = tuple(palette_chunks(indexed.codebook))
    rows = filter_rows(labels, NONE)
    return write_png(width, height, 8, INDEXED, rows, chunks, level=DECODED_PNG_LEVEL)


def as_html(indexed: "IndexedImage") -> str:
    """Show an indexed image as a piece of HTML that is well-formed XML too.

    Parameters
    ----------
    indexed : IndexedImage
        The picture.

    Returns
    -------
    html : str
        The picture as `as_png` has it, size, K, bytes if they are known, and the colors by their
        shares of the pixels: a swatch and text for each, readable on dark and light pages.
    """
    colors = list(_colors(indexed))
    folded = colors[_COLORS_AT_ONCE:]
    shown = _flow(colors[:_COLORS_AT_ONCE])
    if folded:
        shown += (
            f'<details><summary style="cursor: pointer">{len(folded)} more colors</summary>'
            f"{_flow(folded)}</details>"
        )
    return (
        f'<div style="line-height: 1.5"><div><code>{escape(repr(indexed))}</code>'
        f"{escape(_figures(indexed))}</div>{_picture(indexed)}{shown}</div>"
    )


def _figures(indexed: "IndexedImage") -> str:
    """Tell what the first line does not: bits per pixel, and how much of the picture is shown."""
    figures = ""
    if indexed.size_bytes is not None:
        bits = 8 * indexed.size_bytes / (indexed.width * indexed.height)
        figures = f" {bits:.3f} bits per pixel"
    if (step := shown_step(indexed.height, indexed.width)) > 1:
        figures += f" (shown: one of {step} rows and columns)"
    return figures


def _picture(indexed: "IndexedImage") -> str:
    style = "display: block; max-width: 100%; margin: .5em 0"
    if max(indexed.width, indexed.height) <= _SMALL_SIDE:
        style += "; image-rendering: pixelated"
    if indexed.channels in (2, 4):
        style += f"; background: {_CHECKERBOARD}"
    return f'<img alt="the picture" src="{png_address(as_png(indexed))}" style="{style}" />'


def _colors(indexed: "IndexedImage") -> Iterable[str]:
    """Show each color, those of most pixels first."""
    counts = count_labels(indexed.labels)[: indexed.n_colors]
    shares = counts / counts.sum()
    for label in np.argsort(-counts, kind="stable").tolist():
        color = write_color(indexed.codebook[label])
        # A layer of one color over the squares that show where it is clear.
        paint = f"linear-gradient({color}, {color}), {_CHECKERBOARD}"
        yield (
            f'<span title="label {label}" style="white-space: nowrap">'
            f'<span style="display: inline-block; width: 1.2em; height: 1.2em; '
            f'vertical-align: middle; border: {_LINE}; background: {paint}"></span> '
            f"<code>{color}</code> {shares[label]:.1%}</span>"
        )


def _flow(colors: list[str]) -> str:
    """Put colors side by side, in as many lines as the page needs."""
    style = "display: grid; grid-template-columns: repeat(auto-fill, 10.5em); gap: .1em 1em"
    return f'<div style="{style}">{"".join(colors)}</div>'
