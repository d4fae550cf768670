"""Results under the names of their pictures, in another directory or in place of them.

Whoever opens a file by its name finds a picture of the kind that the name says: what cannot be
compressed to that, or would not get smaller, is there as it was.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from codec.errors import CodecError, FileError, ImageError, LimitError
from codec.files import (
    Claim,
    check_source,
    check_targets,
    display_name,
    read_file,
    read_start,
    write_files,
)
from codec.files.digests import content_digest
from codec.formats.files import is_marked
from codec.formats.registry import FORMATS
from codec.images.kinds import EXTENSIONS, START_BYTES, recognize
from codec.jobs.collisions import PlannedFile
from codec.jobs.marks import check_unchanged
from codec.jobs.ours import RECURSIVE, is_ours
from codec.reports.report import FileReport
from codec.reports.text import format_bytes
from codec.settings import WriteOptions
from codec.stopwatch import Stopwatch

# What is compressed under its own name.
FORMAT = FORMATS["png"]
# What a picture may be, and stays as it is.
_STAY = ("several-frames", "rounded")
# Why it does, if it is the result of a run before.
MADE = "compressed-already"


def compress_dropin(
    planned: PlannedFile,
    writing: WriteOptions,
    compress: Callable[[WriteOptions], FileReport],
    max_pixels: int,
    *,
    must_shrink: bool = True,
) -> FileReport:
    """Compress one picture to a file of its name, or let that be the picture as it is.

    Parameters
    ----------
    planned : PlannedFile
        The picture, and the file of the same name, or the same file.
    writing : WriteOptions
        Whether outputs in another directory are replaced; in place, whether what kmcodec made is
        compressed again.
    compress : callable
        Does it as it is told, to `FORMAT`; pictures for blocks raise `LimitError`.
    max_pixels : int
        Largest picture that is read.
    must_shrink : bool
        Whether a result that is not smaller is left. Where code-words are given, it is wanted for
        them.

    Returns
    -------
    report : FileReport
        Status ``ok``; ``copied``, or in place ``unchanged``, with the reason.

    Raises
    ------
    CodecError
        The picture or the output is at fault; nothing was written.
    """
    watch = Stopwatch()
    source, target = planned.source, planned.target
    in_place = source == target
    check_source(source, RECURSIVE)
    if in_place:
        again = writing.force
        writing = replace(writing, force=True, claim=_unless_changed(source))
    else:
        again = not must_shrink
        check_targets([target], force=writing.force)
    why = _why_as_it_is(source, in_place=in_place and not writing.only_tell)
    if not why and not again and _is_made_by_kmcodec(source, max_pixels):
        # Compressed once more, it would lose more every time.
        cure = " (force=True compresses it again)" if in_place else ""
        why = FileError(f"kmcodec made it{cure}", MADE)
    if not why:
        try:
            report = compress(replace(writing, skip_if_larger=must_shrink))
        except ImageError as error:
            if error.reason not in _STAY:
                raise
            why = error
        except LimitError as error:
            from codec.jobs.large import is_for_blocks

            if not is_for_blocks(error, max_pixels):
                raise
            why = LimitError(f"{error} (alone, it is compressed in blocks)", error.reason)
        else:
            if report.status == "ok" and writing.only_tell:
                return replace(report, status="could-shrink", error=_saving(report))
            if report.status == "ok":
                return report
            why = CodecError(report.error or "", report.reason or "")
    report = FileReport(
        display_name(source), status="unchanged" if in_place else "copied",
        error=str(why), reason=why.reason,
    )  # fmt: skip
    size = os.stat(source).st_size
    if not in_place:
        data = read_file(source)
        write_files([(target, data)], force=writing.force, claim=writing.claim)
        size = len(data)
        report = replace(report, outputs=(display_name(target),))
    return replace(report, original_bytes=size, part_bytes={"file": size}, seconds=watch.seconds)


def _why_as_it_is(source: Path, *, in_place: bool) -> CodecError | None:
    """Tell why a picture is not even tried."""
    kind = _kind_of(source)
    if kind != "PNG":
        return FileError(f"it is a {kind} by its name, and kmcodec writes PNGs", "other-kind")
    if in_place and os.path.islink(source):
        return FileError("it is behind a symbolic link", "symlink")
    return None


def _kind_of(path: Path) -> str:
    """Tell the kind of a picture by its name, or by its first bytes if that says nothing."""
    ending = path.suffix.lower()
    kind = next((kind for kind, names in EXTENSIONS.items() if ending in names), "")
    return kind or recognize(read_start(path, START_BYTES)[0])


def _saving(report: FileReport) -> str:
    before, after = report.input_bytes or 0, report.output_bytes or 0
    look = f", {report.psnr_db:.1f} dB" if report.psnr_db else ""
    return (
        f"{format_bytes(before)} → {format_bytes(after)}, "
        f"{100 * (before - after) // before} % less{look}"
    )


def _is_made_by_kmcodec(path: Path, max_pixels: int) -> bool:
    try:
        return is_marked(path, max_pixels=max_pixels) or is_ours(path, max_pixels)
    except CodecError:  # which is said of it later
        return False


def _unless_changed(source: Path) -> Claim:
    """Make what refuses to replace a picture that has changed since it was read."""
    before = content_digest(source)
    return lambda path, content: check_unchanged(source, before)
