"""A PNG as a picture: its colors, its transparency, and what it says of both.

Our own decoder takes half the time of Pillow, which is not even imported; it keeps
16 bits until they are rounded, and gives each pixel of the transparent color its transparency.
"""

import functools
import struct
import zlib
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError
from codec.images.decoders import metadata_left_out
from codec.images.depth import Narrowing
from codec.images.orientation import first_orientation
from codec.images.pngtexts import find_metadata, png_texts
from codec.images.profiles import DAMAGED
from codec.images.records import Findings, Structure, check_frames
from codec.images.stated import profile_of_png
from codec.limits import MAX_PNG_PROFILE_BYTES
from codec.png.reading import GREY, INDEXED, RGB, TEXTS, PngFile, read_png
from codec.png.samples import Samples, decode_samples, decode_strips

Pixels = npt.NDArray[np.uint8]


def png_size(start: bytes) -> tuple[int, int] | None:
    """Find width and height in the first 33 bytes of a PNG; None if they are damaged."""
    if zlib.crc32(start[12:29]) != int.from_bytes(start[29:33], "big"):
        return None
    width, height = struct.unpack_from(">II", start, 16)
    return width, height


def decode_png(
    data: bytes, max_pixels: int, *, first_frame: bool = False, scale_range: bool = False
) -> tuple[Pixels, Findings]:
    """Decode a PNG of any kind.

    Parameters
    ----------
    data : bytes
        The whole file.
    max_pixels : int
        Largest picture that is accepted.
    first_frame : bool
        Take the picture that every reader shows of an animation, which is otherwise refused.
    scale_range : bool
        Stretch colors of 16 bits to all of their range.

    Returns
    -------
    pixels : ndarray of shape (H, W, C), dtype uint8
        Not turned, in the file's own color space. A transparent color became an alpha channel.
        If it has a palette, indices of shape (H, W).
    findings : Findings
        What else is in the file.

    Raises
    ------
    FormatError
        The container or its rows are damaged.
    ImageError
        Its colors are damaged, or it is an animation.
    LimitError
        It is larger than allowed.
    """
    passed_over: list[str] = []
    png = read_png(data, max_pixels, passed_over=passed_over)
    structure = structure_of(png)
    conversions: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    if png.header.depth == 16:
        narrow = Narrowing(16, 1 if png.header.samples < 3 else 3)
        if scale_range:
            for _, part in decode_strips(png):
                narrow.look(part, _visible(png, part))
            narrow.stretch()
        pixels = _narrowed(png, narrow)
        conversions, exact = narrow.conversions, narrow.notices
        check_frames(structure, first_frame)
    else:
        samples = decode_samples(png)
        check_frames(structure, first_frame)
        pixels = to_pixels(png, samples)
    highest = int(pixels.max()) if is_indexed(png) else 0
    findings = describe(png, structure, highest)
    if passed_over or exact or conversions:
        findings = replace(
            findings, structure=replace(structure, notices=tuple(passed_over)),
            notices=(*exact, *findings.notices), conversions=conversions,
        )  # fmt: skip
    return pixels, findings


def describe(png: PngFile, structure: Structure, highest: int = 0) -> Findings:
    """Find what a PNG says of its colors, and what else is in it.

    Parameters
    ----------
    png : PngFile
        From `read_png`.
    structure : Structure
        From `structure_of`.
    highest : int
        Of the indices of its pixels, if it has a palette.

    Returns
    -------
    findings : Findings
        All that needs no pixels.
    """
    profile, notices = _stated_profile(png)
    metadata = find_metadata(png)
    left_out = metadata_left_out({name.split()[0].lower(): True for name, _ in metadata})
    if png.chunks.keys() & set(TEXTS):
        left_out += ("text",)
    orientation = first_orientation(metadata)
    palette = palette_of_png(png, highest)
    read_texts = functools.partial(png_texts, png)
    return Findings(
        structure, notices, profile, orientation, left_out, palette=palette, read_texts=read_texts
    )


