"""The indexed PNG: a picture that every viewer shows (format-spec section 8).

Grey code-words become greys of the palette; a private chunk `kmSL` carries the number of channels
and the seal, so that the picture comes back as it went in. Indexed PNGs that other programs wrote
are read too.
"""

import numpy as np
import numpy.typing as npt

from codec.errors import FormatError
from codec.formats.contents import Contents, make_contents
from codec.formats.seal import SEAL_CHUNK, check_version, make_seal
from codec.indexed import IndexedImage
from codec.png.packing import best_filter, deflate_level
from codec.png.reading import INDEXED, parse_header, read_png
from codec.png.rowfilters import NONE, filter_rows
from codec.png.samples import decode_samples
from codec.png.writing import write_png


def encode(indexed: IndexedImage, effort: str) -> list[bytes]:
    """Write an indexed PNG.

    Parameters
    ----------
    indexed : IndexedImage
        What to store.
    effort : {'fast', 'default', 'best'}
        How hard deflate tries.

    Returns
    -------
    files : list of one bytes
        The content of `X.png`, the smaller of packed and unpacked rows.
    """
    codebook, channels = indexed.codebook, indexed.channels
    colors = codebook[:, :-1] if channels in (2, 4) else codebook
    plte = np.broadcast_to(colors, (len(colors), 3)).tobytes()
    chunks = [(b"PLTE", plte)]
    if channels in (2, 4):
        opaque = codebook[:, -1] == 255
        translucent = len(opaque) - int(np.argmin(opaque[::-1])) if not opaque.all() else 0
        if translucent:
            chunks.append((b"tRNS", codebook[:translucent, -1].tobytes()))
    chunks.append((SEAL_CHUNK, bytes([channels]) + make_seal(indexed)))

    def written(depth: int, rows: npt.NDArray[np.uint8]) -> bytes:
        level = deflate_level(rows, effort)
        size = indexed.width, indexed.height
        return write_png(*size, depth, INDEXED, rows, tuple(chunks), level=level)

    candidates = [written(8, best_filter(indexed.labels))]
    depth = next((d for d in (1, 2, 4) if indexed.n_colors <= 2**d), 8)
    if depth < 8:
        candidates.append(written(depth, filter_rows(_pack(indexed.labels, depth), NONE)))
    return [min(candidates, key=len)]


def _pack(labels: npt.NDArray[np.uint8], depth: int) -> npt.NDArray[np.uint8]:
    """Pack labels of `depth` bits, the leftmost in the highest bits, rows padded with zeros."""
    bits = np.unpackbits(labels[:, :, None], axis=2)[:, :, 8 - depth :]
    return np.packbits(bits.reshape(len(labels), -1), axis=1)


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
    if png.header.color_type != INDEXED or png.plte is None:
        raise FormatError("the PNG has no palette: it is a picture, not compressed", "not-indexed")
    stated, seal = _split_seal(png.chunks.get(SEAL_CHUNK))
    labels = np.ascontiguousarray(decode_samples(png)[:, :, 0].astype(np.uint8, copy=False))
    colors = np.frombuffer(png.plte, dtype=np.uint8).reshape(-1, 3)
    alpha = png.chunks.get(b"tRNS")
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
    sizes = {"codebook": len(png.plte) + len(alpha or b""), "labels": len(png.idat)}
    sizes["seal"] = len(png.chunks.get(SEAL_CHUNK, b""))
    sizes["container"] = len(data) - sum(sizes.values())
    return make_contents("png", labels, np.ascontiguousarray(codebook), seal, sizes)


def _split_seal(content: bytes | None) -> tuple[int, bytes]:
    """Split the chunk kmSL into C and the seal; nothing without the chunk."""
    if content is None:
        return 0, b""
    check_version(content[1:])
    if content[0] not in (1, 2, 3, 4):
        raise FormatError("the chunk kmSL is not a kmcodec seal", "bad-seal")
    return content[0], content[1:]
