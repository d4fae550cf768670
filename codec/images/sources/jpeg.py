"""JPEG some rows at a time, with libvips, of the extra ``vips``.

Its decoder is libjpeg-turbo like that of Pillow, with the same inverse transform and the same
interpolation of colors: the same pixels in all pictures that were tried. What a file says of them
is found by ourselves.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError
from codec.files.views import FileView
from codec.images.jpeg import describe_jpeg, is_in_one_scan, jpeg_structure
from codec.images.records import other_size
from codec.images.sources.base import no_stream
from codec.images.sources.rows import RowSource
from codec.limits import check_dimensions, check_part

Pixels = npt.NDArray[np.uint8]

_STRIP_BYTES = 4 << 20
# Rows that JPEG codes together, with colors of half the resolution.
_CODED_ROWS = 16


class JpegSource(RowSource):
    """A JPEG that is neither progressive nor in several scans, nor of inks.

    Parameters
    ----------
    view : FileView
        The file.

    Raises
    ------
    ImageError
        It is damaged, of another kind, or pyvips is not installed (``missing-dependency``).
    """

    def __init__(self, view: FileView) -> None:
        structure = jpeg_structure(view)
        check_dimensions(structure.width, structure.height, 1 << 32)
        if structure.stored == "CMYK" or structure.bits != 8:
            raise no_stream("a JPEG of inks or of more than 8 bits")
        if not is_in_one_scan(view):
            raise no_stream("a JPEG that is progressive or in several scans")
        findings = describe_jpeg(view, structure)
        if findings.orientation[0] in range(3, 9):
            raise no_stream("a JPEG that is to be turned")
        self._pyvips = _import_pyvips()
        self._path, self._size = view.path, (structure.height, structure.width)
        channels = self._open().bands
        view.check_unchanged()
        rows = max(1, _STRIP_BYTES // (structure.width * channels * _CODED_ROWS)) * _CODED_ROWS
        check_part(rows * structure.width * channels, "a strip of the JPEG")
        self._rows = min(rows, structure.height)
        super().__init__(view, findings, channels, (self._rows, structure.width))

    def _open(self) -> Any:
        picture = self._pyvips.Image.jpegload(self._path, access="sequential", fail_on="error")
        if (picture.height, picture.width) != self._size:
            raise other_size("JPEG")
        if picture.format != "uchar" or picture.bands not in (1, 3):
            raise no_stream("a JPEG of this kind")
        return picture

    def _decode(self) -> Iterator[Pixels]:
        picture = self._open()
        region = self._pyvips.Region.new(picture)
        height, width = self._size
        for top in range(0, height, self._rows):
            rows = min(self._rows, height - top)
            data = region.fetch(0, top, width, rows)
            yield np.frombuffer(data, dtype=np.uint8).reshape(rows, width, picture.bands)


def _import_pyvips() -> Any:
    try:
        import pyvips
    except (ImportError, OSError) as error:  # the latter without libvips
        raise ImageError(
            'reading a JPEG a part at a time needs pyvips (pip install "kmcodec[vips]"), '
            "or raise max_pixels so that it is read whole",
            "missing-dependency",
        ) from error
    return pyvips
