"""Pixels to picture files: a PNG by ourselves, other kinds by Pillow through imageio."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import CodecError, ImageError, ParameterError
from codec.images.decoders import first_cause
from codec.metadata import NO_METADATA, Metadata, Text
from codec.options import DECODED_PNG_LEVEL
from codec.png.reading import GREY, GREY_ALPHA, RGB, RGBA
from codec.png.rowfilters import NONE, filter_rows
from codec.png.texts import profile_chunks, text_chunks
from codec.png.writing import write_png

Pixels = npt.NDArray[np.uint8]

# Of files that can hold an ICC profile.
PROFILED_EXTENSIONS = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"}
# Texts that EXIF holds, by its tags.
_EXIF_TAGS = {"Description": 270, "Author": 315, "Copyright": 33432}
_ENCODER_OPTIONS: dict[str, dict[str, Any]] = {".webp": {"lossless": True, "exact": True}}
# By C: Pillow's modes, and the color types of PNG.
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_COLOR_TYPES = {1: GREY, 2: GREY_ALPHA, 3: RGB, 4: RGBA}


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


def encode_image(pixels: Pixels, extension: str, metadata: Metadata = NO_METADATA) -> bytes:
    """Encode pixels as an image file.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        The picture.
    extension : str
        Chooses the kind of file, such as ``.png``.
    metadata : Metadata
        ICC profile of the colors, for kinds of file that can say so; and texts for which
        `holds_text`.

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
        return _encode_png(pixels, metadata)
    import imageio.v3 as iio

    options = {
        **_ENCODER_OPTIONS.get(extension, {}),
        **({"icc_profile": metadata.profile} if metadata.profile else {}),
        **_exif_of(extension, metadata.texts),
    }
    with _refusing(extension):
        data = iio.imwrite(
            "<bytes>", pixels, extension=extension, plugin="pillow", is_batch=False, **options
        )
    return bytes(data)


@contextmanager
def _refusing(extension: str) -> Iterator[None]:
    """Refuse the picture, whatever an encoder, or a decoder of what it wrote, says of it."""
    try:
        yield
    except (CodecError, MemoryError):
        raise
    except Exception as error:
        raise ImageError(
            f"a {extension} file cannot hold this picture: {first_cause(error)[:120]}",
            "not-encodable",
        ) from error


def holds_text(extension: str, text: Text) -> bool:
    """Tell whether `encode_image` writes a text to this kind of file."""
    return extension == ".png" or (extension in PROFILED_EXTENSIONS and text.keyword in _EXIF_TAGS)


def _exif_of(extension: str, texts: tuple[Text, ...]) -> dict[str, Any]:
    """Write texts as EXIF, several of a keyword in one."""
    from PIL import Image

    exif, values = Image.Exif(), dict[str, list[str]]()
    for text in texts:
        if holds_text(extension, text):
            values.setdefault(text.keyword, []).append(text.text)
    for keyword, several in values.items():
        exif[_EXIF_TAGS[keyword]] = "; ".join(several).encode()
    if not values:
        return {}
    # Of EXIF, Pillow would make ASCII in a TIFF.
    return {"tiffinfo": dict(exif)} if extension in (".tif", ".tiff") else {"exif": exif.tobytes()}


def _encode_png(pixels: Pixels, metadata: Metadata) -> bytes:
    # Decoded pictures repeat few colors: without row filters, which PNG writers use by default,
    # they take half the bytes and a fifth of the time.
    height, width = pixels.shape[:2]
    rows = filter_rows(pixels.reshape(height, -1), NONE)
    chunks = *profile_chunks(metadata.profile), *text_chunks(metadata.texts)
    color_type = _COLOR_TYPES[_channels(pixels)]
    return write_png(width, height, 8, color_type, rows, chunks, level=DECODED_PNG_LEVEL)


def _channels(pixels: Pixels) -> int:
    return 1 if pixels.ndim == 2 else pixels.shape[2]


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

    Raises
    ------
    ImageError
        It cannot be read.
    """
    if extension == ".png":
        return True
    from PIL import Image

    kind = Image.registered_extensions()[extension]
    if kind == "MPO":  # which begins with a JPEG, and is opened as one
        kind = "JPEG"
    if kind not in Image.OPEN:
        return False
    with _refusing(extension), Image.OPEN[kind][0](io.BytesIO(data), "") as picture:
        # As `open`, which would complain of a size, depending on a limit that others set.
        decoded = np.asarray(picture.convert(_MODES[_channels(pixels)]))
    return bool(np.array_equal(decoded, pixels))


def encode_gif(labels: Pixels, codebook: Pixels) -> bytes:
    """Encode an indexed picture as a GIF, its indices and its palette as they are.

    Parameters
    ----------
    labels : ndarray of shape (H, W), dtype uint8
        Indices.
    codebook : ndarray of shape (K, C), dtype uint8
        The palette.

    Returns
    -------
    data : bytes
        The file.

    Raises
    ------
    ImageError
        A color is neither solid nor clear, or more than one is clear; or the picture is too large.
    """
    from codec.images.memory import to_pillow

    options: dict[str, Any] = {}
    if codebook.shape[1] in (2, 4):
        clear = np.flatnonzero(codebook[:, -1] == 0)
        if len(clear) + np.count_nonzero(codebook[:, -1] == 255) < len(codebook):
            raise ImageError("a GIF has no colors that are translucent", "not-encodable")
        if len(clear) > 1:
            raise ImageError("a GIF has one clear color at the most", "not-encodable")
        if len(clear):
            options["transparency"] = int(clear[0])
    image = to_pillow(labels, codebook)
    image.info.clear()
    data = io.BytesIO()
    with _refusing(".gif"):
        image.save(data, "GIF", optimize=False, **options)
    return data.getvalue()
