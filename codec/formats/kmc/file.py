"""The dense file `X.kmc`: the fewest bytes (format-spec section 16)."""

import hashlib
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.errors import FormatError, ImageError, ParameterError
from codec.formats.contents import Contents
from codec.formats.kmc.bands import MAX_BANDS, PIXELS_PER_BYTE, decode_bands, encode_bands
from codec.formats.kmc.rice import decode_codebook, encode_codebook
from codec.formats.seal import VERSION, make_seal
from codec.indexed import IndexedImage
from codec.limits import MAX_KMC_PROFILE_BYTES, MAX_SIDE, check_dimensions
from codec.metadata import Metadata
from codec.options import EFFORTS

MAGIC = b"\x89KMC"
_CHANNELS, _FAST, _PROFILE, _UNUSED = 0x03, 0x04, 0x08, 0xF0
_DIGEST_SIZE = 8
_VARINT_BYTES = 5


class _Reader:
    """The bytes of a file, from the first to the last."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def starts_with(self, magic: bytes) -> bool:
        """Tell whether the file begins so, and go on behind it."""
        self.at = len(magic)
        return self._data.startswith(magic)

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


@dataclass(frozen=True)
class Header:
    """What a dense file says of itself before its codebook.

    Parameters
    ----------
    width, height, channels, n_colors, n_bands : int
        Of the picture, and how many bands its labels are coded in.
    fast, has_profile : bool
        How they are coded, and whether there is an ICC profile.
    """

    width: int
    height: int
    channels: int
    n_colors: int
    n_bands: int
    fast: bool
    has_profile: bool


def check_writable() -> None:
    """Refuse to write dense files where nothing was compiled, as it would take minutes.

    Raises
    ------
    ParameterError
        With reason ``not-compiled``, and the cure.
    """
    if not kernels.COMPILED:
        raise ParameterError(
            f"{kernels.WITHOUT} no .kmc is written: {kernels.CURE}, or choose another format",
            "not-compiled",
        )


def encode(indexed: IndexedImage, effort: str) -> list[bytes]:
    """Write a dense file.

    Parameters
    ----------
    indexed : IndexedImage
        What to store; smallest with code-words in ascending order. Of its metadata the ICC
        profile, of at most 1 MiB.
    effort : {'fast', 'default', 'best'}
        ``fast`` is five times faster; files are 6 % larger for photographs and 7 to 22 % for
        flat pictures. The others are the same.

    Returns
    -------
    files : list of one bytes
        The content of `X.kmc`.

    Raises
    ------
    ImageError
        The profile is larger.
    ParameterError
        As `check_writable`.
    """
    check_writable()
    profile = indexed.metadata.profile
    if len(profile) > MAX_KMC_PROFILE_BYTES:
        raise ImageError(
            f"an ICC profile of {len(profile)} bytes is too large", "profile-too-large"
        )
    fast = EFFORTS[effort].few_contexts
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
    head += _digest(indexed)
    head += b"".join(_varint(len(stream)) for stream in streams[:-1])
    return [head + b"".join(streams)]


def decode(data: bytes, *, max_pixels: int) -> Contents:
    """Read a dense file.

    Parameters
    ----------
    data : bytes
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
    reader = _Reader(data)
    header = _read_header(reader, max_pixels)
    header_bytes = reader.at
    codebook, codebook_bytes = decode_codebook(
        data[header_bytes:], header.n_colors, header.channels
    )
    reader.at += codebook_bytes
    profile = _read_profile(reader) if header.has_profile else b""
    profile_bytes = reader.at - header_bytes - codebook_bytes
    digest = reader.take(_DIGEST_SIZE)
    sizes = [reader.varint() for _ in range(header.n_bands - 1)]
    streams = [reader.take(size) for size in sizes]
    streams.append(reader.take(len(data) - reader.at))
    labels = _decode_labels(streams, header, codebook)
    indexed = IndexedImage(
        labels, codebook, verified=True, size_bytes=len(data), metadata=Metadata(profile=profile)
    )
    if digest != _digest(indexed):
        raise FormatError("labels or codebook are damaged", "digest-mismatch")
    labels_bytes = sum(map(len, streams))
    part_bytes = {
        "labels": labels_bytes,
        "codebook": codebook_bytes,
        **({"profile": profile_bytes} if profile else {}),
        "seal": _DIGEST_SIZE,
    }
    part_bytes["container"] = len(data) - sum(part_bytes.values())
    return Contents("kmc", indexed, part_bytes)


