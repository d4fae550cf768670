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
