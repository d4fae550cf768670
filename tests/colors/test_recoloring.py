"""Other code-words, by label, by color, or all of them."""

from typing import Any

import numpy as np
import pytest

from codec.colors.recoloring import recolored
from codec.errors import ParameterError

GREY, GREY_ALPHA = [[0], [128], [255]], [[0, 0], [128, 255]]
RGB, RGBA = [[255, 0, 0], [0, 0, 255]], [[255, 0, 0, 255], [255, 0, 0, 9]]


def words(codebook: list[list[int]], colors: Any) -> Any:
    found = recolored(np.array(codebook, np.uint8), colors)
    assert found.dtype == np.uint8
    return found.tolist()


@pytest.mark.parametrize(
    ("codebook", "colors", "expected"),
    [
        # Labels.
        (RGB, {1: "#102030"}, [[255, 0, 0], [16, 32, 48]]),
        (RGB, {1: (16, 32, 48)}, [[255, 0, 0], [16, 32, 48]]),
        (RGB, {np.int64(0): np.array([1, 2, 3])}, [[1, 2, 3], [0, 0, 255]]),
        (RGB, {0: 7}, [[7, 7, 7], [0, 0, 255]]),
        (RGB, {}, RGB),
        # Colors, all at once.
        (RGB, {"#f00": "#00f", "#00f": "#f00"}, [[0, 0, 255], [255, 0, 0]]),
        (RGB, {(255, 0, 0): (0, 0, 255)}, [[0, 0, 255], [0, 0, 255]]),
        ([[9, 9, 9], [9, 9, 9]], {"#090909": "#010203"}, [[1, 2, 3], [1, 2, 3]]),
        (GREY, {(128,): 129}, [[0], [129], [255]]),
        (GREY, {"#808080": (130,)}, [[0], [130], [255]]),
        # A color without alpha is opaque.
        (RGBA, {"#ff0000": "#000000"}, [[0, 0, 0, 255], [255, 0, 0, 9]]),
        (RGBA, {"#ff000009": "#0000"}, [[255, 0, 0, 255], [0, 0, 0, 0]]),
        # Channels as they are needed, and no others.
        (GREY, {1: "#818181"}, [[0], [129], [255]]),
        (GREY, {1: "#ff0000"}, [[0, 0, 0], [255, 0, 0], [255, 255, 255]]),
        (GREY, {1: (128, 0)}, [[0, 255], [128, 0], [255, 255]]),
        (GREY, {1: "#ff000080"}, [[0, 0, 0, 255], [255, 0, 0, 128], [255, 255, 255, 255]]),
        (GREY_ALPHA, {1: "#f00"}, [[0, 0, 0, 0], [255, 0, 0, 255]]),
        (GREY_ALPHA, {1: 5}, [[0, 0], [5, 255]]),
        (RGB, {1: (0, 0, 0, 0)}, [[255, 0, 0, 255], [0, 0, 0, 0]]),
        (RGB, {1: (0, 0, 0, 255)}, [[255, 0, 0], [0, 0, 0]]),
        # All of them.
        (RGB, [[1], [2]], [[1], [2]]),
        (RGB, np.array(RGBA, np.uint8), RGBA),
        (GREY, ["#010203", 7, (9, 0)], [[1, 2, 3, 255], [7, 7, 7, 255], [9, 9, 9, 0]]),
    ],
)
def test_codewords_are_exchanged(
    codebook: list[list[int]], colors: Any, expected: list[list[int]]
) -> None:
    assert words(codebook, colors) == expected


@pytest.mark.parametrize(
    ("colors", "message"),
    [
        ({2: "#000000"}, "label 2 is beyond the codebook of 2"),
        ({-1: "#000000"}, "label -1 is beyond the codebook of 2"),
        ({"#00ff00": "#000000"}, "the codebook has no #00ff00"),
        ({"#ff000080": "#000000"}, "the codebook has no #ff000080"),
        ({"red": "#000000"}, "'red' is no color"),
        ({0: "black"}, "'black' is no color"),
        ({0: (1, 2, 256)}, "is no color"),
        ({0: (0.5, 0.5, 0.5)}, "is no color"),
        ({0: (1, 2, 3, 4, 5)}, "is no color"),
        ({0: None}, "None is no color"),
        ({0: "#000000", "#ff0000": "#ffffff"}, "label 0 is given two colors"),
        ("#000000", "is one color"),
        (7, "a codebook is a sequence"),
        ([], "at least one color"),
        (np.full((2, 3), 0.5), "is no color"),
        (np.zeros((2, 3, 1), np.uint8), "is no color"),
    ],
)
def test_what_is_no_exchange_is_refused(colors: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message) as caught:
        words(RGB, colors)
    assert caught.value.reason == "colors"


def test_naming_a_codeword_twice_alike_is_no_mistake() -> None:
    assert words(RGB, {0: "#000000", "#ff0000": 0}) == [[0, 0, 0], [0, 0, 255]]
