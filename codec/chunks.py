"""Pictures larger than memory: counted, trained for and labeled piece by piece.

The colors of a picture with their counts are all that k-means needs, whatever the number of
pixels, and counts of pieces add up: count (map), merge (reduce), train once, label (map). The
pieces may be blocks of one picture or many files, in threads, processes or on machines; the result
is that of `codec.compress`, bit for bit, whatever the pieces and the order of merging.

Two rules make it so. A color whose nearest code-words are equally near gets the one that is first
in lexicographic order, whatever the order in which they are stored. And this order is chosen from
rows that the size of the picture says.

>>> import numpy as np
>>> from codec import chunks
>>> big = np.random.default_rng(0).integers(0, 9, (90, 60, 3), dtype=np.uint8) * 25
>>> halves = [chunks.count(big[:50]), chunks.count(big[50:])]
>>> codebook = chunks.train(chunks.Histogram.merge(halves), 16, dither="none", source=big)
>>> bool((codebook.label(big[:50], origin=(0, 0)) < 16).all())
True
"""

import io
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.colors.tally import Histogram
from codec.encoder.chunked import (
    check_settings,
    count_blocks,
    fit,
    keep_values,
    plain_codebook,
    survey_counted,
)
from codec.encoder.cutting import cut
from codec.encoder.given import Colors, check_given
from codec.encoder.labeling import Codebook
from codec.encoder.picture import tell_colors
from codec.encoder.scene import UNSEEN
from codec.encoder.steps import choose_codebook
from codec.encoder.streaming import Compressed, compress_blocks, cut_for
from codec.errors import FormatError, ParameterError
from codec.files import read_file, write_files
from codec.formats.large.opening import open_sink
from codec.formats.registry import format_named, output_format_of
from codec.images.sources.opening import open_source
from codec.limits import MAX_CODEBOOK_SIZE
from codec.options import (
    DEFAULT_FORMAT,
    ColorSpaceChoice,
    DepthChoice,
    DitherChoice,
    EffortChoice,
    EngineChoice,
    FormatChoice,
    LargeFormatChoice,
    TuneChoice,
)
from codec.settings import CompressSettings

__all__ = [
    "Codebook", "Compressed", "Histogram", "compress_chunked", "count", "load_histogram",
    "open_source", "save_histogram", "train",
]  # fmt: skip

Map = Callable[..., Iterable[Any]]

_TOO_MANY = 2.0**62  # pixels; twice as many cannot be counted


def count(pixels: Any, *, map: Map = map) -> Histogram:
    """Count the colors of a picture, or of a piece of one.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8, or like one
        Anything that has `shape` and `dtype` and can be sliced: a NumPy array or memmap, an array
        of Zarr or h5py, what `open_source` or `codec.open` returns. It is read in blocks.
    map : callable
        What calls a function for each block: the built-in one, or that of an executor.

    Returns
    -------
    histogram : Histogram
        Exact; histograms of pieces add up, see `Histogram.merge`.

    Raises
    ------
    ImageError
        It is no picture of 8 bits.

    Examples
    --------
    >>> import numpy as np
    >>> from codec import chunks
    >>> chunks.count(np.array([[7, 7, 9]], dtype=np.uint8)).counts.tolist()
    [2, 1]
    """
    return count_blocks(cut(pixels, map=map))


def train(
    histogram: Histogram,
    n_colors: int = MAX_CODEBOOK_SIZE,
    *,
    source: Any = None,
    seed: int = 0,
    engine: EngineChoice = "auto",
    effort: EffortChoice = "default",
    tune: TuneChoice = "visual",
    color_space: ColorSpaceChoice | None = None,
    exact: bool = False,
    dither: DitherChoice | None = None,
    dither_strength: float = 1.0,
    codebook: npt.NDArray[np.uint8] | None = None,
    keep: Colors = (),
    palette_depth: DepthChoice | None = None,
    format: FormatChoice = DEFAULT_FORMAT,
    map: Map = map,
) -> Codebook:
    """Find the codebook of a picture whose colors were counted.

    Parameters
    ----------
    histogram : Histogram
        From `count`, or many of them merged.
    n_colors : int
        Largest size of the codebook, K, 1 to 256.
    source : ndarray or like one, optional
        The whole picture, as for `count`. With it the codebook is that of `codec.compress`, code-
        word for code-word: rows of it say in which order they stand, and with ``tune='visual'``
        how much errors show, which colors rule it and which are signals. Without it code-words
        ascend, all errors show alike, and only what the histogram tells counts.
    seed, engine, effort, tune, color_space, exact, dither, dither_strength
        See `codec.compress`. Nothing is dithered without `source`, but by ``ordered``.
    codebook, keep, palette_depth, format
        See `codec.compress`.
    map : callable
        As for `count`.

    Returns
    -------
    codebook : Codebook
        It labels any block; see `Codebook.label`.

    Raises
    ------
    ImageError, ParameterError
        As `codec.compress`.
    """
    settings = CompressSettings(
        n_colors=n_colors, seed=seed, engine=engine, effort=effort, tune=tune,
        color_space=color_space, exact=exact, dither=dither, dither_strength=dither_strength,
        given=check_given(codebook, keep, palette_depth, n_colors),
    )  # fmt: skip
    check_settings(settings)
    if source is not None:
        blocks = cut_for(source, None, settings, map)
        found, asked = survey_counted(blocks, histogram, settings), format_named(format)
        kept = keep_values(found.histogram, blocks, settings, asked)
        return kept or fit(found, blocks, settings, asked).codebook
    if settings.dither not in ("auto", "none", "ordered"):
        raise ParameterError(f"dither {settings.dither!r} takes the source", "dither")
    counted = tell_colors(histogram.unpacked(), settings, UNSEEN)
    chosen = choose_codebook(counted, settings)
    ordered = settings.dither == "ordered" and not chosen.is_all
    return plain_codebook(chosen, counted, "ordered" if ordered else "none", settings)


