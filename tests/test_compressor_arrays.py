"""Compression of arrays: which are pictures, whatever their layout, and what holds for all.

Rows are those of the catalogue of bad inputs.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from picture_tools import Pixels, noise
from PIL import Image

import codec
from codec.errors import ImageError
from codec.options import TUNES


class Subclass(np.ndarray[Any, np.dtype[np.uint8]]):
    """An array of another class."""


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        pytest.param(np.zeros((4, 4, 3)), "bad-dtype", id="float"),
        pytest.param(np.full((4, 4, 3), np.nan), "bad-dtype", id="NaN"),
        pytest.param(np.zeros((4, 4), np.float32), "bad-dtype", id="float32"),
        pytest.param(np.zeros((4, 4, 3), np.int64), "bad-dtype", id="int64"),
        pytest.param(np.zeros((4, 4), np.int8), "bad-dtype", id="int8"),
        pytest.param(np.zeros((4, 4), np.uint16), "bad-dtype", id="uint16"),
        pytest.param(np.zeros((4, 4), bool), "bad-dtype", id="bool"),
        pytest.param(np.zeros((4, 4), object), "bad-dtype", id="object"),
        pytest.param(np.zeros((4, 4), "V1"), "bad-dtype", id="void"),
        pytest.param(np.zeros((4, 4), [("r", "u1")]), "bad-dtype", id="structured"),
        pytest.param(np.zeros((4, 4), complex), "bad-dtype", id="complex"),
        pytest.param(np.zeros((4, 4), "S1"), "bad-dtype", id="bytes"),
        pytest.param(None, "bad-dtype", id="None"),
        pytest.param("picture.png", "bad-dtype", id="text"),
        pytest.param([[1, 2], [3, 4]], "bad-dtype", id="list"),
        pytest.param([[1, 2], [3]], "bad-dtype", id="ragged list"),
        pytest.param(np.zeros((4, 4, 5), np.uint8), "bad-shape", id="5 channels"),
        pytest.param(np.zeros((4, 4, 0), np.uint8), "bad-shape", id="0 channels"),
        pytest.param(np.zeros(4, np.uint8), "bad-shape", id="1-D"),
        pytest.param(np.zeros((1, 4, 4, 3), np.uint8), "bad-shape", id="4-D"),
        pytest.param(np.uint8(7), "bad-shape", id="scalar"),
        pytest.param(np.zeros((0, 4, 3), np.uint8), "bad-dimensions", id="no rows"),
        pytest.param(np.zeros((4, 0), np.uint8), "bad-dimensions", id="no columns"),
    ],
)
def test_what_is_not_a_picture_is_refused_as_a_value_error_of_ours(
    pixels: Any, expected: str
) -> None:  # row 67
    with pytest.raises(ImageError) as caught:
        codec.compress(pixels)
    assert caught.value.reason == expected
    assert isinstance(caught.value, ValueError)
    assert "\n" not in str(caught.value)


def strange(pixels: Pixels) -> dict[str, Pixels]:
    """The same picture in other layouts of memory."""
    read_only = pixels.copy()
    read_only.setflags(write=False)
    apart = np.zeros((2 * pixels.shape[0], 3 * pixels.shape[1], pixels.shape[2] + 2), np.uint8)
    apart[::2, ::3, 1:-1] = pixels
    unaligned = np.frombuffer(b"\0" + pixels.tobytes(), np.uint8, offset=1).reshape(pixels.shape)
    return {
        "read-only": read_only,
        "negative strides": np.ascontiguousarray(pixels[::-1, ::-1, ::-1])[::-1, ::-1, ::-1],
        "Fortran order": np.asfortranarray(pixels),
        "planes": np.moveaxis(np.ascontiguousarray(np.moveaxis(pixels, 2, 0)), 0, 2),
        "gaps": apart[::2, ::3, 1:-1],
        "from bytes": unaligned,
        "subclass": pixels.copy().view(Subclass),
    }


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("layout", strange(noise(0, 2, 2, 3)))
def test_the_layout_of_an_array_changes_nothing(layout: str, channels: int) -> None:  # row 67
    for high, n_colors in ((3, 256), (256, 8)):
        pixels = noise(0, 9, 13, channels, high=high)
        other = strange(pixels)[layout]
        before = other.copy()
        plain, result = codec.compress(pixels, n_colors), codec.compress(other, n_colors)
        np.testing.assert_array_equal(result.labels, plain.labels)
        np.testing.assert_array_equal(result.codebook, plain.codebook)
        assert type(result.labels) is type(result.codebook) is np.ndarray
        np.testing.assert_array_equal(other, before)


def test_one_value_everywhere_is_a_picture_without_memory_of_its_own() -> None:  # row 67
    pixels = np.broadcast_to(np.array([1, 2, 3], np.uint8), (50, 60, 3))
    indexed = codec.compress(pixels)
    assert indexed.codebook.tolist() == [[1, 2, 3]]
    np.testing.assert_array_equal(codec.decompress(indexed), pixels)


def as_matrix(pixels: Pixels) -> Pixels:
    return pixels.view(np.matrix)


@pytest.mark.parametrize("make", [as_matrix, memoryview, Image.fromarray])
def test_what_numpy_takes_for_a_uint8_array_is_a_picture(make: Callable[[Pixels], Any]) -> None:
    pixels = noise(0, 5, 7)
    decoded = codec.decompress(codec.compress(make(pixels)))
    np.testing.assert_array_equal(decoded, pixels)
    assert type(decoded) is np.ndarray


def test_a_single_channel_may_be_an_axis_and_comes_back_without() -> None:
    pixels = noise(0, 5, 7, 1)
    np.testing.assert_array_equal(codec.decompress(codec.compress(pixels)), pixels[:, :, 0])


# Hypothesis


@st.composite
def pictures(draw: st.DrawFn) -> Pixels:
    """Any small picture, of many colors or few, and sometimes only a view of one."""
    height, width = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    channels = draw(st.integers(1, 4))
    shape = (height, width, channels)
    seed = draw(st.integers(0, 2**32 - 1))
    pixels: Pixels
    kind = draw(st.sampled_from(["any", "noise", "few values", "few colors"]))
    if kind == "any":
        pixels = draw(arrays(np.uint8, shape))
    elif kind == "noise":
        pixels = noise(seed, *shape, high=draw(st.integers(2, 256)))
    elif kind == "few values":
        values = np.array([0, 1, 100, 254, 255], np.uint8)
        pixels = values[noise(seed, *shape, high=5)]
    else:
        colors = draw(arrays(np.uint8, (draw(st.integers(1, 9)), channels)))
        colors[0, -1] = 0  # as the one transparent color of a palette
        pixels = colors[noise(seed, height, width, high=len(colors))]
    if draw(st.booleans()):
        pixels = np.asfortranarray(pixels)[::-1]
    return pixels


def visible(pixels: Pixels) -> Pixels:
    """Pixels with the colors that cannot be seen set to zero."""
    if pixels.shape[2] in (2, 4):
        return np.where(pixels[:, :, -1:] > 0, pixels, 0).astype(np.uint8)
    return pixels


def distances(colors: Pixels, codebook: Pixels, exact: bool) -> npt.NDArray[np.float64]:
    """How different each color looks from each code-word, as the documentation defines it.

    With opacity a, on a background that is uniform over 0..1, two pixels differ by
    ``(u - w / 2)**2 + w**2 / 12`` in each channel, where ``u = a * v - a' * v'`` and
    ``w = a - a'``; here in 8-bit steps. What is solid may only become solid, and what is clear
    only clear, where there are such code-words.
    """
    first, second = colors[:, None].astype(np.float64), codebook[None].astype(np.float64)
    if exact or colors.shape[1] in (1, 3):
        return np.asarray(((first - second) ** 2).sum(axis=2))
    a, b = first[..., -1:] / 255, second[..., -1:] / 255
    u = a * first[..., :-1] - b * second[..., :-1]
    w = 255 * (a - b)
    found = np.asarray(((u - w / 2) ** 2 + w**2 / 12).sum(axis=2))
    for alpha in (0, 255):
        if (codebook[:, -1] == alpha).any():
            found[np.ix_(colors[:, -1] == alpha, codebook[:, -1] != alpha)] = np.inf
    return found


def check_nearest(pixels: Pixels, indexed: codec.IndexedImage, exact: bool) -> None:
    """Check that no code-word is nearer in sRGB than that of the label."""
    channels = pixels.shape[2]
    found = distances(pixels.reshape(-1, channels), indexed.codebook, exact)
    chosen = found[np.arange(len(found)), indexed.labels.ravel()]
    if exact or channels in (1, 3):
        np.testing.assert_array_equal(chosen, found.min(axis=1))
    else:
        # Coordinates are rounded to eighths: each point may be off by 1/16 in each of them.
        slack = 4 * np.sqrt(channels) / 16
        assert (np.sqrt(chosen) <= np.sqrt(found.min(axis=1)) + slack).all()


@pytest.mark.parametrize("tune", TUNES)
@given(pictures(), st.integers(1, 40), st.booleans(), st.integers(0, 3))
@settings(max_examples=150, derandomize=True, deadline=None)
def test_whatever_the_picture_the_promises_of_compress_hold(
    tune: Any, pixels: Pixels, n_colors: int, exact: bool, seed: int
) -> None:  # row 67
    compress = partial(codec.compress, n_colors=n_colors, tune=tune, seed=seed, exact=exact)
    before = pixels.copy()
    indexed = compress(pixels)
    decoded = codec.decompress(indexed)
    np.testing.assert_array_equal(pixels, before)
    height, width, channels = pixels.shape
    assert decoded.dtype == np.uint8
    assert decoded.shape == ((height, width) if channels == 1 else pixels.shape)
    decoded = decoded.reshape(pixels.shape)

    meant = pixels if exact else visible(pixels)
    unique = len(np.unique(meant.reshape(-1, channels), axis=0))
    assert indexed.n_colors == len(np.unique(indexed.codebook, axis=0)) <= n_colors
    if channels == 1 and pixels.max() < n_colors:  # whose values are labels
        np.testing.assert_array_equal(indexed.labels, pixels[:, :, 0])
        assert indexed.codebook.ravel().tolist() == list(range(int(pixels.max()) + 1))
    else:
        assert set(np.unique(indexed.labels)) == set(range(indexed.n_colors))
        assert unique > n_colors or indexed.n_colors == unique
    if unique <= n_colors:
        np.testing.assert_array_equal(decoded, meant)

    if tune == "psnr":
        check_nearest(pixels, indexed, exact)

    if n_colors > 1 and not exact and channels in (2, 4):
        for alpha in (0, 255):
            assert (decoded[pixels[..., -1] == alpha, -1] == alpha).all()

    again = compress(decoded)
    np.testing.assert_array_equal(codec.decompress(again).reshape(pixels.shape), decoded)

    plain = compress(np.ascontiguousarray(pixels))
    np.testing.assert_array_equal(plain.labels, indexed.labels)
    np.testing.assert_array_equal(plain.codebook, indexed.codebook)
