"""What is in a compressed file."""

from pathlib import Path
from typing import Any

from codec.files import display_name
from codec.formats.contents import Contents
from codec.formats.files import load_contents
from codec.limits import MAX_PIXELS
from codec.reports.report import FileReport
from codec.stopwatch import Stopwatch

_UNVERIFIED = "written without a seal: whether labels and codebook belong together is unverified"


def describe_file(source: Path, *, max_pixels: int = MAX_PIXELS) -> FileReport:
    """Tell what is in a compressed file.

    Parameters
    ----------
    source : Path
        A label PNG, an npz, an indexed PNG or a kmc.
    max_pixels : int
        Largest picture that is accepted.

    Returns
    -------
    report : FileReport
        Size, K, C, bytes by part and ratios; the original is unknown.

    Raises
    ------
    CodecError
        The file cannot be read.
    """
    watch = Stopwatch()
    contents = load_contents(source, max_pixels=max_pixels)
    return FileReport(
        display_name(source),
        **contents_facts(contents),
        notices=contents_notices(contents),
        seconds=watch.seconds,
    )


def contents_facts(contents: Contents) -> dict[str, Any]:
    """Collect what a compressed file says of itself, as a report names it."""
    indexed = contents.indexed
    return {
        "format": contents.format,
        "part_bytes": contents.part_bytes,
        "width": indexed.width,
        "height": indexed.height,
        "channels": indexed.channels,
        "n_colors": indexed.n_colors,
        "verified": contents.verified,
    }


def contents_notices(contents: Contents) -> tuple[str, ...]:
    """Say what a user should know of a compressed file."""
    return () if contents.verified else (_UNVERIFIED,)
