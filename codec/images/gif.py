"""GIF: its blocks, and its first frame as browsers show it."""

import functools
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codec.colors.lookup import look_up
from codec.errors import ImageError
from codec.images.decoders import decode_tile, metadata_left_out
from codec.images.grey import without_color
from codec.images.records import Findings, Structure, truncated
from codec.images.texts import Found, collect_texts
from codec.limits import MAX_LZW_RATIO, MAX_METADATA_BYTES, MAX_METADATA_TEXTS, check_dimensions

Pixels = npt.NDArray[np.uint8]

# Blocks and their parts, which have up to 255 bytes: some millions, and more of larger files.
_MOST_BLOCKS, _LEAST_BLOCK = 1 << 20, 128
_RAMP = np.arange(256, dtype=np.uint8)


@dataclass(frozen=True)
class _Frame:
    """The first picture: its place on the screen, its colors, and where its codes begin.

    There are 256 colors, of which `entries` are stated: none, if indices are greys.
    """

    left: int
    top: int
    width: int
    height: int
    interlaced: bool
    colors: Pixels
    entries: int
    transparent: int | None
    start: int

    def screen(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of a screen that the frame does not leave, if it has any or is 0x0."""
        if bool(width) != bool(height):
            return width, height
        return max(width, self.left + self.width), max(height, self.top + self.height)


def gif_structure(data: bytes, max_pixels: int) -> Structure:
    """Walk the blocks of a GIF.

    Parameters
    ----------
    data : bytes
        The whole file.
    max_pixels : int
        Largest picture that is accepted.

    Returns
    -------
    structure : Structure
        Of its screen, as large as its first frame needs.

    Raises
    ------
    ImageError
        Its blocks are damaged.
    IndexError, struct.error
        It ends early.
    """
    first, frames, _, ignored = _walk(data, max_pixels)
    if first is None:
        raise ImageError("the GIF holds no picture", "damaged")
    stated = struct.unpack_from("<HH", data, 6)
    screen = first.screen(*stated)
    notices = []
    if screen != stated:
        notices.append(
            f"the first frame leaves the GIF's {stated[0]}x{stated[1]} pixels, which grow"
            f" to {screen[0]}x{screen[1]}"
        )
    elif (first.width, first.height) != stated and first.transparent is None:
        notices.append("what the first frame of the GIF does not cover is transparent")
    if ignored:
        notices.append(f"{ignored} bytes between the GIF's blocks are ignored")
    return Structure("GIF", *screen, frames, notices=tuple(notices), stored="palette")


def decode_gif(data: bytes, structure: Structure) -> tuple[Pixels, Findings]:
    """Decode the first frame of a GIF.

    Parameters
    ----------
    data : bytes
        The whole file.
    structure : Structure
        From `gif_structure`.

    Returns
    -------
    pixels : ndarray of shape (H, W, C), dtype uint8
        Grey if all of its colors are, where the frame does not fill the screen, with alpha. If it
        does, and states colors, indices of shape (H, W).
    findings : Findings
        What else is in the file.

    Raises
    ------
    OSError
        The frame is damaged or ends early.
    """
    from PIL import Image

    first, _, comments, _ = _walk(data, structure.width * structure.height, to_first=True)
    assert first is not None  # noqa: S101 - or there was no structure
    size = first.width, first.height
    picture = Image.new("L", size)
    options = data[first.start], int(first.interlaced), -1
    decode_tile(picture, "gif", (0, 0, *size), options, memoryview(data)[first.start + 1 :])
    colors = first.colors
    if first.transparent is not None or size != (structure.width, structure.height):
        opacity = np.where(first.transparent == _RAMP, np.uint8(0), np.uint8(255))
        colors = np.column_stack([colors, opacity])
    indices, left_out = np.array(picture), metadata_left_out({"comment": comments})
    read_texts = functools.partial(_read_texts, data, comments)
    told: tuple[str, ...] = ()
    if (0 < first.entries <= indices.max()) and (
        (indices >= first.entries) & (indices != first.transparent)
    ).any():
        told = (f"pixels beyond the GIF's palette of {first.entries} colors are black",)
    if size == (structure.width, structure.height) and first.entries:
        palette = colors[: max(first.entries, int(indices.max()) + 1)]
        return indices, Findings(
            structure, told, None, (1, "EXIF"), left_out, palette=palette, read_texts=read_texts
        )
    pixels = look_up(colors, indices)
    if size != (structure.width, structure.height):
        screen = np.zeros((structure.height, structure.width, colors.shape[1]), dtype=np.uint8)
        rows = slice(first.top, first.top + first.height)
        screen[rows, first.left : first.left + first.width] = pixels
        pixels = screen
    pixels = without_color(pixels)
    return pixels, Findings(structure, told, None, (1, "EXIF"), left_out, read_texts=read_texts)


def _read_texts(data: bytes, comments: list[int]) -> Found:
    return collect_texts(
        comments=[_comment_at(data, start) for start in comments[: MAX_METADATA_TEXTS + 1]]
    )


def _comment_at(data: bytes, position: int) -> bytes:
    """Join the parts of a comment, up to more than is kept."""
    found = bytearray()
    while (length := data[position]) and len(found) <= MAX_METADATA_BYTES:
        found += data[position + 1 : position + 1 + length]
        position += 1 + length
    return bytes(found)


def _walk(
    data: bytes, max_pixels: int, *, to_first: bool = False
) -> tuple[_Frame | None, int, list[int], int]:
    """Go through the blocks, to the end or the first frame.

    Returns the first frame, how many there are, where comments before the first begin, and how
    many bytes belong to no block.
    """
    flags = data[10]
    position = 13 + _color_table_size(flags)
    table = data[13:position]
    first: _Frame | None = None
    transparent: int | None = None
    frames, ignored = 0, 0
    comments: list[int] = []
    left_over = _MOST_BLOCKS + len(data) // _LEAST_BLOCK
    while (block := data[position]) != 0x3B:
        left_over -= 1
        if block == 0x21:
            if data[position + 1] == 0xF9 and data[position + 2] >= 4 and first is None:
                transparent = data[position + 6] if data[position + 3] & 1 else None
            if data[position + 1] == 0xFE and not frames and data[position + 2]:
                comments.append(position + 2)
            position += 2
        elif block == 0x2C:
            frames += 1
            left, top, width, height, flags = struct.unpack_from("<4HB", data, position + 1)
            check_dimensions(width, height, max_pixels)
            local = data[position + 10 : position + 10 + _color_table_size(flags)]
            position += 10 + len(local)
            if first is None:
                first = _Frame(left, top, width, height, bool(flags & 0x40),
                               _colors(local or table), len(local or table) // 3,
                               transparent, position)  # fmt: skip
            if to_first:
                break
            position += 1
        elif block == 0:  # as if it were of the block before
            ignored += 1
        else:
            raise ImageError("the GIF's blocks are damaged", "damaged")
        start = position
        while length := data[position]:
            position += 1 + length
            if (left_over := left_over - 1) < 0:
                break
        if left_over < 0:
            raise ImageError("the GIF has far more blocks than its bytes need", "damaged")
        position += 1
        if block == 0x2C and width * height > MAX_LZW_RATIO * (position - start):
            raise truncated("GIF")
    return first, frames, comments, ignored


def _colors(table: bytes) -> Pixels:
    """Colors of all indices: black beyond the table, greys if there is none."""
    if not table:
        return _RAMP[:, None]
    stored = np.frombuffer(table, dtype=np.uint8).reshape(-1, 3)
    colors = np.zeros((256, 3), dtype=np.uint8)
    colors[: len(stored)] = stored
    return colors


def _color_table_size(flags: int) -> int:
    """Bytes of the colors behind a GIF's header or the header of one of its pictures."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
