"""`.npy` files, ZIP archives and seals built with struct, zlib and hashlib alone.

Nothing here imports the codec. An archive may lie wherever a test wants it to.
"""

import hashlib
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Fields = Mapping[str, int | bytes]

STORED, DEFLATED = 0, 8
LOCAL_FIELDS = ("magic", "needed", "flags", "method", "time", "date", "crc", "packed_size",
                "size", "name_size", "extra_size")  # fmt: skip
CENTRAL_FIELDS = ("magic", "made", "needed", "flags", "method", "time", "date", "crc",
                  "packed_size", "size", "name_size", "extra_size", "comment_size", "disk",
                  "internal", "external", "offset")  # fmt: skip
END_FIELDS = ("magic", "disk", "start_disk", "here", "total", "size", "offset", "comment_size")
LOCAL, CENTRAL, END = "<4s5H3L2H", "<4s6H3L5H2L", "<4s4H2LH"


def npy_with(header: bytes, payload: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    """A `.npy` with a header as given, length field included, nothing padded."""
    length = struct.pack("<H" if version[:1] == b"\x01" else "<I", len(header))
    return b"\x93NUMPY" + version + length + header + payload


def npy_header(shape: str, descr: str = "'|u1'", order: str = "False") -> bytes:
    """A header as NumPy writes it, with the given texts, 118 bytes or a multiple of 64 more."""
    text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    return text + b" " * (-(len(text) + 11) % 64) + b"\n"


def npy(array: Bytes) -> bytes:
    """A `.npy` of a uint8 array of two axes."""
    assert array.dtype == np.uint8
    return npy_with(npy_header(f"({array.shape[0]}, {array.shape[1]})"), array.tobytes())


def seal(labels: Bytes, codebook: Bytes, version: bytes = b"1") -> bytes:
    """The seal of a picture: its name and version, then a digest of shape, codebook, labels."""
    name = b"KMCODEC" + version
    height, width = labels.shape
    shape = struct.pack(">IIHB", height, width, *codebook.shape)
    content = name + shape + codebook.tobytes() + labels.tobytes()
    return name + hashlib.sha256(content).digest()


def deflate(plain: bytes, level: int = 9) -> bytes:
    """A DEFLATE stream without the zlib wrapper, as ZIP members are."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(plain) + packer.flush()


@dataclass
class Member:
    """A member of an archive; `local` and `central` override fields of its headers by name."""

    name: bytes
    plain: bytes
    method: int = DEFLATED
    packed: bytes | None = None
    extra: bytes = b""
    local: Fields = field(default_factory=dict)
    central: Fields = field(default_factory=dict)
    both: Fields = field(default_factory=dict)
    local_name: bytes | None = None

    def packed_bytes(self) -> bytes:
        if self.packed is not None:
            return self.packed
        return deflate(self.plain) if self.method == DEFLATED else self.plain


def archive(
    members: Sequence[Member],
    *,
    before: bytes = b"",
    between: bytes = b"",
    after_members: bytes = b"",
    after_entries: bytes = b"",
    end: Fields | None = None,
    tail: bytes = b"",
) -> bytes:
    """Write a ZIP archive; bytes may be put before it, between its parts and after it."""
    body, directory = before, b""
    for member in members:
        packed = member.packed_bytes()
        local_name = member.name if member.local_name is None else member.local_name
        known = {
            "needed": 20, "flags": 0, "method": member.method, "time": 0, "date": 0x21,
            "crc": zlib.crc32(member.plain), "packed_size": len(packed),
            "size": len(member.plain), "name_size": len(local_name),
            "extra_size": len(member.extra),
        }  # fmt: skip
        local = {"magic": b"PK\x03\x04", **known, **member.both, **member.local}
        central = {
            "magic": b"PK\x01\x02", "made": 20, **known, "name_size": len(member.name),
            "extra_size": 0, "comment_size": 0, "disk": 0, "internal": 0, "external": 0,
            "offset": len(body), **member.both, **member.central,
        }  # fmt: skip
        directory += struct.pack(CENTRAL, *(central[f] for f in CENTRAL_FIELDS)) + member.name
        body += struct.pack(LOCAL, *(local[f] for f in LOCAL_FIELDS)) + local_name
        body += member.extra + packed + between
    body += after_members
    directory += after_entries
    fields = {
        "magic": b"PK\x05\x06", "disk": 0, "start_disk": 0, "here": len(members),
        "total": len(members), "size": len(directory), "offset": len(body), "comment_size": 0,
        **(end or {}),
    }  # fmt: skip
    return body + directory + struct.pack(END, *(fields[f] for f in END_FIELDS)) + tail


def members_of(labels: Bytes, codebook: Bytes, *, sealed: bool = True) -> list[Member]:
    """The members of an npz."""
    members = [Member(b"labels.npy", npy(labels)), Member(b"codebook.npy", npy(codebook))]
    if sealed:
        row = np.frombuffer(seal(labels, codebook), dtype=np.uint8).reshape(1, -1)
        members.append(Member(b"seal.npy", npy(row)))
    return members


def altered_npz(labels: Bytes, codebook: Bytes, index: int, **changes: object) -> bytes:
    """An npz in which attributes of one member are changed."""
    members = members_of(labels, codebook)
    for name, value in changes.items():
        assert hasattr(members[index], name)
        setattr(members[index], name, value)
    return archive(members)
