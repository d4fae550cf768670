"""Pictures of every kind, made with struct, Pillow and tifffile, to check the codec against.

Only the functions of the first chapter call the codec.
"""

import io
import struct
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import png_tools
import pytest
import tifffile
from PIL import Image
from png_tools import GREY, GREY_ALPHA, INDEXED, RGB, RGBA, SAMPLES, chunk

from codec.errors import CodecError
from codec.images import containers
from codec.images.kinds import recognize
from codec.images.png import decode_png
from codec.images.reading import read_image
from codec.images.records import SourceImage, Structure
from codec.limits import MAX_PIXELS

Pixels = npt.NDArray[np.uint8]
Samples = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
Tags = Mapping[int, tuple[int, Sequence[int]]]
Page = tuple[npt.NDArray[Any], Mapping[str, Any]]

SHORT, LONG, LONG8 = 3, 4, 16
ROUNDED = "16-bit samples are rounded to 8 bits"
NO_EXIF = "metadata is not kept: EXIF"
EVERY_PNG = [
    *((GREY, depth) for depth in (1, 2, 4, 8, 16)),
    *((INDEXED, depth) for depth in (1, 2, 4, 8)),
    *((kind, depth) for kind in (RGB, GREY_ALPHA, RGBA) for depth in (8, 16)),
]
SIZES = [(1, 1), (1, 9), (9, 1), (3, 3), (4, 3), (13, 11)]  # row 50
FOUR_COLORS = bytes(range(0, 120, 10))
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


def attempt(folder: Path, data: bytes, **options: Any) -> Pixels | CodecError:
    """The pixels of a file that may be read or refused, or why it was refused."""
    try:
        return read(folder, data, **options).pixels
    except CodecError as error:
        return error


def examine(data: bytes, max_pixels: int) -> Structure:
    """What a file says of itself; PNGs are judged where they are decoded."""
    kind = recognize(data)
    if kind == "PNG":
        found = decode_png(data, max_pixels, first_frame=True)[1].structure
    else:
        found = containers.examine(data, kind, max_pixels)
    return found


