"""What is in a compressed file."""

from pathlib import Path

from codec.files import display_name
from codec.formats.files import load_contents
from codec.jobs.compress import clocked, describe
from codec.limits import MAX_PIXELS
from codec.reports.report import FileReport


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
    report = FileReport(display_name(source))
    with clocked(report):
        contents = load_contents(source, max_pixels=max_pixels)
        describe(report, contents)
        report.output_bytes = contents.size_bytes
        report.set_sizes(contents.size_bytes)
    return report
