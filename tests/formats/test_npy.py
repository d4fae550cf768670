"""The strict `.npy` reader and writer, and codebook files (rows 76 to 86)."""

import io
import pickle
import zlib
from typing import Any

import container_tools as ct
import numpy as np
import numpy.typing as npt
import png_tools
import pytest
from cost_tools import ONE_MEBIBYTE, traced
from format_tools import FLAG

from codec.errors import FormatError
from codec.formats.npy import decode_npy, encode_npy, parse_npy_header
from codec.formats.pair import decode_codebook

FLAG_FILE = (
    b"\x93NUMPY\x01\x00\x76\x00"
    b"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 3), }"
    + b" " * 58
    + b"\n\x00\x00\xff\xff\xff\xff\xff\x00\x00"
)


def reason_of(data: bytes) -> str:
    with pytest.raises(FormatError) as caught:
        decode_codebook(data)
    assert "pickle" not in str(caught.value)
    return caught.value.reason


def saved(array: npt.NDArray[Any], version: tuple[int, int] | None = None) -> bytes:
    """What NumPy writes for an array of any kind."""
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return file.getvalue()


def test_a_codebook_is_written_byte_for_byte_as_specified() -> None:
    assert encode_npy(FLAG) == FLAG_FILE


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (256, 4), (1, 65535), (65535, 1), (70, 123)])
def test_the_writer_writes_the_bytes_that_numpy_save_writes(shape: tuple[int, int]) -> None:
    array = np.random.RandomState(0).randint(0, 256, shape).astype(np.uint8)
    assert encode_npy(array) == saved(array)


@pytest.mark.parametrize(
    "view",
    [np.asfortranarray(FLAG), FLAG[::-1], FLAG[:, ::-1], FLAG.T, FLAG[::2, 1:]],
    ids=["fortran", "rows reversed", "columns reversed", "transposed", "sliced"],
)
def test_the_writer_looks_at_values_and_not_at_strides(view: ct.Bytes) -> None:
    assert encode_npy(view) == encode_npy(np.ascontiguousarray(view))


def test_the_array_begins_at_a_multiple_of_64_bytes() -> None:
    for rows in (1, 9, 10, 99_999, 10**9):
        header = encode_npy(np.empty((rows, 0), dtype=np.uint8))
        assert len(header) % 64 == 0
        assert parse_npy_header(header) == (rows, 0, len(header))


def test_the_reader_returns_the_array_and_what_follows_it() -> None:
    array, rest = decode_npy(FLAG_FILE + b"after")
    assert array.dtype == np.uint8
    assert array.tolist() == FLAG.tolist()
    assert rest == b"after"


def test_an_array_that_was_read_cannot_be_written_to() -> None:
    array, _ = decode_npy(FLAG_FILE)
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 1


@pytest.mark.parametrize(
    "text",
    [
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 3), }\n",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 3)}\n",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 3),}  \n",
    ],
)
def test_headers_without_padding_or_a_last_comma_are_read_as_numpy_reads_them(text: bytes) -> None:
    data = ct.npy_with(text, FLAG.tobytes())
    assert decode_npy(data)[0].tolist() == np.load(io.BytesIO(data)).tolist() == FLAG.tolist()


def test_arrays_without_elements_have_a_shape_but_are_no_codebook() -> None:
    for shape in ("(0, 3)", "(3, 0)", "(0, 9999999999)", "(9999999999, 0)"):
        array, rest = decode_npy(ct.npy_with(ct.npy_header(shape)))
        assert f"({array.shape[0]}, {array.shape[1]})" == shape
        assert rest == b""


