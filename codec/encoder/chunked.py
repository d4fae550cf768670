"""A picture compressed block by block, with the same result as if it were in memory.

Colors are counted, a codebook is chosen from the sum, and blocks are labeled: two passes over the
picture. What of it only pixels tell takes up to two more (`BlockScene`), and dithering one, after
which it is known which code-words are in use.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from codec.colors.flats import FlatTally, Inner, count_flats
from codec.colors.histogram import ColorHistogram
from codec.colors.lookup import count_labels, renumber
from codec.colors.pixels import to_channels
from codec.colors.tally import Histogram
from codec.colors.visibility import weigh_by_strips, weighed_rows
from codec.encoder.arranging import arrange_by_samples
from codec.encoder.blocks import Blocks, Progress, silent
from codec.encoder.given import are_met
from codec.encoder.labeling import Codebook, Labeler
from codec.encoder.picture import Counted, tell_colors
from codec.encoder.rows import Block, Checksum, Pieces, Rows, pick
from codec.encoder.scene import UNSEEN, Counts, flats_of_groups
from codec.encoder.steps import Chosen, choose_codebook, resolve_dither
from codec.errors import ImageError, ParameterError
from codec.formats.registry import Format
from codec.labels.dithering import Diffusion, fixed_strength
from codec.labels.nearest import Lookup
from codec.labels.ordering import MOST_TRIED, sampled_rows
from codec.settings import CompressSettings
from codec.threads import row_strips

Bytes = npt.NDArray[np.uint8]
T = TypeVar("T")


class View(NamedTuple):
    """Which channels of a picture's pixels say something.

    Parameters
    ----------
    channels : int
        C.
    telling : int
        How many of these, of the first.
    """

    channels: int
    telling: int

    def of(self, pixels: Bytes) -> Bytes:
        """Leave these to pixels of shape (H, W, C')."""
        return to_channels(pixels, self.channels)[..., : self.telling]


class Survey(NamedTuple):
    """What the first pass over a picture finds.

    Parameters
    ----------
    histogram : ColorHistogram
        Its colors.
    weighed, sampled : Rows
        Those of its rows that tell how errors show, and how code-words are ordered.
    flats : FlatTally or None
        Its flat pixels, if they were counted.
    """

    histogram: ColorHistogram
    weighed: Rows
    sampled: Rows
    flats: FlatTally | None = None


def survey(
    blocks: Blocks,
    settings: CompressSettings,
    progress: Progress = silent,
    checksum: Checksum | None = None,
) -> Survey:
    """Count the colors of a picture, and keep some of its rows: the first of two passes."""
    weighed, sampled = _wanted_rows(blocks, settings)
    flats = None
    if weighed.wanted and blocks.streams and FlatTally.takes(blocks.channels, blocks.n_pixels):
        flats = FlatTally(blocks.channels)
    histogram, found = blocks.count(
        weighed.wanted, sampled.wanted, flats=flats, checksum=checksum, progress=progress
    )
    for block, pieces in found:
        weighed.put(block, pieces[0])
        sampled.put(block, pieces[1])
    return Survey(histogram.unpacked(), weighed, sampled, flats)


def survey_counted(blocks: Blocks, histogram: Histogram, settings: CompressSettings) -> Survey:
    """Read the same rows of a picture whose colors were counted before."""
    if (histogram.channels, histogram.n_pixels) != (blocks.channels, blocks.n_pixels):
        raise ImageError(
            f"the histogram is of {histogram.n_pixels} pixels of {histogram.channels} channels, "
            f"and the source has {blocks.n_pixels} of {blocks.channels}",
            "bad-shape",
        )
    found = Survey(histogram.unpacked(), *_wanted_rows(blocks, settings))
    for rows in (found.weighed, found.sampled):
        for number, part in enumerate(rows.wanted):
            block = Block(range(part.start, part.stop), range(blocks.width))
            rows.put(block, [(number, blocks.read(block))])
    return found


def count_blocks(
    blocks: Blocks, progress: Progress = silent, checksum: Checksum | None = None
) -> Histogram:
    """Count the colors of a picture: the first of two passes."""
    return blocks.count(checksum=checksum, progress=progress).histogram


def _wanted_rows(blocks: Blocks, settings: CompressSettings) -> tuple[Rows, Rows]:
    height, width = blocks.height, blocks.width
    visual = settings.tune == "visual" and settings.given.codebook is None
    rows = [slice(0, height)] if _is_tried(blocks, settings) else sampled_rows(height, width)
    return (
        Rows(weighed_rows(height, width) if visual else [], width, blocks.channels),
        Rows(rows, width, blocks.channels),
    )


def _is_tried(blocks: Blocks, settings: CompressSettings) -> bool:
    """Tell whether orders of code-words are tried, with all labels."""
    return settings.effort == "best" and blocks.height * blocks.width <= MOST_TRIED


class BlockScene:
    """A picture that is asked block by block; see `codec.encoder.scene.Scene`.

    Parameters
    ----------
    blocks : Blocks
        The picture.
    view : View
        Which of its channels count.
    found : Survey
        From its first pass.
    """

    def __init__(self, blocks: Blocks, view: View, found: Survey) -> None:
        self._blocks, self._view, self._weighed = blocks, view, found.weighed
        self._flats = found.flats

    def weigh(self, histogram: ColorHistogram, *, mildly: bool) -> Counts:
        """See `Scene`."""
        strips = [self._view.of(strip) for strip in self._weighed.strips]
        return weigh_by_strips(strips, histogram, mildly=mildly)

    def count_flats(self, colors: Bytes) -> Counts:
        """See `Scene`; a pass over the picture, if there are any colors that are not counted."""
        if self._flats or not len(colors):
            return self._flats.of(colors) if self._flats else np.zeros(0, dtype=np.int64)
        return self._sum(functools.partial(_count_flats, self._view, colors), len(colors))

    def count_flat_groups(self, histogram: ColorHistogram, groups: Bytes, n_groups: int) -> Counts:
        """See `Scene`; a pass over the picture."""
        lookup = Lookup(histogram, [groups])
        return self._sum(functools.partial(_count_groups, self._view, lookup, n_groups), n_groups)

    def _sum(self, function: "functools.partial[Counts]", size: int) -> Counts:
        total = np.zeros(size, dtype=np.int64)
        for _, counts in self._blocks.each_with_neighbors(function):
            total += counts
        return total


def _count_flats(view: View, colors: Bytes, pixels: Bytes, inner: Inner, block: Block) -> Counts:
    return count_flats(view.of(pixels), colors, inner)


def _count_groups(
    view: View, lookup: Lookup, n_groups: int, pixels: Bytes, inner: Inner, block: Block
) -> Counts:
    return flats_of_groups(view.of(pixels), lookup, n_groups, inner)


@dataclass(frozen=True, eq=False)
class Fitted:
    """A codebook for a picture, and what labels its blocks.

    Parameters
    ----------
    codebook : Codebook
        What is stored, and labels any pixels.
    labeler : Labeler
        Labels those of the picture, in less time.
    view : View
        Of their channels.
    counted : Counted
        Their colors.
    chosen : Chosen
        What was trained.
    expected : ndarray of shape (256,), dtype int64
        How many pixels have each label.
    """

    codebook: Codebook
    labeler: Labeler
    view: View
    counted: Counted
    chosen: Chosen
    expected: Counts


def check_settings(settings: CompressSettings) -> None:
    """Refuse what takes a picture in memory.

    Raises
    ------
    ParameterError
        Something does.
    """
    for asked, name in (
        (bool(settings.targets), "a target"),
        (bool(settings.rate_distortion), "rate_distortion"),
        (settings.codebook_from != "kmeans", f"codebook_from {settings.codebook_from!r}"),
    ):
        if asked:
            raise ParameterError(
                f"{name} takes the picture in memory, and this one is compressed in blocks",
                "chunked",
            )


def fit(found: Survey, blocks: Blocks, settings: CompressSettings, format: Format) -> Fitted:
    """Choose the codebook of a picture, and the order of code-words.

    Parameters
    ----------
    found : Survey
        From its first pass.
    blocks : Blocks
        The picture.
    settings, format
        As for `codec.compressor.compress_with_details`.

    Raises
    ------
    ImageError, ParameterError
        As there; or see `check_settings`.
    """
    counted = tell_colors(found.histogram, settings, UNSEEN)
    view = View(counted.channels, counted.histogram.colors.shape[1])
    counted = replace(counted, scene=BlockScene(blocks, view, found))
    chosen = choose_codebook(counted, settings)
    dither = "none" if chosen.is_all else resolve_dither(settings, blocks.height * blocks.width)
    labeler = plain_codebook(chosen, counted, dither, settings).labeler(
        counted.histogram, chosen.color_labels
    )
    if dither == "none":
        counts = _sum_by_label(chosen.color_labels, counted.histogram.counts)
        samples = [labeler.label(view.of(strip)) for strip in found.sampled.strips]
    else:
        counts, samples = _label_once(blocks, labeler, view, found.sampled.wanted)
    used = np.flatnonzero(counts)
    numbers = np.zeros(len(chosen.codebook), dtype=np.uint8)
    numbers[used], words = arrange_by_samples(
        chosen.codebook[used], [renumber(labels, used) for labels in samples], view.channels,
        settings, format, whole=_is_tried(blocks, settings),
    )  # fmt: skip
    codebook = Codebook(
        words, chosen.codebook, numbers, counted.metric, is_all=chosen.is_all, dither=dither,
        steps=fixed_strength(settings.dither_strength),
    )  # fmt: skip
    return Fitted(
        codebook, codebook.labeler(counted.histogram, chosen.color_labels), view, counted, chosen,
        np.bincount(numbers, counts[: len(numbers)], 256).astype(np.int64),
    )  # fmt: skip


def keep_values(
    histogram: ColorHistogram, blocks: Blocks, settings: CompressSettings, format: Format
) -> Codebook | None:
    """Make the codebook of a grey picture whose values are its labels, where they are kept.

    Returns
    -------
    codebook : Codebook or None
        As of `codec.encoder.kept`; None where a codebook is to be chosen.
    """
    if blocks.channels != 1 or not format.keeps_indices:
        return None
    words = np.arange(int(histogram.colors[-1, 0]) + 1, dtype=np.uint8)[:, None]
    if len(words) > settings.n_colors or not are_met(settings.given, words):
        return None
    metric = tell_colors(histogram, settings, UNSEEN).metric
    return Codebook(words, words, words[:, 0].copy(), metric, is_all=True)


def _sum_by_label(color_labels: Bytes, counts: Counts) -> Counts:
    """Count pixels by label; ndarray of shape (256,)."""
    sums = np.zeros(256, dtype=np.int64)
    for part in row_strips(len(counts), 1):
        sums += np.bincount(color_labels[part], counts[part], 256).astype(np.int64)
    return sums


def plain_codebook(
    chosen: Chosen, counted: Counted, dither: str, settings: CompressSettings
) -> Codebook:
    """Make a codebook of trained code-words in ascending order, unused ones included."""
    numbers = np.arange(len(chosen.codebook), dtype=np.uint8)
    words = to_channels(chosen.codebook, counted.channels)
    return Codebook(
        words, chosen.codebook, numbers, counted.metric, is_all=chosen.is_all, dither=dither,
        steps=fixed_strength(settings.dither_strength),
    )  # fmt: skip


def _label_once(
    blocks: Blocks, labeler: Labeler, view: View, wanted: Sequence[slice]
) -> tuple[Counts, list[Bytes]]:
    """Dither a picture to see which code-words it needs, and the labels of some of its rows."""
    counts, rows = np.zeros(256, dtype=np.int64), Rows(wanted, blocks.width, 1)
    function = functools.partial(_label_and_pick, labeler, view, blocks.height, wanted)
    for block, (found, pieces) in label_blocks(blocks, function, labeler.diffuses):
        counts += found
        rows.put(block, pieces)
    return counts, [strip[..., 0] for strip in rows.strips]


def _label_and_pick(
    labeler: Labeler, view: View, height: int, wanted: Sequence[slice], pixels: Bytes,
    inner: Inner, block: Block,
) -> tuple[Counts, Pieces]:  # fmt: skip
    labels = label_block(labeler, view, height, pixels, inner, block)
    return count_labels(labels), pick(wanted, labels[..., None], block)


def label_block(
    labeler: Labeler, view: View, height: int, pixels: Bytes, inner: Inner, block: Block
) -> Bytes:
    """Label a block, of which rows around it are known where errors are diffused."""
    pixels = view.of(pixels)
    if labeler.diffuses:
        return labeler.label_rows(pixels, inner[0], block.rows, height)
    return labeler.label(pixels[inner], block.origin)


def label_blocks(
    blocks: Blocks,
    function: Callable[[Bytes, Inner, Block], T],
    diffuses: bool,
    skip: Callable[[Block], bool] | None = None,
) -> Iterator[tuple[Block, T]]:
    """Call a function that labels blocks, with the rows around them that it has to know."""
    above, below = (Diffusion.ABOVE, Diffusion.BELOW) if diffuses else (0, 0)
    return blocks.each(function, above=above, below=below, skip=skip)