def compress_chunked(
    source: Any,
    sink: Any,
    n_colors: int = MAX_CODEBOOK_SIZE,
    *,
    seed: int = 0,
    engine: EngineChoice = "auto",
    effort: EffortChoice = "default",
    tune: TuneChoice = "visual",
    color_space: ColorSpaceChoice | None = None,
    exact: bool = False,
    dither: DitherChoice | None = None,
    dither_strength: float = 1.0,
    codebook: npt.NDArray[np.uint8] | None = None,
    keep: Colors = (),
    palette_depth: DepthChoice | None = None,
    format: LargeFormatChoice = DEFAULT_FORMAT,
    force: bool = False,
    map: Map = map,
) -> Compressed:
    """Compress a picture of any size, which is read and written block by block.

    Labels and codebook are those of `codec.compress`. Colors are counted in a first pass and
    labels found in a second; a picture with colors that cover a hundredth of it, or with signals
    (``tune='visual'``), is looked at once more in between, and so is one that is dithered.

    Parameters
    ----------
    source : ndarray or like one
        As for `count`. It must not change until this returns; where it does, that is an error.
    sink : path, or ndarray or like one, or a sink
        Where labels are written to: ``X.zarr``, ``X.tif``, ``X.labels.png``, ``X.npz`` or
        ``X.png``; or an array of shape (H, W), dtype uint8, that can be sliced.
    n_colors, seed, engine, effort, tune, color_space, exact, dither, dither_strength
        See `codec.compress`.
    codebook, keep, palette_depth, format
        See `codec.compress`; the format is that of the path, if there is one.
    force : bool
        Replace what is at the path.
    map : callable
        What calls a function for each block: the built-in one, or that of an executor of threads
        or processes, of Ray or MPI. Blocks are given out 16 at a time.

    Returns
    -------
    compressed : Compressed
        The codebook, and how it went.

    Raises
    ------
    ImageError
        The source is no picture of 8 bits, or changed while it was read.
    ParameterError
        As `codec.compress`; or an option takes the picture in memory.
    FileError
        The path is taken or cannot be written; there is nothing then, but a ``.zarr`` that is
        continued when the same is done again.

    Examples
    --------
    >>> import numpy as np
    >>> from codec import chunks
    >>> big = np.zeros((400, 300, 3), dtype=np.uint8)
    >>> labels = np.empty((400, 300), dtype=np.uint8)
    >>> chunks.compress_chunked(big, labels).codebook.tolist()
    [[0, 0, 0]]
    """
    settings = CompressSettings(
        n_colors=n_colors, seed=seed, engine=engine, effort=effort, tune=tune,
        color_space=color_space, exact=exact, dither=dither, dither_strength=dither_strength,
        given=check_given(codebook, keep, palette_depth, n_colors),
    )  # fmt: skip
    stored = format_named(format, or_large=True)
    if isinstance(sink, str | bytes | os.PathLike):
        stored = output_format_of(sink)
        sink = open_sink(sink, stored.name, force=force, effort=effort)
    token = getattr(source, "token", None) if getattr(sink, "resumes", False) else None
    token = list(token) if isinstance(token, tuple) else None
    return compress_blocks(source, sink, settings, stored, map=map, token=token)


def save_histogram(histogram: Histogram, path: str | os.PathLike[str]) -> None:
    """Save a histogram as a file that NumPy reads: an `.npz` of keys, counts and channels.

    Parameters
    ----------
    histogram : Histogram
        What to save.
    path : str or path-like
        Replaced if it exists; whole or not at all.

    Raises
    ------
    FileError
        It cannot be written.
    """
    data = io.BytesIO()
    np.savez_compressed(
        data, keys=histogram.keys, counts=histogram.counts, channels=np.uint8(histogram.channels)
    )
    write_files([(Path(path), data.getvalue())], force=True)


def load_histogram(path: str | os.PathLike[str]) -> Histogram:
    """Load a histogram that was saved.

    Parameters
    ----------
    path : str or path-like
        From `save_histogram`.

    Returns
    -------
    histogram : Histogram

    Raises
    ------
    FormatError
        The file is no histogram, or damaged.
    FileError, LimitError
        It cannot be read, or is too large.
    """
    data = read_file(path)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as members:
            keys, counts, channels = (members[name] for name in ("keys", "counts", "channels"))
        keys, counts = np.ascontiguousarray(keys), np.ascontiguousarray(counts)
        sound = (
            keys.dtype == np.uint32 and counts.dtype in (np.uint32, np.uint64)
            and keys.ndim == 1 and keys.shape == counts.shape and len(keys) > 0
            and channels.shape == () and channels in (1, 2, 3, 4)
            and bool((keys[1:] > keys[:-1]).all()) and bool((counts > 0).all())
            and int(keys[-1]) < 1 << 8 * int(channels)
            and float(counts.sum(dtype=np.float64)) < _TOO_MANY
        )  # fmt: skip
    except Exception as error:  # whatever NumPy says of damaged data
        raise FormatError("this is no histogram, or a damaged one", "bad-histogram") from error
    if not sound:
        raise FormatError("this is no histogram, or a damaged one", "bad-histogram")
    return Histogram(keys, counts, int(channels))
