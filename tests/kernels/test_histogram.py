"""Kernels that walk over pixels and labels, against plain NumPy."""

import itertools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from codec import histogram, labels, lookup, ordering
from codec.histogram import ColorHistogram, count_colors, pack_colors
from codec.kernels import compiled
from codec.labels import label_pixels
from codec.lookup import look_up

Bytes = npt.NDArray[np.uint8]

needs_kernels = pytest.mark.skipif(not compiled(), reason="the kernels were not compiled")
SHAPES = [(1, 1), (1, 2), (1, 83), (83, 1), (5, 15), (5, 16), (5, 17), (31, 67), (64, 48)]


@pytest.fixture(params=["compiled", "plain"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test with the kernels and without."""
    if request.param == "plain":
        for module in (histogram, labels, lookup, ordering):
            monkeypatch.setattr(module, "compiled", lambda: False)
    elif not compiled():
        pytest.skip("the kernels were not compiled")
    return str(request.param)


@pytest.fixture(params=[1, 2, 4])
def several_threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Divide even the smallest work among threads."""
    monkeypatch.setenv("KMCODEC_THREADS", str(request.param))
    for module in (histogram, labels, lookup):
        monkeypatch.setattr(module, "_THREAD_PIXELS", 1)


def _pictures(height: int, width: int, channels: int) -> Iterator[Bytes]:
    """Pictures of all kinds: flat, noise, few colors, long runs, every alpha, all distinct."""
    state = np.random.RandomState(height * 1000 + width * 10 + channels)
    shape = (height, width, channels)
    yield np.full(shape, 255, np.uint8)
    yield np.zeros(shape, np.uint8)
    yield state.randint(0, 256, shape).astype(np.uint8)
    yield state.randint(0, 3, shape).astype(np.uint8) * 127
    yield np.repeat(state.randint(0, 256, shape), 40, axis=1)[:, :width].astype(np.uint8)
    alpha = state.randint(0, 256, shape).astype(np.uint8)
    alpha[..., -1] = np.arange(height * width).reshape(height, width) % 256
    yield alpha
    mostly_opaque = alpha.copy()
    mostly_opaque[..., -1] |= np.uint8(255) * (state.rand(height, width) < 0.8)
    yield mostly_opaque
    ramp = np.arange(height * width, dtype=">u4") * np.uint32(2654435761)
    yield ramp.view(np.uint8).reshape(height, width, 4)[..., 4 - channels :]


def _layouts(picture: Bytes) -> Iterator[Bytes]:
    """One picture in every layout that arrays may have."""
    yield picture
    yield np.asfortranarray(picture)
    yield np.ascontiguousarray(picture[::-1])[::-1]
    yield np.ascontiguousarray(picture[:, ::-1])[:, ::-1]
    yield np.ascontiguousarray(picture[..., ::-1])[..., ::-1]
    yield np.repeat(np.repeat(picture, 2, axis=0), 3, axis=1)[::2, ::3]
    wide = np.pad(picture, [(1, 1), (1, 2)] + [(0, 0)] * (picture.ndim - 2), constant_values=77)
    yield wide[1:-1, 1:-2]
    frozen = picture.copy()
    frozen.setflags(write=False)
    yield frozen


def _cases(channels: int) -> Iterator[Bytes]:
    for height, width in SHAPES:
        for picture in _pictures(height, width, channels):
            yield from _layouts(picture)


# Twins: what the kernels do, in the fewest words.


def _counted(pixels: Bytes) -> tuple[Bytes, npt.NDArray[np.int64]]:
    keys, counts = np.unique(pack_colors(np.ascontiguousarray(pixels)), return_counts=True)
    colors = keys.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 4 - pixels.shape[2] :]
    return colors, counts


def _labeled(pixels: Bytes, counted: ColorHistogram, color_labels: Bytes) -> Bytes:
    keys = pack_colors(np.ascontiguousarray(pixels))
    return color_labels[np.searchsorted(pack_colors(counted.colors), keys)]


def _assert_same(array: npt.NDArray[np.generic], expected: npt.NDArray[np.generic]) -> None:
    assert array.dtype == expected.dtype
    assert array.shape == expected.shape
    assert array.flags.c_contiguous
    assert (array == expected).all()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.usefixtures("several_threads")
def test_counting_and_labeling(path: str, channels: int) -> None:
    for pixels in _cases(channels):
        before = pixels.copy()

        counted = count_colors(pixels)

        colors, counts = _counted(pixels)
        _assert_same(counted.colors, colors)
        _assert_same(counted.counts, counts)
        color_labels = (np.arange(len(colors)) * 7 % 256).astype(np.uint8)
        expected = _labeled(pixels, counted, color_labels)
        _assert_same(label_pixels(pixels, counted, color_labels), expected)
        assert (pixels == before).all()


@needs_kernels
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_large_pictures_are_counted_in_parts(
    channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(histogram, "_PART_PIXELS", 300)
    for pixels in _pictures(31, 67, channels):
        counted = count_colors(pixels)

        colors, counts = _counted(pixels)
        _assert_same(counted.colors, colors)
        _assert_same(counted.counts, counts)


@pytest.mark.parametrize("alpha", range(256))
def test_every_alpha_beside_opaque_pixels(path: str, alpha: int) -> None:
    pixels = np.array([[[9, 9, 9, 255], [9, 9, 9, alpha], [0, 0, 0, alpha]]], np.uint8)

    counted = count_colors(pixels)

    colors, counts = _counted(pixels)
    _assert_same(counted.colors, colors)
    _assert_same(counted.counts, counts)
    color_labels = np.arange(len(colors), dtype=np.uint8)[::-1]
    expected = _labeled(pixels, counted, color_labels)
    _assert_same(label_pixels(pixels, counted, color_labels), expected)


def test_runs_of_every_length(path: str) -> None:
    rows = [[1] * run + [2] * (700 - run) for run in (0, 1, 15, 16, 17, 239, 240, 241, 255, 512)]
    for channels in (1, 2, 3, 4):
        pixels = np.repeat(np.array(rows, np.uint8)[:, :, None], channels, axis=2)
        for picture in (pixels, np.ascontiguousarray(pixels.transpose(1, 0, 2))):
            counted = count_colors(picture)

            colors, counts = _counted(picture)
            _assert_same(counted.colors, colors)
            _assert_same(counted.counts, counts)


def test_all_colors_of_one_bucket(path: str) -> None:
    low = np.arange(4096)
    pixels = np.stack([low * 0 + 200, 16 + (low >> 8), low & 255], axis=1).astype(np.uint8)
    pixels = np.random.RandomState(5).permutation(np.repeat(pixels, 3, axis=0)).reshape(96, -1, 3)

    counted = count_colors(pixels)

    colors, counts = _counted(pixels)
    _assert_same(counted.colors, colors)
    _assert_same(counted.counts, counts)


@pytest.mark.parametrize("channels", [0, 1, 2, 3, 4])
@pytest.mark.usefixtures("several_threads")
def test_looking_up(path: str, channels: int) -> None:
    state = np.random.RandomState(channels)
    for (height, width), size in itertools.product(SHAPES, (1, 2, 200, 255, 256)):
        table = state.randint(0, 256, (size, channels) if channels else size).astype(np.uint8)
        picture = state.randint(0, size, (height, width)).astype(np.uint8)
        for some in _layouts(picture):
            _assert_same(look_up(table, some), table[some])
            _assert_same(look_up(table, some[0]), table[some[0]])
        some_table = np.repeat(table, 2, axis=0)[::2][::-1]
        _assert_same(look_up(some_table, picture), some_table[picture])


def test_a_label_beyond_the_table_is_an_error(path: str) -> None:
    for size, channels in itertools.product((1, 100, 255), (1, 2, 3, 4)):
        picture = np.zeros((40, 50), np.uint8)
        picture[-1, -1] = size
        with pytest.raises(IndexError):
            look_up(np.zeros((size, channels), np.uint8), picture)


def _touching(picture: Bytes, size: int) -> list[list[int]]:
    counts = [[0] * size for _ in range(size)]
    height, width = picture.shape
    for y, x in np.ndindex(height, width):
        for below, right in ((y, x + 1), (y + 1, x)):
            if below < height and right < width and picture[y, x] != picture[below, right]:
                counts[picture[y, x]][picture[below, right]] += 1
                counts[picture[below, right]][picture[y, x]] += 1
    return counts


@pytest.mark.parametrize("size", [1, 2, 3, 40, 255, 256])
def test_counting_labels_and_neighbors(path: str, size: int) -> None:
    for height, width in SHAPES:
        for kind, picture in enumerate(_pictures(height, width, 1)):
            some = picture[:, :, 0] % np.uint8(size) if size < 256 else picture[:, :, 0]
            expected = _touching(some, size)
            frequencies = [int((some == label).sum()) for label in range(size)]
            layouts = list(_layouts(some)) if kind == 2 else [some]
            for layout in layouts:
                assert ordering._count_labels([layout], size).tolist() == frequencies
                assert ordering._count_neighbors([layout], size).tolist() == expected
            twice = np.array(expected) * 2
            assert ordering._count_neighbors([some] * 2, size).tolist() == twice.tolist()


@needs_kernels
@pytest.mark.parametrize("size", [2, 3, 5, 17, 256])
@pytest.mark.parametrize("most_swaps", [0, 1, 7, 512])
def test_arranging(size: int, most_swaps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "_MAX_SWAPS", most_swaps)
    state = np.random.RandomState(size)
    for most in (1, 2, 50, 10000, 1 << 30):
        for density in (0.02, 0.3, 1.0):
            touching = state.randint(0, most, (size, size)).astype(np.int64)
            touching = np.triu(touching * (state.rand(size, size) < density), 1)
            touching += touching.T

            line = ordering._linear_arrangement(touching)

            with monkeypatch.context() as patch:
                patch.setattr(ordering, "compiled", lambda: False)
                _assert_same(line, ordering._linear_arrangement(touching))


@needs_kernels
def test_the_order_is_the_same_without_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    state = np.random.RandomState(8)
    for size in (2, 3, 30, 256):
        picture = np.cumsum(state.randint(-1, 2, (90, 70)), axis=1) % size
        order = ordering.order_codewords(picture.astype(np.uint8), size)
        with monkeypatch.context() as patch:
            patch.setattr(ordering, "compiled", lambda: False)
            _assert_same(order, ordering.order_codewords(picture.astype(np.uint8), size))


@needs_kernels
def test_kernels_refuse_what_does_not_fit() -> None:
    from codec.kernels import histogram as counting
    from codec.kernels import mapping, neighbors

    rows, heads = np.zeros((2, 12), np.uint8), np.zeros(4096, np.uint32)
    starts, unique = np.zeros(4097, np.uint32), np.zeros(4096, np.uint32)
    entries, runs = np.zeros(8, np.uint16), np.zeros(0, np.uint64)
    colors, counts = np.zeros((1, 3), np.uint8), np.zeros(1, np.int64)
    table, out = np.zeros(1 << 24, np.uint8), np.zeros((2, 4), np.uint8)
    keys, few = np.zeros(1, np.uint32), np.zeros(1, np.uint8)
    falling, far = starts.copy(), starts.copy()
    falling[7], far[-1] = 1, 9
    calls = [
        lambda: counting.count_small(rows, 3, np.zeros(256, np.uint64)),
        lambda: counting.count_small(rows, 2, np.zeros(256, np.uint64)),
        lambda: counting.count_entries(rows, 2, heads),
        lambda: counting.count_entries(rows, 3, heads[1:]),
        lambda: counting.count_entries(rows[:, 1:].copy(), 3, heads),
        lambda: counting.put_entries(rows, 5, heads, entries, runs),
        lambda: counting.count_buckets(entries, falling, 0, 4096, heads, unique),
        lambda: counting.count_buckets(entries, far, 0, 4096, heads, unique),
        lambda: counting.count_buckets(entries, starts, 5, 4, heads, unique),
        lambda: counting.count_buckets(entries, starts, 0, 4097, heads, unique),
        lambda: counting.write_colors(
            entries, starts, 0, 4096, heads, unique + np.uint32(1), colors, counts
        ),
        lambda: mapping.fill_table(colors, few, table[1:]),
        lambda: mapping.fill_table(colors, few[1:], table),
        lambda: mapping.map_pixels(rows, 3, table[1:], starts, keys, few, out),
        lambda: mapping.map_pixels(rows, 4, table, starts, keys, few, out),
        lambda: mapping.map_pixels(rows, 3, table, starts[1:], keys, few, out),
        lambda: mapping.map_pixels(rows, 3, table, far, keys, few, out),
        lambda: mapping.map_pixels(rows, 3, table, starts, keys, few[1:], out),
        lambda: mapping.look_up_rows(np.zeros((257, 1), np.uint8), out, out),
        lambda: mapping.look_up_rows(np.zeros((1, 5), np.uint8), out, out),
        lambda: mapping.look_up_rows(colors, out, out),
        lambda: mapping.map_pixels(rows[:, ::2], 3, table, starts, keys, few, out[:, :2].copy()),
        lambda: mapping.look_up_rows(colors[:, :1].copy(), rows[:, ::3], out),
        lambda: neighbors.count_labels(rows, np.zeros(255, np.int64)),
        lambda: neighbors.count_labels(rows[:, ::2], np.zeros(256, np.int64)),
        lambda: neighbors.count_pairs(rows, np.zeros((256, 255), np.int64)),
        lambda: neighbors.count_pairs(rows[:, ::2], np.zeros((256, 256), np.int64)),
        lambda: neighbors.arrange(np.zeros((1, 1), np.int64), 5),
        lambda: neighbors.arrange(np.zeros((3, 2), np.int64), 5),
        lambda: neighbors.arrange(np.zeros((257, 257), np.int64), 5),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r".+"):
            call()


@needs_kernels
def test_a_picture_that_changes_while_it_is_counted_harms_nothing() -> None:
    from codec.kernels.histogram import count_entries, put_entries

    pixels = np.random.RandomState(6).randint(0, 256, (9, 32)).astype(np.uint8)
    heads = np.zeros(4096, np.uint32)
    guarded = np.full(64, 999, np.uint16)
    runs = np.full(64, 999, np.uint64)
    for start in (0, 3, 7, 0xFFFFFFFF):
        heads[:] = start
        put_entries(pixels, 4, heads, guarded[:5], runs[:2])
        assert (guarded[5:] == 999).all()
        assert (runs[2:] == 999).all()
    assert count_entries(pixels, 4, np.zeros(4096, np.uint32)) > 2


def test_many_translucent_colors(path: str) -> None:
    key = np.random.RandomState(9).permutation(100_000).astype(">u4") * np.uint32(41_000)
    pixels = key.view(np.uint8).reshape(250, 400, 4)
    counted = count_colors(pixels)
    color_labels = (np.arange(len(counted)) * 7 % 256).astype(np.uint8)

    expected = _labeled(pixels, counted, color_labels)
    _assert_same(label_pixels(pixels, counted, color_labels), expected)


@needs_kernels
def test_an_unknown_color_gets_label_zero() -> None:
    known = count_colors(np.full((1, 1, 4), 7, np.uint8))
    pixels = np.random.RandomState(7).randint(0, 256, (20, 30, 4)).astype(np.uint8)

    assert not label_pixels(pixels, known, np.array([0], np.uint8)).any()