class _Payload:
    """Unpickling this would raise, whatever else happened."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("a pickle was loaded",))


# row 76
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            ct.npy_with(ct.npy_header("(1, 3)", "'|O'"), pickle.dumps([_Payload()])),
            "bad-npy-header",
        ),
        (
            ct.npy_with(ct.npy_header("(1, 3)", "[('a', '|O')]"), pickle.dumps([_Payload()])),
            "bad-npy-header",
        ),
        (pickle.dumps(_Payload()), "not-npy"),
        (pickle.dumps(FLAG), "not-npy"),
    ],
    ids=["object dtype", "object in a struct", "pickle", "pickled array"],
)
def test_pickles_are_refused_and_never_loaded(data: bytes, reason: str) -> None:
    assert reason_of(data) == reason


# row 77
@pytest.mark.parametrize(
    "shape",
    [
        "(1000000, 1000000)", "(9999999999, 9999999999)", "(4294967296, 4294967296)",
        "(9223372036854775808, 1)", "(18446744073709551616, 1)", "(-1, 3)", "(3, -3)", "(-4, -3)",
        "(True, True)", "(False, 3)", "(3.0, 3)", "(3, 3, 1)", "(9,)", "()", "9", "(3 3)",
        "(03, 3)", "(+3, 3)", "(0x3, 3)", "(3_0, 3)", "(1, " * 70 + ")" * 70,
        f"({'9' * 4000}, 3)",
    ],
)  # fmt: skip
def test_an_impossible_shape_is_refused_without_allocating_it(shape: str) -> None:
    data = ct.npy_with(ct.npy_header(shape), FLAG.tobytes())
    reason, peak = traced(lambda: reason_of(data))
    assert reason in ("bad-npy-header", "truncated", "bad-codebook")
    assert peak < ONE_MEBIBYTE


# row 78
def test_fortran_order_is_refused() -> None:
    assert saved(np.asfortranarray(FLAG[:2])).startswith(b"\x93NUMPY")
    assert reason_of(saved(np.asfortranarray(FLAG[:2]))) == "bad-npy-header"
    assert reason_of(ct.npy_with(ct.npy_header("(3, 3)", order="True"))) == "bad-npy-header"


# row 79
@pytest.mark.parametrize(
    "array",
    [
        FLAG.astype(dtype)
        for dtype in (">u2", "<u2", "f4", "f8", "f2", "i1", "i8", "?", "c16", "S3", "U3", "M8[s]")
    ]
    + [
        np.full((3, 3), np.nan),
        np.zeros((3, 3), dtype=[("r", "u1")]),
        np.zeros((3, 3), dtype="V1"),
        np.zeros((3, 3), dtype="V0"),
    ],
    ids=lambda array: str(array.dtype),
)
def test_an_array_that_is_not_uint8_is_refused(array: npt.NDArray[Any]) -> None:
    assert reason_of(saved(array)) == "bad-npy-header"


def test_a_zero_sized_type_with_a_huge_shape_is_refused() -> None:
    for descr in ("'|V0'", "'|S0'"):
        data = ct.npy_with(ct.npy_header("(1000000, 1000000)", descr))
        assert reason_of(data) == "bad-npy-header"


# row 80: arrays of two axes that are no codebook are in test_pair.py
@pytest.mark.parametrize("array", [FLAG[0], FLAG[None], np.array(5, dtype=np.uint8)])
def test_an_array_that_has_not_two_axes_is_refused(array: npt.NDArray[Any]) -> None:
    assert reason_of(saved(array)) == "bad-npy-header"


# row 81
def test_an_overlong_or_newer_header_is_refused_from_the_first_ten_bytes() -> None:
    megabyte = ct.npy_header("(3, 3)")[:-1] + b" " * (1 << 20) + b"\n"
    newer = [ct.npy_with(megabyte, version=bytes(version)) for version in ([2, 0], [3, 0])]
    newer += [saved(FLAG, version=(2, 0)), saved(FLAG, version=(3, 0))]
    newer += [FLAG_FILE[:6] + bytes([9, 0]) + FLAG_FILE[8:], FLAG_FILE[:7] + b"\x01\x76\x00"]
    newer += [b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + FLAG_FILE[10:]]
    newer += [b"\x93NUMPY\x01\x00\xff\xff" + FLAG_FILE[10:]]
    for data in newer:
        assert reason_of(data) == "bad-npy-header"
        assert reason_of(data[:10]) == "bad-npy-header"


def test_the_longest_header_that_is_read_has_246_bytes() -> None:
    text = b"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 3), }"
    longest = ct.npy_with(text.ljust(245) + b"\n", FLAG.tobytes())
    assert decode_npy(longest)[0].tolist() == FLAG.tolist()
    assert reason_of(ct.npy_with(text.ljust(246) + b"\n", FLAG.tobytes())) == "bad-npy-header"


# row 82
@pytest.mark.parametrize(
    "text",
    [
        b"__import__('os').abort()\n",
        b"-" * 240 + b"1\n",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (" + b"-" * 150 + b"3, 3), }\n",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (3L, 3L), }\n",
        b"{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (3, 3), }\n",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 3), 'shape': (3, 3), }\n",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 3), 'seal': 1, }\n",
        b"{'fortran_order': False, 'descr': '|u1', 'shape': (3, 3), }\n",
        b"{'descr': '|u1', 'shape': (3, 3), }\n",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 3), }\x00\n",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 3), }",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 3), }\n\n",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 3), } #\n",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (\xd9\xa3, 3), }\n",
        b"{'descr': 'u1', 'fortran_order': False, 'shape': (3, 3), }\n",
        b" {'descr': '|u1', 'fortran_order': False, 'shape': (3, 3), }\n",
        b"\n",
        b"",
    ],
)
def test_a_header_that_is_not_the_one_kind_is_refused_and_never_evaluated(text: bytes) -> None:
    assert reason_of(ct.npy_with(text, FLAG.tobytes())) == "bad-npy-header"


def test_nine_thousand_signs_in_a_header_are_refused_unread() -> None:
    header = ct.npy_header("(" + "-" * 9000 + "1, 3)")
    assert reason_of(ct.npy_with(header, FLAG.tobytes())) == "bad-npy-header"


# row 83: all lengths of a sealed codebook are in test_pair.py
def test_every_truncation_of_an_array_is_refused() -> None:
    for length in range(len(FLAG_FILE)):
        reason = reason_of(FLAG_FILE[:length])
        assert reason in (("not-npy", "bad-npy-header") if length < 8 else ("truncated",)), length


# row 84: a flip in the bytes of the array needs the seal to be seen, see test_pair.py
def test_every_flipped_bit_of_a_header_is_refused() -> None:
    for position in range(len(FLAG_FILE) - FLAG.size):
        for bit in range(8):
            damaged = bytearray(FLAG_FILE)
            damaged[position] ^= 1 << bit
            with pytest.raises(FormatError):
                decode_codebook(bytes(damaged))


# row 86
@pytest.mark.parametrize(
    "data",
    [
        png_tools.grey_png(1, 1, b"\x00\x00"),
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
        ct.archive(ct.members_of(np.zeros((1, 1), dtype=np.uint8), FLAG)),
        b"0 0 255\n255 255 255\n255 0 0\n",
        zlib.compress(FLAG_FILE),
        b"\x93NUMPZ\x01\x00\x76\x00",
        b"\x00" * 200,
        b"a" * 10_000,
        b"\x93",
    ],
    ids=["png", "jpeg", "zip", "text", "zlib", "other magic", "zeros", "long text", "one byte"],
)
def test_other_files_given_as_a_codebook_are_said_to_be_no_npy(data: bytes) -> None:
    assert reason_of(data) == "not-npy"
