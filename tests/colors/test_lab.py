"""L*a*b* and CIEDE2000: the pairs of the paper, and scikit-image on many others."""

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from codec.colors.colorspace import srgb_to_linear
from codec.colors.lab import ciede2000, lab_from_linear, linear_from_lab

# Of table 1 of Sharma, Wu and Dalal: those that tell usual mistakes.
PAIRS = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
    ((50, 2.8361, -74.0200), (50, 0, -82.7485), 3.4412),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (61, -5, 29), 22.8977),
    ((50, 2.5, 0), (56, -27, -3), 31.9030),
    ((50, 2.5, 0), (58, 24, 15), 19.4535),
]


@pytest.mark.parametrize(("first", "second", "expected"), PAIRS)
def test_pairs_of_the_paper_differ_as_it_says(
    first: tuple[float, ...], second: tuple[float, ...], expected: float
) -> None:
    one, other = np.array([first], float), np.array([second], float)
    for pair in ((one, other), (other, one)):
        assert ciede2000(*pair)[0] == pytest.approx(expected, abs=5e-5)


def test_colors_and_differences_are_those_of_scikit_image() -> None:
    state = np.random.RandomState(0)
    colors = np.concatenate([
        state.randint(0, 256, (50_000, 3)), np.repeat(np.arange(256)[:, None], 3, axis=1),
    ]).astype(np.float64)  # fmt: skip
    others = state.permutation(colors)
    first, second = (lab_from_linear(srgb_to_linear(each)) for each in (colors, others))
    np.testing.assert_allclose(first, rgb2lab(colors / 255), atol=1e-11)
    expected = deltaE_ciede2000(rgb2lab(colors / 255), rgb2lab(others / 255))
    np.testing.assert_allclose(ciede2000(first, second), expected, atol=1e-10)
    assert not ciede2000(first, first).any()


def test_linear_light_comes_back() -> None:
    linear = np.random.RandomState(1).rand(10_000, 3)
    np.testing.assert_allclose(linear_from_lab(lab_from_linear(linear)), linear, atol=1e-6)
