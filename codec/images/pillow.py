"""JPEG, WebP, BMP, DIB and the parts of a TIFF: decoded by Pillow, to 8 bits a sample."""

import functools
import io
import struct
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError
from codec.images.decoders import load_whole, metadata_left_out
from codec.images.depth import Narrowing
from codec.images.orientation import find_orientation
from codec.images.profiles import convert_inks
from codec.images.records import Findings, Structure, other_size
from codec.images.texts import collect_texts

Pixels = npt.NDArray[np.uint8]


class Decoded(NamedTuple):
    """What Pillow made of a file.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        In the file's own color space, unless that is CMYK or Lab.
    profile : bytes or None
        The profile unless it was applied.
    conversions, notices, palette
        As `Findings` has them.
    """

    pixels: Pixels
    profile: bytes | None
    conversions: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    palette: Pixels | None = None


# Modes of Pillow that become another without loss, and those that lose or change something.
_PLAIN_MODES = {"1": "L", "L": "L", "LA": "LA", "RGB": "RGB", "RGBA": "RGBA", "RGBX": "RGB"}
_CONVERTED_MODES = {"YCbCr": "RGB", "HSV": "RGB", "RGBa": "RGBA", "La": "LA"}
_ALPHA_MODES = {"L": "LA", "RGB": "RGBA"}
_WEBP_CHUNKS = {"exif": "EXIF", "xmp": "XMP "}
# Pixels that are taken over at once, since Pillow copies them twice on the way.
_AT_ONCE = 1 << 20
# More than the headers and colors of a DIB take.
_HEAD_BYTES = 2048
# What Pillow's readers say of what is not theirs.
_NOT_THEIRS = (SyntaxError, LookupError, TypeError, struct.error)


def decode_webp(data: bytes, structure: Structure) -> tuple[Pixels, Findings]:
    """Decode the first picture of a WebP.

    Parameters
    ----------
    data : bytes
        The whole file.
    structure : Structure
        What its container says.

    Returns
    -------
    pixels : ndarray of shape (H, W, C), dtype uint8
        Not turned, in the file's own color space.
    findings : Findings
        What else is in the file.

    Raises
    ------
    ImageError, OSError
        It is damaged or ends early.
    """
    from PIL import _webp

    decoder = _webp.WebPAnimDecoder(data)
    info = decoder.get_info()
    size = info[0] if isinstance(info[0], tuple) else info[:2]
    if size != (structure.width, structure.height):
        raise other_size("WebP")
    profile = decoder.get_chunk("ICCP") or None
    metadata = {name: decoder.get_chunk(chunk) or b"" for name, chunk in _WEBP_CHUNKS.items()}
    frame = decoder.get_next()
    del decoder  # which holds the picture twice
    if frame is None:
        raise OSError("its first frame is damaged")
    layers = np.frombuffer(frame[0], dtype=np.uint8).reshape(size[1], size[0], 4)
    pixels = layers if info[-1] == "RGBA" else layers[:, :, :3]
    orientation = find_orientation(**metadata)
    left_out = metadata_left_out(metadata)
    read_texts = functools.partial(collect_texts, exif=metadata["exif"], xmp=metadata["xmp"])
    return np.array(pixels), Findings(
        structure, (), profile, orientation, left_out, read_texts=read_texts
    )


