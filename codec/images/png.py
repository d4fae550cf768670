"""What Pillow does not do for PNGs: 16 bits, transparent colors, strict palettes and profiles."""

import struct
import zlib

import numpy as np
import numpy.typing as npt

from codec.colors.lookup import look_up
from codec.errors import ImageError
from codec.images.depth import ROUNDED, scale_16_bits
from codec.images.profiles import DAMAGED
from codec.limits import MAX_PNG_PROFILE_BYTES
from codec.png.reading import GREY, INDEXED, RGB, PngFile, decode_samples
from codec.png.writing import join_chunks

Pixels = npt.NDArray[np.uint8]
_XMP = b"XML:com.adobe.xmp\0\0"


def without_pixels(png: PngFile) -> bytes:
    """Put together a PNG of the same metadata and one grey pixel.

    Parameters
    ----------
    png : PngFile
        Any PNG.

    Returns
    -------
    data : bytes
        Header, EXIF, XMP and one row.
    """
    header = (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, GREY, 0, 0, 0))
    return join_chunks(
        [header, *_metadata(png), (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b"")]
    )


def has_metadata(png: PngFile) -> bool:
    """Tell whether a PNG holds EXIF or XMP, which may ask for an orientation."""
    return bool(_metadata(png))


def _metadata(png: PngFile) -> list[tuple[bytes, bytes]]:
    chunks = [(b"eXIf", png.chunks[b"eXIf"])] if b"eXIf" in png.chunks else []
    if _holds_xmp(png):
        chunks.append((b"iTXt", png.chunks[b"iTXt"]))
    return chunks


def _holds_xmp(png: PngFile) -> bool:
    return png.chunks.get(b"iTXt", b"").startswith(_XMP)


def has_text(png: PngFile) -> bool:
    """Tell whether a PNG holds texts other than XMP."""
    texts = png.chunks.keys() & {b"tEXt", b"zTXt", b"iTXt"}
    return bool(texts - {b"iTXt"} if _holds_xmp(png) else texts)


def stated_profile(png: PngFile, notices: list[str]) -> bytes | None:
    """Unpack the ICC profile of a PNG.

    Parameters
    ----------
    png : PngFile
        Any PNG.
    notices : list of str
        Told if there is one that cannot be unpacked.

    Returns
    -------
    profile : bytes or None
        As stored; None if there is none.
    """
    chunk = png.chunks.get(b"iCCP")
    if chunk is None:
        return None
    _, _, packed = chunk.partition(b"\0")
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(packed[1:], MAX_PNG_PROFILE_BYTES)
    except zlib.error:
        profile = b""
    if not profile or not inflater.eof:
        notices.append(DAMAGED)
        return None
    return profile


def _look_up_palette(png: PngFile, indices: Pixels) -> Pixels:
    """Turn the palette entries of an indexed PNG into colors.

    Parameters
    ----------
    png : PngFile
        An indexed PNG.
    indices : ndarray of shape (H, W), dtype uint8
        Its samples.

    Returns
    -------
    pixels : ndarray of shape (H, W, C), dtype uint8
        Grey if all entries in use are, with alpha if the palette has any.

    Raises
    ------
    ImageError
        A sample is beyond the palette.
    """
    colors = np.frombuffer(png.plte or b"", dtype=np.uint8).reshape(-1, 3)
    if indices.max() >= len(colors):
        raise ImageError(
            f"palette entry {indices.max()} is beyond the PNG's palette of {len(colors)}",
            "bad-palette",
        )
    if (colors == colors[:, :1])[np.unique(indices)].all():
        colors = colors[:, :1]
    if b"tRNS" in png.chunks:
        alphas = png.chunks[b"tRNS"][: len(colors)].ljust(len(colors), b"\xff")
        colors = np.column_stack([colors, np.frombuffer(alphas, dtype=np.uint8)])
    return look_up(colors, indices)


def decode_png(png: PngFile, notices: list[str], rows: Pixels | None = None) -> Pixels:
    """Decode a PNG of any kind.

    Parameters
    ----------
    png : PngFile
        From `read_png`.
    notices : list of str
        Told of 16-bit samples.
    rows : ndarray of dtype uint8, one-dimensional, optional
        What `inflate_rows` made of it, checked.

    Returns
    -------
    pixels : ndarray of shape (H, W, C), dtype uint8
        A transparent color became an alpha channel.

    Raises
    ------
    FormatError, ImageError
        The file is damaged.
    """
    samples = decode_samples(png, rows)
    header, key = png.header, png.chunks.get(b"tRNS")
    if header.color_type == INDEXED:
        return _look_up_palette(png, samples[:, :, 0].astype(np.uint8, copy=False))
    opacity = None
    if key is not None and header.color_type in (GREY, RGB):
        if len(key) != 2 * header.samples:
            raise ImageError("the PNG's transparent color is damaged", "damaged")
        # Bits that samples of this depth do not have must be ignored.
        transparent = np.frombuffer(key, dtype=">u2") & (2**header.depth - 1)
        opacity = np.where((samples == transparent).all(axis=2), 0, 255).astype(np.uint8)
    if header.depth == 16:
        pixels = scale_16_bits(samples)
        notices.append(ROUNDED)
    elif header.depth == 8:
        pixels = samples.astype(np.uint8, copy=False)
    else:
        pixels = (samples * np.uint8(255 // (2**header.depth - 1))).astype(np.uint8)
    return pixels if opacity is None else np.dstack([pixels, opacity])
