"""What was lost and where: errors counted, colors that changed, and where that is seen most."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codec.colors.metrics import visible_errors
from codec.colors.pixels import as_channels
from codec.indexed import IndexedImage
from codec.reports.changes import Change, ChangedColors, seen_pixels
from codec.reports.places import Place, Strip, change_places, squares, worst_places
from codec.reports.quality import matched_strips
from codec.reports.surfaces import LINE, TEXTURE, Smoothness, pixel_kinds

Pixels = npt.NDArray[np.uint8]

_LEVELS = 256
# The least part of the picture that a color has which is named.
_LEAST_SHARE = 5e-5
# A third of a picture's rows and columns each that has so much of the loss is named.
_TELLING = 0.22
# What the color of the background is guessed from: so many pixels, here and there.
_GUESSED_FROM = 1 << 16
# A picture that has one color so often is a drawing.
_DRAWING = 0.5
_ROW_NAMES, _COLUMN_NAMES = ("top", "middle", "bottom"), ("left", "center", "right")


@dataclass(frozen=True, eq=False)
class Losses:
    """All of it; see `codec.colors.metrics.visible_errors` for the error of a pixel.

    Parameters
    ----------
    counts : tuple of int
        How many visible pixels have each error, 0 to 255; fully transparent before and after is
        not visible, unless exact.
    clear : float
        Which part of the picture is not visible, 0 to 1.
    background : tuple of int
        The color of most visible pixels, 1 to 4 channels; empty if none is visible.
    background_share : float
        Which part of the visible pixels has that color and is unchanged, 0 to 1.
    at_border : bool
        Whether most of the border has that color, as it has of a background.
    worst_at : tuple of (int, int) or None
        Column and row of the first pixel that has the largest error; None if there is none.
    places : tuple of Place
        Where each of the changes is seen most, in their order; if no color changed, where squared
        errors are most, the worst first, so that they do not touch.
    where : str
        In which ninth of the picture the largest part of the loss is, in words; empty if none
        stands out.
    where_share : float
        How much of the squared error that ninth has, 0 to 1; named or not.
    where_pixels : float
        How much of the visible pixels that ninth has, 0 to 1.
    changes : tuple of Change
        The colors that changed most, those of areas before those of thin lines.
    became : str
        What smooth areas became: ``grainy``, ``bands``, or empty.
    """

    counts: tuple[int, ...]
    clear: float
    background: tuple[int, ...]
    background_share: float
    at_border: bool
    worst_at: tuple[int, int] | None
    places: tuple[Place, ...]
    where: str
    where_share: float
    where_pixels: float
    changes: tuple[Change, ...]
    became: str = ""

    @property
    def pixels(self) -> int:
        """How many are visible."""
        return sum(self.counts)

    @property
    def worst(self) -> int:
        """The largest error."""
        return max((error for error, count in enumerate(self.counts) if count), default=0)

    def within(self, share: float) -> int:
        """Tell the error that this share of the visible pixels stays within."""
        sums = np.cumsum(self.counts)
        return int(np.searchsorted(sums, share * sums[-1]))

    def between(self, low: int, high: int) -> float:
        """Tell the share of visible pixels whose errors are from `low` to `high`."""
        return sum(self.counts[low : high + 1]) / max(self.pixels, 1)


def find_losses(
    original: Pixels, decoded: IndexedImage | Pixels, *, exact: bool = False, step: int = 1
) -> Losses:
    """Find what was lost.

    Parameters
    ----------
    original : ndarray of shape (H, W) or (H, W, C), dtype uint8
        The picture.
    decoded : IndexedImage, or ndarray of shape (H, W) or (H, W, C), dtype uint8
        What it became, of equal H and W.
    exact : bool
        Count the colors of fully transparent pixels too.
    step : int
        Pixels of every so many columns and rows are those that a page has.

    Returns
    -------
    losses : Losses
        Of all pixels.
    """
    height, width = original.shape[:2]
    pixels = as_channels(original)
    errors = np.empty((height, width), dtype=np.uint8)
    seen = np.ones((height, width), dtype=np.bool_)
    background, often = _common_color(pixels)
    drawing, unchanged = often >= _DRAWING, 0
    colors: ChangedColors | None = None
    smoothness = Smoothness()

    kinds = np.empty((height, width), dtype=np.uint8)

    def strips() -> Iterator[Strip]:
        for rows, first, second in matched_strips(original, decoded):
            yield rows, first, second, kinds[rows]

    for rows, first, second in matched_strips(original, decoded):
        kinds[rows] = pixel_kinds(pixels, rows)
        if drawing:  # lines so near each other that there is no area between them
            kinds[rows][kinds[rows] == TEXTURE] = LINE
        colors = colors or ChangedColors(first.shape[2])
        errors[rows] = visible_errors(first, second, exact=exact)
        if not exact:
            seen[rows] = seen_pixels(first) | seen_pixels(second)
        if len(background):
            same = errors[rows] == 0
            for channel, sample in enumerate(background.tolist()):
                same &= pixels[rows, :, channel] == sample
            unchanged += int(np.count_nonzero(same))
        colors.add(first, second, kinds[rows])
        smoothness.add(first, second)
    counts = np.bincount(errors[seen], minlength=_LEVELS)
    where, share, there = _where(errors, seen)
    row, column = divmod(int(errors.argmax()), width)
    worst_at = (column, row) if errors[row, column] else None
    places: tuple[Place, ...] = ()
    changes: tuple[Change, ...] = ()
    if colors:
        changes, shown = colors.find(_LEAST_SHARE)
        places = change_places(pixels, decoded, changes, shown, strips, step)
    visible = int(counts.sum())
    return Losses(
        counts=tuple(counts.tolist()),
        clear=1 - visible / seen.size,
        background=tuple(background.tolist()),
        background_share=unchanged / max(visible, 1),
        at_border=_at_border(pixels, background),
        worst_at=worst_at,
        places=places or worst_places(errors),
        where=where,
        where_share=share,
        where_pixels=there,
        changes=changes,
        became=smoothness.became,
    )


def _common_color(pixels: Pixels) -> tuple[Pixels, float]:
    """Guess the color that most visible pixels have, and how many: of shape (C,), or (0,)."""
    colors = pixels.reshape(-1, pixels.shape[2])
    # An odd step meets all columns, of pictures of even width too.
    colors = colors[:: len(colors) // _GUESSED_FROM | 1]
    colors = colors[seen_pixels(colors)]
    if not len(colors):
        return np.empty(0, dtype=np.uint8), 0.0
    found, counts = np.unique(colors, axis=0, return_counts=True)
    return np.asarray(found[counts.argmax()]), float(counts.max() / len(colors))


def _at_border(pixels: Pixels, color: Pixels) -> bool:
    """Tell whether most pixels of the picture's border have a color."""
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return len(color) > 0 and float((border == color).all(axis=1).mean()) > 0.5


def _where(errors: Pixels, seen: npt.NDArray[np.bool_]) -> tuple[str, float, float]:
    """Name the ninth with the largest part of the loss; its shares of that and of what is seen."""
    height, width = errors.shape
    if min(height, width) < 3:
        return "", 0.0, 0.0
    parts = [[length * part // 3 for part in range(3)] for length in (height, width)]
    sums = squares(errors, *parts)
    if not sums.any():
        return "", 0.0, 0.0
    visible = squares(seen.view(np.uint8), *parts)
    row, column = divmod(int(sums.argmax()), 3)
    share = float(sums.max() / sums.sum())
    there = float(visible[row, column] / visible.sum())
    if share < _TELLING:
        return "", share, there
    names = _ROW_NAMES[row], _COLUMN_NAMES[column]
    return ("center" if names == ("middle", "center") else " ".join(names)), share, there
