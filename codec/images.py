"""Image files to pixels and back. The only module that imports imageio.

A file is read as bytes, recognized by its first ones, checked by `codec.containers`, and only
then decoded. Whatever is changed on the way or does not reach the pixels is said in a notice.
"""

import io
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.containers import Findings, examine
from codec.errors import CodecError, ImageError, ParameterError
from codec.files import read_file, write_files
from codec.formats.pngfile import (
    GREY,
    GREY_ALPHA,
    RGB,
    RGBA,
    write_png,
)
from codec.options import MAX_PIXELS
from codec.pngpixels import decode_png, needs_own_decoder, scale_16_bits
from codec.profiles import convert_inks, to_srgb
from codec.rowfilters import NONE, filter_rows

Pixels = npt.NDArray[np.uint8]

_EXTENSIONS = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "WebP": (".webp",),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "TIFF": (".tif", ".tiff"),
}
READABLE_EXTENSIONS = tuple(name for names in _EXTENSIONS.values() for name in names)
_ENCODER_OPTIONS: dict[str, dict[str, Any]] = {".webp": {"lossless": True, "exact": True}}
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
# Modes of Pillow that become another without loss, and those that lose or change something.
_PLAIN_MODES = {"1": "L", "L": "L", "LA": "LA", "RGB": "RGB", "RGBA": "RGBA", "RGBX": "RGB"}
_CONVERTED_MODES = {"CMYK": "RGB", "YCbCr": "RGB", "HSV": "RGB", "RGBa": "RGBA", "La": "LA"}
_ALPHA_MODES = {"L": "LA", "RGB": "RGBA"}
_COLOR_TYPES = {1: GREY, 2: GREY_ALPHA, 3: RGB, 4: RGBA}
_PNG_LEVEL = 6
_TURNS = {
    2: "mirrored",
    3: "turned by 180 degrees",
    4: "mirrored",
    5: "turned and mirrored",
    6: "turned by 90 degrees",
    7: "turned and mirrored",
    8: "turned by 270 degrees",
}


@dataclass(frozen=True, eq=False)
class SourceImage:
    """A picture as read from its file.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) for grey, else (H, W, C), dtype uint8
        Upright, in sRGB, straight alpha.
    size_bytes : int
        Size of the file.
    notices : list of str
        What was changed or left out on the way here.
    """

    pixels: Pixels
    size_bytes: int
    notices: list[str] = field(default_factory=list)


def read_image(
    path: str | os.PathLike[str], *, first_frame: bool = False, max_pixels: int = MAX_PIXELS
) -> SourceImage:
    """Read one picture from a PNG, JPEG, WebP, BMP, GIF or TIFF file.

    Parameters
    ----------
    path : path-like
        A local file; its content decides what it is, not its name.
    first_frame : bool
        Take the first picture of an animation or a file of several pages, which are otherwise
        refused.
    max_pixels : int
        Largest picture that is accepted.

    Returns
    -------
    image : SourceImage
        With C = 1 for grey, 2 for grey with alpha, 3 for RGB and 4 for RGBA.

    Raises
    ------
    FileError
        The file is missing or cannot be read.
    ImageError, FormatError
        It is not a picture of these kinds, is damaged, or holds what kmcodec cannot represent.
    LimitError
        It is larger than allowed.
    """
    data = read_file(path)
    findings = examine(data, max_pixels)
    extension = Path(os.fsdecode(path)).suffix.lower()
    if extension in READABLE_EXTENSIONS and extension not in _EXTENSIONS[findings.kind]:
        findings.notices.append(f"this is a {findings.kind} file in spite of its name")
    if findings.frames > 1 and not first_frame:
        raise ImageError(
            f"the {findings.kind} holds {findings.frames} pictures "
            "(--first-frame takes the first)",
            "several-frames",
        )
    if findings.frames > 1:
        findings.notices.append(f"only the first of {findings.frames} pictures is taken")
    try:
        pixels = _decode(data, findings, max_pixels)
    except CodecError:
        raise
    except Exception as error:  # whatever a decoder says of damaged data
        raise ImageError(_one_line(error, findings.kind), "damaged") from error
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    return SourceImage(pixels, len(data), findings.notices)


