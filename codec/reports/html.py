"""A page that a person can look at: what a picture became, in one HTML file without a network.

Templates, styles and scripts stand in `templates/`. All figures are text, made here of the whole
picture; scripts draw what is drawn from the pictures that the page has in it.
"""

import functools
import importlib.resources
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from codec import __version__
from codec.colors.histogram import count_colors
from codec.colors.lookup import count_labels
from codec.colors.notation import write_color
from codec.colors.pixels import as_channels, pack_colors
from codec.indexed import CHANNEL_NAMES, IndexedImage
from codec.limits import MAX_CODEBOOK_SIZE
from codec.reports.curves import Point, draw_curve
from codec.reports.losses import Losses, find_losses
from codec.reports.pictures import (
    indexed_address,
    pixels_address,
    shown_step,
)
from codec.reports.places import Place, crop
from codec.reports.report import FileReport
from codec.reports.text import format_bytes
from codec.reports.words import (
    best,
    headlines,
    opening,
    place_words,
    settings_rows,
    summary,
)

if TYPE_CHECKING:
    import jinja2

Pixels = npt.NDArray[np.uint8]

# Errors that are shown in one color, and counted together: the first of each kind, its color.
# Colors are those of matplotlib's `inferno`, which is in the public domain (CC0).
ERROR_SCALE = (
    (0, "#0a0812"), (1, "#260c51"), (2, "#56106e"), (3, "#82206c"), (5, "#ae305c"),
    (9, "#d24742"), (17, "#ee6a24"), (33, "#fb9d07"), (65, "#f8d948"), (129, "#fcffa4"),
)  # fmt: skip
# How many changes are told at first, and marked in the picture; `viewer.js` knows it too.
_TOLD = 3
_SCRIPTS = ("pixels.js", "viewer.js", "errors.js", "swatches.js", "space.js", "report.js")


@dataclass(frozen=True, eq=False)
class Candidate:
    """One thing that the original became.

    Parameters
    ----------
    report : FileReport
        Everything that is known of it, its measures included.
    title : str
        What to call it among the others.
    picture : IndexedImage, or ndarray of shape (H, W) or (H, W, C), dtype uint8
        What it looks like.
    settings : dict of str to str
        How it was made, as far as the report does not say it.
    exact : bool
        Whether the colors of fully transparent pixels count.
    """

    report: FileReport
    title: str
    picture: IndexedImage | Pixels
    settings: dict[str, str]
    exact: bool = False


def make_page(
    name: str,
    original: Pixels,
    candidates: Sequence[Candidate],
    curve: Sequence[Point] = (),
) -> bytes:
    """Make the page of a picture.

    Parameters
    ----------
    name : str
        What to call the picture.
    original : ndarray of shape (H, W) or (H, W, C), dtype uint8
        The picture.
    candidates : sequence of Candidate
        What it became, at least one. Shown first is what is next to the knee, where one is known;
        else what is nearest to the original, see `codec.reports.words.best`.
    curve : sequence of Point
        What else it could have become, for comparison.

    Returns
    -------
    page : bytes
        HTML in UTF-8; the same for the same arguments.
    """
    pixels = as_channels(original)
    height, width, channels = pixels.shape
    step = shown_step(height, width)
    reports, titles = [each.report for each in candidates], [each.title for each in candidates]
    shown = [
        _candidate(pixels, each, step) | {"headline": said}
        for each, said in zip(candidates, headlines(reports, titles), strict=True)
    ]
    data = {
        "width": width,
        "height": height,
        "step": step,
        "alpha": any(each["alpha"] for each in shown),
        "scale": ERROR_SCALE,
        "candidates": [each.pop("data") for each in shown],
    }
    text: str = _environment().get_template("page.html").render(
        name=name,
        version=__version__,
        width=width,
        height=height,
        kind=CHANNEL_NAMES[channels],
        original=pixels_address(pixels, step),
        original_bytes=candidates[0].report.original_bytes,
        step=step,
        candidates=shown,
        lost=any(each["lost"] for each in shown),
        data=data,
        scale=_scale_rows(),
        curve=draw_curve([_point(each) for each in candidates], curve),
        first=_first(candidates),
        best=best(reports),
        smallest=_smallest(reports),
        knee=_knee(candidates),
        scripts=_SCRIPTS,
    )  # fmt: skip
    return text.encode()


def _knee(candidates: Sequence[Candidate]) -> int | None:
    return next((each.report.knee for each in candidates if each.report.knee), None)


def _first(candidates: Sequence[Candidate]) -> int:
    """Choose the number of the candidate that is shown first."""
    knee = _knee(candidates)
    if knee is None:
        return best([each.report for each in candidates])
    sizes = [each.report.n_colors or 0 for each in candidates]
    return min(range(len(sizes)), key=lambda number: abs(sizes[number] - knee))


def _smallest(reports: Sequence[FileReport]) -> int:
    """Choose the number of what takes fewest bytes, among equals of least error."""
    costs = [(each.compressed_bytes or 0, each.mse or 0.0) for each in reports]
    return min(range(len(costs)), key=costs.__getitem__)


