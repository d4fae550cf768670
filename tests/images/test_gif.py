"""GIF pictures: exactly, with their transparency, whole."""

import functools
from pathlib import Path

import numpy as np
import pytest
from cost_tools import ONE_MEBIBYTE, traced
from picture_tools import FOUR_COLORS, gif, gif_frame, noise, read, refusal, saved, warm_up
from PIL import Image

BLACK = "pixels beyond the GIF's palette of 2 colors are black"
UNCOVERED = "what the first frame of the GIF does not cover is transparent"


def test_a_gif_of_one_frame_is_a_picture(tmp_path: Path) -> None:  # row 60
    indices = noise(0, 9, 14, high=4)
    palette = np.frombuffer(FOUR_COLORS, np.uint8).reshape(4, 3)
    data = gif(14, 9, FOUR_COLORS, gif_frame(indices.ravel().tolist(), (0, 0, 14, 9)))
    image = read(tmp_path, data)
    np.testing.assert_array_equal(image.pixels, palette[indices])
    assert image.notices == []


def test_the_transparency_of_a_gif_is_kept(tmp_path: Path) -> None:  # row 60
    indices = noise(0, 9, 14, high=4)
    colors = np.frombuffer(FOUR_COLORS, np.uint8).reshape(4, 3)
    control = b"!\xf9\4\1\0\0\2\0"
    data = gif(14, 9, FOUR_COLORS, control, gif_frame(indices.ravel().tolist(), (0, 0, 14, 9)))
    image = read(tmp_path, data)
    np.testing.assert_array_equal(image.pixels[:, :, 3], np.where(indices == 2, 0, 255))
    np.testing.assert_array_equal(image.pixels[indices != 2][:, :3], colors[indices][indices != 2])
    assert image.notices == []


def test_an_interlaced_gif_equals_its_plain_twin(tmp_path: Path) -> None:
    indices, colors = noise(0, 29, 24, high=7), noise(1, 7, 3)
    picture = Image.fromarray(indices, "P")
    picture.putpalette(colors.tobytes())
    plain, interlaced = (saved(picture, "GIF", interlace=n) for n in (0, 1))
    assert plain != interlaced
    for data in (plain, interlaced):
        np.testing.assert_array_equal(read(tmp_path, data).pixels, colors[indices])


def test_a_grey_gif_stays_grey(tmp_path: Path) -> None:
    samples = np.random.RandomState(0).permutation(256).astype(np.uint8).reshape(16, 16)
    image = read(tmp_path, saved(Image.fromarray(samples), "GIF"))
    np.testing.assert_array_equal(image.pixels, samples)
    image = read(tmp_path, saved(Image.fromarray(samples), "GIF", transparency=3))
    expected = np.dstack([samples, np.where(samples == 3, 0, 255)])
    np.testing.assert_array_equal(image.pixels, expected)


