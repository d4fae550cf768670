"""The npz: one archive that `numpy.load` reads (format-spec section 7).

Members `labels.npy`, `codebook.npy` and `seal.npy`, stored or deflated, in a plain ZIP with fixed
times. The reader knows just this layout, and the one that `numpy.savez` and
`numpy.savez_compressed` write for `labels` and `codebook`; anything else is refused.
"""

import struct
import zlib
from dataclasses import dataclass

import deflate
import numpy as np

from codec.errors import FormatError
from codec.formats.contents import Contents, make_contents
from codec.formats.npy import decode_npy, encode_npy, parse_npy_header
from codec.formats.seal import SEAL_SIZE, check_version, make_seal
from codec.indexed import IndexedImage
from codec.limits import MAX_DEFLATE_RATIO, check_dimensions
from codec.png.packing import deflate_level

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_LOCAL_MAGIC, _CENTRAL_MAGIC, _END_MAGIC = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
MAGIC = b"PK"
STORED, DEFLATED = 0, 8
_DATE_1980 = 0x0021
_SMALL_MEMBER = 4096
_IN_ZIP64 = 0xFFFFFFFF
NAMES = (b"labels.npy", b"codebook.npy", b"seal.npy")


def encode(indexed: IndexedImage, effort: str) -> list[bytes]:
    """Write an archive.

    Parameters
    ----------
    indexed : IndexedImage
        What to store.
    effort : {'fast', 'default', 'best'}
        How hard deflate tries.

    Returns
    -------
    files : list of one bytes
        The content of `X.npz`.
    """
    seal = np.frombuffer(make_seal(indexed), dtype=np.uint8).reshape(1, -1)
    level = deflate_level(indexed.labels, effort)
    body, directory = b"", b""
    for name, array in zip(NAMES, (indexed.labels, indexed.codebook, seal), strict=True):
        plain = encode_npy(array)
        packed, method = bytes(deflate.deflate_compress(plain, level)), DEFLATED
        if len(packed) >= len(plain):
            packed, method = plain, STORED
        sizes = zlib.crc32(plain), len(packed), len(plain)
        local, entry = member_headers(name, method, *sizes, offset=len(body))
        directory += entry
        body += local + packed
    return [body + directory + end_record(len(directory), len(body))]


def member_headers(
    name: bytes, method: int, crc: int, packed_size: int, size: int, *, offset: int
) -> tuple[bytes, bytes]:
    """Write what stands before a member, and in the directory.

    Parameters
    ----------
    name : bytes
        Its name.
    method : int
        0 stored, 8 deflated.
    crc, packed_size, size : int
        CRC-32 of what it holds; bytes in the archive, and unpacked.
    offset : int
        Where the first of the two stands.

    Returns
    -------
    local, entry : bytes
    """
    common = (20, 0, method, 0, _DATE_1980, crc, packed_size, size)
    local = _LOCAL.pack(_LOCAL_MAGIC, *common, len(name), 0) + name
    entry = _CENTRAL.pack(_CENTRAL_MAGIC, 20, *common, len(name), 0, 0, 0, 0, 0, offset)
    return local, entry + name


def end_record(size: int, offset: int) -> bytes:
    """Write the end of an archive of `NAMES`, of size and place of its directory."""
    return _END.pack(_END_MAGIC, 0, 0, len(NAMES), len(NAMES), size, offset, 0)


@dataclass(frozen=True)
class _Member:
    name: bytes
    method: int
    crc: int
    packed: bytes
    size: int


def decode(data: bytes, *, max_pixels: int) -> Contents:
    """Read an archive.

    Parameters
    ----------
    data : bytes
        The content of `X.npz`.
    max_pixels : int
        Largest picture that is accepted.

    Returns
    -------
    contents : Contents
        Unverified if there is no member `seal.npy`.

    Raises
    ------
    FormatError
        Not such an archive, or damaged.
    LimitError
        The picture is larger than allowed.
    """
    members = {member.name: member for member in _members(data)}
    if set(members) not in (set(NAMES), set(NAMES[:2])):
        raise FormatError(
            "the archive does not hold labels.npy and codebook.npy alone", "bad-members"
        )
    codebook, rest = decode_npy(_inflate(members[b"codebook.npy"], _SMALL_MEMBER))
    seal = b""
    if b"seal.npy" in members:
        stored, after = decode_npy(_inflate(members[b"seal.npy"], _SMALL_MEMBER))
        if stored.shape != (1, SEAL_SIZE) or after:
            raise FormatError("seal.npy is not a kmcodec seal", "bad-seal")
        seal = stored.tobytes()
        check_version(seal)
    labels, after = decode_npy(_inflate_labels(members[b"labels.npy"], max_pixels))
    if rest or after:
        raise FormatError("bytes follow an array in the archive", "trailing-data")
    sizes = {
        member.name.decode().removesuffix(".npy"): len(member.packed)
        for member in members.values()
    }
    sizes["container"] = len(data) - sum(sizes.values())
    return make_contents("npz", labels, codebook, seal, sizes)


def _bad(message: str) -> FormatError:
    return FormatError(message, "bad-archive")