def decode_mode(
    kind: str, data: bytes, size: tuple[int, int], profile: bytes | None, lacking: bytes = b""
) -> Decoded:
    """Decode samples of every mode.

    Parameters
    ----------
    kind : str
        Of the file.
    data : bytes
        The file.
    size : tuple of (int, int)
        Width and height that it must have.
    profile : bytes or None
        ICC profile that goes with it.
    lacking : bytes
        What belongs before the first byte of the file, of which then `_HEAD_BYTES` are headers.

    Returns
    -------
    found : Decoded
        Pixels, and what was done to them.
    """
    from PIL import Image

    picture = _open(kind, lacking + data[:_HEAD_BYTES] if lacking else data)
    if picture.size != size:
        raise other_size(kind)
    mode, entries = picture.mode, _count_entries(picture)
    # Here, since some readers would first complain of a limit that others set.
    picture.im = Image.new(mode, size).im
    if kind == "TIFF":  # of which all that is asked for is there
        picture.load()
    else:
        load_whole(picture, data, len(lacking))
    if picture.size != size:
        raise other_size(kind)
    if mode == "P" and "transparency" not in picture.info:
        indices = _to_array(picture, "P")
        palette = palette_of(picture, max(entries, int(indices.max()) + 1))
        return Decoded(indices, profile, palette=palette)
    if mode == "1" and kind == "BMP":  # which stores black and white as a palette
        ends = np.array([[0], [255]], dtype=np.uint8)
        return Decoded(_to_array(picture, "L") // 255, profile, palette=ends)
    return _convert(picture, mode, profile)


def _count_entries(picture: Any) -> int:
    """Count the colors of a palette that was not yet loaded, as its file has it."""
    palette = picture.palette
    if picture.mode != "P" or palette is None:
        return 0
    return len(palette.palette) // (4 if palette.rawmode == "BGRX" else 3)


def palette_of(picture: Any, size: int) -> Pixels:
    """Look up what the indices of a paletted image mean, up to a number of them.

    Parameters
    ----------
    picture : PIL.Image.Image
        Of mode P.
    size : int
        At most 256; beyond its palette there is black.

    Returns
    -------
    palette : ndarray of shape (size, C), dtype uint8
        RGB, or RGBA if there is any transparency.
    """
    picture.load()
    row = picture._new(picture.im.crop((0, 0, size, 1)))  # with its palette
    row.putdata(range(size))
    transparent = "transparency" in picture.info or picture.palette.mode == "RGBA"
    palette: Pixels = np.asarray(row.convert("RGBA" if transparent else "RGB"))[0]
    return palette


def _open(kind: str, data: bytes) -> Any:
    """Open a file with the reader of its kind, of which Pillow would ask several."""
    from PIL.BmpImagePlugin import BmpImageFile
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.TiffImagePlugin import TiffImageFile

    reader: Any = {
        "JPEG": JpegImageFile,
        "BMP": BmpImageFile,
        "TIFF": TiffImageFile,
    }[kind]
    try:
        return reader(io.BytesIO(data))
    except _NOT_THEIRS as error:
        # There are many kinds of TIFF; of the others, all are read.
        reason = "unsupported" if kind == "TIFF" else "damaged"
        raise ImageError(
            f"the {kind} is of a kind that cannot be read, or damaged", reason
        ) from error


def _convert(picture: Any, mode: str, profile: bytes | None) -> Decoded:
    if mode in ("CMYK", "LAB"):
        pixels, notices = convert_inks(_to_array(picture, mode), mode, profile)
        return Decoded(pixels, None, (f"converted from {mode} to sRGB",), notices)
    if mode.startswith("I;16"):
        narrow = Narrowing(16)
        return Decoded(narrow(np.asarray(picture)), profile, narrow.conversions, narrow.notices)
    target = target_mode(mode, has_transparency="transparency" in picture.info)
    changes = (f"converted from {mode} to {target}",) if mode in _CONVERTED_MODES else ()
    return Decoded(_to_array(picture, target), profile, changes)


def target_mode(mode: str, *, has_transparency: bool) -> str:
    """Choose the mode of 8 bits that holds what an image of a mode shows.

    Parameters
    ----------
    mode : str
        Of Pillow; not CMYK, LAB or one of 16 bits.
    has_transparency : bool
        Whether a color is declared transparent.

    Returns
    -------
    target : {'L', 'LA', 'RGB', 'RGBA'}

    Raises
    ------
    ImageError
        Samples are not integers of 8 bits.
    """
    if mode == "PA" or (mode == "P" and has_transparency):
        return "RGBA"
    if mode == "P":
        return "RGB"
    if mode in _CONVERTED_MODES:
        return _CONVERTED_MODES[mode]
    if mode not in _PLAIN_MODES:
        raise ImageError(f"samples of kind {mode!r} are not 8- or 16-bit integers", "bad-dtype")
    target = _PLAIN_MODES[mode]
    return _ALPHA_MODES.get(target, target) if has_transparency else target


def _to_array(picture: Any, mode: str) -> Pixels:
    """Convert a picture to a mode and an array, some rows at a time."""
    width, height = picture.size
    step = max(1, _AT_ONCE // width)
    if step >= height:
        return np.array(picture if picture.mode == mode else picture.convert(mode))
    pixels: Pixels | None = None
    for top in range(0, height, step):
        box = (0, top, width, min(top + step, height))
        # As `crop`, which would complain of a limit that others set.
        rows = picture._new(picture.im.crop(box))
        part = np.asarray(rows if rows.mode == mode else rows.convert(mode))
        if pixels is None:
            pixels = np.empty((height, *part.shape[1:]), dtype=np.uint8)
        pixels[top : top + len(part)] = part
    assert pixels is not None  # noqa: S101 - no picture is without rows
    return pixels
