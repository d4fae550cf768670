"""A picture of any size to labels in a sink, block by block."""

import contextlib
import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.colors.distortion import errors_of_colors
from codec.colors.flats import Inner
from codec.colors.histogram import ColorHistogram
from codec.colors.lookup import count_labels
from codec.colors.pixels import distinct, without_hidden
from codec.encoder.blocks import Blocks, Map, Progress, silent
from codec.encoder.chunked import (
    Fitted,
    check_settings,
    count_blocks,
    fit,
    label_block,
    label_blocks,
    survey,
)
from codec.encoder.cutting import cut
from codec.encoder.given import are_met
from codec.encoder.kept import not_all_there
from codec.encoder.labeling import DIFFUSED
from codec.encoder.rows import Block, Checksum
from codec.encoder.sinks import ArraySink, Sink
from codec.encoder.steps import resolve_dither
from codec.errors import CodecError, ImageError
from codec.formats.registry import Format
from codec.labels.dithering import strip_rows
from codec.labels.given import GivenLabels, check_order
from codec.settings import CompressSettings

Bytes = npt.NDArray[np.uint8]
Spread = Callable[[Blocks], Blocks]


@dataclass(frozen=True, eq=False)
class Compressed:
    """What became of a picture that was compressed in blocks.

    Parameters
    ----------
    codebook : ndarray of shape (K, C), dtype uint8
        The code-words, as they are stored.
    lossless : bool
        Whether decompressing gives every pixel back; hidden colors do not count.
    unique_colors, unique_colors_after : int
        Colors of the picture, hidden ones included, and those that are left.
    hidden_pixels : int
        Fully transparent pixels whose color was set to zero.
    engine : str
        What trained the codebook, as in a report.
    mse, worst_error : float and int
        Mean and largest error; of what is dithered, those before it.
    dither : str
        How errors cancel.
    as_given : bool
        Whether labels are the palette indices or grey values of the picture.
    paths : tuple of Path
        The files written.
    """

    codebook: npt.NDArray[np.uint8]
    lossless: bool
    unique_colors: int
    unique_colors_after: int
    hidden_pixels: int
    engine: str
    mse: float
    worst_error: int
    dither: str
    as_given: bool = False
    paths: tuple[Path, ...] = ()


def compress_blocks(
    source: Any,
    sink: Any,
    settings: CompressSettings,
    format: Format,
    *,
    map: Map = map,
    token: object = None,
    progress: Progress = silent,
    spread: Spread | None = None,
) -> Compressed:
    """Compress as `codec.chunks.compress_chunked` does, with settings that were checked.

    Parameters
    ----------
    source, sink, format, map
        As for `codec.chunks.compress_chunked`.
    settings : CompressSettings
        Its other arguments.
    token : object, optional
        What tells the source from others, in values of JSON: with it among the facts, labels of
        another are not continued.
    progress : callable
        ``progress(done, total)`` is told how many blocks were counted or labeled, of how many; a
        picture that is looked at in between is not finished later than that says by much.
    spread : callable, optional
        Gets the blocks, and returns those that are asked and labeled in their place.

    Returns
    -------
    compressed : Compressed
    """
    check_settings(settings)
    into: Sink = sink if hasattr(sink, "begin") else ArraySink(sink)
    if hasattr(into, "check"):
        height, width, channels = (*getattr(source, "shape", ()), 1, 1, 1)[:3]
        into.check(height, width, channels)
    checksum = None if hasattr(source, "check_unchanged") else Checksum()
    token = getattr(source, "token", None) if token is None else token
    task = _Task(into, settings, {}, progress, checksum)
    if token is not None and getattr(into, "resumes", False):
        task.more_facts["source"] = token
    try:
        written = _write_labels(source, task, format, map, spread)
        # By now the colors are let go of, and there is room to read back what was written.
        return replace(written, paths=tuple(into.finish()))
    except BaseException:
        with contextlib.suppress(CodecError, OSError):  # what was raised first is to be heard
            into.abort()
        raise


