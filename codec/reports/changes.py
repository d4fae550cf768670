"""Which colors became others: pixels of about a color together, areas before thin lines."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from codec.colors.naming import name_change, name_color
from codec.reports.shades import LEAST_CHANGE, Shades, looks
from codec.reports.surfaces import EDGE, LINE

Pixels = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Bits of a channel that pixels of about a color agree in.
_BITS = 4
# How many changes are named, and how many of them in lines; which part of the picture has one that
# is named, if any has it; an area goes before lines if it is so plain, as a part of any of them.
_CHANGES, _LINES = 6, 3
_NAMED_SHARE = 1e-3
_BEFORE_LINES = 0.1
# How much a pixel counts: of areas, lines, soft edges and texture.
KIND_WEIGHTS = np.array([1, 0.1, 0.01, 0.3])
_KINDS = len(KIND_WEIGHTS)
# Up to which alpha pixels are soft, as those of shadows are.
_SOFT = 240
# Which part of a change a pixel has that shows it.
_SHOWS = 0.5
# Where a change is looked for, what is called otherwise counts so much; so many are asked.
_OTHERWISE, _MOST_ASKED = 0.1, 1000
# Greys name something too: so much is added to all chromas.
_PLAIN = 0.045


@dataclass(frozen=True)
class Change:
    """What became of pixels of about one color.

    Parameters
    ----------
    before, after : tuple of int
        1 to 4 channels: what most of them were of those that became what most became.
    share : float
        Which part of the picture they are, 0 to 1.
    thin : bool
        Whether most of them are in lines and edges, not in areas.
    edge : bool
        Whether most of these are in soft edges.
    """

    before: tuple[int, ...]
    after: tuple[int, ...]
    share: float
    thin: bool = False
    edge: bool = False

    @property
    def words(self) -> tuple[str, str]:
        """What it was called, and what it became: another color, or how it changed."""
        return name_color(self.before), name_change(self.before, self.after)


@dataclass(frozen=True, eq=False)
class Shown:
    """Which pixels show which change.

    Parameters
    ----------
    keys : ndarray of shape (N,), dtype int64
        In order: colors before and after, to their first bits.
    changes : ndarray of shape (N,), dtype int64
        The number of the change that each is part of, -1 for none.
    sizes : ndarray of shape (N,), dtype float64
        How far it moved with the change; less for what is called otherwise.
    """

    keys: Numbers
    changes: Numbers
    sizes: Floats

    def of(self, first: Pixels, second: Pixels) -> tuple[Numbers, Floats]:
        """Tell the changes and sizes of pixels of shape (..., C) before and after."""
        if not len(self.keys):
            shape = first.shape[:-1]
            return np.full(shape, -1, dtype=np.int64), np.zeros(shape)
        keys = _joint(first, second)
        found = np.searchsorted(self.keys, keys).clip(max=len(self.keys) - 1)
        known = self.keys[found] == keys
        return np.where(known, self.changes[found], -1), np.where(known, self.sizes[found], 0)


@dataclass(eq=False)
class _Group:
    """Colors that changed alike: their numbers, and how many pixels of each kind they are."""

    change: Change
    cells: Numbers
    kinds: Floats
    merit: float
    words: tuple[str, ...] = field(default=())


class ChangedColors:
    """Colors that agree in their first bits, before and after, and how many pixels they are.

    Parameters
    ----------
    channels : int
        1 to 4.
    """

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self._keys: Numbers = np.empty(0, dtype=np.int64)
        # How many there are of each kind; their sums before and after.
        self._sums: Numbers = np.zeros((0, _KINDS + 2 * channels), dtype=np.int64)

    def add(self, first: Pixels, second: Pixels, kinds: Pixels) -> None:
        """Count pixels.

        Parameters
        ----------
        first, second : ndarray of shape (rows, W, C), dtype uint8
            Before and after.
        kinds : ndarray of shape (rows, W), dtype uint8
            Areas, lines and edges; see `codec.reports.surfaces.pixel_kinds`.
        """
        seen = seen_pixels(first) | seen_pixels(second)  # others count for nothing
        if not seen.any():
            return
        first, second, kinds = first[seen], second[seen], kinds[seen]
        keys, which = np.unique(_joint(first, second), return_inverse=True)
        sums = [np.bincount(which[kinds == kind], minlength=len(keys)) for kind in range(_KINDS)]
        sums += [
            np.bincount(which, samples, len(keys)).astype(np.int64)
            for samples in (*first.T, *second.T)
        ]
        both = np.concatenate([self._keys, keys])
        self._keys, which = np.unique(both, return_inverse=True)
        old = self._sums
        self._sums = np.zeros((len(self._keys), old.shape[1]), dtype=np.int64)
        self._sums[which[: len(old)]] += old
        self._sums[which[len(old) :]] += np.stack(sums, axis=1)

    def find(self, least_share: float) -> tuple[tuple[Change, ...], Shown]:
        """List those that changed most, for how large an area they cover.

        Parameters
        ----------
        least_share : float
            What is less of the picture is left out.

        Returns
        -------
        changes : tuple of Change
            Those of areas first, then those of thin lines; soft edges if there is nothing else.
        shown : Shown
            Which pixels show them.
        """
        counts = self._sums[:, :_KINDS].sum(axis=1)
        total = max(int(counts.sum()), 1)
        cells, owner = np.unique(self._keys >> _BITS * self.channels, return_inverse=True)
        sums = np.zeros((len(cells), self._sums.shape[1]))
        np.add.at(sums, owner, self._sums)
        sizes = sums[:, :_KINDS].sum(axis=1)
        weights = sums[:, :_KINDS] @ KIND_WEIGHTS / total
        colors = Shades(sums[:, _KINDS:] / np.maximum(sizes, 1)[:, None], weights)
        colors.leave_out(sizes < least_share * total)
        means = self._sums[:, _KINDS:] / np.maximum(counts, 1)[:, None]
        before, after = (np.rint(part).astype(np.uint8) for part in np.split(means, 2, axis=1))
        places = looks(before)
        moves, chroma = looks(after) - places, np.hypot(*places[:, 1:3].T)
        groups: list[_Group] = []
        shown = np.zeros(len(self._keys))
        for members, merit in colors.groups():
            mine = np.isin(owner, members)
            pooled = self._sums[mine, :_KINDS]
            goal = colors.mean_move(members)
            size = float(np.sqrt((goal**2).sum()))
            along = moves[mine] @ goal / max(size, 1e-9)
            shows = (along >= _SHOWS * size) & (
                np.sqrt((moves[mine] ** 2).sum(axis=1)) > LEAST_CHANGE
            )
            if not shows.any():
                continue
            weight = (pooled @ KIND_WEIGHTS) * shows
            number = _most_telling(before[mine], after[mine], weight, chroma[mine])
            kinds = pooled.sum(axis=0).astype(float)
            change = Change(
                tuple(before[mine][number].tolist()),
                tuple(after[mine][number].tolist()),
                float(kinds.sum()) / total,
                bool(kinds[LINE] + kinds[EDGE] > kinds.sum() / 2),
                bool(kinds[EDGE] > kinds[LINE]),
            )
            shown[mine] = np.where(shows, along, 0)
            _join(groups, _Group(change, members, kinds, merit))
        groups = _chosen(groups)
        changes = np.full(len(self._keys), -1, dtype=np.int64)
        for number, group in enumerate(groups):
            changes[np.isin(owner, group.cells) & (shown > 0)] = number
            (own,) = np.nonzero(changes == number)
            order = np.argsort(-counts[own], kind="stable")[:_MOST_ASKED]
            called = np.zeros(len(own), dtype=np.bool_)
            for at in order.tolist():
                pair = before[own[at]].tolist(), after[own[at]].tolist()
                called[at] = (name_color(pair[0]), name_change(*pair)) == group.change.words
            shown[own[~called]] *= _OTHERWISE
        kept = changes >= 0
        return (
            tuple(group.change for group in groups),
            Shown(self._keys[kept], changes[kept], shown[kept]),
        )


def _most_telling(before: Pixels, after: Pixels, weights: Floats, chroma: Floats) -> int:
    """Choose a pair that names a change: of what most shades are called, before and after.

    Strong colors name more than dark ones, as people call what has both.
    """
    (present,) = np.nonzero(weights)
    weights, telling = weights[present], weights[present] * (_PLAIN + chroma[present])
    called = np.ones(len(present), dtype=np.bool_)
    for colors, votes in ((before, telling), (after, weights)):
        nouns, noun = _nouns(colors[present])
        called &= noun == np.bincount(noun, votes * called, len(nouns)).argmax()
    colors, became = np.unique(after[present], axis=0, return_inverse=True)
    became = became.reshape(-1)
    called &= became == np.bincount(became, weights * called, len(colors)).argmax()
    return int(present[(telling * (_PLAIN + chroma[present]) * called).argmax()])


def _nouns(colors: Pixels) -> tuple[list[str], Numbers]:
    """List what colors are called without their shades, and number each of them so."""
    cells, which = np.unique(colors, axis=0, return_inverse=True)
    names = [name_color(color).split()[-1] for color in cells.tolist()]
    nouns, noun = np.unique(names, return_inverse=True)
    return nouns.tolist(), noun[which.reshape(-1)]


def _join(groups: list[_Group], new: _Group) -> None:
    """Add a group, or its pixels to one that is told in the same words."""
    words = new.change.words
    new.words = (words[0], words[1].split()[-1], str(new.change.thin), str(new.change.edge))
    if is_soft(new.change):
        new.words = ("soft",)
    for group in groups:
        if group.words == new.words:
            group.cells = np.concatenate([group.cells, new.cells])
            group.kinds += new.kinds
            share = group.change.share + new.change.share
            if is_soft(new.change) and not group.change.after[-1]:
                group.change = new.change  # not all of it vanished
            group.change = replace(group.change, share=share)
            return
    groups.append(new)


def _chosen(groups: list[_Group]) -> list[_Group]:
    """Choose what is named: areas, then lines, and soft edges for want of others."""
    large = [group for group in groups if group.change.share >= _NAMED_SHARE]
    groups = large or groups[:1]
    areas = [group for group in groups if not group.change.thin]
    others = [group for group in groups if group.change.thin]
    lines = [group for group in others if not group.change.edge]
    lines = lines[:_LINES]
    room = _CHANGES - len(lines)
    # What a shadow became is told after colors, but is told.
    soft = [group for group in areas[room:] if is_soft(group.change)]
    areas = [*areas[: room - len(soft)], *soft]
    least = _BEFORE_LINES * max((group.merit for group in lines), default=0)
    first = [group for group in areas if group.merit >= least]
    rest = [group for group in areas if group.merit < least]
    return [*first, *lines, *rest] or others[:1]


def is_soft(change: Change) -> bool:
    """Tell whether it is the alpha of soft pixels that changed, such as those of a shadow."""
    *before, opacity = change.before
    *after, reached = change.after
    if len(before) not in (1, 3) or not 0 < opacity < _SOFT or reached >= _SOFT:
        return False
    moved = max(abs(one - other) for one, other in zip(before, after, strict=True))
    return abs(reached - opacity) > moved or not reached


def seen_pixels(pixels: Pixels) -> npt.NDArray[np.bool_]:
    """Tell which pixels of shape (..., C) are not fully transparent."""
    if pixels.shape[-1] in (2, 4):
        return np.asarray(pixels[..., -1] > 0)
    return np.ones(pixels.shape[:-1], dtype=np.bool_)


def _joint(first: Pixels, second: Pixels) -> Numbers:
    """Write the first bits of colors before and after, of shape (..., C), as numbers."""
    keys = np.zeros(first.shape[:-1], dtype=np.int64)
    for pixels in (first, second):
        for channel in range(pixels.shape[-1]):
            keys = keys << _BITS | pixels[..., channel] >> (8 - _BITS)
    return keys