def is_indexed(png: PngFile) -> bool:
    """Tell whether pixels are indices into a palette."""
    return png.header.color_type == INDEXED


def structure_of(png: PngFile) -> Structure:
    """Tell size, frames and samples of a PNG."""
    animation = png.chunks.get(b"acTL", b"")
    frames = struct.unpack_from(">I", animation)[0] if len(animation) >= 4 else 1
    stored = "palette" if png.header.color_type == INDEXED else ""
    return Structure(
        "PNG", png.header.width, png.header.height, max(1, frames),
        stored=stored, bits=png.header.depth,
    )  # fmt: skip


def _narrowed(png: PngFile, narrow: Narrowing) -> Pixels:
    """Decode samples of 16 bits, of which only a few rows are there at a time."""
    header = png.header
    pixels: Pixels | None = None
    for place, samples in decode_strips(png):
        part = to_pixels(png, samples, narrow)
        if pixels is None:
            pixels = np.empty((header.height, header.width, part.shape[2]), dtype=np.uint8)
        pixels[place] = part
    assert pixels is not None  # noqa: S101 - no picture is without rows
    return pixels


def to_pixels(png: PngFile, samples: Samples, narrow: Narrowing | None = None) -> Pixels:
    """Turn samples, of all rows or of some, into colors of 8 bits, or into indices."""
    header = png.header
    if header.color_type == INDEXED:
        return samples[:, :, 0].astype(np.uint8, copy=False)
    opacity = _opacity(png, samples)
    if narrow:
        pixels = narrow(samples, None if opacity is None else opacity > 0)
    elif header.depth == 8:
        pixels = samples.astype(np.uint8, copy=False)
    else:
        pixels = (samples * np.uint8(255 // (2**header.depth - 1))).astype(np.uint8)
    return pixels if opacity is None else np.dstack([pixels, opacity])


def _opacity(png: PngFile, samples: Samples) -> Pixels | None:
    """Find the pixels of the transparent color, if there is one."""
    header, key = png.header, png.chunks.get(b"tRNS")
    if key is None or header.color_type not in (GREY, RGB):
        return None
    if len(key) != 2 * header.samples:
        raise ImageError("the PNG's transparent color is damaged", "damaged")
    # Bits that samples of this depth do not have must be ignored.
    transparent = np.frombuffer(key, dtype=">u2") & (2**header.depth - 1)
    visible = (samples != transparent).any(axis=2)
    return np.asarray(visible.view(np.uint8) * np.uint8(255))


def _visible(png: PngFile, samples: Samples) -> npt.NDArray[np.bool_] | None:
    opacity = _opacity(png, samples)
    return None if opacity is None else opacity > 0


def palette_of_png(png: PngFile, highest: int) -> Pixels | None:
    """Take the colors of a palette, with alpha if there is any; beyond it there is black."""
    if png.header.color_type != INDEXED:
        return None
    stored = png.plte or b""
    size, needed = len(stored) // 3, highest + 1
    if needed > size and png.passed_over is not None:
        png.passed_over.append(f"pixels beyond the PNG's palette of {size} colors are black")
    colors = np.frombuffer(stored.ljust(3 * 256, b"\0"), dtype=np.uint8).reshape(-1, 3)
    if b"tRNS" in png.chunks:
        alphas = png.chunks[b"tRNS"][:256].ljust(256, b"\xff")
        colors = np.column_stack([colors, np.frombuffer(alphas, dtype=np.uint8)])
    return colors[: max(size, needed)]


def _stated_profile(png: PngFile) -> tuple[bytes | None, tuple[str, ...]]:
    """Find the ICC profile that is stored or that numbers ask for; say so if there is none."""
    stated, told = profile_of_png(png.chunks)
    if stated is not None:
        return stated or None, told
    chunk = png.chunks[b"iCCP"]
    _, _, packed = chunk.partition(b"\0")
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(packed[1:], MAX_PNG_PROFILE_BYTES)
    except zlib.error:
        profile = b""
    if not profile or not inflater.eof:
        return None, (*told, DAMAGED)
    return profile, told