@pytest.mark.parametrize("first_frame", [False, True])
def test_a_truncated_animation_is_refused_however_much_is_left(
    first_frame: bool, tmp_path: Path
) -> None:  # row 61
    frames = [gif_frame(noise(n, 126, high=4).tolist(), (0, 0, 14, 9)) for n in range(3)]
    whole = gif(14, 9, FOUR_COLORS, *frames)
    one_left = whole[: -1 - len(frames[2]) - len(frames[1])]
    assert len(read(tmp_path, one_left + b";").pixels) == 9
    for data in (one_left, one_left + frames[1][:40], whole[: len(whole) // 2], whole[:-1]):
        assert refusal(tmp_path, data, first_frame=first_frame).reason == "truncated"


def test_a_gif_whose_pixels_end_early_is_refused(tmp_path: Path) -> None:
    frame = gif_frame(noise(0, 60, high=4).tolist(), (0, 0, 14, 9))
    assert refusal(tmp_path, gif(14, 9, FOUR_COLORS, frame)).reason == "truncated"


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("transparent", [None, 2])
@pytest.mark.parametrize("box", [(0, 0, 3, 2), (4, 3, 3, 2), (1, 0, 6, 4), (0, 4, 7, 1)])
def test_what_a_gif_frame_does_not_cover_is_clear(
    box: tuple[int, int, int, int], transparent: int | None, interlaced: bool, tmp_path: Path
) -> None:
    left, top, width, height = box
    indices = noise(0, height, width, high=4)
    control = b"" if transparent is None else b"!\xf9\4\1\0\0" + bytes([transparent]) + b"\0"
    order = [row for start, step in ((0, 8), (4, 8), (2, 4), (1, 2)) for row in
             range(start, height, step)] if interlaced else list(range(height))  # fmt: skip
    frame = bytearray(gif_frame(indices[order].ravel().tolist(), box))
    frame[9] |= 0x40 * interlaced
    image = read(tmp_path, gif(7, 5, FOUR_COLORS, control + bytes(frame)))
    colors = np.frombuffer(FOUR_COLORS, np.uint8).reshape(4, 3)
    expected = np.zeros((5, 7, 4), np.uint8)
    opaque = np.where(indices == transparent, 0, 255)
    expected[top : top + height, left : left + width] = np.dstack([colors[indices], opaque])
    np.testing.assert_array_equal(image.pixels, expected)
    assert image.notices == ([UNCOVERED] if transparent is None else [])


@pytest.mark.parametrize(
    ("screen", "box", "grown"),
    [
        ((2, 2), (0, 0, 3, 4), (3, 4)),
        ((2, 2), (1, 0, 2, 2), (3, 2)),
        ((1, 1), (5, 6, 2, 2), (7, 8)),
        ((9, 2), (0, 1, 2, 2), (9, 3)),
        ((0, 0), (0, 0, 3, 4), (3, 4)),
        ((0, 0), (1, 0, 3, 4), (4, 4)),
    ],
)
def test_a_gif_frame_that_leaves_its_screen_makes_it_larger(
    screen: tuple[int, int], box: tuple[int, int, int, int], grown: tuple[int, int], tmp_path: Path
) -> None:
    left, top, width, height = box
    indices = noise(0, height, width, high=4)
    image = read(tmp_path, gif(*screen, FOUR_COLORS, gif_frame(indices.ravel().tolist(), box)))
    assert image.pixels.shape[1::-1] == grown
    part = image.pixels[top : top + height, left : left + width, :3]
    np.testing.assert_array_equal(
        part, np.frombuffer(FOUR_COLORS, np.uint8).reshape(4, 3)[indices]
    )
    # Only a frame that fills what it made larger leaves nothing clear.
    if box == (0, 0, *grown):
        assert image.pixels.shape[2] == 3
    else:
        assert (image.pixels[..., 3] == 255).sum() == width * height
    assert len(image.notices) == 1
    assert f"{grown[0]}x{grown[1]}" in image.notices[0]


def test_a_gif_frame_far_outside_is_beyond_the_limits(tmp_path: Path) -> None:
    for place, reason in ((65535, "side-limit"), (12_000, "pixel-limit")):
        data = gif(1, 1, FOUR_COLORS, gif_frame([0], (place, place, 1, 1)))
        assert refusal(tmp_path, data).reason == reason


@pytest.mark.parametrize("colors", [[[9, 8, 7], [6, 5, 4]], [[0, 0, 0], [1, 1, 1]]])
@pytest.mark.parametrize("width", [2, 3])
def test_an_index_beyond_the_colors_of_a_gif_is_black_and_told(
    width: int, colors: list[list[int]], tmp_path: Path
) -> None:
    for indices in ([0, 1, 2, 3], [0, 1, 1, 0]):
        palette = np.array(colors, np.uint8).tobytes()
        local = bytearray(gif_frame(indices, (0, 0, 2, 2), bits=2, palette=palette))
        local[9] = 0x80  # two colors
        image = read(tmp_path, gif(width, 2, FOUR_COLORS, bytes(local)))
        shown = np.array([*colors, [0, 0, 0], [0, 0, 0]])[indices].reshape(2, 2, 3)
        if width == 3:
            assert (image.pixels[:, 2] == 0).all()
            shown = np.dstack([shown, np.full((2, 2), 255)])
        if colors[0] == [0, 0, 0]:
            shown = shown[:, :, [0, *range(3, shown.shape[2])]]
        np.testing.assert_array_equal(image.pixels[:, :2].reshape(shown.shape), shown)
        told = [UNCOVERED] * (width == 3) + [BLACK] * (max(indices) > 1)
        assert image.notices == told
        # What is transparent is not black.
        control = b"!\xf9\4\1\0\0\3\0"
        few = [index if index != 2 else 1 for index in indices]
        frame = bytearray(gif_frame(few, (0, 0, 2, 2), bits=2, palette=palette))
        frame[9] = 0x80
        assert read(tmp_path, gif(width, 2, FOUR_COLORS, control, bytes(frame))).notices == []


@pytest.mark.parametrize("side", [300, 9000])
def test_a_gif_that_claims_more_pixels_than_its_bytes_can_hold_is_refused_at_once(
    side: int, tmp_path: Path
) -> None:
    warm_up(tmp_path)
    for few in (1, 3, 30):
        data = gif(side, side, FOUR_COLORS, gif_frame([1] * few, (0, 0, side, side)))
        error, peak = traced(functools.partial(refusal, tmp_path, data))
        assert error.reason == "truncated"
        assert peak < ONE_MEBIBYTE


@pytest.mark.parametrize("level", [0, 1, 255])
def test_the_flattest_gif_is_not_taken_for_a_lie(level: int, tmp_path: Path) -> None:
    data = saved(Image.new("L", (5000, 4000), level), "GIF")
    assert len(data) < 40_000
    assert (read(tmp_path, data).pixels == level).all()


@pytest.mark.parametrize("zeros", [1, 2, 1000])
def test_zeros_between_the_blocks_of_a_gif_are_passed_over_and_told(
    zeros: int, tmp_path: Path
) -> None:
    indices = noise(0, 9, 14, high=4)
    frame = gif_frame(indices.ravel().tolist(), (0, 0, 14, 9))
    colors = np.frombuffer(FOUR_COLORS, np.uint8).reshape(4, 3)
    control, nothing = b"!\xf9\4\0\0\0\0\0", bytes(zeros)
    for blocks in ([nothing, frame], [frame, nothing], [control, nothing, frame, nothing]):
        image = read(tmp_path, gif(14, 9, FOUR_COLORS, *blocks))
        np.testing.assert_array_equal(image.pixels, colors[indices])
        told = zeros * blocks.count(nothing)
        assert image.notices == [f"{told} bytes between the GIF's blocks are ignored"]
    assert (
        refusal(tmp_path, gif(14, 9, FOUR_COLORS, frame, nothing, end=b"")).reason == "truncated"
    )
    assert refusal(tmp_path, gif(14, 9, FOUR_COLORS, frame, b"\1")).reason == "damaged"
