"""Image files to pixels and back. The only module that imports imageio.

A file is read as bytes, recognized by its first ones, checked by `codec.containers`, and only
then decoded. Whatever is changed on the way or does not reach the pixels is said in a notice.
"""

import io
import os
import struct
import zlib
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.containers import Findings, examine, other_size
from codec.decoders import as_codec_error, careful_pillow, silent_libtiff
from codec.errors import CodecError, ImageError, ParameterError
from codec.files import read_file, write_files
from codec.formats.pngfile import GREY, GREY_ALPHA, INDEXED, RGB, RGBA, PngFile, write_png
from codec.kernels import compiled
from codec.options import MAX_PIXELS
from codec.orientation import TURNS, turn_upright
from codec.pngpixels import (
    decode_png,
    for_pillow,
    has_metadata,
    has_text,
    look_up_palette,
    needs_own_decoder,
    scale_16_bits,
    stated_profile,
    without_pixels,
)
from codec.profiles import convert_inks, to_srgb
from codec.rowfilters import NONE, filter_rows
from codec.tiffpages import decode_wide, is_wide, open_page

Pixels = npt.NDArray[np.uint8]

# By kind: the extensions of its files, and Pillow's names for its readers.
_KINDS = {
    "PNG": ((".png", ".apng"), ("PNG",)),
    "JPEG": ((".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), ("JPEG", "MPO")),
    "WebP": ((".webp",), ("WEBP",)),
    "BMP": ((".bmp", ".dib"), ("BMP",)),
    "GIF": ((".gif",), ("GIF",)),
    "TIFF": ((".tif", ".tiff"), ("TIFF",)),
}
READABLE_EXTENSIONS = tuple(name for names, _ in _KINDS.values() for name in names)
PROFILED_EXTENSIONS = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"}
_ENCODER_OPTIONS: dict[str, dict[str, Any]] = {".webp": {"lossless": True, "exact": True}}
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_COLOR_TYPES = {1: GREY, 2: GREY_ALPHA, 3: RGB, 4: RGBA}
# Modes of Pillow that become another without loss, and those that lose or change something.
_PLAIN_MODES = {"1": "L", "L": "L", "LA": "LA", "RGB": "RGB", "RGBA": "RGBA", "RGBX": "RGB"}
_CONVERTED_MODES = {"CMYK": "RGB", "YCbCr": "RGB", "HSV": "RGB", "RGBa": "RGBA", "La": "LA"}
_ALPHA_MODES = {"L": "LA", "RGB": "RGBA"}
_PNG_LEVEL = 6


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
    if extension in READABLE_EXTENSIONS and extension not in _KINDS[findings.kind][0]:
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
        raise as_codec_error(error, findings.kind) from error
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    return SourceImage(pixels, len(data), findings.notices)


def _check_reader(data: bytes, kind: str) -> None:
    """Refuse what Pillow would not take for the kind of file that its first bytes say it is.

    Some of Pillow's readers look at other places than a file's beginning, and are asked first.
    """
    from PIL import Image, UnidentifiedImageError

    reader: str | None = None
    with suppress(UnidentifiedImageError), Image.open(io.BytesIO(data)) as picture:
        reader = picture.format
    if reader not in _KINDS[kind][1]:
        # There are many kinds of TIFF; of the others, all are read.
        reason = "unsupported" if kind == "TIFF" else "damaged"
        raise ImageError(f"the {kind} is of a kind that cannot be read, or damaged", reason)


def _read_metadata(file: Any, index: int) -> dict[str, Any]:
    try:
        return dict(file.metadata(index=index, exclude_applied=False))
    except (SyntaxError, LookupError, TypeError, ValueError, struct.error):
        # EXIF that is none: Pillow raises once, and then takes it for empty.
        return dict(file.metadata(index=index, exclude_applied=False))


def _decode(data: bytes, findings: Findings, max_pixels: int) -> Pixels:
    png = findings.png
    if png is not None and compiled():
        pixels, metadata = _decode_compiled(png, findings, max_pixels)
    else:
        pixels, metadata = _decode_with_pillow(data, findings, max_pixels)
    orientation = metadata.get("Orientation", 1)
    # Pillow turns TIFF pictures upright itself.
    if orientation in TURNS:
        findings.notices.append(f"{TURNS[orientation]} as its EXIF orientation asks")
        if findings.kind != "TIFF":
            pixels = turn_upright(pixels, orientation)
    kept_out = [name for name, key in (("EXIF", "exif"), ("XMP", "xmp"), ("comment", "comment"))
                if metadata.get(key)]  # fmt: skip
    if png is not None and has_text(png):
        kept_out.append("text")
    if kept_out:
        findings.notices.append(f"metadata is not kept: {', '.join(kept_out)}")
    return np.ascontiguousarray(pixels)


def _decode_compiled(
    png: PngFile, findings: Findings, max_pixels: int
) -> tuple[Pixels, dict[str, Any]]:
    """Decode a PNG with our own kernels, twice as fast as Pillow and without importing it.

    Pillow only reads the metadata, if there are any, from a PNG of one pixel.
    """
    metadata: dict[str, Any] = {}
    pixels = decode_png(png, findings.notices, findings.rows)
    findings.rows = None
    profile = stated_profile(png, findings.notices)
    if not profile and not has_metadata(png):
        return pixels, metadata
    with careful_pillow(max_pixels):
        if has_metadata(png):
            import imageio.v3 as iio

            with iio.imopen(io.BytesIO(without_pixels(png)), "r", plugin="pillow") as file:
                metadata = _read_metadata(file, 0)
        if profile:
            pixels = to_srgb(pixels, profile, findings.notices)
    return pixels, metadata


def _decode_with_pillow(
    data: bytes, findings: Findings, max_pixels: int
) -> tuple[Pixels, dict[str, Any]]:
    import imageio.v3 as iio

    png = findings.png
    if png is not None:
        findings.rows = None  # Pillow makes its own
        data = for_pillow(png)
    with careful_pillow(max_pixels), ExitStack() as stack:
        if findings.kind == "TIFF":
            stack.enter_context(silent_libtiff())
        page = open_page(data, findings, stack) if findings.kind == "TIFF" else None
        if page is not None and is_wide(page):
            pixels, metadata = decode_wide(page, findings)
            profile = metadata.get("icc_profile")
        else:
            _check_reader(data, findings.kind)
            file = stack.enter_context(iio.imopen(io.BytesIO(data), "r", plugin="pillow"))
            metadata = _read_metadata(file, findings.index)
            if sorted(metadata["shape"]) != sorted((findings.width, findings.height)):
                raise other_size(findings.kind)
            if png is not None:
                pixels = _decode_png(png, file, metadata, findings)
                profile = stated_profile(png, findings.notices)
            else:
                pixels, profile = _decode_pillow(file, metadata, findings)
        if sorted(pixels.shape[:2]) != sorted((findings.width, findings.height)):
            raise other_size(findings.kind)
        if profile:
            pixels = to_srgb(pixels, profile, findings.notices)
    return pixels, metadata


def _decode_png(png: PngFile, file: Any, metadata: dict[str, Any], findings: Findings) -> Pixels:
    if needs_own_decoder(png):
        return decode_png(png, findings.notices)
    if png.header.color_type == INDEXED:
        return look_up_palette(png, file.read(index=0, mode="P"))
    return _decode_pillow(file, metadata, findings)[0]


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


def encode_image(pixels: Pixels, extension: str, profile: bytes = b"") -> bytes:
    """Encode pixels as an image file.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        The picture.
    extension : str
        Chooses the kind of file, such as ``.png``.
    profile : bytes
        ICC profile of the colors, for kinds of file that can say so; nothing for sRGB.

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
        icc = ((b"iCCP", b"ICC\0\0" + zlib.compress(profile)),) if profile else ()
        return write_png(width, height, 8, color_type, rows, icc, level=_PNG_LEVEL)
    import imageio.v3 as iio

    options = {
        **_ENCODER_OPTIONS.get(extension, {}),
        **({"icc_profile": profile} if profile else {}),
    }
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
    with careful_pillow(pixels.size):
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
    ParameterError, ImageError, FileError
        The name has no known extension, this kind of file cannot hold such a picture, or the
        file exists or cannot be written.
    """
    write_files([(path, encode_image(pixels, check_image_name(path)))], force=force)
    return Path(path)