def read_header(data: bytes, max_pixels: int) -> Header:
    """Read the header of a dense file alone.

    Parameters
    ----------
    data : bytes
        The file, or its beginning.
    max_pixels : int
        Largest picture that is accepted.

    Returns
    -------
    header : Header
        As stored; nothing behind it was looked at.

    Raises
    ------
    FormatError, LimitError
        As `decode`.
    """
    return _read_header(_Reader(data), max_pixels)


def peek_size(start: bytes) -> tuple[int, int]:
    """Read width and height from the first bytes of a dense file.

    Raises
    ------
    FormatError
        The header is cut short or damaged.
    """
    header = read_header(start, MAX_SIDE**2)
    return header.width, header.height


def read_colors(data: bytes, max_pixels: int) -> tuple[npt.NDArray[np.uint8], bytes]:
    """Read codebook and ICC profile of a dense file without its labels.

    Parameters
    ----------
    data, max_pixels
        As for `read_header`.

    Returns
    -------
    codebook : ndarray of shape (K, C), dtype uint8
        Not verified.
    profile : bytes
        Empty if there is none.

    Raises
    ------
    FormatError, LimitError
        As `decode`.
    """
    reader = _Reader(data)
    header = _read_header(reader, max_pixels)
    codebook, used = decode_codebook(data[reader.at :], header.n_colors, header.channels)
    reader.take(used)
    return codebook, _read_profile(reader) if header.has_profile else b""


def _read_header(reader: _Reader, max_pixels: int) -> Header:
    if not reader.starts_with(MAGIC):
        raise FormatError("not a kmc file", "not-compressed")
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
    n_colors, n_bands = reader.take(1)[0] + 1, reader.varint() + 1
    check_dimensions(width, height, max_pixels)
    if n_bands > min(height, MAX_BANDS):
        raise FormatError("the header has too many bands", "bad-header")
    fast, has_profile = bool(flags & _FAST), bool(flags & _PROFILE)
    return Header(width, height, (flags & _CHANNELS) + 1, n_colors, n_bands, fast, has_profile)


def _digest(indexed: IndexedImage) -> bytes:
    sealed = make_seal(indexed) + indexed.metadata.profile
    return hashlib.sha256(sealed).digest()[:_DIGEST_SIZE]


def _varint(number: int) -> bytes:
    """Write seven bits a byte, the lowest first."""
    coded = bytearray()
    while number >= 0x80:
        coded.append(number & 0x7F | 0x80)
        number >>= 7
    coded.append(number)
    return bytes(coded)


def _read_profile(reader: _Reader) -> bytes:
    size = reader.varint()
    if not size:
        raise FormatError("the color profile is empty", "bad-header")
    packed = reader.take(size)
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(packed, MAX_KMC_PROFILE_BYTES + 1)
    except zlib.error as error:
        raise FormatError("the color profile is damaged", "bad-deflate") from error
    if not inflater.eof or inflater.unused_data or not 1 <= len(profile) <= MAX_KMC_PROFILE_BYTES:
        raise FormatError("the color profile does not end where it should", "bad-deflate")
    return profile


def _decode_labels(
    streams: list[bytes], header: Header, codebook: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    coded = sum(map(len, streams))
    if header.n_colors == 1:
        if coded:
            raise FormatError("there are bytes for labels that need none", "excess-data")
        return np.zeros((header.height, header.width), dtype=np.uint8)
    if header.height * header.width > PIXELS_PER_BYTE * (coded + 8):
        raise FormatError("there are too few bytes for so many labels", "truncated")
    return decode_bands(streams, header.height, header.width, codebook, header.fast)
