"""What a picture could have become: bytes and quality at other sizes of codebook."""

from collections.abc import Sequence
from dataclasses import replace

from codec.encoder.sizes import sketch_sizes
from codec.formats.registry import FORMATS
from codec.images.records import SourceImage
from codec.options import DEFAULT_FORMAT
from codec.reports.curves import Point
from codec.reports.report import FileReport
from codec.settings import CompressSettings, Given, Targets

_SIZES = (4, 8, 16, 32, 64, 128, 256)


def sketch_curve(
    image: SourceImage, reports: Sequence[FileReport], settings: CompressSettings
) -> list[Point]:
    """Tell about bytes and quality at other sizes, from one training and without encoding.

    Parameters
    ----------
    image : SourceImage
        The picture.
    reports : sequence of FileReport
        What it became; the first file of ours says which format is meant, and how far bytes are
        from what is usual.
    settings : CompressSettings
        How it is compressed, but for K.

    Returns
    -------
    curve : list of Point
        Nothing where a codebook was given, or training takes long.
    """
    if settings.engine != "native" or settings.given.codebook is not None:
        return []
    ours = next((report for report in reports if report.format in FORMATS), None)
    format = FORMATS[ours.format if ours and ours.format else DEFAULT_FORMAT]
    own = replace(settings, effort="fast", targets=Targets(), given=Given())
    sizes = {*_SIZES}
    if ours and ours.n_colors:
        sizes.add(ours.n_colors)
    found = {each.size: each for each in sketch_sizes(image, own, sorted(sizes), format)}
    known = found.get(ours.n_colors) if ours and ours.n_colors else None
    factor = 1.0
    if known and ours and ours.compressed_bytes:
        factor = ours.compressed_bytes / known.usual_bytes
    return [
        Point(f"K = {size}", round(factor * each.usual_bytes), each.mse)
        for size, each in found.items()
        if size in _SIZES
    ]
