"""Picture files to pixels.

A file is read as bytes, recognized by its first ones, and decoded: a PNG by ourselves, other kinds
by Pillow once `codec.images.containers` has found them whole. What all have in common
is done here: color profiles, orientation, and the notices. Whatever is changed on the way or does
not reach the pixels is said in one.

Pillow and imageio are imported in `codec.images` and `codec.plugins` only, and not before they
are needed.
"""

import numpy as np
import numpy.typing as npt

from codec.colors.lookup import count_labels, look_up
from codec.errors import CodecError
from codec.files import Part, open_parts, read_file
from codec.files.given import Readable, content_of, is_path
from codec.images.decoders import as_codec_error
from codec.images.kinds import START_BYTES, name_notices, recognize
from codec.images.orientation import TURNS, turn_upright
from codec.images.palettes import Entries, convert_palette
from codec.images.png import decode_png, png_size
from codec.images.profiles import can_be_kept, to_srgb
from codec.images.records import Findings, SourceImage, check_frames, frame_notices
from codec.limits import MAX_FILE_BYTES, MAX_PIXELS, check_dimensions
from codec.metadata import Metadata
from codec.threads import row_strips

Pixels = npt.NDArray[np.uint8]

# Kinds of metadata that hold more than texts.
_ONLY_TEXTS = ("EXIF", "XMP")
_SMALL_BYTES = 1 << 20  # of a file that is not opened again to be read


def read_image(
    path: Readable,
    *,
    first_frame: bool = False,
    max_pixels: int = MAX_PIXELS,
    scale_range: bool = False,
    keep_texts: bool = False,
    keep_profile: bool = False,
) -> SourceImage:
    """Read one picture from a PNG, JPEG, WebP, BMP, GIF or TIFF file.

    Parameters
    ----------
    path : str or path-like; bytes-like; or file open for reading in binary
        A local file, or its content, which decides what it is, and not the name. What is open is
        read to its end, and stays open.
    first_frame : bool
        Take the first picture of an animation or a file of several pages, which are otherwise
        refused.
    max_pixels : int
        Largest picture that is accepted.
    scale_range : bool
        Stretch the colors of grey and RGB pictures of more than 8 bits a sample, from the lowest
        to the highest of all channels, to 0 to 255, as cameras and microscopes that count to
        less than their file could hold need it. Two passes; alpha is not stretched.
    keep_texts : bool
        Collect the texts in the file: all of a PNG's own, comments, and of EXIF, XMP and IPTC
        title, author, description, copyright, the time it was taken, and comments.
    keep_profile : bool
        Leave pixels of RGB in the color space of their ICC profile, if it is sound and has no
        more than 1 MiB. What is grey, CMYK or Lab becomes sRGB in any case.

    Returns
    -------
    image : SourceImage
        With C = 1 for grey, 2 for grey with alpha, 3 for RGB and 4 for RGBA. Its `metadata` are
        stored by `codec.save` of what `codec.compress` makes of it.

    Raises
    ------
    FileError
        The file is missing or cannot be read.
    ParameterError
        `path` is none of these.
    ImageError, FormatError
        It is not a picture of these kinds, is damaged, or holds what kmcodec cannot represent.
    LimitError
        It is larger than allowed.
    """
    data, kind = _read_if_small(path, max_pixels)
    names = name_notices(path, kind) if is_path(path) else []
    try:
        pixels, findings = _decode(data, kind, max_pixels, first_frame, scale_range)
        notices = [
            *findings.structure.notices,
            *names,
            *frame_notices(findings.structure.frames),
            *findings.conversions,
            *findings.notices,
        ]
        conversions = findings.conversions
        entries: Entries | None = None
        profile = findings.profile or b""
        is_kept = keep_profile and bool(profile) and _is_rgb(pixels, findings)
        is_kept = is_kept and can_be_kept(profile)
        told: tuple[str, ...]
        if is_kept:
            if findings.palette is not None:
                entries = Entries(findings.palette, findings.palette)
            told, changed = (), False
        elif findings.palette is not None:
            used = count_labels(pixels)[: len(findings.palette)] > 0
            entries = convert_palette(findings.palette, used, findings.profile)
            told, changed = entries.notices, entries.changed
        elif findings.profile:
            stored = pixels
            pixels, told = to_srgb(stored, findings.profile)
            changed = not _are_equal(pixels, stored)
            del stored
        else:
            told, changed = (), False
        conversions += told if changed else ()
        notices += told
        orientation, source = findings.orientation
        if orientation in TURNS:
            notices.append(f"{TURNS[orientation]} as its {source} orientation asks")
            pixels = turn_upright(pixels, orientation)
        pixels = np.ascontiguousarray(pixels)
        indices = pixels if entries else None
        if entries:
            pixels = look_up(entries.shown, pixels)
    except CodecError:
        raise
    except Exception as error:  # whatever a decoder says of damaged data
        raise as_codec_error(error, kind) from error
    texts, unread = findings.read_texts() if keep_texts else ((), ())
    notices += unread
    left_out = [name for name in findings.left_out if not keep_texts or name in _ONLY_TEXTS]
    if left_out:
        only = "of metadata only texts are kept" if keep_texts else "metadata is not kept"
        notices.append(f"{only}: {', '.join(left_out)}")
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    palette = entries.palette if entries else None
    return SourceImage(
        pixels, len(data), notices, conversions, indices, palette,
        kind, findings.structure.stored, findings.structure.bits,
        Metadata(texts, profile if is_kept else b""),
    )  # fmt: skip


def _is_rgb(pixels: Pixels, findings: Findings) -> bool:
    """Tell whether pixels are colors of the kind that a kept profile is for."""
    shape = pixels.shape[1:] if findings.palette is None else findings.palette.shape
    return len(shape) == 2 and shape[1] >= 3


def _are_equal(first: Pixels, second: Pixels) -> bool:
    return first is second or all(
        np.array_equal(first[rows], second[rows]) for rows in row_strips(*first.shape[:2])
    )


def _read_if_small(given: Readable, max_pixels: int) -> tuple[bytes, str]:
    """Read a file, unless its headers are those of too large a picture or of none."""
    if is_path(given):
        with open_parts(given) as (part, size_bytes):
            kind = _check_headers(part, size_bytes, max_pixels)
            if kind and size_bytes <= _SMALL_BYTES:
                data = part(0, size_bytes)
                if len(data) == size_bytes:
                    return data, kind
        data = read_file(given)
    else:
        data = content_of(given)
        _check_headers(lambda start, count: data[start : start + count], len(data), max_pixels)
    return data, recognize(data)


def _check_headers(part: Part, size_bytes: int, max_pixels: int) -> str:
    """Tell the kind of a picture that is not too large; nothing of what is no whole header."""
    start = part(0, START_BYTES)
    if size_bytes > MAX_FILE_BYTES or len(start) < START_BYTES:
        return ""
    kind = recognize(start)
    if kind == "PNG":
        size = png_size(start)
    else:
        from codec.images.containers import stated_size

        size = stated_size(part, kind)
    if size and all(size):
        check_dimensions(*size, max_pixels)
    return kind


def _decode(
    data: bytes, kind: str, max_pixels: int, first_frame: bool, scale_range: bool
) -> tuple[Pixels, Findings]:
    if kind == "PNG":
        return decode_png(data, max_pixels, first_frame=first_frame, scale_range=scale_range)
    from codec.images.containers import decode, examine

    structure = examine(data, kind, max_pixels)
    check_frames(structure, first_frame)
    return decode(data, structure, scale_range=scale_range)
