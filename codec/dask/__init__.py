"""Pictures in arrays of Dask, and files for a cluster; needs the extra ``dask``.

The codebook and all labels are those of `codec.compress`, bit for bit, whatever the chunks, the
number of workers, and how many of them are lost on the way.

>>> import codec
>>> import dask.array as da                              # doctest: +SKIP
>>> array = da.from_zarr("slide.zarr")                   # doctest: +SKIP
>>> codebook = codec.dask.fit(array, 64)                 # doctest: +SKIP
>>> labels = codec.dask.labels(array, codebook)          # doctest: +SKIP
>>> labels.to_zarr("labels.zarr")                        # doctest: +SKIP
>>> shown = codec.dask.decompress(labels, codebook)      # doctest: +SKIP

Colors are counted in tasks of 16 to 64 million pixels and summed up on the workers; the sum, at
most 128 MiB of an RGB picture, comes to whoever asks, who trains. Let workers have one thread
each (``--nthreads 1``) and set ``KMCODEC_THREADS=1`` for them.
"""

from typing import Any, Unpack

import numpy as np
import numpy.typing as npt

from codec.colors.lookup import look_up
from codec.dask.blocks import check_array, cut_array
from codec.dask.far import compress_far
from codec.dask.options import FitOptions
from codec.dask.workers import PATIENCE, Progress, Workers, load_dask
from codec.encoder.chunked import check_settings, keep_values, survey
from codec.encoder.chunked import fit as fit_blocks
from codec.encoder.given import Colors, check_given
from codec.encoder.labeling import DIFFUSED, Codebook
from codec.encoder.steps import resolve_dither
from codec.encoder.streaming import Compressed
from codec.errors import ImageError, ParameterError
from codec.formats.registry import format_named
from codec.limits import MAX_CODEBOOK_SIZE
from codec.options import (
    DEFAULT_FORMAT,
    ColorSpaceChoice,
    DepthChoice,
    DitherChoice,
    EffortChoice,
    EngineChoice,
    FormatChoice,
    TuneChoice,
)
from codec.settings import CompressSettings

__all__ = ["compress", "compress_files", "decompress", "fit", "labels"]

Bytes = npt.NDArray[np.uint8]

# Labels of all 2**24 colors take the time of those of so many pixels: of a block's, a quarter or
# less are different. (With OkLab that is seconds.)
_TABLE_FROM = 1 << 26


def fit(
    array: Any,
    n_colors: int = MAX_CODEBOOK_SIZE,
    *,
    client: Any = None,
    seed: int = 0,
    engine: EngineChoice = "auto",
    effort: EffortChoice = "default",
    tune: TuneChoice = "visual",
    color_space: ColorSpaceChoice | None = None,
    exact: bool = False,
    dither: DitherChoice = "none",
    dither_strength: float = 1.0,
    codebook: Bytes | None = None,
    keep: Colors = (),
    palette_depth: DepthChoice | None = None,
    format: FormatChoice = DEFAULT_FORMAT,
    patience: float = PATIENCE,
    progress: Progress | None = None,
) -> Codebook:
    """Find the codebook of a picture in an array of Dask; computes at once.

    Parameters
    ----------
    array : dask.array.Array of shape (H, W) or (H, W, C), dtype uint8
        The picture, in any chunks. It is computed once to count its colors, and once more if
        ``tune='visual'`` finds colors that cover a hundredth of it, or signals; with
        ``dither='ordered'`` once more.
    n_colors : int
        Largest size of the codebook, K, 1 to 256.
    client : distributed.Client, optional
        Of a cluster; by default what `dask.compute` would use.
    seed, engine, effort, tune, color_space, exact, dither_strength
        See `codec.compress`.
    dither : {'none', 'ordered'}
        See `codec.compress`. Errors are diffused along whole rows, which `compress_files` does.
    codebook, keep, palette_depth, format
        See `codec.compress`.
    patience : float
        Seconds without any worker, at the start or later, after which that is an error.
    progress : callable, optional
        ``progress(done, total)`` is called after each task. The total grows with each pass.

    Returns
    -------
    codebook : Codebook
        Its `words` are those of `codec.compress`, and so are the labels it gives.

    Raises
    ------
    ImageError
        `array` is no array of Dask, no picture of 8 bits, or does not know its size.
    ParameterError
        As `codec.compress`; or an option takes the picture in memory, or whole rows.
    ClusterError
        There are no workers (``no-workers``), or they die of a part of the picture
        (``worker-killed``).
    ImportError
        Dask is not installed.

    Examples
    --------
    >>> import dask.array as da                                      # doctest: +SKIP
    >>> codec.dask.fit(da.zeros((50, 60, 3), dtype="uint8")).words   # doctest: +SKIP
    array([[0, 0, 0]], dtype=uint8)
    """
    settings = CompressSettings(
        n_colors=n_colors, seed=seed, engine=engine, effort=effort, tune=tune,
        color_space=color_space, exact=exact, dither=dither, dither_strength=dither_strength,
        given=check_given(codebook, keep, palette_depth, n_colors),
    )  # fmt: skip
    check_settings(settings)
    workers = Workers(client, patience, progress)
    check_array(array)
    _check_dither(resolve_dither(settings, int(array.shape[0]) * int(array.shape[1])))
    blocks, asked = cut_array(array, workers), format_named(format)
    found = survey(blocks, settings)
    kept = keep_values(found.histogram, blocks, settings, asked)
    return kept or fit_blocks(found, blocks, settings, asked).codebook


