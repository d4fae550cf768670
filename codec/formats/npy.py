"""The one kind of `.npy` that kmcodec writes and reads: uint8, C order, two axes.

One anchored pattern is the whole grammar of the header (format-spec section 5), so nothing in a
file is ever evaluated, and nothing is allocated before the shape is known to fit.
"""

import re
import struct

import numpy as np
import numpy.typing as npt

from codec.errors import FormatError
from codec.limits import MAX_NPY_HEADER_BYTES

MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '\|u1', 'fortran_order': False, 'shape': \((0|[1-9]\d{0,9}), (0|[1-9]\d{0,9})\)"
    rb",? ?\} *\n"
)
ALIGNMENT = 64


def encode_npy(array: npt.NDArray[np.uint8]) -> bytes:
    """Write a uint8 array of two axes as `numpy.save` would.

    Parameters
    ----------
    array : ndarray of shape (M, N), dtype uint8
        Any strides.

    Returns
    -------
    data : bytes
        Version 1.0, header padded to a multiple of 64 bytes.
    """
    return npy_header(*array.shape) + array.tobytes()


def npy_header(rows: int, columns: int) -> bytes:
    """Write what stands before the bytes of an array of this shape.

    Parameters
    ----------
    rows, columns : int
        Its shape.

    Returns
    -------
    data : bytes
        Padded to a multiple of 64 bytes.
    """
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({rows}, {columns}), }}".encode()
    padding = -(len(MAGIC) + 2 + len(header) + 1) % ALIGNMENT
    header += b" " * padding + b"\n"
    return MAGIC + struct.pack("<H", len(header)) + header


def parse_npy_header(data: bytes) -> tuple[int, int, int]:
    """Read the shape from the first bytes of a `.npy`.

    Parameters
    ----------
    data : bytes
        At least the first 256 bytes, or all if there are fewer.

    Returns
    -------
    rows, columns, offset : int
        The shape, and where the array's bytes begin.

    Raises
    ------
    FormatError
        Anything but version 1.0 of a C-ordered uint8 array of two axes.
    """
    if data[:6] != MAGIC[:6]:
        raise FormatError("not a NumPy .npy array", "not-npy")
    if data[:8] != MAGIC:
        raise FormatError("a .npy of another version than 1.0", "bad-npy-header")
    if len(data) < 10:
        raise FormatError("the .npy ends inside its header", "truncated")
    (length,) = struct.unpack_from("<H", data, 8)
    if length > MAX_NPY_HEADER_BYTES:
        raise FormatError(f"a .npy header of {length} bytes is too long", "bad-npy-header")
    if len(data) < 10 + length:
        raise FormatError("the .npy ends inside its header", "truncated")
    match = _HEADER.fullmatch(data, 10, 10 + length)
    if match is None:
        raise FormatError("the .npy is not a C-ordered uint8 array of two axes", "bad-npy-header")
    return int(match[1]), int(match[2]), 10 + length


def decode_npy(data: bytes) -> tuple[npt.NDArray[np.uint8], bytes]:
    """Read a `.npy` and what follows it.

    Parameters
    ----------
    data : bytes
        The file or archive member.

    Returns
    -------
    array : ndarray of shape (M, N), dtype uint8
        Read-only.
    rest : bytes
        Whatever follows the array.

    Raises
    ------
    FormatError
        The header is not of the one kind, or the array is cut short.
    """
    rows, columns, offset = parse_npy_header(data)
    end = offset + rows * columns
    if len(data) < end:
        raise FormatError(
            f"the .npy holds {len(data) - offset} of {rows * columns} bytes", "truncated"
        )
    array = np.frombuffer(data, dtype=np.uint8, count=rows * columns, offset=offset)
    return array.reshape(rows, columns), data[end:]
