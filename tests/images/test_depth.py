"""Samples of 16 bits become 8."""

import numpy as np
import pytest

from codec.images.depth import scale_to_8_bits


@pytest.mark.parametrize("order", ["<", ">"])
def test_every_value_in_either_byte_order_is_rounded_to_nearest(order: str) -> None:
    values = np.arange(65536)
    expected = (2 * values + 257) // 514  # of values / 257, whose halves are never reached
    pixels = scale_to_8_bits(values.astype(f"{order}u2").reshape(256, 256))
    assert pixels.dtype == np.uint8
    assert pixels.ravel().tolist() == expected.tolist()


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (3, 5, 1), (2, 3, 4)])
def test_the_shape_is_kept_and_the_samples_are_not_touched(shape: tuple[int, ...]) -> None:
    samples = np.full(shape, 257 * 200, np.uint16)
    samples.flags.writeable = False
    pixels = scale_to_8_bits(samples)
    assert pixels.shape == shape
    assert (pixels == 200).all()
