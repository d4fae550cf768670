"""PNG files built and taken apart with struct and zlib alone, to check the codec against.

Nothing here imports the codec. The filters follow the text of the PNG specification byte by byte,
so that they are slow, and independent of those of the codec.
"""

import struct
import zlib
from collections.abc import Sequence

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, INDEXED, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
NONE, SUB, UP, AVERAGE, PAETH = range(5)
SAMPLES = {GREY: 1, RGB: 3, INDEXED: 1, GREY_ALPHA: 2, RGBA: 4}
# First column, first row, column step, row step of each pass.
ADAM7 = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4),
    (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
)  # fmt: skip

Rows = Sequence[Sequence[int]]


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    crc = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def ihdr(
    width: int,
    height: int,
    depth: int = 8,
    color_type: int = GREY,
    *,
    compression: int = 0,
    filtering: int = 0,
    interlace: int = 0,
) -> bytes:
    fields = (width, height, depth, color_type, compression, filtering, interlace)
    return chunk(b"IHDR", struct.pack(">IIBBBBB", *fields))


def idat(rows: bytes, level: int = 9) -> bytes:
    return chunk(b"IDAT", zlib.compress(rows, level))


IEND = chunk(b"IEND")


def png(*chunks: bytes) -> bytes:
    return SIGNATURE + b"".join(chunks)


def grey_png(width: int, height: int, rows: bytes) -> bytes:
    """An 8-bit greyscale PNG; `rows` are filtered bytes, a filter byte before each row."""
    return png(ihdr(width, height), idat(rows), IEND)


def chunks_of(data: bytes) -> list[tuple[bytes, bytes]]:
    """Type and content of every chunk; the file must be sound."""
    assert data[:8] == SIGNATURE
    found, position = [], 8
    while position < len(data):
        (length,) = struct.unpack_from(">I", data, position)
        found.append(
            (data[position + 4 : position + 8], data[position + 8 : position + 8 + length])
        )
        position += 12 + length
    return found


def from_chunks(chunks: Sequence[tuple[bytes, bytes]]) -> bytes:
    return png(*(chunk(kind, content) for kind, content in chunks))


def repair_crcs(data: bytes) -> bytes:
    """Make the CRC of every chunk right, as far as the chunks can be walked."""
    repaired, position = bytearray(data), 8
    while position + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        end = position + 12 + length
        if end > len(data):
            break
        struct.pack_into(">I", repaired, end - 4, zlib.crc32(data[position + 4 : end - 4]))
        position = end
    return bytes(repaired)


def repair_adler(stream: bytes, limit: int = 1 << 20) -> bytes:
    """Make the Adler-32 of a zlib stream right, if the stream can be inflated."""
    inflater = zlib.decompressobj(-15)
    try:
        plain = inflater.decompress(stream[2:], limit)
    except zlib.error:
        return stream
    end = len(stream) - len(inflater.unused_data)
    return stream[:end] + struct.pack(">I", zlib.adler32(plain))


def repair(data: bytes) -> bytes:
    """Make all CRCs right, and the Adler-32 of the rows if they are in one chunk."""
    data = repair_crcs(data)
    position = data.find(b"IDAT")
    if position < 4:
        return data
    (length,) = struct.unpack_from(">I", data, position - 4)
    end = position + 4 + length
    stream = data[position + 4 : end]
    if len(stream) != length or len(stream) < 6:
        return data
    repaired = repair_adler(stream)
    if len(repaired) != length:
        return data
    return repair_crcs(data[: position + 4] + repaired + data[end:])


def predict(kind: int, left: int, above: int, corner: int) -> int:
    """What a filter expects of a byte, from PNG specification section 9."""
    if kind == PAETH:
        estimate = left + above - corner
        to_left, to_above = abs(estimate - left), abs(estimate - above)
        to_corner = abs(estimate - corner)
        if to_left <= to_above and to_left <= to_corner:
            return left
        return above if to_above <= to_corner else corner
    return (0, left, above, (left + above) // 2)[kind]


def filter_rows(rows: Sequence[bytes], kinds: Sequence[int], pixel_bytes: int = 1) -> bytes:
    """Filter row after row, each by its own kind, and put the kind before it."""
    out = bytearray()
    above = bytes(len(rows[0]))
    for row, kind in zip(rows, kinds, strict=True):
        out.append(kind)
        for x, value in enumerate(row):
            left = row[x - pixel_bytes] if x >= pixel_bytes else 0
            corner = above[x - pixel_bytes] if x >= pixel_bytes else 0
            out.append((value - predict(kind, left, above[x], corner)) % 256)
        above = row
    return bytes(out)


def pack(samples: Sequence[int], depth: int) -> bytes:
    """Pack a row of samples into bytes, the leftmost in the highest bits, padded with zeros."""
    if depth == 16:
        return struct.pack(f">{len(samples)}H", *samples)
    bits = "".join(f"{sample:0{depth}b}" for sample in samples)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def encode(
    samples: Rows,
    depth: int = 8,
    color_type: int = GREY,
    *,
    kinds: Sequence[int] = (NONE,),
    interlace: int = 0,
    before: Sequence[bytes] = (),
    after: Sequence[bytes] = (),
    level: int = 9,
) -> bytes:
    """Write a PNG of any kind.

    `samples` holds a row after the other, all samples of a pixel side by side; row n of each pass
    is filtered by ``kinds[n % len(kinds)]``; `before` and `after` are chunks around IDAT.
    """
    per_pixel = SAMPLES[color_type]
    width, height = len(samples[0]) // per_pixel, len(samples)
    pixel_bytes = max(1, per_pixel * depth // 8)
    rows = b""
    for left, top, across, down in ADAM7 if interlace else ((0, 0, 1, 1),):
        columns = range(left, width, across)
        if not columns or top >= height:
            continue
        packed = [
            pack([row[x * per_pixel + s] for x in columns for s in range(per_pixel)], depth)
            for row in samples[top::down]
        ]
        used = [kinds[n % len(kinds)] for n in range(len(packed))]
        rows += filter_rows(packed, used, pixel_bytes)
    header = ihdr(width, height, depth, color_type, interlace=interlace)
    return png(header, *before, idat(rows, level), *after, IEND)
