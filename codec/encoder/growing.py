"""From one size of a codebook to the next larger ones, in steps that are as small as one likes.

Where the squared error is greatest a code-word is added, which stands at first for the colors that
gain most, then for all that gain. Each step has less error than the one before, and more bytes, or
nearly so.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from codec.codebook.pinned import are_among
from codec.colors.displays import as_shown
from codec.colors.lookup import renumber
from codec.colors.opacity import are_clear, are_solid, has_classes
from codec.colors.pixels import distinct, pack_colors
from codec.encoder.given import kept_colors
from codec.encoder.picture import Bytes, Picture
from codec.encoder.steps import Chosen, Labeled
from codec.labels.nearest import label_pixels
from codec.settings import Given

PARTS = 16  # steps of a code-word
MOST_ADDED = 20  # code-words that are added
_ROUNDS = 4  # of moving a new one

Errors = npt.NDArray[np.float64]


class Growing:
    """What may be added to a candidate, step by step.

    Parameters
    ----------
    picture : Picture
        The picture.
    chosen : Chosen
        Its code-words, before any step.
    n_colors : int
        Largest size of the codebook, K.
    given : Given
        What is to be kept, and what the display can show.

    Attributes
    ----------
    steps : int
        How many there may be; where nothing is left to gain they change nothing.
    """

    def __init__(self, picture: Picture, chosen: Chosen, n_colors: int, given: Given) -> None:
        used = np.flatnonzero(np.bincount(chosen.color_labels))
        self._picture, self._codebook = picture, chosen.codebook[used]
        self._depth = given.palette_depth
        self._labels = renumber(chosen.color_labels, used)
        self._points = picture.metric.coordinates(picture.histogram.colors)
        self._added: list[tuple[Bytes, npt.NDArray[np.intp]]] = []
        words = picture.metric.coordinates(self._codebook)
        self._errors: Errors = ((self._points - words[self._labels]) ** 2).sum(axis=1)
        self._clusters = self._labels.astype(np.intp)
        keep = kept_colors(given, self._codebook.shape[1])
        missing = int((~are_among(keep, distinct(self._codebook))).sum())
        self.steps: int = PARTS * max(min(n_colors - len(used) - missing, MOST_ADDED), 0)

    def labeled(self, step: int) -> Labeled:
        """Label the picture.

        Parameters
        ----------
        step : int
            0 to `steps`.

        Returns
        -------
        labeled : Labeled
            Labels, and the code-words in use.
        """
        codebook, labels = self._after(step)
        words = distinct(codebook)
        labels = np.searchsorted(pack_colors(words), pack_colors(codebook)).astype(np.uint8)[
            labels
        ]
        used = np.flatnonzero(np.bincount(labels))
        words, labels = words[used], renumber(labels, used)
        plane = label_pixels(self._picture.pixels, self._picture.counted, labels)
        return Labeled(words, plane, labels)

    def _after(self, step: int) -> tuple[Bytes, Bytes]:
        """Find the code-words after a step, and the labels of colors."""
        whole, part = divmod(step, PARTS)
        count = whole + (part > 0)
        while len(self._added) < count and self._add():
            pass
        codebook, labels = self._codebook, self._labels.copy()
        for number, (word, members) in enumerate(self._added[:count]):
            if number == whole:
                passed = np.cumsum(self._picture.histogram.counts[members])
                members = members[PARTS * passed <= part * passed[-1]]
            labels[members] = len(codebook)
            codebook = np.vstack([codebook, word])
        return codebook, labels

    def _add(self) -> bool:
        """Add a code-word, for those who are better off with it, the most gained first."""
        picture, errors = self._picture, self._errors
        colors, counts = picture.histogram.colors, picture.histogram.counts
        parted = has_classes(picture.metric, colors.shape[1])
        weighed = counts * errors
        cluster = int(np.bincount(self._clusters, weighed).argmax())
        members = np.flatnonzero((self._clusters == cluster) & (errors > 0))
        if not len(members):
            return False
        word = as_shown(colors[members[weighed[members].argmax()]][None], self._depth)
        solid = parted and bool(are_solid(word).all())
        for _ in range(_ROUNDS):
            gaining = members[self._gains(word, members) > 0]
            if not len(gaining):
                return False
            shares = counts[gaining, None] * self._points[gaining]
            means = shares.sum(axis=0) / counts[gaining].sum()
            word = as_shown(picture.metric.colors(means[None], colors.shape[1]), self._depth)
            if solid:
                word[:, -1] = 255
        may = np.ones(len(colors), dtype=bool)
        if parted:
            may = ~are_clear(colors) & (solid | ~are_solid(colors))
        some = np.flatnonzero(may)
        gains = self._gains(word, some)
        order = np.argsort(-gains, kind="stable")[: np.count_nonzero(gains > 0)]
        if not len(order):
            return False
        errors[some[order]] -= gains[order]
        self._clusters[some[order]] = len(self._codebook) + len(self._added)
        self._added.append((word, some[order]))
        return True

    def _gains(self, word: Bytes, members: npt.NDArray[np.intp]) -> Errors:
        """Tell how much less colors err with another code-word."""
        apart = self._points[members] - self._picture.metric.coordinates(word)
        return np.asarray(self._errors[members] - (apart**2).sum(axis=1))


def last_step(holds: Callable[[int], bool], low: int, high: int) -> int:
    """Find the last step for which something holds that holds up to some step, or the first."""
    width = PARTS
    while low + width < high and holds(low + width):
        low, width = low + width, 2 * width
    high = min(low + width, high)
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low