def _members(data: bytes) -> list[_Member]:
    """Walk the archive from its first byte to its last; no byte may be left unexplained."""
    if data[:4] != _LOCAL_MAGIC:
        raise FormatError("not a NumPy .npz archive", "not-npz")
    if len(data) < _END.size:
        raise FormatError("the archive is cut short", "truncated")
    magic, disk, start_disk, here, total, size, offset, comment = _END.unpack_from(
        data, len(data) - _END.size
    )
    if magic != _END_MAGIC:
        raise FormatError("the archive is cut short, or something follows it", "truncated")
    if disk or start_disk or comment or here != total or not 2 <= total <= len(NAMES):
        raise _bad(f"an archive of {total} members, several disks or with a comment")
    if offset + size + _END.size != len(data):
        raise _bad("the archive's directory is not where its end says")
    members, position, expected = [], offset, 0
    for _ in range(total):
        if position + _CENTRAL.size > len(data) - _END.size:
            raise _bad("the archive's directory is cut short")
        fields = _CENTRAL.unpack_from(data, position)
        name_size, extra_size, comment_size = fields[10:13]
        name = data[position + _CENTRAL.size : position + _CENTRAL.size + name_size]
        if fields[0] != _CENTRAL_MAGIC or extra_size or comment_size or fields[13]:
            raise _bad("a directory entry that neither kmcodec nor NumPy writes")
        member, end = _member(data, name, fields, expected)
        members.append(member)
        expected, position = end, position + _CENTRAL.size + name_size
    if expected != offset or position != len(data) - _END.size:
        raise _bad("unexplained bytes in the archive")
    if len({member.name for member in members}) != total:
        raise FormatError("the archive holds a name twice", "bad-members")
    return members


def _member(
    data: bytes, name: bytes, fields: tuple[int, ...], expected: int
) -> tuple[_Member, int]:
    """Check the local header of a directory entry; return the member and where it ends."""
    flags, method, crc, packed_size, size = fields[3], fields[4], fields[7], fields[8], fields[9]
    offset = fields[16]
    if flags & ~0x0800 or method not in (STORED, DEFLATED):
        raise _bad("a member is encrypted or compressed in an unsupported way")
    if offset != expected or offset + _LOCAL.size > len(data):
        raise _bad("members overlap, or bytes lie between them")
    local = _LOCAL.unpack_from(data, offset)
    name_size, extra_size = local[9], local[10]
    begin = offset + _LOCAL.size + name_size + extra_size
    if begin > len(data):
        raise _bad("a local header is cut short")
    extra = data[begin - extra_size : begin]
    sizes = (local[7], local[8])
    if extra:
        # numpy.savez reserves room for 64-bit sizes in every local header.
        if extra_size != 20 or extra[:4] != b"\x01\x00\x10\x00" or sizes != (_IN_ZIP64,) * 2:
            raise _bad("a local header that neither kmcodec nor NumPy writes")
        plain64, packed64 = struct.unpack("<QQ", extra[4:])
        sizes = (packed64, plain64)
    if (
        local[0] != _LOCAL_MAGIC
        or (local[2], local[3], local[6], *sizes) != (flags, method, crc, packed_size, size)
        or data[offset + _LOCAL.size : begin - extra_size] != name
    ):
        raise _bad("a local header differs from the directory")
    end = begin + packed_size
    if end > len(data) or (method == STORED and packed_size != size):
        raise _bad("a member's size is wrong")
    return _Member(name, method, crc, data[begin:end], size), end


def _inflate(member: _Member, max_size: int) -> bytes:
    """Unpack a member to exactly the size and CRC that the archive states."""
    if member.size > max_size:
        raise FormatError(f"{member.name.decode('ascii', 'replace')} is too large", "bad-members")
    if member.method == STORED:
        plain = member.packed
    else:
        if member.size > MAX_DEFLATE_RATIO * len(member.packed) + 64:
            raise _bad("a member claims more than it can hold")
        inflater = zlib.decompressobj(-15)
        try:
            plain = inflater.decompress(member.packed, member.size + 1)
            if len(plain) == member.size and not inflater.eof:
                plain += inflater.decompress(inflater.unconsumed_tail, 1)
        except zlib.error as error:
            raise FormatError("a member's data are damaged", "bad-deflate") from error
        if not inflater.eof or inflater.unused_data:
            raise FormatError("a member does not end where it should", "bad-deflate")
    if len(plain) != member.size or zlib.crc32(plain) != member.crc:
        raise FormatError("a member's size or CRC is wrong", "bad-crc")
    return plain


def _inflate_labels(member: _Member, max_pixels: int) -> bytes:
    """Unpack the labels after their header has shown that the picture is within the limits."""
    if member.method == STORED:
        head = member.packed[:256]
    else:
        try:
            head = zlib.decompressobj(-15).decompress(member.packed, 256)
        except zlib.error as error:
            raise FormatError("the labels' data are damaged", "bad-deflate") from error
    height, width, offset = parse_npy_header(head)
    check_dimensions(width, height, max_pixels)
    if member.size != offset + height * width:
        raise FormatError("labels.npy has another size than its shape", "bad-members")
    return _inflate(member, member.size)
