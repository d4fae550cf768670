"""Picture files to compressed files."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from codec.compressor import compress_with_details
from codec.decompressor import decompress
from codec.encoder.blocks import Progress, silent
from codec.encoder.steps import Compression
from codec.errors import CodecError, FileError, ImageError, LimitError, TargetError
from codec.files import check_source, check_targets, display_name, write_files
from codec.formats.checking import encode_checked
from codec.formats.registry import Format
from codec.images.depth import are_rounded
from codec.images.reading import read_image
from codec.images.records import SourceImage
from codec.jobs.info import contents_facts, contents_notices
from codec.jobs.metadata import text_notices
from codec.jobs.ours import RECURSIVE
from codec.jobs.train import SharedCodebook, check_not_needed
from codec.reports.quality import quality_facts, shortfall, worst_facts
from codec.reports.report import NOT_SMALLER, FileReport
from codec.settings import CompressSettings, ReadOptions, WriteOptions
from codec.stopwatch import Stopwatch

if TYPE_CHECKING:  # which imports what makes pages
    from codec.jobs.pages import Page


def compress_file(
    source: Path,
    target: Path,
    format: Format,
    settings: CompressSettings,
    reading: ReadOptions,
    writing: WriteOptions,
    *,
    share: float | None = None,
    measure: bool = False,
    locate: bool = False,
    shared: SharedCodebook | None = None,
    weights: npt.NDArray[np.uint8] | None = None,
    page: "Page | None" = None,
    progress: Progress = silent,
    scheduler: str | None = None,
    stands_in: bool = False,
) -> FileReport:
    """Compress one picture file.

    Parameters
    ----------
    source : Path
        The picture.
    target : Path
        The file that names the output; a pair's codebook goes beside it.
    format : Format
        How it is stored.
    settings, reading, writing
        How it is compressed and read, and whether the output is written.
    share : float, optional
        The most bytes, as a part of those of the picture's file; a target like those of
        `settings`.
    measure : bool
        Measure SSIM and color difference too, which may take longer than compressing.
    locate : bool
        Look up where the largest error is.
    shared : SharedCodebook, optional
        The file of the codebook, which was given: it is written first, and left out of the
        output; of a format that has a `shared_name`.
    weights : ndarray of shape (H, W), optional
        See `codec.compress`.
    page : Page, optional
        What shows the result, written together with it; it needs both, `measure` and `locate`.
    progress : callable
        Told how many blocks were done, of how many, if the picture is compressed in blocks, as
        one that is too large for memory, or for a format that is only written so.
    scheduler : str, optional
        Address of the one of a Dask cluster, for a format that is written in blocks by anybody.
    stands_in : bool
        The output is to stand where the picture stood, however many there are: refuse one whose
        samples would be rounded to 8 bits, or that would be compressed in blocks.

    Returns
    -------
    report : FileReport
        Status ``ok``, or ``skipped`` if the result is larger and that was not wanted, or if a
        target cannot be met.

    Raises
    ------
    CodecError
        The input or the output is at fault; nothing was written.
    """
    watch = Stopwatch()

    def in_blocks(too_large: CodecError | None = None) -> FileReport:
        # What few pictures need takes as long to import as a small one to compress.
        from codec.jobs.large import compress_large

        return compress_large(
            source, target, format, settings, reading, writing, measure=measure and not page,
            progress=progress, scheduler=scheduler, too_large=too_large, max_bytes=share,
            weights=weights, shared_codebook=shared, html=page,
        )  # fmt: skip

    if format.piecewise or _is_folder_of_pixels(source):
        return in_blocks()
    paths = format.files(target)[-1:] if shared else format.files(target)
    check_targets([*paths, *([page.path] if page else [])], force=writing.force)
    with watch.stage("read"):
        try:
            image = read_image(source, **vars(reading))
        except LimitError as error:
            from codec.jobs.large import is_for_blocks

            if stands_in or not is_for_blocks(error, reading.max_pixels):
                raise
            return in_blocks(error)
    if stands_in and are_rounded(image.conversions):
        raise ImageError(f"its samples of {image.bits} bits would be rounded to 8", "rounded")
    if share is not None:
        most = max(int(share * image.size_bytes), 1)
        settings = replace(settings, targets=replace(settings.targets, max_bytes=most))
    try:
        details = compress_with_details(
            image, settings, format=format, watch=watch, weights=weights
        )
    except TargetError as error:
        return FileReport(
            display_name(source),
            status="skipped",
            original_bytes=image.size_bytes,
            **target_facts(settings),
            notices=tuple(image.notices),
            seconds=watch.seconds,
            stage_seconds=watch.stages,
            error=str(error),
            reason=error.reason,
        )
    with watch.stage("encode"):
        options = {"shared": True} if shared else {}
        files, contents = encode_checked(
            format, details.indexed, settings.effort, encoded=details.files, **options
        )
        if shared:
            files = files[-1:]
            parts = {part: n for part, n in contents.part_bytes.items() if part != "codebook"}
            contents = replace(contents, part_bytes=parts)
    report = FileReport(
        display_name(source),
        outputs=tuple(display_name(path) for path in paths),
        original_bytes=image.size_bytes,
        **contents_facts(contents),
        **compression_facts(details, settings, image.conversions),
        notices=(
            *image.notices,
            *hidden_notices(details),
            *text_notices(image.metadata.texts, format.title, holds=format.holds_texts),
            *index_notices(image, details, format, settings),
            *contents_notices(contents),
        ),
        seconds=watch.seconds,
        stage_seconds=watch.stages,
    )
    if writing.skip_if_larger and contents.size_bytes >= image.size_bytes:
        return replace(report, status="skipped", outputs=(), error=NOT_SMALLER, reason="larger")
    if contents.size_bytes > (1 - writing.shrink) * image.size_bytes and writing.skip_if_larger:
        said = f"the result would be smaller by less than {100 * writing.shrink:g} %"
        return replace(report, status="skipped", outputs=(), error=said, reason="hardly-smaller")
    errors = details.mse, details.worst_error
    if said := shortfall(writing.look, image.pixels, contents.indexed, *errors):
        return replace(report, status="skipped", outputs=(), error=said, reason="target")
    if writing.only_tell:
        return replace(report, outputs=())
    if contents.size_bytes > image.size_bytes:
        report = replace(report, notices=(*report.notices, "the result is larger than the file"))
    if contents.metadata.profile and page:
        raise ImageError(
            "the page would show colors of its profile as sRGB (kmcodec report makes one that "
            "does not)", "profile",
        )  # fmt: skip
    if contents.metadata.profile and not report.lossless:
        said = "measured as if the colors were sRGB"
        report = replace(report, notices=(*report.notices, said))
    if locate:
        worst = worst_facts(
            image.pixels, contents.indexed, exact=settings.exact, known=details.worst_error
        )
        report = replace(report, **worst)
    if measure:
        with watch.stage("measure"):
            decoded = decompress(contents.indexed)
            report = replace(report, **quality_facts(image.pixels, decoded))
    outputs = list(zip(paths, files, strict=True))
    for path, data in outputs:
        check_not_needed(path, data, paths, reading.max_pixels)
    if shared:
        shared.write(writing.claim)
    if page:
        with watch.stage("page"):
            page.begin(source, image)
            page.add(report, paths[-1].name, contents.indexed, settings)
            page.write(*outputs, claim=writing.claim)
    else:
        with watch.stage("write"):
            write_files(outputs, force=writing.force, claim=writing.claim)
    return replace(report, seconds=watch.seconds)


def _is_folder_of_pixels(source: Path) -> bool:
    """Tell a folder of Zarr from a file, and refuse all else."""
    try:
        check_source(source, RECURSIVE)
    except FileError as error:
        if error.reason != "is-directory":
            raise
        from codec.jobs.large import is_store

        if is_store(source):
            return True
        raise
    return False


def compression_facts(
    details: Compression, settings: CompressSettings, conversions: tuple[str, ...]
) -> dict[str, Any]:
    """Collect how a picture was read and compressed, as a report names it."""
    return {
        "n_colors_asked": settings.n_colors,
        "codebook_from": (settings.codebook_from if settings.given.codebook is None else "given"),
        "unique_colors": details.unique_colors,
        "unique_colors_after": details.unique_colors_after,
        "lossless": details.lossless and not conversions,
        "converted": conversions,
        "mse": details.mse,
        "worst_error": details.worst_error,
        "engine": details.engine,
        "dither": details.dither,
        "rate_distortion": details.rate_distortion,
        "encodings": details.encodings or None,
        "choice": details.choice,
        **target_facts(settings),
    }


def target_facts(settings: CompressSettings) -> dict[str, Any]:
    """Collect what was asked for, as a report names it."""
    asked = {
        name: value
        for name, value in vars(settings.targets).items()
        if value is not None and value is not False
    }
    return {"targets": asked or None}


def hidden_notices(details: Compression) -> tuple[str, ...]:
    """Say what became of hidden colors."""
    if not details.hidden_pixels:
        return ()
    return (
        f"the hidden colors of {details.hidden_pixels} fully transparent pixels "
        "are not kept (--exact keeps them)",
    )


def index_notices(
    image: SourceImage, details: Compression, format: Format, settings: CompressSettings
) -> tuple[str, ...]:
    """Say if palette indices are not what they were, and what keeps them."""
    if image.indices is None or image.palette is None or details.as_given:
        return ()
    size = len(image.palette)
    if details.indexed.n_colors == size and np.array_equal(details.indexed.labels, image.indices):
        return ()
    if size > settings.n_colors:
        size = int(image.indices.max()) + 1
    cures = [] if format.keeps_indices else ["--keep-order"]
    if size > settings.n_colors:
        cures.append(f"-k {size}")
    cure = f" ({' '.join(cures)} keeps them)" if cures else ""
    return (f"palette indices are renumbered{cure}",)
