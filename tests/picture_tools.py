"""Pictures of every kind, made with struct, Pillow and tifffile, to check the codec against.

Only `read` and `refusal` call the codec.
"""

import io
import struct
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import png_tools
import pytest
import tifffile
from PIL import Image

from codec.errors import CodecError
from codec.images import SourceImage, read_image

Pixels = npt.NDArray[np.uint8]
Samples = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
Tags = Mapping[int, tuple[int, Sequence[int]]]

SHORT, LONG, LONG8 = 3, 4, 16
_TIFF_FORMATS = {1: "B", 2: "B", 3: "H", 4: "I", 16: "Q"}


# The codec


def read(folder: Path, data: bytes, name: str = "picture", **options: Any) -> SourceImage:
    """Write a file, read it, and check what holds for every picture that is read."""
    path = folder / name
    path.write_bytes(data)
    image = read_image(path, **options)
    assert path.read_bytes() == data
    assert image.size_bytes == len(data)
    assert image.pixels.dtype == np.uint8
    assert image.pixels.flags.c_contiguous
    assert image.pixels.ndim == 2 or image.pixels.shape[2:] in {(2,), (3,), (4,)}
    assert all(notice and notice.isprintable() for notice in image.notices)
    return image


def refusal(folder: Path, data: bytes, name: str = "picture", **options: Any) -> CodecError:
    """Write a file that must be refused, and return the error."""
    path = folder / name
    path.write_bytes(data)
    with pytest.raises(CodecError) as caught:
        read_image(path, **options)
    assert path.read_bytes() == data
    assert str(caught.value).isprintable()
    return caught.value


# Pixels


def noise(seed: int, *shape: int, high: int = 256) -> Pixels:
    """Random samples below `high`."""
    return np.random.RandomState(seed).randint(0, high, shape).astype(np.uint8)


def wide_noise(seed: int, *shape: int) -> npt.NDArray[np.uint16]:
    """Random 16-bit samples."""
    return np.random.RandomState(seed).randint(0, 65536, shape).astype(np.uint16)


def narrowed(samples: npt.NDArray[Any]) -> Pixels:
    """16 bits to 8, rounded to nearest: 65535 / 255 is 257, odd, so there are no ties."""
    return np.floor(samples.astype(np.float64) / 257.0 + 0.5).astype(np.uint8)


def shown(samples: Samples, depth: int) -> Pixels:
    """What samples of a PNG look like at 8 bits."""
    if depth == 16:
        return narrowed(samples)
    return np.rint(samples.astype(np.float64) * 255.0 / (2**depth - 1)).astype(np.uint8)


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn a picture by the words of EXIF: which side its first row and first column are."""
    turned = {
        2: lambda p: p[:, ::-1],  # top, right
        3: lambda p: p[::-1, ::-1],  # bottom, right
        4: lambda p: p[::-1],  # bottom, left
        5: lambda p: np.swapaxes(p, 0, 1),  # left, top
        6: lambda p: np.rot90(p, -1),  # right, top
        7: lambda p: np.swapaxes(p[::-1, ::-1], 0, 1),  # right, bottom
        8: lambda p: np.rot90(p, 1),  # left, bottom
    }.get(orientation, lambda p: p)
    return turned(pixels)


def srgb_encoded(linear: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Linear light in 0..1 to sRGB in 0..255 (IEC 61966-2-1)."""
    linear = np.clip(linear, 0.0, 1.0)
    return 255.0 * np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
    )


