"""Color profiles put together with struct, and what colors of their spaces are in sRGB."""

import struct

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


def srgb_encoded(linear: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Linear light in 0..1 to sRGB in 0..255 (IEC 61966-2-1)."""
    linear = np.clip(linear, 0.0, 1.0)
    return 255.0 * np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
    )


def srgb_decoded(levels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """sRGB in 0..255 to linear light in 0..1."""
    levels = levels / 255.0
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def _fixed(*numbers: float) -> bytes:
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))


def icc_profile(
    space: bytes, kind: bytes = b"mntr", pcs: bytes = b"XYZ ", **tags: bytes
) -> bytes:  # fmt: skip
    """An ICC profile, version 2.4, of tags as given."""
    position = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        content += b"\0" * (-len(content) % 4)
        table += name.encode().ljust(4)[:4] + struct.pack(
            ">II", position + len(body), len(content)
        )
        body += content
    header = struct.pack(">I4sI", position + len(body), b"test", 0x02400000)
    header += kind + space + pcs + struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp"
    header = header.ljust(68, b"\0") + _fixed(0.9642, 1.0, 0.8249)
    return header.ljust(128, b"\0") + table + body


def icc_name(name: bytes) -> bytes:
    """The tag that names a profile."""
    text = b"desc" + bytes(4) + struct.pack(">I", len(name) + 1) + name + b"\0"
    return text + bytes(78)


def icc_curve(gamma: float) -> bytes:
    """A tone curve: value to the power of gamma."""
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)


def icc_table(linear: npt.NDArray[np.float64]) -> bytes:
    """A tone curve: linear light in 0..1 at equal steps."""
    steps = np.rint(linear * 65535).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", len(steps)) + steps.tobytes()


def icc_xyz(*numbers: float) -> bytes:
    """A color in XYZ."""
    return b"XYZ " + bytes(4) + _fixed(*numbers)


# Columns: red, green, blue in XYZ, adapted to D50.
SRGB_TO_XYZ = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
)


P3_TO_XYZ = np.array(
    [[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]]
)


WHITE = (0.9642, 1.0, 0.8249)


def rgb_profile(
    matrix: npt.NDArray[np.float64] = P3_TO_XYZ, gamma: float = 2.2, name: bytes = b"Wide"
) -> bytes:
    """A profile of an RGB space with these primaries and this gamma."""
    return matrix_profile(matrix, icc_curve(gamma), name)


def matrix_profile(matrix: npt.NDArray[np.float64], curve: bytes, name: bytes) -> bytes:
    """A profile of an RGB space with these primaries and one tone curve."""
    columns = matrix.T.tolist()
    return icc_profile(
        b"RGB ", desc=icc_name(name), wtpt=icc_xyz(*WHITE), rXYZ=icc_xyz(*columns[0]),
        gXYZ=icc_xyz(*columns[1]), bXYZ=icc_xyz(*columns[2]), rTRC=curve, gTRC=curve, bTRC=curve,
    )  # fmt: skip


def from_profile(
    pixels: Pixels, matrix: npt.NDArray[np.float64] = P3_TO_XYZ, gamma: float = 2.2
) -> npt.NDArray[np.float64]:
    """What colors of such a space are in sRGB, in 0..255, clipped."""
    linear = (pixels / 255.0) ** gamma @ (np.linalg.inv(SRGB_TO_XYZ) @ matrix).T
    return srgb_encoded(linear)


def grey_profile(gamma: float, name: bytes = b"Grey") -> bytes:
    """A profile of grey levels with this gamma."""
    return icc_profile(
        b"GRAY", desc=icc_name(name), wtpt=icc_xyz(*WHITE), kTRC=icc_curve(gamma)
    )  # fmt: skip


def cyan_only_profile() -> bytes:
    """A profile of a press whose cyan prints black and whose other inks cannot be seen."""
    ramp = bytes(range(256))
    corners = b"".join(
        bytes([0 if cyan else 255, 128, 128])
        for cyan in (0, 1) for _ in range(8)
    )  # fmt: skip
    table = (
        b"mft1" + bytes(4) + bytes([4, 3, 2, 0])
        + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1) + ramp * 4 + corners + ramp * 3
    )  # fmt: skip
    return icc_profile(
        b"CMYK", b"prtr", b"Lab ", desc=icc_name(b"Cyan"), wtpt=icc_xyz(*WHITE), A2B0=table
    )
