"""Strips and tiles of a TIFF, decoded a few at a time.

libtiff, by way of Pillow, gets a TIFF of our own making with a few strips in it and the tags that
tell how to decode them: nothing else of a file reaches it, and nothing of it is larger than these.
Samples of more than 8 bits, which Pillow would cut, are passed through it as bytes.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError
from codec.images.depth import Narrowing
from codec.images.directories import (
    BITS,
    COLOR_MAP,
    COMPRESSION,
    DECODING,
    EXTRA_SAMPLES,
    FILL_ORDER,
    HEIGHT,
    PHOTOMETRIC,
    PREDICTOR,
    SAMPLES,
    STRIP_PLACES,
    STRIP_ROWS,
    STRIP_SIZES,
    TILE_HEIGHT,
    TILE_PLACES,
    TILE_WIDTH,
    WIDTH,
    Directory,
    write_tiff,
)
from codec.images.fax import FAX, with_black_tails
from codec.images.pillow import Decoded, decode_mode
from codec.images.profiles import convert_inks
from codec.images.records import truncated
from codec.images.segments import JPEG, OLD_JPEG, UNCOMPRESSED, Block, Layout

Pixels = npt.NDArray[np.uint8]
Bytes = npt.NDArray[np.uint8]
Samples = npt.NDArray[np.uint16]

# Values of ExtraSamples.
_UNSPECIFIED, _PREMULTIPLIED = 0, 1
# What a value of PhotometricInterpretation means: colors of a pixel, by those that are read.
_WHITE_IS_ZERO, _INKS, _YCBCR = 0, 5, 6
_COLORS = {_WHITE_IS_ZERO: 1, 1: 1, 2: 3, _INKS: 4}
# Of Compression: those that store bytes, whatever these mean, and those of them with predictors.
_PREDICTED = (5, 8, 32946, 34925, 50000)
_OF_BYTES = (UNCOMPRESSED, 32773, *_PREDICTED)

_DIVIDED = "colors premultiplied by alpha are divided by it"


class Blocks:
    """Decodes the blocks of a picture, and knows what that did to its samples.

    Attributes
    ----------
    profile : bytes or None
        ICC profile that is still to be applied.
    palette : ndarray of shape (P, C), dtype uint8, or None
        If there is one, pixels are indices; known when a block was decoded.
    conversions, notices : tuple of str
        As in `codec.images.records.Findings`; complete when all blocks were decoded.
    """

    palette: Pixels | None = None
    conversions: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    def __init__(self, layout: Layout, profile: bytes | None) -> None:
        self.layout = layout
        self.profile = profile

    def __call__(self, block: Block) -> Pixels:
        """Decode what a block has within the picture; threads may do so at once."""
        raise NotImplementedError

    def finish(self, pixels: Pixels) -> Pixels:
        """Do what is left to do to blocks, or to many that were put together."""
        return pixels

    def stretch(self) -> None:
        """Stretch samples of more than 8 bits, if these are, to all of their range."""

    def whole(self) -> Pixels:
        """Decode all of the picture."""
        layout = self.layout
        pixels: Pixels | None = None
        for block in layout.blocks():
            part = self(block)
            if pixels is None:
                if part.shape[:2] == (layout.height, layout.width):
                    return self.finish(part)
                pixels = np.empty((layout.height, layout.width, *part.shape[2:]), dtype=np.uint8)
            pixels[block.top : block.top + len(part)][
                :, block.left : block.left + part.shape[1]
            ] = part
        assert pixels is not None  # noqa: S101 - no picture is without blocks
        return self.finish(pixels)

    def _within(self, block: Block, part: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Take what a block has within the picture."""
        return part[: self.layout.height - block.top, : self.layout.width - block.left]


def blocks_of(layout: Layout, profile: bytes | None) -> Blocks:
    """Choose who decodes the blocks of a picture.

    Parameters
    ----------
    layout : Layout
        Of the picture.
    profile : bytes or None
        Its ICC profile.

    Raises
    ------
    ImageError
        It is of a kind that is not read.
    """
    if layout.directory.numbers(BITS).max(initial=1) > 8:
        return _WideBlocks(layout, profile)
    return _NarrowBlocks(layout, profile)


