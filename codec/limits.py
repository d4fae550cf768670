"""How large things may be: the bounds that users meet, free of heavy imports."""

from codec.errors import FormatError, LimitError

MAX_CODEBOOK_SIZE = 256
MAX_SEED = 2**32 - 1
MAX_SIDE = 65_535
MAX_PIXELS = 89_478_485
MAX_FILE_BYTES = 512 * 1024 * 1024
# DEFLATE cannot expand more than this (one bit for a match of 258 bytes, plus block headers).
MAX_DEFLATE_RATIO = 1032


def check_dimensions(width: int, height: int, max_pixels: int) -> None:
    """Refuse pictures without pixels or with more than the caller allows.

    Raises
    ------
    FormatError
        A side is zero.
    LimitError
        A side is over 65,535 or the picture has more than `max_pixels` pixels.
    """
    if width == 0 or height == 0:
        raise FormatError(f"a picture of {width}x{height} has no pixels", "bad-dimensions")
    if width > MAX_SIDE or height > MAX_SIDE:
        raise LimitError(
            f"{width}x{height} exceeds the limit of {MAX_SIDE} pixels a side", "side-limit"
        )
    if width * height > max_pixels:
        raise LimitError(
            f"{width}x{height} exceeds the limit of {max_pixels} pixels (--max-pixels raises it)",
            "pixel-limit",
        )
