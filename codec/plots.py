"""Plots of what became of a picture; needs the extra ``plots``, which is matplotlib.

Each function draws into matplotlib axes, makes them if none are given, and returns them.

>>> from codec import plots
>>> indexed = codec.compress(pixels, 16)      # doctest: +SKIP
>>> plots.comparison(pixels, indexed)         # doctest: +SKIP
>>> plots.color_scatter(pixels, indexed)      # doctest: +SKIP
>>> plots.codebook(indexed)                   # doctest: +SKIP
>>> plots.rate_distortion(codec.sweep(pixels))  # doctest: +SKIP
"""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from codec.colors.histogram import count_colors
from codec.colors.lookup import count_labels
from codec.colors.metrics import color_samples, psnr_db, squared_error
from codec.colors.notation import write_color
from codec.colors.pixels import as_channels, joint_channels, to_channels
from codec.encoder.sizes import Swept
from codec.errors import ImageError, ParameterError, not_imported
from codec.images.memory import as_source
from codec.indexed import IndexedImage

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from mpl_toolkits.mplot3d import Axes3D

__all__ = ["codebook", "color_scatter", "comparison", "rate_distortion"]

Pixels = npt.NDArray[np.uint8]

_HIGHEST = 255
# Bars of so many code-words are named, and of so many stand apart, with lines around them.
_MOST_NAMED, _MOST_FRAMED = 16, 64
# Of more colors, every n-th: matplotlib draws no more points in a second or two.
_MOST_POINTS = 5000
_LINE = "0.5"
_RATES = {"size_bytes": "bytes", "bits_per_pixel": "bits per pixel"}
_MEASURES = {"psnr_db": "PSNR in dB", "ssim": "SSIM"}
_MARKERS = "osD^vP*X"


def comparison(
    pixels: Any, *compressed: "IndexedImage | Pixels", ax: "Sequence[Axes] | None" = None
) -> "npt.NDArray[np.object_]":
    """Show a picture beside what became of it.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8; SourceImage; PIL.Image.Image
        The original, as for `codec.compress`.
    *compressed : IndexedImage or ndarray of the same H and W
        What became of it: one or several.
    ax : sequence of matplotlib axes, optional
        One for each picture, the original first; new ones by default, in a row.

    Returns
    -------
    ax : ndarray of matplotlib axes
        With the pixels as they are, and the number of colors and PSNR as titles.

    Raises
    ------
    ImageError
        One is not a picture, or has another size.
    ParameterError
        There are more or fewer axes than pictures.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> few, many = codec.compress(pixels, 4), codec.compress(pixels, 64)  # doctest: +SKIP
    >>> codec.plots.comparison(pixels, few, many)                          # doctest: +SKIP
    """
    pictures = [_as_pixels(each) for each in (pixels, *compressed)]
    for other in pictures[1:]:
        if other.shape[:2] != pictures[0].shape[:2]:
            raise ImageError(
                f"a picture of shape {other.shape} is none of {pictures[0].shape}", "bad-shape"
            )
    drawn = _row_of_axes(pictures[0].shape, len(pictures)) if ax is None else np.ravel(list(ax))
    if len(drawn) != len(pictures):
        raise ParameterError(f"{len(pictures)} pictures need as many axes, not {len(drawn)}", "ax")
    for axes, picture in zip(drawn, pictures, strict=True):
        axes.imshow(_as_rgba(picture))
        axes.set_axis_off()
        count = len(count_colors(picture))
        title = f"{count:,} color{'s' * (count != 1)}"
        if axes is not drawn[0]:
            title += f", {_psnr(pictures[0], picture)}"
        axes.set_title(title)
    drawn[0].set_title(f"original: {drawn[0].get_title()}")
    return drawn


def codebook(indexed: IndexedImage, *, ax: "Axes | None" = None) -> "Axes":
    """Draw a bar for each code-word, in its color, as high as its share of the pixels.

    Parameters
    ----------
    indexed : IndexedImage
        The picture.
    ax : matplotlib axes, optional
        What to draw into; new ones by default.

    Returns
    -------
    ax : matplotlib axes
        Bars from the largest share to the smallest, named by their colors where there are few.

    Raises
    ------
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> codec.plots.codebook(codec.compress(pixels, 16))  # doctest: +SKIP
    """
    ax = ax or _new_axes()
    counts = count_labels(indexed.labels)[: indexed.n_colors]
    order = np.argsort(-counts, kind="stable")
    places = np.arange(len(order))
    colors = to_channels(indexed.codebook[order], 4)
    are_few = len(order) <= _MOST_FRAMED
    # A bar that is clear would not be seen without a line around it.
    are_framed = (colors[:, 3] < _HIGHEST) | are_few
    ax.bar(
        places, counts[order] / counts.sum(), width=0.9 if are_few else 1.0,
        color=colors / _HIGHEST, edgecolor=_LINE, linewidth=list(np.where(are_framed, 0.5, 0.0)),
    )  # fmt: skip
    ax.set_ylabel("share of pixels")
    ax.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    ax.set_xlim(-0.7, len(order) - 0.3)
    if len(order) <= _MOST_NAMED:
        names = [write_color(word) for word in indexed.codebook[order]]
        ax.set_xticks(places, names, rotation=60, ha="right", rotation_mode="anchor")
    else:
        ax.set_xticks([])
        ax.set_xlabel(f"{len(order)} code-words, by their shares")
    return ax