def far_apart(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> float:
    """The greatest difference of two arrays of one shape."""
    assert first.shape == second.shape
    return float(np.abs(first.astype(np.float64) - second.astype(np.float64)).max())


# Files


def png_of(
    samples: Samples, color_type: int, depth: int, *, interlace: int = 0, **options: Any
) -> bytes:
    """A PNG of an array (H, W, S), its rows filtered in all five ways."""
    rows = samples.reshape(len(samples), -1).tolist()
    options.setdefault("kinds", (0, 1, 2, 3, 4))
    return png_tools.encode(rows, depth, color_type, interlace=interlace, **options)


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """What Pillow writes."""
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def opened(data: bytes) -> Image.Image:
    """What Pillow reads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        picture = Image.open(io.BytesIO(data))
        picture.load()
    return picture


def tiff(samples: npt.NDArray[Any], photometric: str, **options: Any) -> bytes:
    """What tifffile writes, without the note that it wrote it."""
    stream = io.BytesIO()
    tifffile.imwrite(
        stream, samples, photometric=photometric, metadata=None, software=False, **options
    )
    return stream.getvalue()


def tiff_pages(*pages: tuple[npt.NDArray[Any], Mapping[str, Any]]) -> bytes:
    """A TIFF of several pages, each with its own options."""
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        for samples, options in pages:
            writer.write(samples, metadata=None, software=False, **options)
    return stream.getvalue()


def raw_tiff(
    *directories: Tags,
    strip: bytes = b"",
    order: str = "<",
    big: bool = False,
    circle: bool = False,
) -> bytes:
    """A TIFF put together tag by tag; `strip` begins at byte 16, the directories follow it."""
    body = bytearray(strip.ljust(len(strip) + len(strip) % 2, b"\0"))
    width, entry = ("Q", "HHQ") if big else ("I", "HHI")
    room = struct.calcsize(width)
    starts: list[int] = []
    links: list[int] = []
    for tags in directories:
        entries = b""
        for tag, (kind, values) in sorted(tags.items()):
            content = struct.pack(f"{order}{len(values)}{_TIFF_FORMATS[kind]}", *values)
            if len(content) > room:
                place = struct.pack(order + width, 16 + len(body))
                body += content + b"\0" * (len(content) % 2)
            else:
                place = content.ljust(room, b"\0")
            entries += struct.pack(order + entry, tag, kind, len(values)) + place
        starts.append(16 + len(body))
        body += struct.pack(order + ("Q" if big else "H"), len(tags)) + entries
        links.append(16 + len(body))
        body += bytes(room)
    following = [*starts[1:], starts[0] if circle else 0]
    for link, start in zip(links, following, strict=True):
        struct.pack_into(order + width, body, link - 16, start)
    mark = b"II" if order == "<" else b"MM"
    if big:
        return mark + struct.pack(order + "HHHQ", 43, 8, 0, starts[0]) + bytes(body)
    return mark + struct.pack(order + "HI", 42, starts[0]) + bytes(8) + bytes(body)


def tiff_tags(
    width: int, height: int, size: int, *, bits: int = 8, samples: int = 1, photometric: int = 1
) -> dict[int, tuple[int, Sequence[int]]]:
    """Tags of an uncompressed picture of one strip of `size` bytes at byte 16."""
    return {
        256: (LONG, [width]),
        257: (LONG, [height]),
        258: (SHORT, [bits] * samples),
        259: (SHORT, [1]),
        262: (SHORT, [photometric]),
        273: (LONG, [16]),
        277: (SHORT, [samples]),
        278: (LONG, [height]),
        279: (LONG, [size]),
    }


def gif_frame(
    indices: Sequence[int], box: tuple[int, int, int, int], *, bits: int = 2, palette: bytes = b""
) -> bytes:
    """An image block of a GIF: left, top, width, height; every code is preceded by a clear."""
    clear = 1 << bits
    codes = [code for index in indices for code in (clear, index)] + [clear + 1]
    packed, held, stream = 0, 0, bytearray()
    for code in codes:
        packed |= code << held
        held += bits + 1
        while held >= 8:
            stream.append(packed & 255)
            packed, held = packed >> 8, held - 8
    stream.append(packed)
    blocks = b"".join(
        bytes([len(part)]) + part
        for part in (bytes(stream[start : start + 255]) for start in range(0, len(stream), 255))
    )
    flags = 0x80 | (bits - 1) if palette else 0
    return b"," + struct.pack("<4HB", *box, flags) + palette + bytes([bits]) + blocks + b"\0"


def gif(width: int, height: int, palette: bytes, *blocks: bytes, end: bytes = b";") -> bytes:
    """A GIF of a global palette of 4 colors and blocks."""
    assert len(palette) == 12
    return (
        b"GIF89a"
        + struct.pack("<HHBBB", width, height, 0x81, 0, 0)
        + palette
        + b"".join(blocks)
        + end
    )


def bmp(
    width: int, height: int, bits: int, rows: bytes, palette: bytes = b"", *,
    compression: int = 0, masks: Sequence[int] = (),
) -> bytes:  # fmt: skip
    """A BMP with a header of 40 bytes, or of 108 if there are four masks."""
    packed_masks = struct.pack(f"<{len(masks)}I", *masks)
    size = 108 if len(masks) == 4 else 40
    info = struct.pack(
        "<IiiHHIIiiII", size, width, height, 1, bits, compression, len(rows), 2835, 2835,
        len(palette) // 4, 0,
    ) + packed_masks  # fmt: skip
    info = info.ljust(size, b"\0")
    start = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + info + palette + rows


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP container."""
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
        for kind, content in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def riff_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a sound WebP."""
    found, position = [], 12
    while position < len(data):
        (size,) = struct.unpack_from("<I", data, position + 4)
        found.append((data[position : position + 4], data[position + 8 : position + 8 + size]))
        position += 8 + size + size % 2
    return found


def jpeg_segment(marker: int, content: bytes) -> bytes:
    """A JPEG segment, length included."""
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(content)) + content


def with_segment(data: bytes, marker: int, content: bytes) -> bytes:
    """A JPEG with one more segment at its beginning."""
    return data[:2] + jpeg_segment(marker, content) + data[2:]


def jpeg_claiming(data: bytes, width: int, height: int) -> bytes:
    """A baseline JPEG whose frame header states another size."""
    frame = data.index(b"\xff\xc0")
    return data[: frame + 5] + struct.pack(">HH", height, width) + data[frame + 9 :]


def exif(orientation: int, *, kind: int = 3, count: int = 1) -> bytes:
    """EXIF that holds an orientation, without the six bytes that JPEG puts before it."""
    entry = struct.pack("<HHIHH", 274, kind, count, orientation, 0)
    return b"II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0)


# Color profiles


def _fixed(*numbers: float) -> bytes:
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))


def icc_profile(
    space: bytes, kind: bytes = b"mntr", pcs: bytes = b"XYZ ", **tags: bytes
) -> bytes:  # fmt: skip
    """An ICC profile, version 2.4, of tags as given."""
    position = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        content += b"\0" * (-len(content) % 4)
        table += name.encode().ljust(4)[:4] + struct.pack(
            ">II", position + len(body), len(content)
        )
        body += content
    header = struct.pack(">I4sI", position + len(body), b"test", 0x02400000)
    header += kind + space + pcs + struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp"
    header = header.ljust(68, b"\0") + _fixed(0.9642, 1.0, 0.8249)
    return header.ljust(128, b"\0") + table + body


def icc_name(name: bytes) -> bytes:
    """The tag that names a profile."""
    text = b"desc" + bytes(4) + struct.pack(">I", len(name) + 1) + name + b"\0"
    return text + bytes(78)


def icc_curve(gamma: float) -> bytes:
    """A tone curve: value to the power of gamma."""
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)


def icc_xyz(*numbers: float) -> bytes:
    """A color in XYZ."""
    return b"XYZ " + bytes(4) + _fixed(*numbers)


# Columns: red, green, blue in XYZ, adapted to D50.
SRGB_TO_XYZ = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
)
P3_TO_XYZ = np.array(
    [[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]]
)
WHITE = (0.9642, 1.0, 0.8249)


def rgb_profile(
    matrix: npt.NDArray[np.float64] = P3_TO_XYZ, gamma: float = 2.2, name: bytes = b"Wide"
) -> bytes:
    """A profile of an RGB space with these primaries and this gamma."""
    columns = matrix.T.tolist()
    curve = icc_curve(gamma)
    return icc_profile(
        b"RGB ", desc=icc_name(name), wtpt=icc_xyz(*WHITE), rXYZ=icc_xyz(*columns[0]),
        gXYZ=icc_xyz(*columns[1]), bXYZ=icc_xyz(*columns[2]), rTRC=curve, gTRC=curve, bTRC=curve,
    )  # fmt: skip


def from_profile(
    pixels: Pixels, matrix: npt.NDArray[np.float64] = P3_TO_XYZ, gamma: float = 2.2
) -> npt.NDArray[np.float64]:
    """What colors of such a space are in sRGB, in 0..255, clipped."""
    linear = (pixels / 255.0) ** gamma @ (np.linalg.inv(SRGB_TO_XYZ) @ matrix).T
    return srgb_encoded(linear)


def grey_profile(gamma: float, name: bytes = b"Grey") -> bytes:
    """A profile of grey levels with this gamma."""
    return icc_profile(
        b"GRAY", desc=icc_name(name), wtpt=icc_xyz(*WHITE), kTRC=icc_curve(gamma)
    )  # fmt: skip


def cyan_only_profile() -> bytes:
    """A profile of a press whose cyan prints black and whose other inks cannot be seen."""
    ramp = bytes(range(256))
    corners = b"".join(
        bytes([0 if cyan else 255, 128, 128])
        for cyan in (0, 1) for _ in range(8)
    )  # fmt: skip
    table = (
        b"mft1" + bytes(4) + bytes([4, 3, 2, 0])
        + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1) + ramp * 4 + corners + ramp * 3
    )  # fmt: skip
    return icc_profile(
        b"CMYK", b"prtr", b"Lab ", desc=icc_name(b"Cyan"), wtpt=icc_xyz(*WHITE), A2B0=table
    )