def _one_line(error: Exception, kind: str) -> str:
    if isinstance(error, MemoryError):
        return "not enough memory to decode the picture"
    text = " ".join(str(error).split()) or type(error).__name__
    if "truncated" in text.lower():
        return f"the {kind} ends early"
    return f"the {kind} cannot be decoded: {text[:120]}"


_PILLOW_LOCK = threading.Lock()


@contextmanager
def _careful_pillow(max_pixels: int) -> Iterator[None]:
    """Make Pillow strict about truncation and leave the size limit to us, then restore it."""
    from PIL import Image, ImageFile

    with _PILLOW_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS
        ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS = False, max_pixels
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS = before


def _decode(data: bytes, findings: Findings, max_pixels: int) -> Pixels:
    import imageio.v3 as iio

    with (
        _careful_pillow(max_pixels),
        iio.imopen(io.BytesIO(data), "r", plugin="pillow") as file,
    ):
        metadata = file.metadata(index=findings.index, exclude_applied=False)
        profile = metadata.get("icc_profile")
        if findings.png is not None and needs_own_decoder(findings.png):
            pixels = decode_png(findings.png, findings.notices)
        elif findings.kind == "TIFF" and metadata["mode"] not in ("1", "P"):
            pixels, profile = _decode_tiff(data, file, metadata, findings)
        else:
            pixels, profile = _decode_pillow(file, metadata, findings)
    if pixels.shape[:2] != (findings.height, findings.width) and findings.kind != "TIFF":
        raise ImageError(f"the {findings.kind} decodes to another size than it states", "damaged")
    if profile:
        pixels = to_srgb(pixels, profile, findings.notices)
    orientation = metadata.get("Orientation", 1)
    # Pillow turns TIFF pictures upright itself.
    if orientation in _TURNS:
        findings.notices.append(f"{_TURNS[orientation]} as its EXIF orientation asks")
        if findings.kind != "TIFF":
            pixels = _turn(pixels, orientation)
    kept_out = [name for name, key in (("EXIF", "exif"), ("XMP", "xmp"), ("comment", "comment"))
                if metadata.get(key)]  # fmt: skip
    if kept_out:
        findings.notices.append(f"metadata is not kept: {', '.join(kept_out)}")
    return np.ascontiguousarray(pixels)


def _decode_pillow(
    file: Any, metadata: dict[str, Any], findings: Findings
) -> tuple[Pixels, bytes | None]:
    """Decode 8-bit pictures of every mode; return the profile if it is still to be applied."""
    mode, profile = metadata["mode"], metadata.get("icc_profile")
    if mode == "PA" or (mode == "P" and "transparency" in metadata):
        target = "RGBA"
    elif mode == "P":
        target = "RGB"
    elif mode in ("CMYK", "LAB"):
        findings.notices.append(f"converted from {mode} to sRGB")
        stored = file.read(index=findings.index, mode=mode)
        return convert_inks(stored, mode, profile, findings.notices), None
    elif mode in _CONVERTED_MODES:
        target = _CONVERTED_MODES[mode]
        findings.notices.append(f"converted from {mode} to {target}")
    elif mode in _PLAIN_MODES:
        target = _PLAIN_MODES[mode]
        if "transparency" in metadata and target in _ALPHA_MODES:
            target = _ALPHA_MODES[target]
    elif mode.startswith("I;16"):
        return scale_16_bits(file.read(index=findings.index), findings.notices), profile
    else:
        raise ImageError(f"samples of kind {mode!r} are not 8- or 16-bit integers", "bad-dtype")
    return file.read(index=findings.index, mode=target), profile