class _NarrowBlocks(Blocks):
    """Samples of up to 8 bits, which Pillow decodes."""

    def __init__(self, layout: Layout, profile: bytes | None) -> None:
        super().__init__(layout, profile)
        self._given = profile
        self._tags, self._before, self._repaired = _mend_color_map(layout.directory)
        self._premultiplied = _PREMULTIPLIED in layout.directory.numbers(EXTRA_SAMPLES)
        self._translucent = False

    def whole(self) -> Pixels:
        """Decode all of the picture; at once where tags point at all places of the file."""
        layout = self.layout
        if layout.compression != OLD_JPEG:
            return super().whole()
        return self(Block(0, 0, layout.height, layout.width, 0, 0))

    def __call__(self, block: Block) -> Pixels:
        """Decode a block, with colors of inks converted."""
        layout, directory = self.layout, self.layout.directory
        size = block.columns, block.rows
        if layout.compression == OLD_JPEG:
            copied = (*DECODING, WIDTH, HEIGHT, STRIP_PLACES, STRIP_ROWS, STRIP_SIZES)
            file = write_tiff(directory, self._tags, copied, 0, [directory.data[8:]])
        else:
            file = _cut_out(layout, block, self._tags)
        part = decode_mode("TIFF", file, size, self._given)
        if layout.compression in FAX:
            longer = _cut_out(layout, block, self._tags, going_on=True)
            with_tails = decode_mode("TIFF", longer, size, self._given)
            if not np.array_equal(part.pixels, with_tails.pixels):
                raise truncated("TIFF")
        pixels = self._within(block, part.pixels)
        if self._premultiplied and not self._translucent:
            self._translucent = _is_translucent(pixels)
        self._tell(part)
        return pixels

    def _tell(self, part: Decoded) -> None:
        """Note what was done to a block, which is what is done to all."""
        conversions = part.conversions
        compression = self.layout.compression
        photometric = self.layout.directory.number(PHOTOMETRIC)
        if photometric == _YCBCR and compression not in (OLD_JPEG, JPEG):
            # By Pillow or by libtiff, which is silent.
            conversions = ("converted from YCbCr to RGB",)
        before = (*self._before, *(_DIVIDED,) * self._translucent)
        self.conversions = before + conversions
        self.notices = self._repaired + part.notices
        self.profile, self.palette = part.profile, part.palette


def _is_translucent(pixels: Pixels) -> bool:
    """Tell whether there is more than opaque colors and what is all zero."""
    return any((row[row.any(axis=1), -1] < 255).any() for row in pixels)


def _cut_out(
    layout: Layout, block: Block, tags: dict[int, list[int]], going_on: bool = False
) -> bytes:
    """Make a TIFF of some strips or tiles, which may be made longer than they are."""
    segments = [part for plane in range(layout.planes) for part in layout.stored(block, plane)]
    if going_on:
        segments = with_black_tails(
            segments, layout.compression, layout.directory.number(FILL_ORDER, 1)
        )
    tags = {**tags, WIDTH: [block.columns], HEIGHT: [block.rows]}
    if layout.tiled:
        tags |= {TILE_WIDTH: [layout.columns], TILE_HEIGHT: [layout.rows]}
    else:
        tags[STRIP_ROWS] = [layout.rows]
    places = TILE_PLACES if layout.tiled else STRIP_PLACES
    return write_tiff(layout.directory, tags, DECODING, places, segments)


def _mend_color_map(
    directory: Directory,
) -> tuple[dict[int, list[int]], tuple[str, ...], tuple[str, ...]]:
    """Make 8 bits of the 16 of a color map, or 16 of 8; what was converted, and what repaired."""
    colors = directory.numbers(COLOR_MAP).astype(np.int64)
    if 0 < colors.max(initial=0) < 256:
        mended = {COLOR_MAP: (colors * 257).tolist()}
        return mended, (), ("its color map of 8-bit values is read as such",)
    # Of 8 bits that were shifted nothing is lost either.
    if not (colors % 257).any() or not (colors % 256).any():
        return {}, (), ()
    narrow = Narrowing(16)
    rounded = narrow(colors[None]).astype(np.int64)[0] * 257
    return {COLOR_MAP: rounded.tolist()}, ("its color map of 16 bits is rounded to 8",), ()