def labels(array: Any, codebook: Codebook) -> Any:
    """Label a picture in an array of Dask; lazy.

    Parameters
    ----------
    array : dask.array.Array of shape (H, W) or (H, W, C), dtype uint8
        Any picture whose channels say no more than the code-words' do.
    codebook : Codebook
        From `fit`, or `codec.chunks.train`.

    Returns
    -------
    labels : dask.array.Array of shape (H, W), dtype uint8
        Less than K; in the chunks of `array`. Of a large picture, the labels of all colors that
        there are become a task of their own, whose 16 MiB each worker gets once.

    Raises
    ------
    ImageError
        `array` is no array of Dask, no picture of 8 bits, or does not know its size. Where its
        blocks have colors or alpha that code-words have not, computing raises this.
    ParameterError
        The codebook is for error diffusion.
    ImportError
        Dask is not installed.

    Examples
    --------
    >>> codec.dask.labels(array, codebook).to_zarr("labels.zarr")  # doctest: +SKIP
    """
    dask = load_dask()
    check_array(array)
    _check_dither(codebook.dither)
    given: Any = codebook
    if codebook.dither == "none" and array.shape[0] * array.shape[1] >= _TABLE_FROM:
        given = dask.delayed(_prepared, pure=True)(codebook)
    options: dict[str, Any] = {"dtype": np.uint8, "meta": np.empty((0, 0), dtype=np.uint8)}
    if array.ndim == 3:
        array, options["drop_axis"] = array.rechunk({2: -1}), 2
    if codebook.dither == "none":
        return array.map_blocks(_label, given, **options)
    return array.map_blocks(_label_there, given, **options)


def _prepared(codebook: Codebook) -> Codebook:
    codebook.prepare()
    return codebook


def _label(pixels: Bytes, codebook: Codebook) -> Bytes:
    return codebook.label(pixels)


def _label_there(pixels: Bytes, codebook: Codebook, block_info: Any = None) -> Bytes:
    rows, columns = block_info[0]["array-location"][:2]
    return codebook.label(pixels, (rows[0], columns[0]))


def _check_dither(dither: str) -> None:
    if dither in DIFFUSED:
        raise ParameterError(
            f"dither {dither!r} takes whole rows, and arrays of Dask are in chunks: none or "
            "ordered do not; codec.dask.compress_files reads whole rows",
            "dither",
        )


def compress(
    array: Any, n_colors: int = MAX_CODEBOOK_SIZE, **options: Unpack[FitOptions]
) -> tuple[Any, Codebook]:
    """Compress a picture in an array of Dask: the codebook at once, labels lazily.

    Parameters
    ----------
    array, n_colors, **options
        As for `fit`.

    Returns
    -------
    labels : dask.array.Array of shape (H, W), dtype uint8
        As of `labels`.
    codebook : Codebook
        As of `fit`.

    Raises
    ------
    ImageError, ParameterError, ClusterError, ImportError
        As `fit`.

    Examples
    --------
    >>> labels, codebook = codec.dask.compress(array, 64)  # doctest: +SKIP
    """
    codebook = fit(array, n_colors, **options)
    return labels(array, codebook), codebook