def _candidate(pixels: Pixels, candidate: Candidate, step: int) -> dict[str, Any]:
    """Collect what the templates say of a candidate, and what scripts need to know."""
    report, picture = candidate.report, candidate.picture
    few = (report.unique_colors_after or 0) <= MAX_CODEBOOK_SIZE
    if few and not isinstance(picture, IndexedImage):  # such as a GIF
        found = _with_codebook(as_channels(picture))
        picture = picture if found is None else found
    losses = find_losses(pixels, picture, exact=candidate.exact, step=step)
    if isinstance(picture, IndexedImage):
        address, swatches = indexed_address(picture, step), _swatches(picture)
        after = picture.channels
    else:
        address, swatches = pixels_address(as_channels(picture), step), []
        after = as_channels(picture).shape[2]
    places = [
        _place(pixels, picture, number, each, step) for number, each in enumerate(losses.places)
    ]
    return {
        "report": report,
        "title": candidate.title,
        "address": address,
        "alpha": pixels.shape[2] in (2, 4) or after in (2, 4),
        "lost": report.mse != 0,
        "worst": losses.worst,
        "worst_count": losses.counts[losses.worst],
        "partly_clear": losses.clear > 0,
        "opening": opening(report, losses),
        "summary": summary(report, losses),
        "errors": _error_rows(losses),
        "places": places,
        "changes": len(losses.changes),
        "changed": format_share(losses.between(1, 255)),
        "half": losses.within(0.5),
        "most": losses.within(0.95),
        "swatches": swatches,
        "settings": settings_rows(report, candidate.settings),
        "data": {
            "title": candidate.title,
            "exact": candidate.exact,
            "worst": losses.worst_at,
            "worst_error": losses.worst,
            "places": [
                [place.x, place.y, place.width, *(place.pixel or ())] for place in losses.places
            ],
            "colors": [
                [swatch["label"], *swatch["channels"], swatch["share"]] for swatch in swatches
            ],
        },
    }


def _with_codebook(pixels: Pixels) -> IndexedImage | None:
    """Write pixels of shape (H, W, C) as labels and their colors; None if these are too many."""
    colors = count_colors(pixels).colors
    if len(colors) > MAX_CODEBOOK_SIZE:
        return None
    labels = np.searchsorted(pack_colors(colors), pack_colors(pixels)).astype(np.uint8)
    return IndexedImage(labels, colors)


def _swatches(indexed: IndexedImage) -> list[dict[str, Any]]:
    """List code-words, those of most pixels first."""
    counts = count_labels(indexed.labels)[: indexed.n_colors]
    return [
        {
            "label": label,
            "hex": write_color(indexed.codebook[label].tolist()),
            "channels": indexed.codebook[label].tolist(),
            "count": int(counts[label]),
            "share": float(counts[label] / indexed.labels.size),
        }
        for label in np.argsort(-counts, kind="stable").tolist()
    ]


def _place(
    pixels: Pixels, picture: IndexedImage | Pixels, number: int, place: Place, step: int
) -> dict[str, Any]:
    """Describe a place; of pictures that are thinned out with all of its pixels."""
    change = place.change
    found: dict[str, Any] = {
        "number": number,
        "told": number < _TOLD,
        "x": place.x,
        "y": place.y,
        "side": place.width,
        "worst": place.worst,
        "words": place_words(place),
        "colors": (write_color(change.before), write_color(change.after)) if change else (),
        "share": change.share if change else 0,
    }
    if step > 1:
        rows = slice(place.y, place.y + place.height)
        columns = slice(place.x, place.x + place.width)
        found |= {
            "before": pixels_address(np.ascontiguousarray(pixels[rows, columns])),
            "after": pixels_address(np.ascontiguousarray(crop(picture, rows, columns))),
        }
    return found


def _scale_rows() -> list[dict[str, Any]]:
    """Name the kinds of errors."""
    lows = [low for low, _ in ERROR_SCALE]
    highs = [*(low - 1 for low in lows[1:]), 255]
    return [
        {"low": low, "high": high, "color": color,
         "name": f"{low}" if low == high else f"{low}–{high}"}
        for (low, color), high in zip(ERROR_SCALE, highs, strict=True)
    ]  # fmt: skip


def _error_rows(losses: Losses) -> list[dict[str, Any]]:
    """Count the pixels of each kind of error, up to the largest there is."""
    rows = [row | {"share": losses.between(row["low"], row["high"])} for row in _scale_rows()]
    while len(rows) > 1 and rows[-1]["share"] == 0:
        rows.pop()
    most = max(row["share"] for row in rows) or 1
    return [row | {"length": row["share"] / most} for row in rows]


def _point(candidate: Candidate) -> Point:
    report = candidate.report
    return Point(candidate.title, report.compressed_bytes or 0, report.mse or 0.0)


@functools.cache
def _environment() -> "jinja2.Environment":
    """Prepare the templates; Jinja2 is imported when the first page is made."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=False,
    )  # fmt: skip
    environment.filters |= {"size": format_bytes, "share": format_share, "number": _number}
    return environment


def _template(name: str) -> str:
    folder = importlib.resources.files("codec.reports") / "templates"
    return folder.joinpath(name).read_text(encoding="utf-8")


def format_share(share: float) -> str:
    """Write a part of a picture in percent, never what is there as nothing."""
    if 0 < share < 5e-5:
        return "< 0.01 %"
    if 0.9995 <= share < 1:
        return "> 99.9 %"
    return f"{100 * share:.2f} %" if share < 0.0995 else f"{100 * share:.1f} %"


def _number(value: int) -> str:
    return f"{value:,}"