def reason_of(data: bytes, max_pixels: int = MAX_PIXELS) -> str:
    """The reason for which a file is refused by its structure alone."""
    with pytest.raises(CodecError) as caught:
        examine(data, max_pixels)
    assert str(caught.value).isprintable()
    return caught.value.reason


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height as the structure of a file states them."""
    found = examine(data, MAX_PIXELS)
    return found.width, found.height


def warm_up(folder: Path) -> None:
    """Import everything that reading takes."""
    read(folder, png_of(noise(0, 1, 1, 3), RGB, 8), "warm.png")


# Pixels


def noise(seed: int, *shape: int, high: int = 256) -> Pixels:
    """Random samples below `high`."""
    return np.random.RandomState(seed).randint(0, high, shape).astype(np.uint8)


def wide_noise(seed: int, *shape: int) -> npt.NDArray[np.uint16]:
    """Random 16-bit samples."""
    return np.random.RandomState(seed).randint(0, 65536, shape).astype(np.uint16)


def random_samples(seed: int, height: int, width: int, color_type: int, depth: int) -> Samples:
    """Random samples of a PNG of this kind."""
    shape = (height, width, SAMPLES[color_type])
    return wide_noise(seed, *shape) if depth == 16 else noise(seed, *shape, high=2**depth)


def palette_of(depth: int) -> Pixels:
    """A palette of as many colors as samples of this depth can name."""
    return noise(depth, 2**depth, 3)


def narrowed(samples: npt.NDArray[Any]) -> Pixels:
    """16 bits to 8, rounded to nearest: 65535 / 255 is 257, odd, so there are no ties."""
    rounded: npt.NDArray[np.float64] = np.floor(samples.astype(np.float64) / 257.0 + 0.5)
    return rounded.astype(np.uint8)


def shown(samples: Samples, depth: int) -> Pixels:
    """What samples of a PNG look like at 8 bits."""
    if depth == 16:
        return narrowed(samples)
    levels: npt.NDArray[np.float64] = samples.astype(np.float64) * 255.0 / (2**depth - 1)
    return np.rint(levels).astype(np.uint8)


def squeezed(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A picture of one channel without its third axis."""
    return pixels[:, :, 0] if pixels.shape[2] == 1 else pixels


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn a picture by the words of EXIF: which side its first row and first column are."""
    turned: dict[int, Callable[[Pixels], Pixels]] = {
        1: lambda p: p,  # top, left
        2: lambda p: p[:, ::-1],  # top, right
        3: lambda p: p[::-1, ::-1],  # bottom, right
        4: lambda p: p[::-1],  # bottom, left
        5: lambda p: np.swapaxes(p, 0, 1),  # left, top
        6: lambda p: np.rot90(p, -1),  # right, top
        7: lambda p: np.swapaxes(p[::-1, ::-1], 0, 1),  # right, bottom
        8: lambda p: np.rot90(p, 1),  # left, bottom
    }
    return turned.get(orientation, turned[1])(pixels)


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


def plte(palette: Pixels) -> bytes:
    """The palette chunk of a PNG."""
    return chunk(b"PLTE", palette.tobytes())


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


def tiff_pages(*pages: Page) -> bytes:
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


def lzw(plain: bytes) -> bytes:
    """What TIFF calls LZW, in codes of nine bits: every byte is preceded by a clear."""
    codes = [code for value in plain for code in (256, value)] + [257]
    bits = "".join(f"{code:09b}" for code in codes)
    return int(bits + "0" * (-len(bits) % 8), 2).to_bytes(-(-len(bits) // 8), "big")


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


def bmp_palette(colors: Pixels) -> bytes:
    """The palette of a BMP: blue, green, red and a byte that means nothing."""
    return np.hstack([colors[:, ::-1], np.zeros((len(colors), 1), np.uint8)]).tobytes()


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


def animation(kind: str, frames: int = 3) -> tuple[bytes, Pixels]:
    """An animation or a file of several pages, and its first picture."""
    pictures = [Image.fromarray(noise(seed, 9, 14, 3)) for seed in range(frames)]
    if kind == "GIF":
        pictures = [picture.quantize(8) for picture in pictures]
    options = {"lossless": True} if kind == "WEBP" else {}
    if kind == "TIFF":
        data = tiff_pages(*((np.asarray(p), {"photometric": "rgb"}) for p in pictures))
    else:
        data = saved(pictures[0], kind, save_all=True, append_images=pictures[1:], **options)
    return data, np.asarray(pictures[0].convert("RGB"))


def block_picture(
    kind: str, height: int, width: int, channels: int, seed: int = 0
) -> npt.NDArray[np.uint8]:
    """Make a picture: noise, smooth shades, or flat areas with a small signal."""
    r = np.random.RandomState(seed)
    y, x = np.mgrid[:height, :width]
    if kind == "noise":
        pixels = r.randint(0, 256, (height, width, channels))
    elif kind == "smooth":
        shades = [x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height), 255 - x]
        pixels = np.stack(shades[:channels], axis=2) + r.randint(-3, 4, (height, width, channels))
    elif kind == "grey":  # in as many channels as there are
        pixels = np.repeat((x * 200 // width + y % 7)[..., None], channels, axis=2)
        pixels[..., 3:] = 255
    else:
        pixels = np.full((height, width, channels), 240)
        pixels[: height // 3] = (30, 40, 60, 255)[:channels]
        pixels[height // 2 : height // 2 + 9, width // 2 : width // 2 + 9] = (230, 20, 30, 255)[
            :channels
        ]
        pixels[-height // 4 :] += r.randint(-30, 9, pixels[-height // 4 :].shape)
    if channels in (2, 4) and kind != "grey":
        pixels[::3, :, -1] = 255
        pixels[::5, ::2, -1] = 0
    return np.clip(pixels, 0, 255).astype(np.uint8)
