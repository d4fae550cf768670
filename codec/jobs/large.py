"""Pictures larger than memory, or for formats of such: from a file to a file, block by block."""

import functools
import importlib
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from codec.encoder.blocks import Progress, silent
from codec.encoder.chunked import check_settings
from codec.encoder.streaming import Compressed, compress_blocks
from codec.errors import (
    CodecError,
    FileError,
    ImageError,
    LimitError,
    ParameterError,
    not_imported,
)
from codec.files import check_source, display_name
from codec.files.temporaries import remove_outputs
from codec.formats.large.opening import open_sink
from codec.formats.registry import Format
from codec.images.reading import read_image
from codec.images.records import SourceImage
from codec.images.sources.arrays import Folder, is_zarr
from codec.images.sources.base import PixelSource
from codec.images.sources.opening import open_source
from codec.limits import MAX_PIXELS
from codec.reports.colors import write_colors
from codec.reports.report import NOT_SMALLER, FileReport
from codec.settings import CompressSettings, ReadOptions, WriteOptions
from codec.stopwatch import Stopwatch

Pixels = npt.NDArray[np.uint8]

# Of refusals that say that a picture does not fit into memory.
_TOO_LARGE = ("pixel-limit", "side-limit", "file-too-large")
# Of refusals that say that a picture is read whole, if at all.
_WHOLE_ALONE = ("no-stream", "missing-dependency")
# What is not measured of a picture in blocks.
NOT_MEASURED = "SSIM and color difference are not measured block by block"


def is_for_blocks(error: CodecError, max_pixels: int) -> bool:
    """Tell whether a picture that was refused is to be read block by block.

    Parameters
    ----------
    error : CodecError
        Why it was.
    max_pixels : int
        The most that is wanted in memory. Whoever allows fewer pixels than is usual wants larger
        pictures refused.
    """
    return (
        isinstance(error, LimitError) and error.reason in _TOO_LARGE and max_pixels >= MAX_PIXELS
    )


def is_store(path: Path) -> bool:
    """Tell whether a path is a folder of Zarr, which is as good as a file."""
    return is_zarr(os.fspath(path))


def check_options(settings: CompressSettings, **given: object) -> None:
    """Refuse what takes a picture in memory.

    Parameters
    ----------
    settings : CompressSettings
        How it is to be compressed.
    **given
        Options, and what was given for them.

    Raises
    ------
    ParameterError
        One of them does; reason ``chunked``.
    """
    for name, value in given.items():
        if value is not None and value is not False:
            raise ParameterError(
                f"--{name.replace('_', '-')} takes the picture in memory, and this one is "
                "compressed in blocks", "chunked",
            )  # fmt: skip
    check_settings(settings)


@dataclass(frozen=True, eq=False)
class Held:
    """A picture in memory, where a source is wanted.

    Parameters
    ----------
    image : SourceImage
        The picture.
    token : tuple of int
        Size and time of its file.
    """

    image: SourceImage
    token: tuple[int, ...]
    dtype: ClassVar[np.dtype[np.uint8]] = np.dtype(np.uint8)

    @property
    def shape(self) -> tuple[int, ...]:
        """That of its pixels."""
        return self.image.pixels.shape

    def __getitem__(self, key: Any) -> Pixels:
        return np.asarray(self.image.pixels[key])

    def __getattr__(self, name: str) -> Any:
        if name == "image":  # of a copy that is being made
            raise AttributeError(name)
        return getattr(self.image, name)

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """See `close`."""


def open_pixels(
    path: Path, reading: ReadOptions, too_large: CodecError | None = None
) -> "PixelSource | Held":
    """Open a picture of which parts are read; one that is only read whole, if memory allows it.

    Parameters
    ----------
    path : Path
        A picture file, or a folder of Zarr.
    reading : ReadOptions
        How it is read.
    too_large : CodecError, optional
        Why it is not read whole, which is all that is to be said of what is no picture.

    Returns
    -------
    source : PixelSource or Held
        A context that closes it.

    Raises
    ------
    CodecError
        It cannot be read, or not in parts and is too large to be read whole.
    """
    try:
        return open_source(path, first_frame=reading.first_frame)
    except ImageError as error:
        if too_large and error.reason == "unknown-format":
            raise too_large from None
        if too_large or error.reason not in _WHOLE_ALONE or is_store(path):
            raise
        status = os.stat(path)
        try:
            image = read_image(path, **asdict(reading))
        except LimitError:
            raise error from None
        return Held(image, (status.st_size, status.st_mtime_ns))


