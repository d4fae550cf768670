"""TIFF pages that Pillow would misread: 16-bit colors, which it cuts to 8, and unusual samples."""

import io
from contextlib import ExitStack
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError
from codec.images.containers import Findings, other_size
from codec.images.depth import ROUNDED, scale_16_bits
from codec.images.orientation import turn_upright

Pixels = npt.NDArray[np.uint8]
# Values of a TIFF's ExtraSamples, and tags that become metadata.
_UNSPECIFIED, _PREMULTIPLIED = 0, 1
_TIFF_METADATA = {"Orientation": 274, "icc_profile": 34675, "exif": 34665, "xmp": 700}


def open_page(data: bytes, findings: Findings, stack: ExitStack) -> Any:
    """Find the page to decode, and refuse what Pillow would misread.

    Parameters
    ----------
    data : bytes
        The file.
    findings : Findings
        Which page; its notices are told what will be changed.
    stack : ExitStack
        Closes the file.

    Returns
    -------
    page : tifffile.TiffPage
        Of 1-, 8- or 16-bit samples.

    Raises
    ------
    ImageError
        The samples are of another kind, or the page has another size than its container says.
    """
    import tifffile

    page = stack.enter_context(tifffile.TiffFile(io.BytesIO(data))).pages[findings.index]
    size = page.imagewidth, page.imagelength, page.imagedepth
    if size != (findings.width, findings.height, 1):
        raise other_size("TIFF")
    kind = np.dtype(page.dtype) if page.dtype is not None else None
    if kind is not None and kind not in (np.uint8, np.uint16, np.bool_):
        raise ImageError(
            f"its samples are {kind}, not unsigned integers of 8 or 16 bits", "bad-dtype"
        )
    if kind == np.uint16 and page.bitspersample != 16:
        raise ImageError(f"its samples have {page.bitspersample} bits, not 8 or 16", "bad-dtype")
    if _UNSPECIFIED in page.extrasamples:
        findings.notices.append("extra samples of unknown meaning are not kept")
    if _PREMULTIPLIED in page.extrasamples:
        findings.notices.append("colors premultiplied by alpha are divided by it")
    return page


def is_wide(page: Any) -> bool:
    """Tell the TIFFs of 16 bits that Pillow would cut to 8, or show as their negative."""
    return bool(page.dtype == np.uint16 and (page.samplesperpixel > 1 or page.photometric == 0))


def decode_wide(page: Any, findings: Findings) -> tuple[Pixels, dict[str, Any]]:
    """Decode a TIFF of 16-bit samples, and read its metadata as Pillow names them.

    Parameters
    ----------
    page : tifffile.TiffPage
        One that `is_wide`.
    findings : Findings
        Told what is changed.

    Returns
    -------
    pixels : ndarray of shape (H, W, C), dtype uint8
        Turned upright, straight alpha.
    metadata : dict
        Orientation, profile, EXIF and XMP.

    Raises
    ------
    ImageError
        The colors are neither grey nor RGB, or compressed in a way that is not supported.
    """
    tags = {name: page.tags.valueof(code) for name, code in _TIFF_METADATA.items()}
    metadata = {name: value for name, value in tags.items() if value is not None}
    colors, count = {0: 1, 1: 1, 2: 3}.get(page.photometric), page.samplesperpixel
    if colors is None or count not in (colors, colors + 1):
        raise ImageError("a TIFF of this kind is not read at 16 bits", "unsupported")
    try:
        samples = np.require(page.asarray(), requirements="W")
    except (KeyError, ValueError) as error:
        if "imagecodecs" not in str(error):
            raise
        raise ImageError("a TIFF so compressed is not read at 16 bits", "unsupported") from error
    if page.planarconfig == 2 and count > 1:
        samples = np.moveaxis(samples, 0, -1)
    samples = samples.reshape(findings.height, findings.width, count)
    if page.photometric == 0:
        samples[:, :, 0] ^= 65535
    if _PREMULTIPLIED in page.extrasamples:
        for row in samples:
            alpha = np.maximum(row[:, colors:].astype(np.float64), 1.0)
            row[:, :colors] = np.rint(np.minimum(row[:, :colors] * (65535.0 / alpha), 65535.0))
    if _UNSPECIFIED in page.extrasamples:
        samples = samples[:, :, :colors]
    findings.notices.append(ROUNDED)
    pixels = scale_16_bits(samples)
    return turn_upright(pixels, metadata.get("Orientation", 1)), metadata
