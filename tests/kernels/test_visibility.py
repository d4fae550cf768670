"""What tells how errors look: places in OkLab, bands, activity."""

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from kernel_tools import Bytes
from marks import needs_kernels

import codec
from codec import kernels
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import count_colors
from codec.colors.places import HIGHEST, place_colors, place_pixels
from codec.colors.visibility import weigh_colors

# Places


def all_kinds_of_colors() -> Bytes:
    """Every color of 18 levels a channel, and all greys."""
    levels = np.array([*range(0, 256, 15)], dtype=np.uint8)
    colors = np.array(list(itertools.product(levels, repeat=3)), dtype=np.uint8)
    return np.vstack([colors, np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)])


def test_places_in_oklab_are_those_of_the_metric() -> None:
    colors = all_kinds_of_colors()
    exact = ColorMetric("oklab").coordinates(colors) / 65536 * HIGHEST
    placed = place_colors(colors, ColorMetric("oklab"))
    errors = np.abs(placed - exact - (0, 64 * 16, 96 * 16))
    assert errors.max() < 0.3 * 16  # where light is least, responses of 16 bits are coarse
    assert np.percentile(errors, 99) < 1.0
    assert place_colors(np.array([[255] * 3, [0] * 3], np.uint8), ColorMetric("oklab"))[
        :, 0
    ].tolist() == [HIGHEST, 0]


