"""Pictures as arrays: their channels, their rows, and colors packed into whole numbers."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from codec.colors.pixels import (
    as_channels,
    as_rows,
    joint_channels,
    pack_colors,
    telling_channels,
    to_channels,
    unpack_colors,
    without_hidden,
)
from codec.errors import ImageError

Pixels = npt.NDArray[np.uint8]


def noise(*shape: int) -> Pixels:
    return np.random.RandomState(len(shape)).randint(0, 256, shape).astype(np.uint8)


def test_a_picture_without_an_axis_of_channels_gets_one() -> None:
    grey = noise(3, 5)
    assert np.array_equal(as_channels(grey), grey[:, :, None])
    assert np.shares_memory(as_channels(grey), grey)
    for channels in (1, 2, 3, 4):
        pixels = noise(3, 5, channels)
        assert as_channels(pixels) is pixels


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (noise(3, 5).astype(np.uint16), "bad-dtype"),
        (noise(3, 5) > 100, "bad-dtype"),
        ([[1.5, 2.5]], "bad-dtype"),
        ("text", "bad-dtype"),
        ([[1], [2, 3]], "bad-dtype"),
        (noise(5), "bad-shape"),
        (noise(3, 5, 5), "bad-shape"),
        (noise(3, 5, 2, 2), "bad-shape"),
        (noise(3, 5, 3)[:, :, :0], "bad-shape"),
        (noise(0, 5), "bad-dimensions"),
        (noise(3, 0, 3), "bad-dimensions"),
    ],
)
def test_what_is_no_picture_is_refused(pixels: Any, reason: str) -> None:
    with pytest.raises(ImageError) as caught:
        as_channels(pixels)
    assert caught.value.reason == reason


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_keys_are_in_the_order_of_the_colors_and_come_back(channels: int) -> None:
    colors = np.unique(noise(500, channels), axis=0)
    keys = pack_colors(colors)
    assert keys.dtype == np.uint32
    assert (np.diff(keys.astype(np.int64)) > 0).all()
    assert np.array_equal(unpack_colors(keys, channels), colors)
    assert pack_colors(np.array([[1, 2, 3, 4]], np.uint8)).tolist() == [0x01020304]


def test_rows_are_views_where_their_bytes_lie_side_by_side() -> None:
    pixels = noise(6, 7, 3)
    for picture, is_view in (
        (pixels, True),
        (pixels[1:5], True),
        (pixels[::-2], True),
        (pixels[:, 2:6], True),
        (pixels[:, ::2], False),
        (pixels[:, :, ::-1], False),
        (pixels[:, :1, :1], True),
    ):
        rows = as_rows(picture)
        assert rows.tolist() == picture.reshape(len(picture), -1).tolist()
        assert np.shares_memory(rows, pixels) is is_view


@pytest.mark.parametrize(
    ("colors", "telling"),
    [
        ([[0], [255]], 1),
        ([[0, 255], [9, 255]], 1),
        ([[0, 255], [9, 254]], 2),
        ([[7, 7, 7], [9, 9, 9]], 1),
        ([[7, 7, 7], [9, 9, 8]], 3),
        ([[7, 7, 7], [9, 8, 9]], 3),
        ([[7, 7, 7, 255], [9, 9, 9, 255]], 1),
        ([[7, 7, 7, 255], [9, 9, 8, 255]], 3),
        ([[7, 7, 7, 255], [9, 9, 9, 254]], 4),
        ([[255, 255], [255, 255]], 1),
    ],
)
def test_channels_that_say_nothing_come_back(colors: list[list[int]], telling: int) -> None:
    given = np.array(colors, np.uint8)
    channels = given.shape[1]

    assert telling_channels(given) == telling
    assert np.array_equal(to_channels(given[:, :telling], channels), given)


@pytest.mark.parametrize(
    ("first", "second", "joint"),
    [(1, 1, 1), (1, 2, 2), (1, 3, 3), (2, 3, 4), (3, 4, 4), (2, 2, 2), (1, 4, 4), (3, 3, 3)],
)
def test_joint_channels_say_what_both_say(first: int, second: int, joint: int) -> None:
    assert joint_channels(first, second) == joint_channels(second, first) == joint
    for channels in (first, second):
        colors = noise(20, channels)
        assert np.array_equal(to_channels(to_channels(colors, joint), channels), colors)


def test_other_channels_are_grey_and_opaque() -> None:
    grey = np.array([[7, 9]], np.uint8)
    assert to_channels(grey, 4).tolist() == [[7, 7, 7, 9]]
    assert to_channels(grey, 3).tolist() == [[7, 7, 7]]
    assert to_channels(grey[:, :1], 2).tolist() == [[7, 255]]
    assert to_channels(grey[None], 4).shape == (1, 1, 4)
    assert to_channels(grey, 2) is grey


def test_colors_that_cannot_be_seen_are_zero() -> None:
    colors = np.array([[9, 8, 7, 0], [9, 8, 7, 1]], np.uint8)

    assert without_hidden(colors).tolist() == [[0, 0, 0, 0], [9, 8, 7, 1]]
    assert without_hidden(colors[:, 2:]).tolist() == [[0, 0], [7, 1]]
    assert without_hidden(colors[:, :3]).tolist() == [[9, 8, 7], [9, 8, 7]]