def _decode_tiff(
    data: bytes, file: Any, metadata: dict[str, Any], findings: Findings
) -> tuple[Pixels, bytes | None]:
    """Decode a TIFF; Pillow cuts 16-bit colors to 8, so the samples' own width is looked up."""
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        page = tiff.pages[findings.index]
        kind = np.dtype(page.dtype) if page.dtype is not None else None
        wide = kind == np.uint16 and page.samplesperpixel > 1
        if kind is not None and kind not in (np.uint8, np.uint16, np.bool_):
            raise ImageError(f"its samples are {kind}, not 8- or 16-bit integers", "bad-dtype")
        if wide:
            samples = page.asarray()
            if page.planarconfig == 2:
                samples = np.moveaxis(samples, 0, -1)
            if samples.ndim != 3 or samples.shape[2] not in (3, 4) or page.photometric != 2:
                raise ImageError("a 16-bit TIFF of this kind is not supported", "bad-dtype")
            pixels = scale_16_bits(samples, findings.notices)
            return _turn(pixels, metadata.get("Orientation", 1)), metadata.get("icc_profile")
    return _decode_pillow(file, metadata, findings)


def _turn(pixels: Pixels, orientation: int) -> Pixels:
    """Turn a picture upright, as EXIF orientations 1 to 8 ask."""
    if orientation in (5, 6, 7, 8):
        pixels = np.swapaxes(pixels, 0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def check_image_name(path: str | os.PathLike[str]) -> str:
    """Find the extension of an image file to be written.

    Returns
    -------
    extension : str
        Lower case, with its dot.

    Raises
    ------
    ParameterError
        The name has no extension that imageio's Pillow plugin can write.
    """
    from PIL import Image

    extension = Path(os.fsdecode(path)).suffix.lower()
    Image.init()
    kind = Image.registered_extensions().get(extension)
    if kind is None or kind not in Image.SAVE or kind in ("PDF", "EPS"):
        raise ParameterError(
            f"cannot write an image named *{extension or '(no extension)'}", "output-name"
        )
    return extension


def encode_image(pixels: Pixels, extension: str) -> bytes:
    """Encode pixels as an image file.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        The picture.
    extension : str
        Chooses the kind of file, such as ``.png``.

    Returns
    -------
    data : bytes
        The file.

    Raises
    ------
    ImageError
        This kind of file cannot hold such a picture.
    """
    if extension == ".png":
        # Decoded pictures repeat few colors: without row filters, which PNG writers use by
        # default, they take half the bytes and a fifth of the time.
        height, width = pixels.shape[:2]
        color_type = _COLOR_TYPES[1 if pixels.ndim == 2 else pixels.shape[2]]
        rows = filter_rows(pixels.reshape(height, -1), NONE)
        return write_png(width, height, 8, color_type, rows, level=_PNG_LEVEL)
    import imageio.v3 as iio

    options = _ENCODER_OPTIONS.get(extension, {})
    try:
        data = iio.imwrite(
            "<bytes>", pixels, extension=extension, plugin="pillow", is_batch=False, **options
        )
    except (OSError, ValueError, KeyError) as error:
        raise ImageError(
            f"a {extension} file cannot hold this picture: {error}", "not-encodable"
        ) from error
    return bytes(data)


def holds_exactly(data: bytes, extension: str, pixels: Pixels) -> bool:
    """Tell whether an encoded image gives back the pixels that went in.

    Parameters
    ----------
    data : bytes
        From `encode_image`.
    extension : str
        What chose the kind of file.
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        What was encoded.

    Returns
    -------
    exact : bool
        False if the kind of file is lossy, has fewer colors or another size.
    """
    if extension == ".png":
        return True
    import imageio.v3 as iio

    mode = _MODES[1 if pixels.ndim == 2 else pixels.shape[2]]
    with _careful_pillow(pixels.size):
        decoded = iio.imread(io.BytesIO(data), plugin="pillow", index=0, mode=mode)
    return bool(np.array_equal(decoded, pixels))


def write_image(pixels: Pixels, path: str | os.PathLike[str], *, force: bool = False) -> Path:
    """Write pixels as an image file, whole or not at all.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        The picture.
    path : path-like
        Its extension chooses the kind of file.
    force : bool
        Replace an existing file.

    Returns
    -------
    path : Path
        The file written.

    Raises
    ------
    ParameterError
        The name has no known extension.
    ImageError
        This kind of file cannot hold such a picture.
    FileError
        The file exists or cannot be written.
    """
    data = encode_image(pixels, check_image_name(path))
    write_files([(path, data)], force=force)
    return Path(path)
