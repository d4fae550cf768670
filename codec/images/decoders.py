"""Decoders of other libraries, called without a change to what these share with others.

What they do not keep is named, and what they raise becomes an error of ours.
"""

import io
from typing import Any

from codec.errors import CodecError, ImageError, LimitError

# What Pillow's decoders return of data that are not theirs.
_BROKEN = -2
# Kinds of metadata that do not reach the pixels, and Pillow's names for them.
_LEFT_OUT = {"EXIF": "exif", "XMP": "xmp", "comment": "comment"}


def load_whole(picture: Any, data: bytes, lacking: int = 0) -> None:
    """Decode a picture that Pillow has opened; refuse it unless all of it is there.

    Pillow would do so as well, but for a switch that belongs to the whole process.

    Parameters
    ----------
    picture : PIL.ImageFile.ImageFile
        Just opened.
    data : bytes
        Its file.
    lacking : int
        Bytes that it was opened with before those of the file.

    Raises
    ------
    OSError
        It is damaged or ends early.
    """
    picture.load_prepare()
    for name, extents, offset, options in picture.tile:
        decode_tile(picture, name, extents, options, memoryview(data)[offset - lacking :])
    picture.tile = []
    picture.load_end()


def decode_tile(
    picture: Any, name: str, extents: tuple[int, int, int, int], options: Any, data: memoryview
) -> None:
    """Let one of Pillow's decoders write to a part of a picture.

    Parameters
    ----------
    picture : PIL.Image.Image
        With memory for its pixels.
    name : str
        Of the decoder.
    extents : tuple of (int, int, int, int)
        Left, top, right and bottom of the part.
    options : Any
        What the decoder takes.
    data : memoryview
        Where what is to be decoded begins.

    Raises
    ------
    OSError
        It is damaged or ends early.
    """
    from PIL import Image

    decoder = Image._getdecoder(picture.mode, name, options, getattr(picture, "decoderconfig", ()))
    try:
        decoder.setimage(picture.im, extents)
        if decoder.pulls_fd:
            decoder.setfd(io.BytesIO(data))
            used, code = decoder.decode(b"")
        else:
            used, code = decoder.decode(data)
    finally:
        decoder.cleanup()
    if code < 0:
        raise OSError("not enough image data" if code == _BROKEN else f"decoder error {code}")
    if used >= 0:
        raise OSError("the data are truncated")


def metadata_left_out(metadata: dict[str, Any]) -> tuple[str, ...]:
    """Name the kinds of metadata that are there and will not be kept."""
    return tuple(name for name, key in _LEFT_OUT.items() if metadata.get(key))


def as_codec_error(error: BaseException, kind: str) -> CodecError:
    """Say what a decoder's exception means for a picture of this kind."""
    if isinstance(error, MemoryError):
        return LimitError("not enough memory to decode the picture", "memory")
    text = first_cause(error)
    if "truncated" in text.lower():
        return ImageError(f"the {kind} ends early", "truncated")
    text = "".join(c if c.isprintable() else "?" for c in text[:120])
    return ImageError(f"the {kind} cannot be decoded: {text}", "damaged")


def first_cause(error: BaseException) -> str:
    """Say in one line what was raised first, since imageio hides what Pillow says."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split()) or type(error).__name__
