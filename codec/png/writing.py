"""PNG files put together: of filtered rows, or of chunks."""

import struct
import zlib
from collections.abc import Iterable

import deflate
import numpy as np
import numpy.typing as npt

from codec.png.reading import SIGNATURE


def write_png(
    width: int,
    height: int,
    depth: int,
    color_type: int,
    filtered: npt.NDArray[np.uint8],
    before_idat: tuple[tuple[bytes, bytes], ...] = (),
    *,
    level: int,
) -> bytes:
    """Put together a PNG of filtered rows.

    Parameters
    ----------
    width, height : int
        1 to 65,535.
    depth, color_type : int
        A pair that PNG defines: bits of a sample, and what samples mean.
    filtered : ndarray of shape (H, 1 + S), dtype uint8
        Rows with their filter bytes.
    before_idat : tuple of (bytes, bytes)
        Types and contents of the chunks between IHDR and IDAT.
    level : int
        libdeflate's compression level, 1 to 12.

    Returns
    -------
    data : bytes
        The file.
    """
    idat = bytes(deflate.zlib_compress(np.ascontiguousarray(filtered), level))
    return wrap_idat(width, height, depth, color_type, idat, before_idat)


def wrap_idat(
    width: int,
    height: int,
    depth: int,
    color_type: int,
    idat: bytes,
    before_idat: tuple[tuple[bytes, bytes], ...] = (),
) -> bytes:
    """Put together a PNG of rows that are deflated already, with the arguments of `write_png`.

    Parameters
    ----------
    idat : bytes
        A zlib stream of rows with their filter bytes.

    Returns
    -------
    data : bytes
        The file.
    """
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0)
    return join_chunks(((b"IHDR", header), *before_idat, (b"IDAT", idat), (b"IEND", b"")))


def join_chunks(chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Put together a PNG of chunks.

    Parameters
    ----------
    chunks : iterable of (bytes, bytes)
        Types and contents of all of them, from IHDR to IEND.

    Returns
    -------
    data : bytes
        The file.
    """
    pieces = [SIGNATURE]
    for kind, content in chunks:
        crc = zlib.crc32(content, zlib.crc32(kind))
        pieces += [struct.pack(">I", len(content)), kind, content, struct.pack(">I", crc)]
    return b"".join(pieces)


def palette_chunks(codebook: npt.NDArray[np.uint8]) -> list[tuple[bytes, bytes]]:
    """Make PLTE, and tRNS up to the last code-word that is not opaque.

    Parameters
    ----------
    codebook : ndarray of shape (K, C), dtype uint8
        The colors of samples 0 to K - 1.

    Returns
    -------
    chunks : list of (bytes, bytes)
        For `before_idat` of `write_png`.
    """
    has_alpha = codebook.shape[1] in (2, 4)
    colors = codebook[:, :-1] if has_alpha else codebook
    chunks = [(b"PLTE", np.broadcast_to(colors, (len(colors), 3)).tobytes())]
    if has_alpha:
        (translucent,) = np.nonzero(codebook[:, -1] < 255)
        if translucent.size:
            chunks.append((b"tRNS", codebook[: translucent[-1] + 1, -1].tobytes()))
    return chunks
