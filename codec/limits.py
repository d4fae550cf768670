"""How large things may be. Free of heavy imports.

What follows from the layout of one of our own formats alone stands with that format.
"""

from codec.errors import FormatError, LimitError

# A label is one byte.
MAX_CODEBOOK_SIZE = 256
# Of C; beyond it pictures are next to nothing.
MAX_RATE_DISTORTION = 100
# What `numpy.random.RandomState` takes.
MAX_SEED = 2**32 - 1
MAX_JOBS = 1024
# A file is read whole, and held in memory beside what it becomes.
MAX_FILE_BYTES = 512 * 1024 * 1024

# The longest that JPEG can state.
MAX_SIDE = 65_535
# Where Pillow warns of a decompression bomb: a quarter of a gibibyte of RGB.
MAX_PIXELS = 89_478_485
# The most that can be asked for instead: with sides within MAX_SIDE there are no more.
MAX_PIXELS_ASKED_FOR = 2**32
# In training, counts of a larger histogram lose lower digits, so that sums fit into 63 bits.
MAX_PIXELS_COUNTED_EXACTLY = 2**32

# DEFLATE cannot expand more than this (one bit for a match of 258 bytes, plus block headers).
MAX_DEFLATE_RATIO = 1032
# What may follow the last row of a PNG in its compressed rows, and is inflated only to be ignored.
MAX_PNG_SURPLUS_BYTES = 16 * 1024 * 1024
# Nor can LZW of 12 bits, each code of which stands for at most 3,838 values.
MAX_LZW_RATIO = 2600
# Of a file that is read a part at a time, a part: a strip or tile, a row, a profile.
MAX_PART_BYTES = 1 << 26
# Such a PNG may have more chunks, by its bytes for each.
MIN_PNG_CHUNK_BYTES = 4096
# Encoders write rows in parts of 8 KiB or more, few in parts of a row; of pictures alone, not of
# our own files.
MAX_PNG_CHUNKS = 1 << 18
# A JPEG of one flat color holds up to 170 pixels a byte; one that claims more than this lies.
MAX_JPEG_PIXELS_PER_BYTE = 2000
# An ICC profile has up to 255, extended XMP one for each 64 KiB.
MAX_JPEG_SEGMENTS = 10_000
# Progressive JPEGs are stored in 10 scans, by tools that try every split in up to 70.
MAX_JPEG_SCANS = 100
# Of pictures over so many pixels, where every scan takes time.
MAX_LARGE_JPEG_SCANS, LARGE_JPEG_PIXELS = 30, 1 << 22
# Pixels times scans, by the bytes coded in these: a flat picture in 10 scans has 1,700 a byte,
# one in a single scan 170.
MAX_JPEG_SCANS_PER_BYTE = 8000
# Directories of a TIFF are a chain; nothing has more pages than these.
MAX_TIFF_DIRECTORIES = 10_000
# A tile is decoded whole: more pixels than these, or than the picture, it has not.
MAX_TIFF_TILE_PIXELS = 2**22
# All tiles together may have so many times the pixels of the picture, and two tiles more.
MAX_TIFF_PADDING = 12
# What the ICC profile of a PNG may inflate to; those of printing presses have a few MiB at most.
MAX_PNG_PROFILE_BYTES = 8 * 1024 * 1024
# What of a text of a PNG is inflated in search of an orientation; EXIF has 64 KiB in a JPEG.
MAX_PNG_TEXT_BYTES = 1024 * 1024
# A `.kmc` is to be small: only a profile of a few curves or one table is carried along.
MAX_KMC_PROFILE_BYTES = 1024 * 1024
# What is kept of metadata: bytes of all texts, and their number; the profile may have as many.
MAX_METADATA_BYTES, MAX_METADATA_TEXTS = 1024 * 1024, 256
# Of a `.npy`; it and the ten bytes before it fill 256 bytes.
MAX_NPY_HEADER_BYTES = 246
# Of a palette in writing: 256 lines, with names.
MAX_PALETTE_BYTES = 1 << 16
# Larger files and pictures are done alone, with all memory and all threads for themselves.
SMALL_FILE_BYTES = 1 << 22
SMALL_PICTURE_PIXELS = 1 << 22


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
            f"{width}x{height} exceeds the limit of {max_pixels} pixels (max_pixels raises it)",
            "pixel-limit",
        )


def check_part(size_bytes: int, what: str = "a part of the file") -> None:
    """Refuse to hold more at once than what is read a part at a time may take.

    Raises
    ------
    LimitError
        It is over `MAX_PART_BYTES`; reason ``part-limit``.
    """
    if size_bytes > MAX_PART_BYTES:
        raise LimitError(
            f"{what} takes {size_bytes} bytes at once, over the limit of {MAX_PART_BYTES} "
            "(write the picture anew in smaller strips or tiles)",
            "part-limit",
        )