def decompress(labels: Any, codebook: "Codebook | Bytes") -> Any:
    """Turn labels in an array of Dask into pixels; lazy.

    Parameters
    ----------
    labels : dask.array.Array of shape (H, W), dtype uint8
        From `labels`, or stored since.
    codebook : Codebook, or ndarray of shape (K, C), dtype uint8
        Its code-words; all labels must be less than K.

    Returns
    -------
    pixels : dask.array.Array of shape (H, W, C), or (H, W) if C = 1, dtype uint8
        Those of `codec.decompress`, in the chunks of `labels`.

    Raises
    ------
    ImageError
        `labels` are none, or `codebook` is not of this shape. Where a label is K or more,
        computing raises this.
    ImportError
        Dask is not installed.

    Examples
    --------
    >>> codec.dask.decompress(labels, codebook)[:512, :512].compute()  # doctest: +SKIP
    """
    load_dask()
    check_array(labels)
    words = codebook.words if isinstance(codebook, Codebook) else np.asarray(codebook)
    if labels.ndim != 2:
        raise ImageError(f"labels must have shape (H, W), not {labels.shape}", "bad-shape")
    if words.ndim != 2 or words.dtype != np.uint8 or not 1 <= words.shape[1] <= 4:
        raise ImageError(
            f"a codebook is uint8 of shape (K, C), not {words.dtype} of {words.shape}", "bad-shape"
        )
    channels = words.shape[1]
    if channels == 1:
        meta = np.empty((0, 0), dtype=np.uint8)
        return labels.map_blocks(_decode, words, dtype=np.uint8, meta=meta)
    meta = np.empty((0, 0, 0), dtype=np.uint8)
    return labels.map_blocks(
        _decode, words, dtype=np.uint8, meta=meta, new_axis=2,
        chunks=(*labels.chunks, (channels,)),
    )  # fmt: skip


def _decode(labels: Bytes, words: Bytes) -> Bytes:
    try:
        pixels = look_up(words, labels)
    except IndexError as error:
        raise ImageError(f"these labels have another codebook: {error}", "bad-label") from error
    return pixels[..., 0] if words.shape[1] == 1 else pixels


def compress_files(
    source: Any,
    sink: Any,
    n_colors: int = MAX_CODEBOOK_SIZE,
    *,
    client: Any = None,
    seed: int = 0,
    engine: EngineChoice = "auto",
    effort: EffortChoice = "default",
    tune: TuneChoice = "visual",
    color_space: ColorSpaceChoice | None = None,
    exact: bool = False,
    dither: DitherChoice = "none",
    dither_strength: float = 1.0,
    codebook: Bytes | None = None,
    keep: Colors = (),
    palette_depth: DepthChoice | None = None,
    format: FormatChoice = DEFAULT_FORMAT,
    patience: float = PATIENCE,
    progress: Progress | None = None,
) -> Compressed:
    """Compress one large picture, whose file workers read and whose labels they write.

    Parameters
    ----------
    source : object
        As for `codec.chunks.compress_chunked`, and it can be pickled: workers open it for
        themselves, and so all must see the file under the same name.
    sink : object
        Where labels go, in blocks. It is begun here, and pickled then: all must see its folder.
    n_colors, client, seed, engine, effort, tune, color_space, exact, dither_strength
        As for `fit`.
    dither : {'none', 'ordered', 'fs', 'selective'}
        See `codec.compress`. The last two read whole rows.
    codebook, keep, palette_depth, format, patience, progress
        As for `fit`.

    Returns
    -------
    compressed : Compressed
        The codebook, the files written, and how it went.

    Raises
    ------
    ImageError
        The source is no picture of 8 bits; or it changed while it was read (``input-changed``);
        or tiles of it are damaged (``damaged``): all others were read before, and the message
        names them. Nothing is finished then.
    ParameterError
        As `fit`; or one of the two can be read or written from its beginning alone.
    ClusterError, ImportError
        As `fit`.

    Examples
    --------
    >>> codec.dask.compress_files(source, sink, client=client)  # doctest: +SKIP
    """
    settings = CompressSettings(
        n_colors=n_colors, seed=seed, engine=engine, effort=effort, tune=tune,
        color_space=color_space, exact=exact, dither=dither, dither_strength=dither_strength,
        given=check_given(codebook, keep, palette_depth, n_colors),
    )  # fmt: skip
    workers = Workers(client, patience, progress)
    return compress_far(source, sink, settings, format_named(format), workers)
