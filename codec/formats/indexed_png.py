"""The indexed PNG: a picture that every viewer shows (format-spec section 8).

A private chunk `kmSL` carries the number of channels and the seal, so that the picture comes back
as it went in. Where all code-words are greys in ascending order, a grey PNG says as much without a
palette. Indexed PNGs that other programs wrote are read too.
"""

import numpy as np
import numpy.typing as npt

from codec.colors.lookup import count_labels, look_up, renumber
from codec.errors import FormatError
from codec.formats.contents import Contents, make_contents
from codec.formats.seal import SEAL_CHUNK, check_version, is_seal, make_seal
from codec.indexed import IndexedImage
from codec.limits import MAX_METADATA_BYTES
from codec.metadata import NO_METADATA, Metadata
from codec.png.packing import deflate_rows
from codec.png.reading import GREY, INDEXED, parse_header, read_png
from codec.png.samples import decode_samples
from codec.png.texts import (
    metadata_sizes,
    profile_chunks,
    read_profile,
    read_texts,
    text_chunks,
)
from codec.png.writing import palette_chunks, wrap_idat

_DEPTHS = (1, 2, 4, 8)
_HALF = (
    "it is half of a pair, whose codebook is another file: X.labels.png is read by its name, with "
    "that beside it"
)


def encode(indexed: IndexedImage, effort: str) -> list[bytes]:
    """Write an indexed PNG.

    Parameters
    ----------
    indexed : IndexedImage
        What to store, metadata too.
    effort : {'fast', 'default', 'best'}
        How hard deflate tries.

    Returns
    -------
    files : list of one bytes
        The content of `X.png`, the smaller of packed and unpacked rows.
    """
    metadata = indexed.metadata
    grey_depth = _grey_depth(indexed)
    depth = fewest_bits(indexed.n_colors)
    # Profiles are those of RGB, which a grey PNG must not have.
    kinds = [GREY] if grey_depth <= depth and not metadata.profile else []
    levels = indexed.codebook[:, 0]
    # Where most levels are there, filters make as much of them as of labels.
    if not kinds or 2 * indexed.n_colors <= int(levels[-1]) - int(levels[0]) or effort == "best":
        kinds.append(INDEXED)
    seal = SEAL_CHUNK, bytes([indexed.channels]) + make_seal(indexed)
    behind = seal, *text_chunks(metadata.texts)

    def written(color_type: int, depth: int, rows: npt.NDArray[np.uint8]) -> bytes:
        before = profile_chunks(metadata.profile)
        before += palette_chunks(indexed.codebook) if color_type == INDEXED else []
        idat = deflate_rows(rows, effort)
        return wrap_idat(
            indexed.width, indexed.height, depth, color_type, idat, (*before, *behind)
        )

    candidates = []
    for kind in kinds:
        grey = kind == GREY
        samples = look_up(levels, indexed.labels) if grey else indexed.labels
        candidates.append(written(kind, 8, samples))
        if (bits := grey_depth if grey else depth) < 8:
            scale = np.uint8(255 // (2**bits - 1) if grey else 1)
            candidates.append(written(kind, bits, pack_labels(samples // scale, bits)))
    return [min(candidates, key=len)]


def fewest_bits(most: int) -> int:
    """Tell the depth that has as many values."""
    return next(depth for depth in _DEPTHS if most <= 2**depth)


def _grey_depth(indexed: IndexedImage) -> int:
    """Tell how many bits a grey PNG needs that says the same without a palette; 16: there is none.

    Its levels are code-words in ascending order, opaque and all used.
    """
    levels = indexed.codebook[:, 0]
    if (levels[1:] <= levels[:-1]).any() or not np.array_equal(
        indexed.codebook, _grey_codebook(levels, indexed.channels)
    ):
        return 16
    if not count_labels(indexed.labels)[: len(levels)].all():
        return 16
    return next(depth for depth in _DEPTHS if not (levels % (255 // (2**depth - 1))).any())


def _grey_codebook(levels: npt.NDArray[np.uint8], channels: int) -> npt.NDArray[np.uint8]:
    """Make opaque code-words of grey levels."""
    codebook = np.repeat(levels[:, None], channels, axis=1)
    if channels in (2, 4):
        codebook[:, -1] = 255
    return codebook


def pack_labels(labels: npt.NDArray[np.uint8], depth: int) -> npt.NDArray[np.uint8]:
    """Pack labels of `depth` bits, the leftmost in the highest bits, rows padded with zeros."""
    together = 8 // depth
    packed = np.zeros((len(labels), -(-labels.shape[1] // together)), dtype=np.uint8)
    for place in range(together):
        part = labels[:, place::together]
        packed[:, : part.shape[1]] |= part << np.uint8(8 - depth * (place + 1))
    return packed


def peek_size(start: bytes) -> tuple[int, int]:
    """Read width and height from the first 29 bytes of a PNG.

    Raises
    ------
    FormatError
        They are cut short, or the header has values that PNG does not define.
    """
    header = parse_header(start[16:29])
    return header.width, header.height


def decode(data: bytes, *, max_pixels: int) -> Contents:
    """Read an indexed PNG.

    Parameters
    ----------
    data : bytes
        The content of `X.png`.
    max_pixels : int
        Largest picture that is accepted.

    Returns
    -------
    contents : Contents
        Unverified if another program wrote it, or rewrote it without the chunk `kmSL`.

    Raises
    ------
    FormatError
        Not an indexed PNG, or damaged.
    LimitError
        The picture is larger than allowed.
    """
    png = read_png(data, max_pixels)
    own = png.chunks.get(SEAL_CHUNK)
    is_half = own is not None and (not own or is_seal(own))  # as `codec.formats.pair` writes it
    # A grey PNG without a seal in it is a picture, or half of a pair.
    grey = png.header.color_type == GREY and png.header.depth <= 8 and bool(own)
    if not grey and png.header.color_type != INDEXED:
        no_palette = "the PNG has no palette: it is a picture, not compressed"
        raise FormatError(_HALF if is_half else no_palette, "not-indexed")
    if is_half:
        raise FormatError(_HALF, "bad-seal")
    channels, seal = _split_seal(own)
    samples = np.ascontiguousarray(decode_samples(png)[:, :, 0].astype(np.uint8, copy=False))
    alpha = png.chunks.get(b"tRNS")
    if not grey:
        labels, codebook = samples, _read_palette(png.plte or b"", alpha, channels)
    elif alpha is None:
        (used,) = np.nonzero(count_labels(samples))
        labels = renumber(samples, used)
        levels = used.astype(np.uint8) * np.uint8(255 // (2**png.header.depth - 1))
        codebook = _grey_codebook(levels, channels)
    else:
        raise FormatError("transparency was added after the PNG was sealed", "digest-mismatch")
    sizes = {"codebook": 0 if grey else len(png.plte or b"") + len(alpha or b"")}
    sizes["labels"] = len(png.idat)
    sizes["seal"] = len(own or b"")
    metadata = NO_METADATA
    if seal:
        metadata = Metadata(read_texts(png)[0], read_profile(png, MAX_METADATA_BYTES))
        sizes |= metadata_sizes(png)
    sizes["container"] = len(data) - sum(sizes.values())
    return make_contents("png", labels, codebook, seal, sizes, metadata)


def _read_palette(plte: bytes, alpha: bytes | None, stated: int) -> npt.NDArray[np.uint8]:
    """Make the codebook of PLTE and tRNS, of the channels that a seal states, if any."""
    colors = np.frombuffer(plte, dtype=np.uint8).reshape(-1, 3)
    if alpha is not None and not 1 <= len(alpha) <= len(colors):
        raise FormatError("tRNS is larger than the palette, or empty", "bad-palette")
    if (stated in (1, 3) and alpha is not None) or (
        stated in (1, 2) and (colors != colors[:, :1]).any()
    ):
        raise FormatError("the palette was changed after it was sealed", "digest-mismatch")
    channels = stated or (3 if alpha is None else 4)
    codebook = colors if channels in (3, 4) else colors[:, :1]
    if channels in (2, 4):
        opacity = np.full((len(colors), 1), 255, dtype=np.uint8)
        opacity[: len(alpha or b""), 0] = np.frombuffer(alpha or b"", dtype=np.uint8)
        codebook = np.hstack([codebook, opacity])
    return np.ascontiguousarray(codebook)


def _split_seal(content: bytes | None) -> tuple[int, bytes]:
    """Split the chunk kmSL into C and the seal; nothing without the chunk."""
    if content is None:
        return 0, b""
    check_version(content[1:])
    if content[0] not in (1, 2, 3, 4):
        raise FormatError("the chunk kmSL is not a kmcodec seal", "bad-seal")
    return content[0], content[1:]
