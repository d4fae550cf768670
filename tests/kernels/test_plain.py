"""Every compiled function against its plain twin: the same results, and the same written to.

The twins in turn are held against definitions, byte by byte, in the tests of what uses them.
"""

import functools
import importlib
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from cli_tools import SAMPLES
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from kernel_tools import TWINS, hand_out_twins, read_only

import codec
from codec import kernels
from codec.colors.colorspace import ColorMetric
from codec.colors.pixels import pack_colors
from codec.colors.places import oklab_tables, place_colors, place_pixels

pytestmark = pytest.mark.skipif(not kernels.COMPILED, reason="the kernels were not compiled")

Bytes = npt.NDArray[np.uint8]
Home = Callable[[str], ModuleType]
Problem = tuple[Callable[[Home], Any], npt.NDArray[np.int32], npt.NDArray[np.int32]]

EXAMPLES = settings(max_examples=100, derandomize=True, deadline=None)
STATES = st.builds(np.random.RandomState, st.integers(0, 1 << 20))


def compiled(name: str) -> ModuleType:
    return importlib.import_module(f"codec.kernels.{name}")


def plain(name: str) -> ModuleType:
    return importlib.import_module(f"codec.kernels.plain.{name}")


def frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same, and nobody can write to it."""
    return read_only(array, array.dtype.type)


def is_same(first: Any, second: Any) -> bool:
    """Whether two results are equal in value and kind."""
    if isinstance(first, tuple):
        return len(first) == len(second) and all(map(is_same, first, second))
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second)
    return type(first) is type(second) and first == second


def check(module: str, function: str, *arguments: Any) -> tuple[Any, list[Any]]:
    """Call both; return what both returned, and the arguments as they have left them.

    An argument that can be written to is copied for each, and one that is a function makes it.
    """
    outcomes = []
    for home in (compiled, plain):
        own = [
            argument(home)
            if callable(argument)
            else argument.copy()
            if isinstance(argument, np.ndarray) and argument.flags.writeable
            else argument
            for argument in arguments
        ]
        result = getattr(home(module), function)(*own)
        outcomes.append((result, tuple(a for a in own if isinstance(a, np.ndarray)), own))
    (result, arrays, own), (twin_result, twin_arrays, _) = outcomes
    assert is_same(result, twin_result)
    assert is_same(arrays, twin_arrays)
    return result, own


@st.composite
def pictures(draw: st.DrawFn, channels: tuple[int, ...] = (1, 2, 3, 4)) -> Bytes:
    """Noise, few colors, long runs, one color; opaque, clear and translucent."""
    state = draw(STATES)
    count = draw(st.sampled_from(channels))
    width = draw(st.sampled_from((1, 2, 5, 15, 16, 17, 33, 48, 100)))
    shape = (draw(st.integers(1, 12)), width, count)
    kind = draw(st.sampled_from(("noise", "few", "runs", "flat")))
    if kind == "flat":
        values = np.broadcast_to(state.randint(0, 256, count), shape)
    else:
        low = draw(st.sampled_from((0, 254)))
        values = state.randint(low, 256, shape)
        if kind == "few":
            values = values // 128 * 255
        if kind == "runs":
            values = np.repeat(np.repeat(values, 3, axis=0), 40, axis=1)[: shape[0], : shape[1]]
    pixels: Bytes = values.astype(np.uint8)
    if count in (2, 4) and kind != "flat":
        alphas = draw(st.sampled_from(((255,), (0,), (0, 255), (255, 255, 255, 9), range(256))))
        pixels[..., -1] = state.choice(alphas, shape[:2])
    return pixels


def rows_of(pixels: Bytes, apart: bool) -> Bytes:
    """Rows of bytes, one after another in memory or with a gap between them."""
    rows = pixels.reshape(len(pixels), -1)
    rows = np.repeat(rows, 2, axis=0)[::2] if apart else rows.copy()
    rows.setflags(write=False)
    return rows


def arguments_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Names of a function's arguments, with their defaults."""
    parameters = inspect.signature(function).parameters
    return {name: parameter.default for name, parameter in parameters.items()}