def color_scatter(
    pixels: Any, indexed: IndexedImage | None = None, *, ax: "Axes3D | None" = None
) -> "Axes3D":
    """Draw colors as points of space, and the code-words among them.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8; SourceImage; PIL.Image.Image
        The picture; alpha is left out. Of over 5,000 colors every n-th is drawn.
    indexed : IndexedImage, optional
        What became of it: its code-words are the large points.
    ax : matplotlib axes in 3D, optional
        What to draw into; new ones by default.

    Returns
    -------
    ax : matplotlib axes in 3D
        Of red, green and blue, 0 to 255.

    Raises
    ------
    ParameterError
        `ax` is not in 3D.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> codec.plots.color_scatter(pixels, codec.compress(pixels, 16))  # doctest: +SKIP
    """
    ax = ax or _new_axes(projection="3d")
    if ax.name != "3d":
        raise ParameterError(
            "colors need axes in 3D: plt.figure().add_subplot(projection='3d')", "ax"
        )
    colors = count_colors(to_channels(_as_pixels(pixels), 3)).colors
    chosen = np.unique(np.linspace(0, len(colors) - 1, _MOST_POINTS).round().astype(int))
    points = colors[chosen]
    ax.scatter(
        *points.T.astype(int), c=points / _HIGHEST, s=6,
        depthshade=False, alpha=0.35 if indexed else 1.0, linewidths=0, label="colors",
    )  # fmt: skip
    if indexed:
        words = to_channels(indexed.codebook, 3)
        ax.scatter(
            *words.T.astype(int), c=words / _HIGHEST, s=60,
            depthshade=False, edgecolors="black", linewidths=0.8, label="code-words",
        )  # fmt: skip
    limits, ticks = (0, _HIGHEST), (0, 128, _HIGHEST)
    ax.set(xlabel="red", xlim=limits, xticks=ticks)
    ax.set(ylabel="green", ylim=limits, yticks=ticks)
    ax.set(zlabel="blue", zlim=limits, zticks=ticks)
    ax.zaxis.labelpad = 6
    ax.set_box_aspect((1, 1, 1))
    return ax


