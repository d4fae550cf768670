"""What a codebook must have, whatever the mean of errors says: ruling colors, and signals.

A person sees at once that paper is not white, or that the one red button of a page has become
grey; squared error hardly does. Such colors get code-words of their own, which stay what they are.
"""

import numpy as np
import numpy.typing as npt

from codec.codebook.pinned import Pinning, are_among
from codec.colors.colorspace import ColorMetric
from codec.colors.displays import as_shown
from codec.colors.flats import ruling_colors
from codec.colors.histogram import ColorHistogram
from codec.colors.pixels import distinct
from codec.colors.signals import are_alike, compare_hues, lost_colors
from codec.encoder.scene import Scene
from codec.labels.nearest import label_colors

Bytes = npt.NDArray[np.uint8]

_LEAST_SOLID = 32  # flat pixels of a signal, which may be how small a part of the picture
_LEAST_PART = 40_000
_SIGNALS_FROM = 4  # code-words
_MOST_ERROR = 0.06  # in OkLab, of all colors: among coarse ones nothing is a signal
_STAIN_WEIGHT = 2  # for each round: keeps others near what would get the color of a signal
_STAIN_ROUNDS = 5
_STAIN_PART = 8  # of the pixels of signals, that others may have for stains


def pin_colors(
    codebook: Bytes,
    scene: Scene,
    histogram: ColorHistogram,
    visible: ColorHistogram,
    n_colors: int,
    metric: ColorMetric,
    *,
    weighed: ColorHistogram | None = None,
    keep: Bytes | None = None,
    depth: str | None = None,
) -> tuple[Bytes, Bytes]:
    """Give a codebook the colors that rule the picture, and those that are its signals.

    Ruling colors are those of `codec.colors.flats.ruling_colors`. Signals are small solid areas
    of a hue that no code-word has: they get at most a quarter of the codebook, if fewer pixels
    than before lose their hue, and if the squared error in OkLab is no more than 0.06 squared and
    1 + 1 / K + (5 / K) ** 2 times what it was.

    Parameters
    ----------
    codebook : ndarray of shape (K', C), dtype uint8
        Trained code-words, in lexicographic order.
    scene : Scene
        The picture.
    histogram : ColorHistogram
        Its colors.
    visible : ColorHistogram
        The same, hidden ones merged.
    n_colors : int
        Largest size of the codebook, K.
    metric : ColorMetric
        How different two colors are.
    weighed : ColorHistogram, optional
        The same by what pixels count when code-words are moved; by default `visible`.
    keep : ndarray of shape (P, C), dtype uint8, optional
        Distinct colors in lexicographic order that it gets in any case, P <= K.
    depth : str, optional
        What the display can show of code-words, as `codec.colors.displays` has it.

    Returns
    -------
    codebook : ndarray of shape (K'', C), dtype uint8
        Distinct code-words in lexicographic order.
    color_labels : ndarray of shape (U,), dtype uint8
        The label of each color of `histogram`, which it takes to find signals.
    """
    pinning = Pinning(weighed or visible, n_colors, metric, depth)
    keep = codebook[:0] if keep is None else keep
    pins = as_shown(ruling_colors(scene.count_flats, visible, n_colors - len(keep)), depth)
    if len(keep) or depth:
        pins = distinct(np.vstack([keep, pins])) if len(keep) + len(pins) else pins
    codebook = pinning.pin(codebook, pins)
    color_labels = label_colors(histogram.colors, codebook, metric)
    signals = _signals(codebook, color_labels, scene, histogram, metric.exact)
    signals = as_shown(signals, depth)
    signals = signals[: min(n_colors // 4, n_colors - len(pins))]
    while len(signals):
        changed = _with_signals(codebook, pins, signals, pinning)
        if _is_better(changed, codebook, pinning):
            return changed, label_colors(histogram.colors, changed, metric)
        signals = signals[: len(signals) // 2]
    return codebook, color_labels


def _is_better(changed: Bytes, codebook: Bytes, pinning: Pinning) -> bool:
    """Tell whether signals are worth what they cost others."""
    colors, counts = pinning.condensed.colors, pinning.condensed.counts

    def judge(codebook: Bytes) -> tuple[float, int]:
        labels = label_colors(colors, codebook, pinning.metric)
        errors, lost = compare_hues(colors, codebook[labels], pinning.metric.exact)
        return float((counts * errors).sum() / counts.sum()), int(counts[lost].sum())

    (error, lost), (error_before, lost_before) = judge(changed), judge(codebook)
    # About what the last code-words of as many are worth, where they are few and where many.
    growth = 1 + 1 / pinning.n_colors + (5 / pinning.n_colors) ** 2
    most = min(_MOST_ERROR**2, growth * error_before)
    return lost < lost_before and error <= most


def _signals(
    codebook: Bytes, color_labels: Bytes, scene: Scene, histogram: ColorHistogram, exact: bool
) -> Bytes:
    """Find colors of solid areas whose hue is lost, the most striking first."""
    if len(codebook) < _SIGNALS_FROM or codebook.shape[1] < 3:
        return codebook[:0]
    least = max(_LEAST_SOLID, int(histogram.counts.sum()) // _LEAST_PART)
    lost = lost_colors(histogram, codebook, color_labels, least, exact)
    if lost is None:
        return codebook[:0]
    # Groups in place of colors: an area may have some grain.
    flats = scene.count_flat_groups(histogram, lost.groups, len(lost.colors))
    order = np.argsort(-flats * lost.errors, kind="stable")
    return lost.colors[order[flats[order] >= least]]


def _with_signals(codebook: Bytes, pins: Bytes, signals: Bytes, pinning: Pinning) -> Bytes:
    """Give signals their code-words, and let the others go on as if there were none.

    Among few code-words the color of a signal may be the nearest to a grey that never had any:
    letters would get red edges. Such greys are made to weigh more, so that one of the others
    comes to them.
    """
    signals, every, exact = distinct(signals), pinning.condensed, pinning.metric.exact
    members = np.any([are_alike(every.colors, signal, exact) for signal in signals], axis=0)
    rest = ColorHistogram(every.colors[~members], every.counts[~members])
    own, counts = int(every.counts[members].sum()), rest.counts
    for _ in range(_STAIN_ROUNDS):
        room = pinning.n_colors - len(signals)
        others = Pinning(rest, room, pinning.metric, pinning.depth)
        changed = distinct(np.vstack([others.pin(codebook, pins), signals]))
        labels = label_colors(rest.colors, changed, pinning.metric)
        stains = are_among(changed, signals)[labels]
        stains &= compare_hues(rest.colors, changed[labels], exact)[1]
        if _STAIN_PART * int(counts[stains].sum()) <= own:
            return changed
        rest = ColorHistogram(rest.colors, np.where(stains, _STAIN_WEIGHT, 1) * rest.counts)
    return codebook