def test_there_is_a_twin_of_every_function() -> None:
    for name in TWINS:
        twin = plain(name)
        for function, value in vars(compiled(name)).items():
            if function.startswith("_") or not callable(value):
                continue
            if not inspect.isclass(value):
                assert arguments_of(getattr(twin, function)) == arguments_of(value)
                continue
            made = getattr(twin, function)
            for method in set(vars(value)) & {"contents", "diffuse", "input_order", "mix"}:
                assert callable(getattr(made, method))


# Pixels


@EXAMPLES
@given(pixels=pictures(), apart=st.booleans(), part=st.integers(0, 12))
def test_counting_flat_pixels(pixels: Bytes, apart: bool, part: int) -> None:
    height, width, channels = pixels.shape
    keys = frozen(np.unique(pack_colors(pixels)))
    counts, where = np.zeros(len(keys), np.int64), (min(part, height), height, 0, width)
    check("flats", "count_flats", rows_of(pixels, apart), channels, *where, keys, counts)


@EXAMPLES
@given(pixels=pictures((1, 2)), apart=st.booleans())
def test_counting_few_channels(pixels: Bytes, apart: bool) -> None:
    channels = pixels.shape[2]
    table = np.arange(256**channels, dtype=np.uint64)
    check("histogram", "count_small", rows_of(pixels, apart), channels, table)