def compress_large(
    source: Path,
    target: Path,
    format: Format,
    settings: CompressSettings,
    reading: ReadOptions,
    writing: WriteOptions,
    *,
    measure: bool = False,
    progress: Progress = silent,
    scheduler: str | None = None,
    too_large: CodecError | None = None,
    **given: object,
) -> FileReport:
    """Compress one picture of any size, block by block.

    Parameters
    ----------
    source, target, format, settings, reading, writing
        As for `codec.jobs.compress.compress_file`.
    measure : bool
        Say that it is not measured.
    progress : callable
        Told how many blocks were done, of how many.
    scheduler : str, optional
        Address of the one of a Dask cluster, whose workers read and write the picture.
    too_large : CodecError, optional
        Why it does not fit into memory, if that is why this is called.
    **given
        Options that take a picture in memory, and what was given for them.

    Returns
    -------
    report : FileReport
        Status ``ok``, or ``skipped`` if the result is larger and that was not wanted.

    Raises
    ------
    CodecError
        The input or the output is at fault, or an option takes the picture in memory; nothing
        was written, but a `.zarr` that another run goes on with.
    """
    watch = Stopwatch()
    reading = replace(reading, keep_texts=False, keep_profile=False)  # of which it keeps nothing
    if format.name == "kmc":
        raise LimitError(
            f"{too_large or 'too large for memory'}, and a .kmc is not written in blocks: "
            ".zarr, .tif, .labels.png, .npz and .png are",
            too_large.reason if too_large else "pixel-limit",
        )
    check_options(settings, scale_range=reading.scale_range, **given)
    if not is_store(source):
        check_source(source)
    _check_apart(source, target)
    if writing.skip_if_larger and writing.force and os.path.lexists(target):
        raise ParameterError(
            "--skip-if-larger cannot keep what --force replaces block by block", "chunked"
        )
    with open_pixels(source, reading, too_large) as pixels:
        # Workers of a cluster are in other folders.
        place = target if scheduler is None else target.absolute()
        sink = open_sink(place, format.name, force=writing.force, effort=settings.effort)
        from codec.formats.large.rows import RowSink  # which open_sink has imported

        if isinstance(sink, RowSink):
            sink.claim = writing.claim
        height, width, channels = (*pixels.shape, 1)[:3]
        sink.check(height, width, channels)
        token = list(pixels.token) if sink.resumes else None
        with watch.stage("blocks"):
            if scheduler is None:
                done = compress_blocks(
                    pixels, sink, settings, format, token=token, progress=progress
                )
            else:
                done = _compress_at(scheduler)(
                    pixels, sink, settings, format, token=token, progress=progress
                )
        report = _report(source, pixels, done, format, settings)
    if measure:
        report = replace(report, notices=(*report.notices, NOT_MEASURED))
    report = replace(report, seconds=watch.seconds, stage_seconds=watch.stages)
    size = report.compressed_bytes or 0
    if writing.skip_if_larger and size >= pixels.size_bytes:
        remove_outputs(done.paths)
        return replace(report, status="skipped", outputs=(), error=NOT_SMALLER, reason="larger")
    if size <= pixels.size_bytes:
        return report
    return replace(report, notices=(*report.notices, "the result is larger than the file"))


def _compress_at(scheduler: str) -> Callable[..., Compressed]:
    """Import what asks a cluster, and only then Dask."""
    check_dask()
    from codec.dask.far import compress_at

    return functools.partial(compress_at, scheduler)


def check_dask() -> None:
    """Refuse to ask a cluster where Dask is not installed, or cannot be imported."""
    try:
        importlib.import_module("dask")
    except ImportError as error:
        cure = '--scheduler needs Dask: pip install "kmcodec[dask]"'
        raise ParameterError(not_imported(error, "dask", cure), "not-installed") from error


def _check_apart(source: Path, target: Path) -> None:
    """Refuse an output in an input that is a folder, or one that replaces the folder of it."""
    places = [os.path.realpath(path) for path in (source, target)]
    if os.path.commonpath(places) in places:
        raise FileError(
            f"the output {display_name(target)} and the input {display_name(source)} are one in "
            "the other", "collision",
        )  # fmt: skip


def _report(
    source: Path,
    pixels: "PixelSource | Held",
    done: Compressed,
    format: Format,
    settings: CompressSettings,
) -> FileReport:
    height, width = pixels.shape[:2]
    size, channels = done.codebook.shape
    names = ("codebook", "labels") if len(done.paths) == 2 else ("file",)
    return FileReport(
        display_name(source),
        outputs=tuple(display_name(path) for path in done.paths),
        original_bytes=pixels.size_bytes,
        format=format.name,
        part_bytes=dict(zip(names, map(size_of, done.paths), strict=True)),
        width=width,
        height=height,
        channels=channels,
        n_colors=size,
        colors=write_colors(done.codebook),
        verified=True,
        n_colors_asked=settings.n_colors,
        codebook_from=settings.codebook_from if settings.given.codebook is None else "given",
        unique_colors=done.unique_colors,
        unique_colors_after=done.unique_colors_after,
        lossless=done.lossless and not pixels.conversions,
        converted=tuple(pixels.conversions),
        mse=done.mse,
        worst_error=done.worst_error,
        engine=done.engine,
        dither=done.dither,
        rate_distortion=0.0,
        notices=tuple(_notices(pixels, done, format)),
    )


def _notices(pixels: "PixelSource | Held", done: Compressed, format: Format) -> list[str]:
    found = list(pixels.notices)
    if done.hidden_pixels:
        found.append(
            f"the hidden colors of {done.hidden_pixels} fully transparent pixels "
            "are not kept (--exact keeps them)"
        )
    palette = pixels.palette
    if not (palette is None or done.as_given or np.array_equal(palette, done.codebook)):
        cure = "" if format.keeps_indices else " (--keep-order keeps them)"
        found.append(f"palette indices are renumbered{cure}")
    count = pixels.shape[0] * pixels.shape[1]
    if count > MAX_PIXELS and not format.piecewise:
        found.append(
            f"kmcodec reads it with --max-pixels {count}, all at once (.zarr and .tif in parts)"
        )
    return found


def size_of(path: Path) -> int:
    """Tell how many bytes a file has, or all files of a folder.

    Raises
    ------
    FileError
        It is gone.
    """
    try:
        return Folder(os.fspath(path)).size if path.is_dir() else path.stat().st_size
    except OSError as error:
        raise FileError(f"{display_name(path)} is gone", "not-found") from error
