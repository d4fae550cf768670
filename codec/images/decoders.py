"""The libraries that decode pictures: their switches, what they do not keep, and their errors."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from codec.errors import CodecError, ImageError, LimitError
from codec.threads import quiet_warnings

# Kinds of metadata that do not reach the pixels, and Pillow's names for them.
_LEFT_OUT = {"EXIF": "exif", "XMP": "xmp", "comment": "comment"}


@contextmanager
def careful_pillow(max_pixels: int) -> Iterator[None]:
    """Make Pillow strict about truncation and leave the size limit to us, then restore it."""
    import logging

    from PIL import GifImagePlugin, Image, ImageFile

    logger = logging.getLogger("tifffile")
    with quiet_warnings():
        truncated, limit = ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS
        strategy, silent = GifImagePlugin.LOADING_STRATEGY, logger.disabled
        ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS = False, max_pixels
        logger.disabled = True
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS = truncated, limit
            GifImagePlugin.LOADING_STRATEGY = strategy  # imageio sets it
            logger.disabled = silent


@contextmanager
def silent_libtiff() -> Iterator[None]:
    """Keep libtiff, which Pillow gives no say in this, from writing to stderr itself."""
    try:
        kept = os.dup(2)
    except OSError:  # there is no stderr
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def metadata_left_out(metadata: dict[str, Any]) -> tuple[str, ...]:
    """Name the kinds of metadata that are there and will not be kept."""
    return tuple(name for name, key in _LEFT_OUT.items() if metadata.get(key))


def as_codec_error(error: BaseException, kind: str) -> CodecError:
    """Say what a decoder's exception means for a picture of this kind."""
    if isinstance(error, MemoryError):
        return LimitError("not enough memory to decode the picture", "memory")
    while error.__cause__ is not None:  # imageio hides what Pillow says
        error = error.__cause__
    text = " ".join(str(error).split()) or type(error).__name__
    if "truncated" in text.lower():
        return ImageError(f"the {kind} ends early", "truncated")
    text = "".join(c if c.isprintable() else "?" for c in text[:120])
    return ImageError(f"the {kind} cannot be decoded: {text}", "damaged")