@pytest.mark.slow
@EXAMPLES
@given(pixels=pictures((3, 4)), apart=st.booleans(), data=st.data())
def test_counting_many_channels(pixels: Bytes, apart: bool, data: st.DataObject) -> None:
    rows, channels = rows_of(pixels, apart), pixels.shape[2]
    n_runs, (_, _, sizes) = check(
        "histogram", "count_entries", rows, channels, np.zeros(4096, np.uint32)
    )
    ends = np.cumsum(sizes, dtype=np.uint32)
    heads, total = ends - sizes, int(ends[-1])
    # A picture that was changed since it was counted has more entries than there is room for.
    for first, room in ((0, total // 2), (0xFFFFFFF0, total), (0, 0), (0, total)):
        room_for_runs = n_runs * room // max(total, 1) if room < total else n_runs
        _, (_, _, _, entries, runs) = check(
            "histogram", "put_entries", rows, channels, heads + np.uint32(first),
            np.full(room, 999, np.uint16), np.full(room_for_runs, 999, np.uint64),
        )  # fmt: skip
    runs.sort()
    check("histogram", "merge_runs", runs)

    starts = frozen(np.append(heads, ends[-1]))
    first = data.draw(st.integers(0, 4096))
    last = data.draw(st.integers(first, 4096))
    for begin, end in ((0, 4096), (first, last)):
        counts = np.full(int(starts[end] - starts[begin]) + 3, 7, np.uint32)
        _, (lows, *_, counts, unique) = check(
            "histogram", "count_buckets", entries, starts, begin, end, counts,
            np.full(4096, 9, np.uint32),
        )  # fmt: skip
        size = int(unique[begin:end].sum()) + 2
        check(
            "histogram", "write_colors", frozen(lows), starts, begin, end, frozen(counts),
            frozen(unique), np.full((size, channels), 3, np.uint8), np.full(size, 5, np.int64),
        )  # fmt: skip


def test_counting_goes_on_from_strip_to_strip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain("histogram"), "_PIXELS_AT_ONCE", 64)
    state = np.random.RandomState(3)
    for channels in (3, 4):
        colors = state.randint(0, 256, (40, 2, channels)).astype(np.uint8)
        rows = rows_of(np.repeat(colors, 32, axis=1)[np.sort(state.randint(0, 40, 90))], False)
        n_runs, (_, _, sizes) = check(
            "histogram", "count_entries", rows, channels, np.zeros(4096, np.uint32)
        )
        ends = np.cumsum(sizes, dtype=np.uint32)
        check(
            "histogram", "put_entries", rows, channels, ends - sizes,
            np.empty(int(ends[-1]), np.uint16), np.empty(n_runs, np.uint64),
        )  # fmt: skip


@EXAMPLES
@given(pixels=pictures(), apart=st.booleans(), known=st.sampled_from([0.0, 0.5, 1.0]))
def test_mapping_colors_to_labels(pixels: Bytes, apart: bool, known: float) -> None:
    height, width, channels = pixels.shape
    state = np.random.RandomState(pixels.size)
    colors = np.unique(pixels.reshape(-1, channels), axis=0)
    colors = colors[state.rand(len(colors)) <= known]
    color_labels = state.randint(0, 256, len(colors)).astype(np.uint8)
    table = np.full(256 ** min(channels, 3), 5, np.uint8)
    _, (*_, table) = check("mapping", "fill_table", frozen(colors), frozen(color_labels), table)
    rest = colors[:, -1] != 255 if channels == 4 else np.zeros(len(colors), bool)
    keys = plain("mapping").packed(colors[rest])
    beginnings = np.bincount(keys >> np.uint32(20), minlength=4096) if channels == 4 else [0] * 2
    firsts = np.append(0, np.cumsum(beginnings)).astype(np.uint32)
    check(
        "mapping", "map_pixels", rows_of(pixels, apart), channels, frozen(table), frozen(firsts),
        frozen(keys), frozen(color_labels[rest]), np.full((height, width), 9, np.uint8),
    )  # fmt: skip


@EXAMPLES
@given(
    pixels=pictures((1,)),
    apart=st.booleans(),
    size=st.sampled_from([1, 2, 100, 255, 256]),
    channels=st.integers(1, 4),
)
def test_labels_and_neighbors(pixels: Bytes, apart: bool, size: int, channels: int) -> None:
    labels = rows_of(pixels, apart)
    table = np.random.RandomState(size).randint(0, 256, (size, channels)).astype(np.uint8)
    rows = np.full((len(labels), labels.shape[1] * channels), 9, np.uint8)
    largest, _ = check("mapping", "look_up_rows", frozen(table), labels, rows)
    assert (largest >= size) == (labels.max() >= size)
    check("neighbors", "count_labels", labels, np.arange(256))
    check("neighbors", "count_pairs", labels, np.ones((256, 256), np.int64))


@EXAMPLES
@given(
    data=st.data(),
    size=st.integers(2, 40),
    most=st.sampled_from([1, 2, 50, 1 << 30]),
    swaps=st.sampled_from([0, 1, 7, 512]),
)
def test_arranging(data: st.DataObject, size: int, most: int, swaps: int) -> None:
    state = data.draw(STATES)
    touching = state.randint(0, most, (size, size)) * (state.rand(size, size) < state.rand())
    touching = np.triu(touching, 1)
    check("neighbors", "arrange", frozen((touching + touching.T).astype(np.int64)), swaps)


@EXAMPLES
@given(
    data=st.data(),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    pixel_bytes=st.sampled_from([1, 2, 3, 4, 6, 8]),
    filters=st.sampled_from([(0,), (0, 1, 5), (2,), (0, 1, 2), (3, 0), range(7)]),
)
def test_undoing_filters(
    data: st.DataObject, height: int, width: int, pixel_bytes: int, filters: tuple[int, ...]
) -> None:
    state = data.draw(STATES)
    size = width * pixel_bytes
    filtered = state.randint(0, 256, (height, 1 + size)).astype(np.uint8)
    filtered[:, 0] = state.choice(filters, height)
    above = frozen(state.randint(0, 256, size).astype(np.uint8))
    rows = np.empty((height, size), np.uint8)
    check("unfilter", "unfilter", frozen(filtered), pixel_bytes, above, rows)


@EXAMPLES
@given(pixels=pictures((1,)), seed=st.integers(0, 1 << 20))
def test_filtering_rows(pixels: Bytes, seed: int) -> None:
    rows = frozen(pixels[:, :, 0])
    state = np.random.RandomState(seed)
    kinds = np.empty(len(rows), np.uint8)
    _, (_, chosen) = check("rowfilters", "choose_filters", rows, kinds)
    filtered = np.empty((rows.shape[0], 1 + rows.shape[1]), np.uint8)
    for some in (chosen, state.randint(0, 5, len(rows)).astype(np.uint8)):
        check("rowfilters", "filter_rows", rows, frozen(some), filtered)


# Colors and code-words


@st.composite
def codebooks(draw: st.DrawFn, channels: int) -> Bytes:
    """Code-words, some of them equal or equally far from many colors."""
    size = draw(st.sampled_from([1, 2, 7, 64, 256]))
    words = draw(STATES).randint(0, draw(st.sampled_from([2, 9, 256])), (size, channels))
    return frozen(words.astype(np.uint8))


@EXAMPLES
@given(pixels=pictures(), data=st.data())
def test_the_nearest_codeword_and_the_error(pixels: Bytes, data: st.DataObject) -> None:
    codebook = data.draw(codebooks(pixels.shape[2]))
    colors = frozen(pixels.reshape(-1, pixels.shape[2]))
    state = np.random.RandomState(len(colors))
    names = frozen(np.sort(state.permutation(256)[: len(codebook)]).astype(np.uint8))
    nothing = np.empty(len(colors), np.uint8)
    check("nearest", "label_rows", lambda home: home("nearest").NearestGrid(codebook, names),
          colors, nothing)  # fmt: skip
    _, (_, _, labels) = check(
        "nearest", "label_rows", lambda home: home("nearest").NearestGrid(codebook), colors,
        nothing,
    )  # fmt: skip
    counts = frozen(state.randint(1, 1 << 35, len(colors)).astype(np.int64))
    check("distortion", "color_errors", colors, counts, codebook, frozen(labels))


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    pixels=pictures(),
    data=st.data(),
    most=st.sampled_from([0, 9, 300, 4080]),
    space=st.sampled_from(["rgb", "oklab"]),
)
def test_error_diffusion(pixels: Bytes, data: st.DataObject, most: int, space: str) -> None:
    height, width, channels = pixels.shape
    codebook, metric = data.draw(codebooks(channels)), ColorMetric(space)
    state = np.random.RandomState(height)
    opaque, alpha = np.empty(0, np.uint8), np.empty((0, 0), np.uint8)
    if channels in (2, 4):
        opaque = np.flatnonzero(codebook[:, -1] > 3).astype(np.uint8)
        alpha = frozen(pixels[..., -1].copy())
    places, words = frozen(place_pixels(pixels, metric)), frozen(place_colors(codebook, metric))
    labels = state.randint(0, len(codebook), (height, width)).astype(np.uint8)
    _, arguments = check(
        "bands", "find_bands", places, words, frozen(labels), 2.0, 0.1, 300.0, 9.0, 255,
        np.empty_like(labels),
    )  # fmt: skip
    for strengths in (arguments[-1], state.choice([0, 77, 255], labels.shape).astype(np.uint8)):
        found = []
        for home in (compiled, plain):
            mine = labels.copy()
            diffuser = home("diffusion").Diffuser(words, opaque, most)
            diffuser.diffuse(places, alpha, frozen(strengths), 3, mine)
            found.append(mine)
        assert is_same(*found)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(pixels=pictures(), apart=st.booleans())