def rate_distortion(
    swept: Sequence[Swept] | Mapping[str, Sequence[Swept]],
    *,
    rate: Literal["bits_per_pixel", "size_bytes"] = "bits_per_pixel",
    measure: Literal["psnr_db", "ssim"] = "psnr_db",
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw how far a picture is off against what it takes, for each size of codebook.

    Parameters
    ----------
    swept : sequence of Swept, or mapping of str to such
        From `codec.sweep`: of one picture, a curve for each format; or of several, by names.
    rate : {'bits_per_pixel', 'size_bytes'}
        What it takes.
    measure : {'psnr_db', 'ssim'}
        How far it is off; SSIM is there if ``sweep(..., measure=True)``.
    ax : matplotlib axes, optional
        What to draw into; new ones by default.

    Returns
    -------
    ax : matplotlib axes
        Each point is named by its K. A ring is at the knee, between the sizes that were tried if
        it is none of them; an arrow at the top is a picture without error, whose PSNR is infinite.

    Raises
    ------
    ParameterError
        There is no such rate or measure, nothing was swept, or SSIM was not measured.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> codec.plots.rate_distortion(codec.sweep(pixels))  # doctest: +SKIP
    >>> two = {"page": codec.sweep(page), "photo": codec.sweep(photo)}  # doctest: +SKIP
    >>> codec.plots.rate_distortion(two, rate="size_bytes")  # doctest: +SKIP
    """
    for name, value, legal in (("rate", rate, _RATES), ("measure", measure, _MEASURES)):
        if value not in legal:
            raise ParameterError(f"{name} {value!r} is not one of {', '.join(legal)}", name)
    curves = _curves(swept)
    if any(getattr(each, measure) is None for curve in curves.values() for each in curve):
        raise ParameterError("SSIM was not measured: codec.sweep(..., measure=True)", "measure")
    ax = ax or _new_axes()
    for (name, curve), marker in zip(curves.items(), cycle(_MARKERS), strict=False):
        _draw_curve(ax, name, curve, rate, measure, marker)
    ax.set_xlabel(_RATES[rate])
    ax.set_ylabel(_MEASURES[measure])
    if rate == "size_bytes":
        ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.margins(x=0.08, y=0.12)
    ax.set_xlim(left=0)
    ax.grid(visible=True, alpha=0.3)
    ax.legend(loc="lower right")
    return ax


def _curves(swept: Any) -> dict[str, list[Swept]]:
    """Tell the curves apart: by names, by formats, or both."""
    named = swept if isinstance(swept, Mapping) else {"": swept}
    curves: dict[str, list[Swept]] = {}
    for name, results in named.items():
        formats = {each.format for each in results}
        for each in results:
            parts = [name] if name else []
            if not name or len(formats) > 1:
                parts.append(each.format)
            curves.setdefault(", ".join(parts), []).append(each)
    if not curves:
        raise ParameterError("nothing was swept", "swept")
    return {
        name: sorted(curve, key=lambda each: each.n_colors_asked) for name, curve in curves.items()
    }


def _draw_curve(
    ax: "Axes", name: str, curve: list[Swept], rate: str, measure: str, marker: str
) -> None:
    """Draw a curve with its points, its knee, and where it has no error any more."""
    # Sizes beyond the number of colors are one point.
    points = list({each.n_colors: each for each in curve}.values())
    shown = [each for each in points if np.isfinite(getattr(each, measure))]
    x, y = ([getattr(each, axis) for each in shown] for axis in (rate, measure))
    knee = curve[0].knee
    (line,) = ax.plot(x, y, marker=marker, markersize=4, label=f"{name}, knee at K = {knee}")
    for each, place in zip(shown, zip(x, y, strict=True), strict=True):
        ax.annotate(
            f"{each.n_colors}", place, xytext=(4, -4), textcoords="offset points",
            va="top", fontsize="small", color=line.get_color(),
        )  # fmt: skip
    for each in points:
        if each not in shown:
            ax.plot(
                [getattr(each, rate)], [1], marker="^", clip_on=False, linestyle="none",
                color=line.get_color(), transform=ax.get_xaxis_transform(),
                label=f"no error at K = {each.n_colors}",
            )  # fmt: skip
    if shown and shown[0].n_colors <= knee <= shown[-1].n_colors:
        # K grows by factors from size to size.
        sizes = np.log([each.n_colors for each in shown])
        ax.plot(
            np.interp(np.log(knee), sizes, x), np.interp(np.log(knee), sizes, y), "o",
            markersize=12, fillstyle="none", color=line.get_color(),
        )  # fmt: skip


def _as_pixels(picture: Any) -> Pixels:
    """View whatever `codec.compress` takes, or an indexed image, as (H, W, C)."""
    return as_channels(as_source(picture).pixels)


def _as_rgba(pixels: Pixels) -> Pixels:
    """Write colors as matplotlib takes them: RGBA, or RGB without alpha."""
    return to_channels(pixels, 4 if pixels.shape[-1] in (2, 4) else 3)


def _psnr(original: Pixels, decoded: Pixels) -> str:
    channels = joint_channels(original.shape[2], decoded.shape[2])
    first, second = to_channels(original, channels), to_channels(decoded, channels)
    samples = first.shape[0] * first.shape[1] * color_samples(channels)
    error = squared_error(first, second)
    return f"{psnr_db(error / samples):.1f} dB" if error else "no error"


def _pyplot() -> Any:
    try:
        from matplotlib import pyplot
    except ImportError as error:
        cure = "plots need matplotlib: pip install 'kmcodec[plots]'"
        raise ImportError(not_imported(error, "matplotlib", cure)) from error
    return pyplot


def _new_axes(**options: Any) -> Any:
    """Make axes in a new figure."""
    figure = _pyplot().figure(layout="constrained")
    return figure.add_subplot(**options)


def _row_of_axes(shape: tuple[int, ...], count: int) -> "npt.NDArray[np.object_]":
    """Make axes side by side, as high as the picture asks."""
    height, width = shape[:2]
    side = 4.0
    size = side * count, side * min(max(height / width, 0.3), 2.0) + 0.4
    _, axes = _pyplot().subplots(1, count, figsize=size, layout="constrained", squeeze=False)
    return np.ravel(axes)
