"""Codebooks of dense files: what comes back, what it takes, what is refused."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from codec.errors import FormatError
from codec.formats.kmc.rice import decode_codebook, encode_codebook

Array = npt.NDArray[np.uint8]


@settings(max_examples=100, deadline=None)
@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 256), st.integers(1, 4))), st.binary(max_size=5)
)
def test_a_codebook_of_any_order_comes_back(codebook: Array, behind: bytes) -> None:
    coded = encode_codebook(codebook)
    found, used = decode_codebook(coded + behind, *codebook.shape)
    assert np.array_equal(found, codebook)
    assert used == len(coded)


def coded(mode: int, residual: int) -> bytes:
    """One sample: its mode, a zero, and as many bits of a residual as the mode says."""
    bits = f"0{residual:0{mode & 15}b}"
    size = -(-len(bits) // 8)
    return bytes([mode]) + int(bits.ljust(8 * size, "0"), 2).to_bytes(size, "big")


@pytest.mark.parametrize(("predictor", "level"), [(0, 200), (1, 100), (2, 100), (3, 100)])
def test_residuals_have_at_most_8_bits_after_their_ones(predictor: int, level: int) -> None:
    found, used = decode_codebook(coded(predictor << 4 | 8, 200), 1, 1)
    assert found.tolist() == [[level]]
    assert used == 3
    for parameter in range(9, 15):
        # The bits are those of a legal residual; only their number is not.
        with pytest.raises(FormatError) as caught:
            decode_codebook(coded(predictor << 4 | parameter, 200), 1, 1)
        assert caught.value.reason == "bad-codebook"


def test_codebooks_take_what_their_order_allows() -> None:
    raw = 256 * 3
    codebook = np.random.default_rng(1).integers(0, 256, (256, 3)).astype(np.uint8)
    # Nine bits a sample at worst; in ascending order the first channel takes about two of eight.
    assert len(encode_codebook(codebook)) <= 3 + -(-raw * 9 // 8)
    assert len(encode_codebook(codebook[np.lexsort(codebook.T[::-1])])) < 0.87 * raw
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    # A zero of one bit and 255 ones of two; the other channels repeat it, and take no bits.
    assert len(encode_codebook(np.hstack([ramp, ramp, ramp]))) == 3 + 64


def test_a_codebook_that_was_just_decoded_is_told_from_others() -> None:
    """It is recognized by its bytes, of which others may share the first."""
    state = np.random.RandomState(3)
    books = [state.randint(0, 256, (size, 3)).astype(np.uint8) for size in (1, 2, 255, 256)]
    books += [np.zeros((9, 3), np.uint8), np.zeros((8, 3), np.uint8), books[3][:, :1].copy()]
    for first in books:
        for second in books:
            for book in (first, second, first):
                found, used = decode_codebook(encode_codebook(book) + b"\xff\0", *book.shape)
                assert np.array_equal(found, book)
                assert used == len(encode_codebook(book))
                found[:] = 7  # is nobody else's


def test_a_damaged_codebook_is_not_taken_for_the_one_before() -> None:
    book = np.random.RandomState(4).randint(0, 256, (64, 3)).astype(np.uint8)
    coded = encode_codebook(book)
    decode_codebook(coded, 64, 3)
    damaged = coded[:9] + bytes([coded[9] ^ 4]) + coded[10:]
    try:
        found, _ = decode_codebook(damaged, 64, 3)
    except FormatError:
        return
    assert not np.array_equal(found, book)
