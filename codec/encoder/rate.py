"""Labels for their bytes: rounds of choosing labels, and of estimating code-words anew."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codec.codebook.merging import Clusters, merge_clusters
from codec.codebook.pinned import are_among
from codec.colors.displays import as_shown
from codec.colors.flats import ruling_colors
from codec.colors.lookup import count_labels, look_up, renumber
from codec.colors.opacity import are_clear, are_solid, has_classes
from codec.colors.pixels import distinct, pack_colors, to_channels
from codec.colors.places import colors_at, place_colors
from codec.colors.visibility import ONE
from codec.encoder.arranging import arrange
from codec.encoder.given import kept_colors
from codec.encoder.picture import Picture
from codec.encoder.steps import Labeled
from codec.formats.registry import Format
from codec.labels.deflate_aware import deflate_labels
from codec.labels.nearest import label_colors, label_pixels
from codec.labels.rate_aware import ERROR_STEPS, Aim, Words, choose_labels, first_expected
from codec.options import EFFORTS, Effort
from codec.settings import CompressSettings
from codec.threads import row_strips, run_parallel

Bytes = npt.NDArray[np.uint8]

_WORD_BITS = 40  # what a code-word is worth: its own bytes, and what it makes labels cost
_ANY, _SOLID, _CLEAR = 1, 2, 4  # groups of pixels and code-words
# Over K squared error falls about as fast as bytes to this power grow: labels that serve less
# than fewer code-words would are not taken.
_WORTH = 2
_HALVINGS = 3  # of a C that does not serve
_MOST_RATE = (1 << 32) - 1  # what a bit may cost deflate's labels
_MIDDLE_WEIGHT = 128  # of those that users give
_SHIFT = 8  # of weighed errors, before they are summed up in 64 bits


def rate_labels(
    picture: Picture,
    labeled: Labeled,
    settings: CompressSettings,
    format: Format,
    rate_distortion: float,
) -> Labeled:
    """Choose labels anew for error and bytes together.

    Parameters
    ----------
    picture : Picture
        The picture.
    labeled : Labeled
        The nearest code-words, not dithered.
    settings : CompressSettings
        The tune says where errors are measured, and whether it counts how much they show; the
        effort, how much is tried.
    format : Format
        Whose bytes count.
    rate_distortion : float
        C, at least 0: a bit may cost C times the mean squared error of `labeled`.

    Returns
    -------
    labeled : Labeled
        Labels, and code-words that were estimated anew, some of them gone: what serves best of
        all rounds. What was given stays if C is too small to be told from 0, or if colors under
        alpha 0 are to be kept.
    """
    task = _Task.of(picture, labeled, settings)
    rate = task.rate(labeled, rate_distortion)
    if not rate:
        return labeled
    found = _choose(task, labeled, rate, format.packing, EFFORTS[settings.effort])
    if len(found) == 1:
        return found[0]
    costs = _costs(task, found, settings, format)
    return found[costs.index(min(costs))]


def rate_labels_mildly(
    picture: Picture,
    labeled: Labeled,
    settings: CompressSettings,
    format: Format,
    rate_distortion: float,
) -> tuple[Labeled, float]:
    """Choose labels anew as `rate_labels` does, by a smaller C where that one does not serve.

    Parameters
    ----------
    picture, labeled, settings, format, rate_distortion
        As for `rate_labels`.

    Returns
    -------
    labeled : Labeled
        As of `rate_labels`, of the first of C, C/2, C/4 and C/8 that serves better than what was
        given; by a smaller C it has fewer bytes, too.
    rate_distortion : float
        That C; 0 if none does.
    """
    task = _Task.of(picture, labeled, settings)
    effort, plain = settings.effort, None
    for halvings in range(_HALVINGS + 1):
        smaller = rate_distortion / 2**halvings
        rate = task.rate(labeled, smaller)
        if not rate:
            break
        found = _choose(task, labeled, rate, format.packing, EFFORTS[effort])
        costs = _costs(task, found if plain is not None else [labeled, *found], settings, format)
        plain = costs.pop(0) if plain is None else plain
        best = found[costs.index(min(costs))]
        # By a smaller C little is saved, which has to be there in the file itself.
        if min(costs) < plain and (
            not halvings
            or _size(task, best, settings, format, effort)
            < _size(task, labeled, settings, format, effort)
        ):
            return best, smaller
    return labeled, 0.0


def _costs(
    task: "_Task", found: Sequence[Labeled], settings: CompressSettings, format: Format
) -> list[float]:
    """Tell errors and bytes in one."""

    def cost(labeled: Labeled) -> float:
        size_bytes = _size(task, labeled, settings, format, "fast")
        return task.error(labeled) * float(size_bytes) ** _WORTH

    return run_parallel([functools.partial(cost, each) for each in found])


def _size(
    task: "_Task", labeled: Labeled, settings: CompressSettings, format: Format, effort: str
) -> int:
    files = format.encode(arrange(task.picture, labeled, settings, format), effort)
    return sum(map(len, files))


def _choose(
    task: "_Task", labeled: Labeled, rate: int, packing: str, effort: Effort
) -> list[Labeled]:
    """Choose labels and estimate code-words, round by round."""
    chooser: _ByContexts | _ByRepetition
    if packing == "contexts":
        chooser = _ByContexts(task, rate, effort)
    else:
        chooser = _ByRepetition(task, rate, effort, filter_bytes=packing == "rows")
    found = [labeled]
    for _ in range(chooser.rounds):
        before = found[-1]
        nearest = task.nearest(before) if len(found) > 1 else before.labels
        labels = chooser.choose(before, nearest)
        found.append(task.estimate(before.codebook, labels, rate))
        if len(found[-1].codebook) < 2:
            break
    return found[1:]


@dataclass(frozen=True, eq=False)
class _Task:
    """A picture, where its pixels lie, and how much their errors count.

    `kept` are colors whose code-words stay what they are: those that were given, and those that
    rule the picture; `exact` tells which pixels have one of the latter, and keep it. `depth` is
    what the display can show.
    """

    picture: Picture
    places: npt.NDArray[np.int16]
    weights: npt.NDArray[np.uint16]
    kept: Bytes
    exact: npt.NDArray[np.bool_]
    depth: str | None

    @classmethod
    def of(cls, picture: Picture, labeled: Labeled, settings: CompressSettings) -> "_Task":
        shown, (codebook, labels, _) = picture.shown, labeled
        given, exact = settings.given, np.zeros(labels.shape, dtype=bool)
        kept = kept_colors(given, codebook.shape[1]) if given.codebook is None else codebook
        weights = np.full(labels.shape, ONE, dtype=np.uint16)
        if settings.tune == "visual":
            weights = picture.visibility
            ruling = ruling_colors(picture.scene.count_flats, picture.visible, len(codebook))
            for label in np.flatnonzero(are_among(codebook, ruling)):
                exact |= (labels == label) & (shown == codebook[label]).all(axis=2)
            kept = np.vstack([kept, ruling])
        if picture.weights is not None:
            counted = weights.astype(np.uint32) * picture.weights // _MIDDLE_WEIGHT
            weights = np.maximum(counted, 1).astype(np.uint16)
        kept = distinct(kept) if len(kept) else kept
        return cls(picture, picture.places, weights, kept, exact, given.palette_depth)

    def error(self, labeled: Labeled) -> int:
        """Sum up weighed squared errors, in 1/256."""
        words, total = self._place(labeled.codebook).astype(np.int32), 0
        height, width = labeled.labels.shape
        for rows in row_strips(height, width):
            squares = np.zeros((rows.stop - rows.start, width), dtype=np.int64)
            for axis in range(words.shape[1]):
                places = self.places[rows, axis :: words.shape[1]].astype(np.int32)
                squares += (places - words[:, axis][labeled.labels[rows]]) ** 2
            total += int(((squares * self.weights[rows]) >> _SHIFT).sum())
        return total

    def rate(self, labeled: Labeled, rate_distortion: float) -> int:
        """Tell what a bit may cost, or 0 where labels have to stay as they are."""
        if rate_distortion <= 0 or len(labeled.codebook) < 2:
            return 0
        if self.picture.metric.exact and self.picture.telling.shape[2] in (2, 4):
            return 0  # hidden colors have one place, and would be lost
        error = self.error(labeled) / labeled.labels.size
        return round(rate_distortion * ERROR_STEPS * error)

    def nearest(self, labeled: Labeled) -> Bytes:
        """Label pixels with their nearest code-words."""
        colors = label_colors(self.picture.histogram.colors, labeled.codebook, self.picture.metric)
        return label_pixels(self.picture.pixels, self.picture.counted, colors)

    def words(self, codebook: Bytes) -> Words:
        """Describe code-words as the coder will see them."""
        stored = to_channels(codebook, self.picture.pixels.shape[2])
        return Words(stored, self._place(codebook), self._classes(codebook))

    def aim(self, codebook: Bytes) -> Aim:
        """Say what pixels may become."""
        telling = self.picture.telling
        groups = np.full(telling.shape[:2], _ANY, dtype=np.uint8)
        if self._has_classes:
            colors = telling.reshape(-1, telling.shape[2])
            for group, mark in ((_SOLID, are_solid), (_CLEAR, are_clear)):
                if mark(codebook).any():
                    groups[mark(colors).reshape(groups.shape)] = group
        groups[self.exact] = 0
        return Aim(self.places, self.weights, groups)

    def estimate(self, codebook: Bytes, labels: Bytes, rate: int) -> Labeled:
        """Merge code-words that are not worth their bytes, and move the others to the means.

        Some stay as they are.
        """
        clusters = self._sum_up(labels, len(codebook))
        kept = are_among(codebook, self.kept)
        classes = np.where(kept, 0, self._classes(codebook)).astype(np.uint8)
        most = rate * _WORD_BITS / ERROR_STEPS * ONE
        heirs = merge_clusters(clusters, classes, most)
        weights = np.bincount(heirs, clusters.weights, len(codebook))
        sums = np.stack(
            [np.bincount(heirs, column, len(codebook)) for column in clusters.sums.T], axis=1
        )
        used = np.flatnonzero(weights > 0)
        means = colors_at(sums[used] / weights[used, None], self.picture.metric)
        moved = as_shown(means, self.depth)
        changed = np.where(kept[used, None], codebook[used], moved)
        if self._has_classes:  # translucent pixels among them change nothing of that
            solid, clear = are_solid(codebook[used]), are_clear(codebook[used])
            changed[solid, -1] = 255
            changed[clear] = codebook[used][clear]
        words = distinct(changed)
        places = np.searchsorted(pack_colors(words), pack_colors(changed))
        table = np.zeros(len(codebook), dtype=np.uint8)
        table[used] = places
        labels = look_up(table[heirs], labels)
        found = np.flatnonzero(count_labels(labels))
        return Labeled(words[found], renumber(labels, found), None)

    @property
    def _has_classes(self) -> bool:
        return has_classes(self.picture.metric, self.picture.telling.shape[2])

    def _place(self, codebook: Bytes) -> npt.NDArray[np.int16]:
        return place_colors(codebook, self.picture.metric)

    def _classes(self, codebook: Bytes) -> Bytes:
        classes = np.full(len(codebook), _ANY, dtype=np.uint8)
        if self._has_classes:
            classes += (_SOLID * are_solid(codebook) + _CLEAR * are_clear(codebook)).astype("u1")
        return classes

    def _sum_up(self, labels: Bytes, size: int) -> Clusters:
        """Sum up weights and places of the pixels of each label."""
        axes = self.places.shape[1] // labels.shape[1]
        weights, sums = np.zeros(size), np.zeros((size, axes))
        for rows in row_strips(*labels.shape):
            numbers = labels[rows].reshape(-1).astype(np.intp)
            counted = self.weights[rows].astype(np.float64)
            weights += np.bincount(numbers, counted.reshape(-1), size)
            for axis in range(axes):
                placed = (self.places[rows, axis::axes] * counted).reshape(-1)
                sums[:, axis] += np.bincount(numbers, placed, size)
        return Clusters(weights, sums)


class _ByContexts:
    """Labels for the coder of .kmc."""

    def __init__(self, task: _Task, rate: int, effort: Effort) -> None:
        self._task, self._rate = task, rate
        self._few_contexts = effort.rate_few_contexts
        self._expected = first_expected(*task.weights.shape)
        self.rounds = effort.rate_rounds

    def choose(self, before: Labeled, nearest: Bytes) -> Bytes:
        """Choose labels, told those of the round before."""
        return choose_labels(
            self._task.aim(before.codebook), self._task.words(before.codebook), nearest,
            before.labels, self._rate, self._expected, few_contexts=self._few_contexts,
        )  # fmt: skip


class _ByRepetition:
    """Labels for deflate; choosing again with what was counted makes nothing smaller."""

    rounds = 1

    def __init__(self, task: _Task, rate: int, effort: Effort, *, filter_bytes: bool) -> None:
        self._task, self._searched = task, effort.rate_searched
        self._filter_bytes = filter_bytes
        table = rate * ONE // np.arange(1, ONE * ONE)
        weights = np.maximum(task.weights, 1) - 1
        self._rates = np.minimum(table, _MOST_RATE).astype(np.uint32)[weights]

    def choose(self, before: Labeled, nearest: Bytes) -> Bytes:
        """Choose labels; those of the round before do not count."""
        aim, words = self._task.aim(before.codebook), self._task.words(before.codebook)
        return deflate_labels(
            aim.places,
            words.places,
            nearest,
            self._rates,
            (words.groups, aim.groups),
            filter_bytes=self._filter_bytes,
            searched=self._searched,
        )