def test_what_tells_how_errors_look(pixels: Bytes, apart: bool) -> None:
    channels, rows = pixels.shape[2], rows_of(pixels, apart)
    check("activity", "weigh_cells", rows, channels, *np.zeros((2, 1 << 18), np.int32))
    if channels >= 3:
        places = np.empty((len(pixels), pixels.shape[1] * 3), np.int16)
        check("oklab", "place_rows", rows, channels, *map(frozen, oklab_tables()), places)


# Points


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Who makes a tree of some points; its points; code-words among, beside and far from them."""
    state = draw(STATES)
    axes, extent = draw(st.integers(1, 4)), draw(st.sampled_from([1, 3, 255, 2047, 1 << 20]))
    size = draw(st.sampled_from([1, 2, 9, 40, 400]))
    points = state.randint(0, extent + 1, (size, axes)) >> 3 << draw(st.integers(0, 3))
    weights = frozen(state.randint(1, 1000, size).astype(np.int64))
    points = frozen(points.astype(np.int32))
    most = draw(st.sampled_from([1, 2, 9, 17, 100, 1 << 30]))
    codewords = np.zeros((draw(st.sampled_from([1, 2, 17, 60])), 4), np.int32)
    low, high = draw(st.sampled_from([(0, 1), (-1, 2)]))
    codewords[:, :axes] = state.randint(low * extent, high * extent + 1, (len(codewords), axes))

    def tree(home: Home) -> Any:
        return home("cells").CellTree(points, weights, most)

    return tree, points, frozen(codewords)


@EXAMPLES
@given(problem=problems(), size=st.integers(-1, 200))
def test_trees_and_summaries(problem: Problem, size: int) -> None:
    tree, *_ = problem
    first, second = tree(compiled), tree(plain)
    for name in ("size", "axes", "n_cells", "extent", "merged"):
        assert getattr(first, name) == getattr(second, name)
    assert is_same(first.contents(), second.contents())
    if not first.merged:
        assert is_same(first.input_order(), second.input_order())
    check("summary", "summarize", tree, size)


@EXAMPLES
@given(
    problem=problems(),
    steps=st.integers(0, 9),
    tolerance=st.sampled_from([0.0, 1e-3, 0.5]),
    parts=st.integers(2, 5),
)
def test_lloyd(problem: Problem, steps: int, tolerance: float, parts: int) -> None:
    tree, _, codewords = problem
    nobody = np.full(tree(plain).size, -1, np.int32)
    sums, (*_, labels) = check("lloyd", "cluster_sums", tree, codewords, 0, 1, nobody)
    for home in (compiled, plain):  # in whatever way they divide the points among parts
        together = nobody.copy()
        shares = [
            home("lloyd").cluster_sums(tree(home), codewords, part, parts, together)
            for part in range(parts)
        ]
        assert is_same(np.sum(shares, axis=0), sums)
        assert is_same(together, labels)
    check("breathing", "worst_points", tree, codewords, frozen(labels))
    check("lloyd", "move_codewords", codewords.copy(), frozen(sums))
    check("lloyd", "lloyd_steps", tree, codewords, steps, tolerance)


@EXAMPLES
@given(problem=problems(), size=st.integers(0, 50), seed=st.integers(0, (1 << 64) - 1))
def test_seeds_and_merging(problem: Problem, size: int, seed: int) -> None:
    _, points, codewords = problem
    assume(len(points))
    state = np.random.RandomState(size)
    weights = frozen(state.randint(1, 1000, len(points)).astype(np.int64))
    check("breathing", "seed_codewords", points, weights, size, seed)
    weights = frozen(state.randint(0, 9, len(codewords)) * (1 << 40))
    check("breathing", "merging_costs", codewords, weights)


@EXAMPLES
@given(state=STATES, size=st.integers(0, 24), most=st.sampled_from((2, 5, 10000)))
def test_merging(state: np.random.RandomState, size: int, most: int) -> None:
    weights = state.randint(0, most, size) * 1.0  # of few many pairs cost the same
    means = state.randint(0, most, (size, state.randint(1, 5))) / 7
    check("merging", "merge_clusters", weights, means, frozen(state.randint(0, 3, size, np.int32)))


@EXAMPLES
@given(problem=problems(), size=st.integers(2, 8))
def test_medoids(problem: Problem, size: int) -> None:
    _, points, codewords = problem
    assume(len(points))
    assume(size <= len(codewords))
    places = np.pad(points, [(0, 0), (0, 4 - points.shape[1])])
    state = np.random.RandomState(size)
    weights = frozen(state.randint(1, 1000, len(points)).astype(np.int64))
    check("medoids", "swap_medoids", frozen(places), weights, codewords, size)


# All together


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.glob("*.png")))
def test_samples_are_the_same_through_the_twins(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Training too: its twins are slow, but a codebook of 16 is soon found."""
    pixels = codec.read_image(SAMPLES / name).pixels
    choices: list[tuple[Any, Any]] = [("psnr", "none"), ("psnr", "ordered"), ("visual", "auto")]
    for tune, dither in choices:
        some = pixels if dither == "none" else pixels[::7, ::7]
        compress = functools.partial(
            codec.compress, some, 16, engine="native", effort="fast", tune=tune, dither=dither
        )
        expected = compress()
        decoded = codec.decompress(expected)
        with monkeypatch.context() as patch:
            hand_out_twins(patch)

            found = compress()

            assert np.array_equal(found.codebook, expected.codebook)
            assert np.array_equal(found.labels, expected.labels)
            assert np.array_equal(codec.decompress(found), decoded)


@pytest.mark.parametrize(
    "options",
    [
        {"tune": "visual"},
        {"tune": "psnr", "color_space": "oklab"},
        {"tune": "psnr", "dither": "fs"},
        {"tune": "psnr", "exact": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pictures_of_all_kinds_are_the_same_through_the_twins(
    channels: int, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    state = np.random.RandomState(channels)
    pixels = state.randint(0, 256, (20, 33, channels)).astype(np.uint8)
    expected = codec.compress(pixels, 9, effort="fast", **options)
    hand_out_twins(monkeypatch)
    found = codec.compress(pixels, 9, effort="fast", **options)

    assert np.array_equal(found.codebook, expected.codebook)
    assert np.array_equal(found.labels, expected.labels)