@pytest.mark.parametrize("space", ["rgb", "oklab", "lab"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_all_colors_have_a_place(channels: int, space: str) -> None:
    colors = all_kinds_of_colors()
    if channels < 3:
        colors = colors[:, :1]
    for alpha in (0, 1, 128, 255):
        if channels in (2, 4):
            some = np.hstack([colors, np.full_like(colors[:, :1], alpha)])
        else:
            some = colors
        placed = place_colors(some, ColorMetric(space))
        assert placed.min() >= 0
        assert placed.max() <= HIGHEST


def test_distances_of_places_are_in_the_ratio_of_the_metrics() -> None:
    state = np.random.RandomState(0)
    for space, channels in itertools.product(("rgb", "oklab", "lab"), (3, 4)):
        colors = state.randint(0, 256, (40, channels)).astype(np.uint8)
        metric = ColorMetric(space)
        distances = []
        for points in (metric.coordinates(colors), place_colors(colors, metric).astype(float)):
            differences = points[:, None] - points[None]
            distances.append(np.sqrt((differences**2).sum(axis=2))[np.triu_indices(40, 1)])
        ratios = distances[0] / distances[1]
        assert ratios.max() / ratios.min() < 1.05


# Bands


def strengths_of(pixels: Bytes, codebook: Bytes, labels: Bytes, hidden: float = 0.25) -> Bytes:
    """How much of each pixel's error shows, with 255 for all of it."""
    metric = ColorMetric("oklab")
    found = np.zeros(labels.shape, dtype=np.uint8)
    kernels.bands.find_bands(
        place_pixels(pixels, metric), place_colors(codebook, metric), labels, 0.0, hidden,
        300.0, 7.0, 255, found,
    )  # fmt: skip
    return found


def shades(height: int, width: int, first: int, last: int) -> Bytes:
    """A horizontal ramp of greys."""
    ramp = np.rint(np.linspace(first, last, width)).astype(np.uint8)
    return np.broadcast_to(ramp[None, :, None], (height, width, 3)).copy()


def test_bands_of_a_shade_are_found_but_not_what_is_exact() -> None:
    pixels = shades(30, 120, 100, 140)
    codebook = np.array([[100] * 3, [120] * 3, [140] * 3], dtype=np.uint8)
    labels = np.clip((pixels[..., 0].astype(int) - 90) // 20, 0, 2).astype(np.uint8)
    found = strengths_of(pixels, codebook, labels)
    assert (found[:, 22:28] > 200).all()  # half way to the next band
    assert (found[5:25, 59:61] < 70).all()  # in the middle of a band
    flat = np.full((30, 40, 3), 120, dtype=np.uint8)
    assert not strengths_of(flat, codebook, np.ones((30, 40), dtype=np.uint8)).any()


def test_exact_pixels_beside_a_band_are_left_alone() -> None:
    pixels = shades(30, 60, 100, 140)
    pixels[10:20] = 120
    codebook = np.array([[100] * 3, [120] * 3, [140] * 3], dtype=np.uint8)
    labels = np.clip((pixels[..., 0].astype(int) - 90) // 20, 0, 2).astype(np.uint8)
    found = strengths_of(pixels, codebook, labels)
    assert not found[10:20].any()
    assert found[8, 10:14].all()


def test_texture_hides_bands_and_edges_are_none() -> None:
    state = np.random.RandomState(0)
    grey = state.randint(70, 190, (40, 40, 1)).astype(np.uint8)
    texture = grey.repeat(3, axis=2)
    codebook = codec.compress(texture, 1, dither="none").codebook
    found = strengths_of(texture, codebook, np.zeros((40, 40), dtype=np.uint8), hidden=0.25)
    assert found.mean() < 2.0
    text = np.full((40, 40, 3), 255, dtype=np.uint8)
    text[::6, 5:35] = 10
    text[1::6, 5:35] = 120  # the grey of its rim has no code-word
    codebook = np.array([[10] * 3, [255] * 3], dtype=np.uint8)
    labels = (text[..., 0] > 127).astype(np.uint8)
    assert not strengths_of(text, codebook, labels)[:, 12:28].any()


@needs_kernels
def test_bands_refuse_what_does_not_fit() -> None:
    places, words = np.zeros((3, 12), np.int16), np.zeros((2, 3), np.int16)
    labels, found = np.zeros((3, 4), np.uint8), np.zeros((3, 4), np.uint8)
    good = [places, words, labels, 1.0, 0.5, 300.0, 7.0, 217, found]
    for index, value in (
        (0, places[:2]), (1, words[:, :2].copy()), (1, words[:0]), (2, labels + np.uint8(2)),
        (5, 0.0), (6, 0.0), (6, float("nan")), (7, 256), (7, -1), (8, found[:2]),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"fit|range|beyond|axes"):
            kernels.bands.find_bands(*good[:index], value, *good[index + 1 :])


# Activity


def weights_by_definition(pixels: Bytes) -> npt.NDArray[np.int64]:
    """The weight of every pixel's block, from its variance."""
    height, width, channels = pixels.shape
    samples = pixels.astype(np.int64)
    seen = [samples]
    if channels in (2, 4):
        alpha = samples[..., -1:]
        on_black = (samples[..., :-1] * alpha + 127) // 255
        seen = [on_black, on_black + 255 - alpha]
    weights = np.zeros((height, width), dtype=np.int64)
    for y, x in itertools.product(range(0, height, 4), range(0, width, 4)):
        found = []
        for shades_ in seen:
            variance = shades_[y : y + 4, x : x + 4].var(axis=(0, 1)).mean()
            weight = max(int(np.floor(256 / (16 + variance) + 0.5 + 1e-9)), 1)
            found.append(4 if variance == 0 else weight)
        weights[y : y + 4, x : x + 4] = min(found)
    return weights


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (4, 8), (7, 9), (21, 34)])
def test_cells_are_weighed_as_defined(size: tuple[int, int], channels: int) -> None:
    state = np.random.RandomState(channels)
    rough = state.randint(0, 256, (*size, channels))
    smooth = np.indices(size).sum(axis=0)[..., None] + np.zeros(channels, dtype=int) + 90
    pixels = np.where(np.arange(size[1])[:, None] % 16 < 8, rough, smooth).astype(np.uint8)
    expected = np.zeros((2, 1 << 18), dtype=np.int32)
    cells = pixels[..., 0].astype(int)
    if channels >= 3:
        cells = (pixels[..., :3].astype(int) // 4) @ np.array([4096, 64, 1])
    np.add.at(expected[0], cells, weights_by_definition(pixels).astype(np.int32))
    np.add.at(expected[1], cells, 1)
    found = np.zeros((2, 1 << 18), dtype=np.int32)
    rows = pixels.reshape(size[0], -1)
    kernels.activity.weigh_cells(rows, channels, *found)
    assert np.array_equal(found, expected)


@needs_kernels
def test_activity_refuses_what_does_not_fit() -> None:
    rows, sums = np.zeros((4, 12), np.uint8), np.zeros(1 << 18, np.int32)
    for arguments in ((rows, 5, sums, sums), (rows, 0, sums, sums), (rows[:, :11], 3, sums, sums),
                      (rows, 3, sums[1:], sums), (rows, 3, sums, sums[:-1])):  # fmt: skip
        with pytest.raises(ValueError, match=r"fit|cells"):
            kernels.activity.weigh_cells(*arguments)


def test_smooth_colors_weigh_more_than_those_of_texture() -> None:
    state = np.random.RandomState(0)
    pixels = np.empty((64, 64, 3), dtype=np.uint8)
    pixels[:32] = shades(32, 64, 200, 216)
    pixels[32:] = state.randint(0, 128, (32, 64, 1))
    histogram = count_colors(pixels)
    each = weigh_colors(pixels, histogram) / histogram.counts
    smooth = histogram.colors[:, 0] >= 200
    assert each[smooth].min() > 10
    assert each[~smooth].max() < 3


def test_a_part_of_a_large_picture_tells_its_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.tile(shades(64, 64, 0, 250), (8, 1, 1))
    histogram = count_colors(pixels)
    whole = weigh_colors(pixels, histogram)
    monkeypatch.setattr("codec.colors.visibility._SAMPLED_PIXELS", 1 << 13)
    assert np.array_equal(weigh_colors(pixels, histogram), whole)
    for count in ("1", "4"):
        monkeypatch.setenv("KMCODEC_THREADS", count)
        assert np.array_equal(weigh_colors(pixels, histogram), whole)
