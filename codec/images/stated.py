"""Colors that numbers state instead of a profile: as the profile that says the same."""

import struct
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]


class Curve(NamedTuple):
    """From a sample in 0..1 to linear light: ``(a x + b) ** gamma``, and ``c x`` below d."""

    gamma: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0


_SRGB_CURVE = Curve(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_BT709_CURVE = Curve(1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
# As cHRM has them, in hundred-thousandths: x and y of white, red, green and blue.
_D65, _DCI_WHITE, _C = (31270, 32900), (31400, 35100), (31000, 31600)
_SRGB = (*_D65, 64000, 33000, 30000, 60000, 15000, 6000)
_BT601 = (*_D65, 63000, 34000, 31000, 59500, 15500, 7000)
_P3 = (68000, 32000, 26500, 69000, 15000, 6000)
# By the numbers of cICP, which are those of ITU-T H.273.
_PRIMARIES = {
    1: _SRGB,
    4: (*_C, 67000, 33000, 21000, 71000, 14000, 8000),
    5: (*_D65, 64000, 33000, 29000, 60000, 15000, 6000),
    6: _BT601,
    7: _BT601,
    9: (*_D65, 70800, 29200, 17000, 79700, 13100, 4600),
    11: (*_DCI_WHITE, *_P3),
    12: (*_D65, *_P3),
    22: (*_D65, 63000, 34000, 29500, 60500, 15500, 7700),
}
_CURVES = {
    **dict.fromkeys((1, 6, 14, 15), _BT709_CURVE),
    4: Curve(2.2), 5: Curve(2.8), 8: Curve(1.0), 13: _SRGB_CURVE,
}  # fmt: skip
_CICP_OF_SRGB = bytes([1, 13, 0, 1])
_RGB_OF_FULL_RANGE = bytes([0, 1])
_GAMA_OF_SRGB = 45455
# Values of gAMA that can be meant.
_LEAST_GAMA, _MOST_GAMA = 5000, 2_000_000
_SAME = 1000  # of 100,000
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def profile_of_png(chunks: Mapping[bytes, bytes]) -> tuple[bytes | None, tuple[str, ...]]:
    """Find what a PNG states of its colors by numbers, where that is not sRGB.

    cICP comes before everything else, gAMA and cHRM after iCCP and sRGB. As in browsers, cHRM
    counts beside gAMA only; and gAMA of 1/2.2, which PNGs in sRGB state for readers
    that know no better, means sRGB unless cHRM says otherwise.

    Parameters
    ----------
    chunks : mapping of bytes to bytes
        Contents by type.

    Returns
    -------
    profile : bytes or None
        ICC profile that comes before all others; empty if the colors are sRGB.
    notices : tuple of str
        What is stated and not applied.
    """
    told: tuple[str, ...] = ()
    numbers = chunks.get(b"cICP")
    if numbers is not None:
        profile = _profile_of_cicp(numbers)
        if profile is not None:
            return profile, ()
        told = ("its color space, stated by numbers (cICP), is not applied",)
    if b"iCCP" in chunks:
        return None, told
    if b"sRGB" in chunks:
        return b"", told
    gamma, white_and_primaries = chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b"")
    value = struct.unpack(">I", gamma)[0] if len(gamma) == 4 else 0
    found = struct.unpack(">8I", white_and_primaries) if len(white_and_primaries) == 32 else _SRGB
    if are_of_srgb(found) and (not value or abs(value - _GAMA_OF_SRGB) <= _SAME):
        return b"", told
    if not value:
        return b"", (*told, "its primaries (cHRM) are not applied, for want of a gamma (gAMA)")
    name = f"gAMA of {value / 100000:.3f}" + ("" if are_of_srgb(found) else " and cHRM")
    profile = None
    if _LEAST_GAMA <= value <= _MOST_GAMA:
        profile = profile_of(found, Curve(100000 / value), name)
    return profile or b"", told if profile else (*told, f"its {name} is not applied")


def are_of_srgb(white_and_primaries: tuple[int, ...]) -> bool:
    """Tell whether chromaticities, in hundred-thousandths as in cHRM, are nearly those of sRGB."""
    return all(abs(a - b) <= _SAME for a, b in zip(white_and_primaries, _SRGB, strict=True))


def _profile_of_cicp(numbers: bytes) -> bytes | None:
    if numbers == _CICP_OF_SRGB:
        return b""
    if len(numbers) != 4 or numbers[2:] != _RGB_OF_FULL_RANGE:
        return None
    primaries, curve = _PRIMARIES.get(numbers[0]), _CURVES.get(numbers[1])
    if primaries is None or curve is None:
        return None
    return profile_of(primaries, curve, f"cICP {numbers[0]}, {numbers[1]}")


def profile_of(white_and_primaries: tuple[int, ...], curve: Curve, name: str) -> bytes | None:
    """Write the ICC profile of an RGB color space.

    Parameters
    ----------
    white_and_primaries : tuple of int
        x and y of white, red, green and blue, in hundred-thousandths.
    curve : Curve
        Of all three.
    name : str
        ASCII.

    Returns
    -------
    profile : bytes or None
        None if such primaries make no colors.
    """
    points = np.array(white_and_primaries, dtype=np.float64).reshape(4, 2) / 100000
    # Columns: white, red, green and blue in XYZ, of luminance 1.
    x, y = points.T
    if (y <= 0).any():
        return None
    white, *colors = (np.array([x, y, 1 - x - y]) / y).T
    matrix = np.array(colors).T
    cone = _BRADFORD @ white
    if abs(np.linalg.det(matrix)) < 1e-6 or (cone <= 0).any():
        return None
    adapted = np.linalg.inv(_BRADFORD) @ np.diag(_BRADFORD @ _D50 / cone) @ _BRADFORD
    columns = (adapted @ matrix * np.linalg.solve(matrix, white)).T
    if np.abs(columns).max() > 100:
        return None
    text = name.encode("ascii") + b"\0"
    curves = b"para" + struct.pack(">4xH2x", 3) + _fixed(*curve)
    return _icc({
        b"desc": b"desc" + struct.pack(">4xI", len(text)) + text + bytes(78),
        b"wtpt": _xyz(_D50),
        **dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(_xyz, columns), strict=True)),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curves),
    })  # fmt: skip


def _icc(tags: Mapping[bytes, bytes]) -> bytes:
    """Put an ICC profile for displays together: a header, a table of tags, what is in them."""
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + len(table) + 12 * len(tags)
    for tag, content in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    head = struct.pack(">I4xI", start + len(body), 0x04200000) + b"mntrRGB XYZ "
    head = (head + bytes(12) + b"acsp").ljust(68, b"\0") + _fixed(*_D50)
    return head.ljust(128, b"\0") + table + body


def _xyz(color: Matrix) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(*color)


def _fixed(*numbers: float) -> bytes:
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))