def _write_labels(
    source: Any, task: "_Task", format: Format, map: Map, spread: Spread | None
) -> Compressed:
    """Find all labels and write them, to a sink that is not finished."""
    settings, kept = task.settings, None
    keeps = format.keeps_indices or settings.keep_order
    if keeps and (kept := _keep_indices(source, task, map, spread)):
        return kept
    blocks = cut_for(source, task.sink, settings, map, spread)
    found = survey(blocks, settings, task.progress, task.checksum)
    if getattr(task.sink, "resumes", False) and "source" not in task.more_facts:
        task.more_facts["source"] = _digest(found.histogram, task.checksum)
    if keeps:
        kept = _keep_values(blocks, found.histogram, task)
    return kept or _label(fit(found, blocks, settings, format), blocks, task)


def _digest(histogram: ColorHistogram, checksum: Checksum | None) -> str:
    """Tell a picture without a file from others."""
    digest = hashlib.sha256(histogram.colors.tobytes())
    digest.update(histogram.counts.tobytes())
    digest.update(str(checksum.total if checksum else "").encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class _Task:
    """Where labels go, how they are found, what is stored of that, and who hears of it."""

    sink: Sink
    settings: CompressSettings
    more_facts: dict[str, Any]
    progress: Progress
    checksum: Checksum | None = None  # of its pixels, where no file tells that it changed


def cut_for(
    source: Any,
    sink: Sink | None,
    settings: CompressSettings,
    map: Map,
    spread: Spread | None = None,
) -> Blocks:
    """Decide in which blocks a picture is read, and labels are written."""
    blocks = cut(source)
    pixels, block = blocks.height * blocks.width, sink.block if sink is not None else (1, 1)
    strip = strip_rows(blocks.width) if resolve_dither(settings, pixels) in DIFFUSED else 1
    whole_rows = block is None or strip > 1
    blocks = cut(source, sink_block=block, whole_rows=whole_rows, strip=strip, map=map)
    return spread(blocks) if spread is not None else blocks


def _label(fitted: Fitted, blocks: Blocks, task: _Task) -> Compressed:
    """Label all blocks with a codebook that was found."""
    settings = task.settings
    blocks.check_unchanged()
    counted, chosen = fitted.counted, fitted.chosen
    function = functools.partial(label_block, fitted.labeler, fitted.view, blocks.height)
    _write(
        blocks, function, task, fitted.codebook.words, fitted.codebook.dither, fitted.expected,
        diffuses=fitted.labeler.diffuses,
    )  # fmt: skip
    mse, worst_error = errors_of_colors(
        counted.histogram, chosen.codebook, chosen.color_labels, exact=settings.exact
    )
    return Compressed(
        codebook=fitted.codebook.words,
        lossless=chosen.is_all or (mse == 0 and not settings.exact),
        unique_colors=len(counted.histogram),
        unique_colors_after=int(np.count_nonzero(fitted.expected)),
        hidden_pixels=counted.hidden_pixels,
        engine=chosen.engine,
        mse=mse,
        worst_error=worst_error,
        dither="selective" if fitted.codebook.dither == "sparing" else fitted.codebook.dither,
    )


def facts_of(settings: CompressSettings, dither: str) -> dict[str, Any]:
    """Name the settings that a result depends on."""
    names = ("n_colors", "seed", "engine", "effort", "tune", "color_space", "exact")
    facts = {name: getattr(settings, name) for name in names}
    strength = 0.0 if dither == "none" else settings.dither_strength
    return facts | {"dither": dither, "dither_strength": strength}


def _write(
    blocks: Blocks,
    function: Callable[[Bytes, Inner, Block], Bytes],
    task: _Task,
    words: Bytes,
    dither: str,
    expected: npt.NDArray[np.int64],
    *,
    diffuses: bool = False,
) -> None:
    """Write the labels of all blocks that are not there, and see that they are the right ones."""
    sink = task.sink
    facts = facts_of(task.settings, dither) | task.more_facts
    sink.begin(blocks.height, blocks.width, words, facts)
    done, side = set(sink.done), sink.block
    number = len(blocks)  # which were counted

    def is_done(block: Block) -> bool:
        nonlocal number
        found = (
            bool(done)
            and side is not None
            and all(
                (y, x) in done
                for y in range(block.rows.start, block.rows.stop, side[0])
                for x in range(block.columns.start, block.columns.stop, side[1])
            )
        )
        number += found
        return found

    counts, again = np.zeros(256, dtype=np.int64), Checksum()
    if task.checksum is not None and blocks.streams and not done:
        function = functools.partial(_sum_up, function, again)
    else:
        again = task.checksum or again
    if blocks.writes:
        store = functools.partial(_store, function, sink)
        for _, stored in label_blocks(blocks, store, diffuses, is_done):
            counts += stored
            number += 1
            task.progress(number, 2 * len(blocks))
    else:
        for block, labels in label_blocks(blocks, function, diffuses, is_done):
            counts += count_labels(labels)
            sink.write(*block.origin, labels)
            number += 1
            task.progress(number, 2 * len(blocks))
    blocks.check_unchanged()
    same = task.checksum is None or again == task.checksum
    if not done and not (same and np.array_equal(counts, expected)):
        raise ImageError("the picture changed while it was read", "input-changed")


def _sum_up(
    function: Callable[[Bytes, Inner, Block], Bytes],
    checksum: Checksum,
    pixels: Bytes,
    inner: Inner,
    block: Block,
) -> Bytes:
    checksum.add(pixels[inner], block)
    return function(pixels, inner, block)


def _store(
    function: Callable[[Bytes, Inner, Block], Bytes],
    sink: Sink,
    pixels: Bytes,
    inner: Inner,
    block: Block,
) -> npt.NDArray[np.int64]:
    """Label a block where it is read, write that, and return how often each label is in it."""
    labels = function(pixels, inner, block)
    sink.write(*block.origin, labels)
    return count_labels(labels)


def _keep_indices(source: Any, task: _Task, map: Map, spread: Spread | None) -> Compressed | None:
    """Keep the palette indices of a source that has some, if they fit."""
    palette, indices = getattr(source, "palette", None), getattr(source, "indices", None)
    if palette is None or indices is None:
        return None
    size = len(palette)
    blocks = cut_for(indices, task.sink, task.settings, map, spread)
    histogram = count_blocks(blocks, task.progress, task.checksum).unpacked()
    if size > task.settings.n_colors:
        size = int(histogram.colors[-1, 0]) + 1
    return _keep(blocks, histogram, palette[:size], task)


def _keep_values(blocks: Blocks, histogram: ColorHistogram, task: _Task) -> Compressed | None:
    """Keep the values of a grey picture, if they fit."""
    if blocks.channels != 1:
        if task.settings.keep_order:
            check_order(None, task.settings.n_colors)
        return None
    codebook = np.arange(int(histogram.colors[-1, 0]) + 1, dtype=np.uint8)[:, None]
    return _keep(blocks, histogram, codebook, task)


def _keep(
    blocks: Blocks,
    histogram: ColorHistogram,
    codebook: Bytes,
    task: _Task,
) -> Compressed | None:
    """Take labels as a picture has them; see `codec.encoder.kept`."""
    settings = task.settings
    if settings.keep_order:
        check_order(GivenLabels(codebook[:, 0], codebook), settings.n_colors)
    if len(codebook) > settings.n_colors:
        return None
    if not are_met(settings.given, codebook):
        if settings.keep_order:
            raise not_all_there()
        return None
    if int(histogram.colors[-1, 0]) >= len(codebook):
        raise ImageError("an index is beyond the palette", "bad-palette")
    counts = np.zeros(256, dtype=np.int64)
    counts[histogram.colors[:, 0]] = histogram.counts
    used, hidden = counts[: len(codebook)] > 0, 0
    colors = len(distinct(codebook[used]))
    if not settings.exact:
        shown = without_hidden(codebook)
        hidden = int(counts[: len(codebook)][(shown != codebook).any(axis=1)].sum())
        codebook = shown
    _write(blocks, _values, task, codebook.copy(), "none", counts)
    return Compressed(
        codebook=codebook.copy(), lossless=True, unique_colors=colors,
        unique_colors_after=len(distinct(codebook[used])), hidden_pixels=hidden, engine="none",
        mse=0.0, worst_error=0, dither="none", as_given=True,
    )  # fmt: skip


def _values(pixels: Bytes, inner: Inner, block: Block) -> Bytes:
    return pixels[inner][..., 0].copy()
