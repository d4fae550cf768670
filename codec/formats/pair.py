"""The pair: `X.labels.png` and `X.codebook.npy` (format-spec section 6).

The label PNG is 8-bit greyscale, a sample is a label. The codebook is a `.npy` followed by the
seal, which `numpy.load` does not look at; an empty chunk `kmSL` in the PNG says that there is one,
so that it cannot get lost. NumPy and any PNG reader are enough to read both.

Many label PNGs may share a codebook, `shared.codebook.npy`: then each has its seal in its `kmSL`,
and the codebook has none.
"""

import numpy as np
import numpy.typing as npt

from codec.errors import FormatError
from codec.formats.contents import Contents, make_contents
from codec.formats.npy import decode_npy, encode_npy, parse_npy_header
from codec.formats.seal import (
    SEAL_CHUNK,
    SEAL_SIZE,
    check_version,
    is_of_other_version,
    is_seal,
    make_seal,
)
from codec.indexed import IndexedImage
from codec.limits import MAX_CODEBOOK_SIZE
from codec.metadata import NO_METADATA, Metadata
from codec.png.packing import deflate_rows
from codec.png.reading import GREY, INDEXED, PngFile, read_png
from codec.png.samples import decode_samples
from codec.png.texts import metadata_sizes, read_texts, text_chunks
from codec.png.writing import wrap_idat

_MAX_CODEBOOK_BYTES = MAX_CODEBOOK_SIZE * 4


def encode(indexed: IndexedImage, effort: str, *, shared: bool = False) -> list[bytes]:
    """Write the codebook and the label PNG.

    Parameters
    ----------
    indexed : IndexedImage
        What to store; of its metadata the texts, in the label PNG.
    effort : {'fast', 'default', 'best'}
        How hard deflate tries.
    shared : bool
        Whether the codebook is that of others too: the seal stands in the label PNG.

    Returns
    -------
    files : list of bytes
        Content of `X.codebook.npy`, then of `X.labels.png`.
    """
    codebook, seal = encode_npy(indexed.codebook), make_seal(indexed)
    idat = deflate_rows(indexed.labels, effort)
    mark = SEAL_CHUNK, seal if shared else b""
    if not shared:
        codebook += seal
    chunks = mark, *text_chunks(indexed.metadata.texts)
    return [codebook, wrap_idat(indexed.width, indexed.height, 8, GREY, idat, chunks)]


def decode(codebook_file: bytes, labels_file: bytes, *, max_pixels: int) -> Contents:
    """Read a pair.

    Parameters
    ----------
    codebook_file, labels_file : bytes
        Content of `X.codebook.npy` and of `X.labels.png`.
    max_pixels : int
        Largest picture that is accepted.

    Returns
    -------
    contents : Contents
        Unverified if neither file says that there is a seal.

    Raises
    ------
    FormatError
        A file is damaged, they do not belong together, or the seal is lost.
    LimitError
        The picture is larger than allowed.
    """
    codebook, seal = decode_codebook(codebook_file)
    png = read_png(labels_file, max_pixels)
    sizes = {
        "codebook": len(codebook_file) - len(seal),
        "seal": len(seal),
        "labels": len(labels_file),
    }
    if SEAL_CHUNK in png.chunks and not seal:
        seal = png.chunks[SEAL_CHUNK]
        if not is_seal(seal):
            raise FormatError("the codebook has lost the seal that its labels tell of", "unsealed")
        check_version(seal)
        sizes |= {"seal": len(seal), "labels": len(labels_file) - len(seal)}
    labels, metadata = decode_labels(png), NO_METADATA
    if seal and png.text_parts:
        metadata, size = Metadata(read_texts(png)[0]), metadata_sizes(png)["texts"]
        sizes |= {"labels": sizes["labels"] - size, "texts": size}
    return make_contents("pair", labels, codebook, seal, sizes, metadata)


def decode_codebook(data: bytes) -> tuple[npt.NDArray[np.uint8], bytes]:
    """Read a codebook `.npy` and the seal behind it, empty if there is none.

    Raises
    ------
    FormatError
        Not a codebook, damaged, followed by something that is not a seal, or of a shape that
        makes code-words of its seal.
    """
    rows, columns, _ = parse_npy_header(data)
    if rows * columns > _MAX_CODEBOOK_BYTES:
        raise FormatError(f"codebook has shape {(rows, columns)}", "bad-codebook")
    codebook, seal = decode_npy(data)
    # The seal of a later version may have another length; its version is what to complain of.
    if len(seal) not in (0, SEAL_SIZE) and not is_of_other_version(seal):
        raise FormatError("what follows the codebook is not a kmcodec seal", "trailing-data")
    if seal:
        check_version(seal)
    elif is_seal(data[-SEAL_SIZE:]):
        # Nothing protects the header: one bit turns (20, 1) into (20, 3), 40 bytes more.
        raise FormatError("the codebook's shape makes code-words of its seal", "bad-codebook")
    return codebook, seal


def decode_labels(png: PngFile) -> npt.NDArray[np.uint8]:
    """Read labels from a PNG whose grey levels, on the scale of 8 bits, are the labels.

    Lossless optimizers rewrite an 8-bit greyscale PNG with fewer bits, a palette of greys or
    other filters; the labels stay the same.

    Raises
    ------
    FormatError
        The PNG is not grey, has more than 8 bits, or is damaged.
    """
    header = png.header
    if header.color_type not in (GREY, INDEXED) or header.depth > 8 or b"tRNS" in png.chunks:
        raise FormatError("the label PNG is not 8-bit greyscale", "bad-labels")
    samples = decode_samples(png)[:, :, 0].astype(np.uint8, copy=False)
    if header.color_type == INDEXED:
        entries = np.frombuffer(png.plte or b"", dtype=np.uint8).reshape(-1, 3)
        if samples.max() >= len(entries):
            raise FormatError("a pixel lies beyond the PNG's palette", "bad-palette")
        if (entries != entries[:, :1]).any():
            raise FormatError("the label PNG is not greyscale", "bad-labels")
        return np.ascontiguousarray(entries[:, 0])[samples]
    if header.depth < 8:
        samples = samples * np.uint8(255 // (2**header.depth - 1))
    return samples
