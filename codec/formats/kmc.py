"""The dense file `X.kmc`: the fewest bytes (format-spec section 16)."""

import hashlib
import zlib

import numpy as np
import numpy.typing as npt

from codec.errors import FormatError
from codec.formats.bands import decode_bands, encode_bands
from codec.formats.contents import Contents
from codec.formats.pngfile import check_dimensions
from codec.formats.rice import decode_codebook, encode_codebook
from codec.formats.seal import VERSION, make_seal
from codec.indexed import IndexedImage

MAGIC = b"\x89KMC"
_CHANNELS, _FAST, _PROFILE, _UNUSED = 0x03, 0x04, 0x08, 0xF0
_DIGEST_SIZE = 8
_MAX_PROFILE = 1 << 20
_VARINT_BYTES = 5
# No odds are above 65535 in 65536: a byte holds at most 363,409 decisions.
_PIXELS_PER_BYTE = 1 << 19


def encode(indexed: IndexedImage, effort: str = "best", profile: bytes = b"") -> list[bytes]:
    """Write a dense file.

    Parameters
    ----------
    indexed : IndexedImage
        What to store; smallest with code-words in ascending order.
    effort : {'fast', 'default', 'best'}
        ``fast`` is six times faster and makes files some 10 % larger; the others are the same.
    profile : bytes
        ICC profile of the colors, at most 1 MiB; nothing for sRGB.

    Returns
    -------
    parts : list of one bytes
        The content of `X.kmc`.
    """
    fast = effort == "fast"
    streams = [b""]
    if indexed.n_colors > 1:
        streams = encode_bands(indexed.labels, indexed.codebook, fast)
    flags = indexed.channels - 1 | _FAST * fast | _PROFILE * bool(profile)
    head = MAGIC + VERSION + bytes([flags]) + _varint(indexed.width) + _varint(indexed.height)
    head += bytes([indexed.n_colors - 1]) + _varint(len(streams) - 1)
    head += encode_codebook(indexed.codebook)
    if profile:
        packed = zlib.compress(profile, 9)
        head += _varint(len(packed)) + packed
    head += _digest(indexed, profile)
    head += b"".join(_varint(len(stream)) for stream in streams[:-1])
    return [head + b"".join(streams)]


def decode(parts: list[bytes], max_pixels: int) -> Contents:
    """Read a dense file.

    Parameters
    ----------
    parts : list of one bytes
        The content of `X.kmc`.
    max_pixels : int
        Largest picture that is accepted.

    Returns
    -------
    contents : Contents
        Always verified.

    Raises
    ------
    FormatError
        Not such a file, or damaged.
    LimitError
        The picture is larger than allowed.
    """
    (data,) = parts
    reader = _Reader(data)
    if reader.take(len(MAGIC)) != MAGIC:
        raise FormatError("not a .kmc file", "not-kmc")
    version = reader.take(1)
    if version != VERSION:
        raise FormatError(
            f"written by version {version!r} of the format; this reads version {VERSION!r}",
            "unsupported-version",
        )
    flags = reader.take(1)[0]
    if flags & _UNUSED:
        raise FormatError("the header has unknown flags", "bad-header")
    width, height = reader.varint(), reader.varint()
    check_dimensions(width, height, max_pixels)
    n_colors, n_bands = reader.take(1)[0] + 1, reader.varint() + 1
    if n_bands > height:
        raise FormatError("the header has more bands than rows", "bad-header")
    header_bytes = reader.at
    codebook, codebook_bytes = decode_codebook(
        data[header_bytes:], n_colors, (flags & _CHANNELS) + 1
    )
    reader.at += codebook_bytes
    profile = _read_profile(reader) if flags & _PROFILE else b""
    profile_bytes = reader.at - header_bytes - codebook_bytes
    digest = reader.take(_DIGEST_SIZE)
    sizes = [reader.varint() for _ in range(n_bands - 1)]
    streams = [reader.take(size) for size in sizes]
    streams.append(reader.take(len(data) - reader.at))
    labels = _decode_labels(streams, height, width, codebook, bool(flags & _FAST))
    indexed = IndexedImage(labels, codebook)
    if digest != _digest(indexed, profile):
        raise FormatError("labels or codebook are damaged", "digest-mismatch")
    labels_bytes = sum(map(len, streams))
    part_bytes = {
        "labels": labels_bytes,
        "codebook": codebook_bytes,
        **({"profile": profile_bytes} if profile else {}),
        "seal": _DIGEST_SIZE,
    }
    part_bytes["container"] = len(data) - sum(part_bytes.values())
    return Contents("kmc", indexed, True, part_bytes, profile)


def _digest(indexed: IndexedImage, profile: bytes) -> bytes:
    return hashlib.sha256(make_seal(indexed) + profile).digest()[:_DIGEST_SIZE]


def _varint(number: int) -> bytes:
    """Write seven bits a byte, the lowest first."""
    coded = bytearray()
    while number >= 0x80:
        coded.append(number & 0x7F | 0x80)
        number >>= 7
    coded.append(number)
    return bytes(coded)


class _Reader:
    """The bytes of a file, from the first to the last."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        if count > len(self._data) - self.at:
            raise FormatError("the file is cut short", "truncated")
        self.at += count
        return self._data[self.at - count : self.at]

    def varint(self) -> int:
        """Read a number in its only legal spelling."""
        number = 0
        for group in range(_VARINT_BYTES):
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << 7 * group
            if byte < 0x80:
                if byte or not group:
                    return number
                break
        raise FormatError("a number in the header is spelled in no legal way", "bad-header")


def _read_profile(reader: _Reader) -> bytes:
    size = reader.varint()
    if not size:
        raise FormatError("the color profile is empty", "bad-header")
    packed = reader.take(size)
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(packed, _MAX_PROFILE + 1)
    except zlib.error as error:
        raise FormatError("the color profile is damaged", "bad-deflate") from error
    if not inflater.eof or inflater.unused_data or not 1 <= len(profile) <= _MAX_PROFILE:
        raise FormatError("the color profile does not end where it should", "bad-deflate")
    return profile


def _decode_labels(
    streams: list[bytes], height: int, width: int, codebook: npt.NDArray[np.uint8], fast: bool
) -> npt.NDArray[np.uint8]:
    coded = sum(map(len, streams))
    if len(codebook) == 1:
        if coded:
            raise FormatError("there are bytes for labels that need none", "excess-data")
        return np.zeros((height, width), dtype=np.uint8)
    if height * width > _PIXELS_PER_BYTE * (coded + 8):
        raise FormatError("there are too few bytes for so many labels", "truncated")
    return decode_bands(streams, height, width, codebook, fast)
