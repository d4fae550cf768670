"""Compressed files to picture files."""

from pathlib import Path

from codec.decompressor import decompress
from codec.files import check_source, check_targets, display_name, write_files
from codec.formats.files import load_contents
from codec.images.writing import PROFILED_EXTENSIONS, encode_image, holds_exactly
from codec.jobs.info import contents_facts, contents_notices
from codec.limits import MAX_PIXELS
from codec.reports.report import FileReport
from codec.stopwatch import Stopwatch


def decompress_file(
    source: Path,
    target: Path,
    *,
    codebook: Path | None = None,
    force: bool = False,
    max_pixels: int = MAX_PIXELS,
    require_seal: bool = False,
) -> FileReport:
    """Decompress one compressed file into an image file.

    Parameters
    ----------
    source : Path
        A label PNG, an npz, an indexed PNG or a kmc.
    target : Path
        The image; its extension chooses the kind.
    codebook : Path, optional
        The codebook of a label PNG, if it is not beside it.
    force : bool
        Replace an existing output.
    max_pixels : int
        Largest picture that is accepted.
    require_seal : bool
        Refuse what has no seal.

    Returns
    -------
    report : FileReport
        Status ``ok``.

    Raises
    ------
    CodecError
        The input or the output is at fault; nothing was written.
    """
    watch = Stopwatch()
    check_source(source)
    check_targets([target], force=force)
    with watch.stage("read"):
        contents = load_contents(
            source, codebook_path=codebook, max_pixels=max_pixels, require_seal=require_seal
        )
    facts, notices = contents_facts(contents), list(contents_notices(contents))
    with watch.stage("decode"):
        pixels = decompress(contents.indexed)
    profile = contents.profile
    del contents  # its labels: the picture is being encoded in their place
    extension = target.suffix.lower()
    with watch.stage("encode"):
        data = encode_image(pixels, extension, profile)
        if not holds_exactly(data, extension, pixels):
            notices.append(
                f"{extension} is lossy here: the written pixels differ from the decoded ones"
            )
        if profile and extension not in PROFILED_EXTENSIONS:
            notices.append(f"{extension} files hold no ICC profile: it is not written")
    with watch.stage("write"):
        write_files([(target, data)], force=force)
    return FileReport(
        display_name(source),
        outputs=(display_name(target),),
        decoded_bytes=len(data),
        **facts,
        notices=tuple(notices),
        seconds=watch.seconds,
        stage_seconds=watch.stages,
    )