class _WideBlocks(Blocks):
    """Grey, RGB or CMYK of 9 to 16 bits."""

    def __init__(self, layout: Layout, profile: bytes | None) -> None:
        directory = layout.directory
        bits, samples = directory.number(BITS), directory.number(SAMPLES, 1)
        self._photometric = directory.number(PHOTOMETRIC)
        self._colors = _COLORS.get(self._photometric, 0)
        extra = directory.numbers(EXTRA_SAMPLES).tolist()
        if not self._colors or samples not in (self._colors, self._colors + 1):
            raise ImageError(f"a TIFF of this kind is not read at {bits} bits", "unsupported")
        predictor = directory.number(PREDICTOR, 1) if layout.compression in _PREDICTED else 1
        if layout.compression not in _OF_BYTES or not (
            predictor == 1 or (predictor == 2 and bits == 16)
        ):
            raise ImageError(f"a TIFF so compressed is not read at {bits} bits", "unsupported")
        self._is_ink = self._photometric == _INKS
        self._kept = self._colors if _UNSPECIFIED in extra or self._is_ink else samples
        self._predicted, self._premultiplied = predictor == 2, _PREMULTIPLIED in extra
        self._bits, self._divided = bits, False
        self._narrow = Narrowing(bits, self._colors)
        self._inks = profile
        self._told: tuple[str, ...] = ()
        super().__init__(layout, None if self._is_ink else profile)

    def stretch(self) -> None:
        """Look at all blocks, and stretch colors."""
        if not self._is_ink:
            for block in self.layout.blocks():
                self._narrow.look(self._straight(block))
            self._narrow.stretch()

    def __call__(self, block: Block) -> Pixels:
        """Round a block to 8 bits."""
        return self._narrow(self._straight(block))

    def _straight(self, block: Block) -> Samples:
        part = self._within(block, _samples_of(self.layout, block, self._predicted))
        if self._photometric == _WHITE_IS_ZERO:
            part[:, :, 0] ^= 2**self._bits - 1
        if self._premultiplied:
            self._divided |= _divide_by_alpha(part, self._colors, float(2**self._bits - 1))
        return part[:, :, : self._kept]

    def finish(self, pixels: Pixels) -> Pixels:
        """Convert inks."""
        if self._is_ink:
            pixels, self._told = convert_inks(pixels, "CMYK", self._inks)
        return pixels

    @property
    def conversions(self) -> tuple[str, ...]:  # type: ignore[override]
        """Say of samples that they are not what they were."""
        done = (_DIVIDED,) * self._divided + self._narrow.conversions
        return (*done, "converted from CMYK to sRGB") if self._is_ink else done

    @property
    def notices(self) -> tuple[str, ...]:  # type: ignore[override]
        """Say what else there is to say."""
        return self._told if self._is_ink else self._narrow.notices


def _divide_by_alpha(samples: Samples, colors: int, highest: float) -> bool:
    """Divide in place; tell whether that changed anything."""
    changed = False
    for row in samples:
        alpha = np.maximum(row[:, colors:].astype(np.float64), 1.0)
        straight = np.rint(np.minimum(row[:, :colors] * (highest / alpha), highest))
        changed = changed or bool((straight != row[:, :colors]).any())
        row[:, :colors] = straight
    return changed


def _samples_of(layout: Layout, block: Block, predicted: bool) -> Samples:
    """Decode a block to its samples."""
    directory = layout.directory
    bits, apart = directory.number(BITS), layout.planes > 1
    count = 1 if apart else directory.number(SAMPLES, 1)
    planes = []
    for plane in range(layout.planes):
        rows = _bytes_of(layout, block, plane)
        if bits == 16:
            wide = rows.view(directory.order + "u2").astype(np.uint16)
        else:
            single = np.unpackbits(rows, axis=1)[:, : layout.columns * count * bits]
            padded = np.zeros((len(rows), layout.columns * count, 16), dtype=np.uint8)
            padded[:, :, 16 - bits :] = single.reshape(len(rows), -1, bits)
            wide = np.packbits(padded, axis=2).view(">u2").astype(np.uint16)
        wide = wide.reshape(len(rows), layout.columns, count)
        if predicted:
            np.cumsum(wide, axis=1, dtype=np.uint16, out=wide)
        if layout.tiled:  # beside each other instead of below
            wide = wide.reshape(block.segments, layout.rows, layout.columns, count)
            wide = wide.swapaxes(0, 1).reshape(layout.rows, -1, count)
        planes.append(wide)
    return np.concatenate(planes, axis=2) if apart else planes[0]


def _bytes_of(layout: Layout, block: Block, plane: int) -> Bytes:
    """Decode strips or tiles, one below the other, to rows of bytes."""
    directory = layout.directory
    size = -(-layout.columns * layout.bits // 8)
    height = block.segments * layout.rows if layout.tiled else block.rows
    segments = layout.stored(block, plane)
    if layout.compression == UNCOMPRESSED and directory.number(FILL_ORDER, 1) == 1:
        return np.frombuffer(b"".join(segments), dtype=np.uint8).reshape(height, size)
    tags = {
        WIDTH: [size], HEIGHT: [height], STRIP_ROWS: [layout.rows], BITS: [8], SAMPLES: [1],
        PHOTOMETRIC: [1], COMPRESSION: [layout.compression],
    }  # fmt: skip
    file = write_tiff(directory, tags, (FILL_ORDER,), STRIP_PLACES, segments)
    return decode_mode("TIFF", file, (size, height), None).pixels
