"""Dithering: the kernels against a plain twin, what is promised of it, and its options."""

import json
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from cli_tools import Sandbox, few_colors, many_colors, read_picture, with_alpha

import codec
from codec import compressor, dithering
from codec.colorspace import ColorMetric
from codec.compressor import compress_with_details
from codec.dithering import bayer_thresholds, dither_pixels
from codec.errors import ParameterError
from codec.histogram import count_colors
from codec.kernels import compiled
from codec.labels import label_colors, label_pixels
from codec.metrics import measure
from codec.settings import CompressSettings

Bytes = npt.NDArray[np.uint8]

needs_kernels = pytest.mark.skipif(not compiled(), reason="the kernels were not compiled")
KINDS = ["fs", "ordered"]


@pytest.fixture(params=["compiled", "plain"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test with the kernel and without."""
    if request.param == "plain":
        monkeypatch.setattr(dithering, "compiled", lambda: False)
    elif not compiled():
        pytest.skip("the kernels were not compiled")
    return str(request.param)


def undithered(pixels: Bytes, codebook: Bytes) -> Bytes:
    """Labels of the unique colors of a picture."""
    return label_colors(count_colors(pixels).colors, codebook, ColorMetric())


def dithered(pixels: Bytes, codebook: Bytes, kind: str, strength: float = 1.0) -> Bytes:
    """Labels of a picture."""
    labels = undithered(pixels, codebook)
    return dither_pixels(pixels, count_colors(pixels), labels, codebook, kind, strength)


# Twin: written from the description alone, a pixel at a time, with a dictionary for errors.


def seen(color: Bytes) -> list[int]:
    """A color on a middle grey, in whole samples; alpha as it counts."""
    samples = [int(sample) for sample in color]
    if len(samples) in (1, 3):
        return samples
    alpha = samples.pop()
    placed = [int(np.floor(127.5 + alpha / 255 * (v - 127.5) + 0.5 + 1e-9)) for v in samples]
    return [*placed, int(np.floor(alpha / 255 * (74 if len(samples) == 1 else 128) + 0.5))]


def longest_gap(words: npt.NDArray[np.int64]) -> int:
    """By Kruskal: the last edge that joins two parts, rounded up."""
    edges = sorted(
        (int(((words[a] - words[b]) ** 2).sum()), a, b)
        for a in range(len(words))
        for b in range(a)
    )
    part = list(range(len(words)))
    longest = 0
    for length, a, b in edges:
        if part[a] != part[b]:
            part = [part[a] if p == part[b] else p for p in part]
            longest = length
    return int(np.ceil(np.sqrt(longest)))


class Twin:
    """A codebook to dither with."""

    def __init__(self, codebook: Bytes, strength: float) -> None:
        self.codebook = codebook
        self.words = np.array([seen(word) for word in codebook], dtype=np.int64)
        self.steps = int(strength * 256 + 0.5)
        self.bound = 8 * longest_gap(self.words)
        self.has_alpha = codebook.shape[1] in (2, 4)

    def step(self, pixel: Bytes, received: npt.NDArray[np.int64]) -> tuple[int, Bytes]:
        """Label of a pixel, and the error to be made up for."""
        allowed = np.ones(len(self.words), dtype=bool)
        received = np.clip(received, -self.bound, self.bound)
        if self.has_alpha and pixel[-1] == 255 and (self.codebook[:, -1] == 255).any():
            allowed = self.codebook[:, -1] == 255
            received[-1] = 0
        sample = 16 * np.array(seen(pixel))
        rounded = np.floor(np.clip(sample + received, 0, 16 * 255) / 16 + 0.5).astype(np.int64)
        distances = ((self.words - rounded) ** 2).sum(axis=1)
        label = int(np.where(allowed, distances, 1 << 40).argmin())
        boxed = np.clip(sample, 16 * self.words.min(axis=0), 16 * self.words.max(axis=0))
        error = boxed + received - 16 * self.words[label]
        return label, np.floor(error * self.steps / 256 + 0.5).astype(np.int64)

    def hidden(self, pixel: Bytes) -> bool:
        """Whether a pixel is fully transparent."""
        return self.has_alpha and pixel[-1] == 0

    def fs(self, pixels: Bytes, plain: Bytes) -> Bytes:
        """Floyd-Steinberg, serpentine."""
        height, width, channels = pixels.shape
        errors: dict[tuple[int, int], npt.NDArray[np.int64]] = {}
        nothing = np.zeros(channels, dtype=np.int64)
        labels = plain.copy()
        for y in range(height):
            forwards = y % 2 == 0
            for x in range(width) if forwards else reversed(range(width)):
                if self.hidden(pixels[y, x]):
                    continue
                labels[y, x], error = self.step(pixels[y, x], errors.get((y, x), nothing).copy())
                side = 1 if forwards else -1
                shares = [np.floor(error * part / 16 + 0.5).astype(np.int64) for part in (7, 3, 5)]
                shares.append(error - sum(shares))
                for place, share in zip(
                    [(y, x + side), (y + 1, x - side), (y + 1, x), (y + 1, x + side)],
                    shares,
                    strict=True,
                ):
                    errors[place] = errors.get(place, nothing) + share
        return labels

    def ordered(self, pixels: Bytes, plain: Bytes) -> Bytes:
        """64 code-words for each pixel's color, by lightness; the threshold takes one."""
        luma = self.words[:, :3] @ [299, 587, 114] if pixels.shape[2] > 2 else self.words[:, 0]
        labels = plain.copy()
        for y, x in np.ndindex(*plain.shape):
            if self.hidden(pixels[y, x]):
                continue
            error = np.zeros(pixels.shape[2], dtype=np.int64)
            chosen = []
            for _ in range(64):
                label, error = self.step(pixels[y, x], error)
                chosen.append((int(luma[label]), label))
            labels[y, x] = sorted(chosen)[threshold(y, x)][1]
        return labels


def threshold(y: int, x: int) -> int:
    """Bayer's by interleaving bits."""
    value = 0
    for bit in range(3):
        a, b = x >> bit & 1, y >> bit & 1
        value = value * 4 + (2 * (a ^ b) + b)
    return value


def test_thresholds_are_bayers() -> None:
    table = bayer_thresholds()
    assert table[:2, :4].tolist() == [[0, 32, 8, 40], [48, 16, 56, 24]]
    assert [[threshold(y, x) for x in range(8)] for y in range(8)] == table.tolist()
    assert sorted(table.reshape(-1)) == list(range(64))


def pictures(channels: int) -> list[tuple[Bytes, Bytes]]:
    """Pictures with codebooks: noise and shades, few and many code-words, some equal."""
    state = np.random.RandomState(channels)
    cases = []
    for number in range(45):
        height, width = number % 5 + 1, number % 9 + 1
        shape = (height, width, channels)
        pixels = state.randint(0, 256, shape)
        if number % 3 == 1:
            pixels = np.broadcast_to(np.arange(width)[:, None] * 29 + number, shape) % 256
        if number % 3 == 2:
            pixels = np.full(shape, state.randint(0, 256, channels))
        pixels = pixels.astype(np.uint8)
        size = (1, 2, 3, 7, 40)[number // 9]
        codebook = state.randint(0, 256, (size, channels)).astype(np.uint8)
        if number % 4 == 3:
            codebook[-1] = codebook[0]
        if channels in (2, 4):
            for part, kinds in ((pixels, [0, 255, 255, 90]), (codebook, [0, 255, 140, 255])):
                known = state.choice(kinds, part.shape[:-1])
                part[..., -1] = np.where(state.rand(*known.shape) < 0.8, known, part[..., -1])
            if number % 5 == 4:
                codebook[:, -1] = np.minimum(codebook[:, -1], 254)
        cases.append((pixels, codebook))
    return cases


@pytest.mark.parametrize("strength", [1.0, 0.7, 1 / 256])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_labels_are_those_of_the_twin(
    channels: int, kind: str, strength: float, path: str
) -> None:
    for pixels, codebook in pictures(channels):
        histogram, color_labels = count_colors(pixels), undithered(pixels, codebook)
        twin = Twin(codebook, strength)
        twin_labels: Callable[[Bytes, Bytes], Bytes] = getattr(twin, kind)
        expected = twin_labels(pixels, label_pixels(pixels, histogram, color_labels))
        labels = dither_pixels(pixels, histogram, color_labels, codebook, kind, strength)
        assert np.array_equal(labels, expected)


@needs_kernels
@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_in_strips_and_groups_is_the_same(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = many_colors(height=40, width=50)
    codebook = np.unique(pixels[::4, ::4].reshape(-1, 3), axis=0)[::3]
    whole = dithered(pixels, codebook, kind)
    monkeypatch.setattr(dithering, "_STRIP_PIXELS", 150)
    monkeypatch.setattr(dithering, "_COLORS_AT_ONCE", 100)
    monkeypatch.setattr(dithering, "_THREAD_COLORS", 7)
    monkeypatch.setenv("KMCODEC_THREADS", "4")
    assert np.array_equal(dithered(pixels, codebook, kind), whole)
    turned = np.asarray(pixels[:, ::-1].copy()[:, ::-1])  # strides that run backwards
    assert np.array_equal(dithered(turned, codebook, kind), whole)


# What is promised


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("grey", [1, 40, 64, 127, 128, 200, 254])
def test_flat_grey_keeps_its_mean(grey: int, kind: str, path: str) -> None:
    pixels = np.full((64, 64, 1), grey, dtype=np.uint8)
    codebook = np.array([[0], [255]], dtype=np.uint8)
    mean = codebook[dithered(pixels, codebook, kind)].mean()
    # 64 thresholds are steps of 4; error diffusion loses what crosses the edges.
    assert abs(mean - grey) <= (2.0 if kind == "ordered" else 2.5)


@pytest.mark.parametrize("kind", KINDS)
def test_what_no_codeword_can_make_up_for_does_not_spread(kind: str, path: str) -> None:
    pixels = np.full((24, 48, 3), 120, dtype=np.uint8)
    pixels[:, :24] = (0, 255, 0)
    codebook = np.array([[100] * 3, [140] * 3, [120] * 3], dtype=np.uint8)
    labels = dithered(pixels, codebook, kind)
    assert (labels[:, 32:] == 2).mean() > 0.9


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_strength_zero_is_no_dithering(channels: int, kind: str, path: str) -> None:
    state = np.random.RandomState(channels)
    pixels = state.randint(0, 256, (20, 30, channels)).astype(np.uint8)
    for space in ("rgb", "oklab"):
        plain = codec.compress(pixels, 9, color_space=space)
        same = codec.compress(pixels, 9, color_space=space, dither=kind, dither_strength=0)
        assert np.array_equal(plain.labels, same.labels)
        assert np.array_equal(plain.codebook, same.codebook)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [2, 4])
def test_opaque_stays_opaque_and_transparent_transparent(
    channels: int, kind: str, path: str
) -> None:
    state = np.random.RandomState(channels)
    pixels = state.randint(0, 256, (24, 30, channels)).astype(np.uint8)
    pixels[..., -1] = np.repeat(state.choice([0, 120, 255], (24, 6)), 5, axis=1)
    compressed = compress_with_details(pixels, CompressSettings(12, dither=kind))
    decoded = codec.decompress(compressed.indexed)
    assert (decoded[pixels[..., -1] == 255][:, -1] == 255).all()
    assert not decoded[pixels[..., -1] == 0].any()
    assert compressed.mse == pytest.approx(measure(pixels, decoded).mse)


@pytest.mark.parametrize("kind", KINDS)
def test_error_is_that_of_the_pixels(kind: str, path: str) -> None:
    pixels = many_colors()
    plain = compress_with_details(pixels, CompressSettings(8))
    details = compress_with_details(pixels, CompressSettings(8, dither=kind))
    decoded = codec.decompress(details.indexed)
    assert details.mse == ((decoded.astype(float) - pixels) ** 2).mean() > plain.mse
    assert (details.dither, plain.dither) == (kind, "none")
    assert len(np.unique(details.indexed.labels)) == details.indexed.n_colors


@pytest.mark.parametrize("kind", KINDS)
def test_shades_are_nearer_from_afar(kind: str, path: str) -> None:
    rows, columns = np.mgrid[0:64, 0:128]
    pixels = np.stack([columns * 2, rows * 4, 255 - columns * 2], axis=2).astype(np.uint8)

    def afar(picture: Bytes) -> npt.NDArray[np.float64]:
        blocks = picture.reshape(8, 8, 16, 8, 3).mean(axis=(1, 3))
        return np.asarray(blocks[2:-2, 3:-3])  # colors that the code-words enclose

    def error(picture: Bytes) -> float:
        return float(((afar(picture) - afar(pixels)) ** 2).mean())

    plain = codec.decompress(codec.compress(pixels, 12))
    smooth = codec.decompress(codec.compress(pixels, 12, dither=kind))
    assert error(smooth) < error(plain) / 20


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", [many_colors, with_alpha])
def test_what_is_lossless_is_left_alone(make: Callable[[], Bytes], kind: str) -> None:
    pixels = make()
    first = compress_with_details(pixels, CompressSettings(16, dither=kind))
    again = compress_with_details(
        codec.decompress(first.indexed), CompressSettings(16, dither=kind)
    )
    assert again.lossless
    assert again.mse == 0
    assert again.dither == "none"
    assert np.array_equal(codec.decompress(first.indexed), codec.decompress(again.indexed))


@pytest.mark.parametrize("kind", KINDS)
def test_threads_change_nothing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = many_colors(height=100, width=120)
    results = set()
    for threads in ("1", "2", "4"):
        monkeypatch.setenv("KMCODEC_THREADS", threads)
        results.add(codec.compress(pixels, 32, dither=kind).labels.tobytes())
    assert len(results) == 1


# The nearest code-word


def brute_force(colors: Bytes, codebook: Bytes) -> Bytes:
    """Label of the nearest code-word, the lowest of several."""
    difference = colors.astype(np.int64)[:, None] - codebook.astype(np.int64)
    return (difference**2).sum(axis=2).argmin(axis=1).astype(np.uint8)


@needs_kernels
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 64, 256])
def test_nearest_is_that_of_brute_force(size: int, channels: int) -> None:
    from codec.kernels.nearest import NearestGrid, label_rows

    state = np.random.RandomState(size * channels)
    for low, high in ((0, 256), (0, 2), (120, 136), (250, 256)):
        codebook = state.randint(low, high, (size, channels)).astype(np.uint8)
        colors = state.randint(0, 256, (3000, channels)).astype(np.uint8)
        colors[: min(size, 256)] = codebook
        grid, labels = NearestGrid(codebook), np.empty(len(colors), dtype=np.uint8)
        for _ in range(2):  # with an empty grid, and with a filled one
            label_rows(grid, colors, labels)
            assert np.array_equal(labels, brute_force(colors, codebook))


@needs_kernels
def test_nearest_stays_exact_where_lists_are_too_long_to_keep() -> None:
    from codec.kernels.nearest import NearestGrid, label_rows

    # Far from a tight cluster, all its code-words are candidates everywhere.
    codebook = np.stack(np.meshgrid(*[range(100, 104)] * 4), axis=-1).reshape(-1, 4)
    codebook = codebook.astype(np.uint8)
    steps = np.arange(0, 256, 16)
    colors = np.stack(np.meshgrid(*[steps] * 4), axis=-1).reshape(-1, 4).astype(np.uint8)
    labels = np.empty(len(colors), dtype=np.uint8)
    label_rows(NearestGrid(codebook), colors, labels)
    some = np.random.RandomState(0).randint(0, len(colors), 4000)
    assert np.array_equal(labels[some], brute_force(colors[some], codebook))


@needs_kernels
def test_kernels_refuse_what_does_not_fit() -> None:
    from codec.kernels.dither import Ditherer
    from codec.kernels.nearest import NearestGrid, label_rows

    def bytes_of(*shape: int) -> Bytes:
        return np.zeros(shape, dtype=np.uint8)

    for shape in ((0, 3), (257, 3), (2, 0), (2, 5)):
        with pytest.raises(ValueError, match="codebook"):
            NearestGrid(bytes_of(*shape))
    with pytest.raises(ValueError, match="fit"):
        NearestGrid(bytes_of(2, 3), bytes_of(3))
    for colors, labels in ((bytes_of(5, 4), bytes_of(5)), (bytes_of(5, 3), bytes_of(4))):
        with pytest.raises(ValueError, match="fit"):
            label_rows(NearestGrid(bytes_of(2, 3)), colors, labels)
    for wrong in ((257, 0), (-1, 0), (0, 4081), (0, -1)):
        with pytest.raises(ValueError, match="range"):
            Ditherer(bytes_of(2, 3), bytes_of(0), 0, *wrong)
    with pytest.raises(ValueError, match="no such"):
        Ditherer(bytes_of(2, 4), np.array([2], dtype=np.uint8), 128, 256, 100)
    ditherer = Ditherer(bytes_of(2, 3), bytes_of(0), 0, 256, 100)
    errors = np.zeros((2, 18), dtype=np.int32)
    for rows, top, handed, labels in (
        (bytes_of(3, 11), 0, errors, bytes_of(3, 4)),
        (bytes_of(2, 12), 0, errors, bytes_of(3, 4)),
        (bytes_of(3, 24)[:, ::2], 0, errors, bytes_of(3, 4)),
        (bytes_of(3, 12), -1, errors, bytes_of(3, 4)),
        (bytes_of(3, 12), 0, errors[:, 1:].copy(), bytes_of(3, 4)),
        (bytes_of(0, 12), 0, errors, bytes_of(0, 4)),
    ):
        with pytest.raises(ValueError, match=r"fit|side|rows"):
            ditherer.diffuse(rows, top, handed, labels)
    for colors, ranks, mixtures in (
        (bytes_of(5, 4), bytes_of(2), bytes_of(5, 64)),
        (bytes_of(5, 3), bytes_of(1), bytes_of(5, 64)),
        (bytes_of(5, 3), bytes_of(2), bytes_of(4, 64)),
        (bytes_of(5, 3), bytes_of(2), bytes_of(5, 63)),
    ):
        with pytest.raises(ValueError, match="fit"):
            ditherer.mix(colors, ranks, mixtures)


# Options


@pytest.mark.parametrize(
    "wrong",
    [
        {"dither": "floyd"},
        {"dither": None},
        {"dither_strength": 1.5},
        {"dither_strength": -0.1},
        {"dither_strength": float("nan")},
        {"dither_strength": "1"},
        {"dither_strength": True},
        {"effort": "most"},
    ],
)
def test_wrong_settings_are_named(wrong: dict[str, object]) -> None:
    with pytest.raises(ParameterError) as caught:
        codec.compress(few_colors(), **wrong)  # type: ignore[arg-type]
    assert caught.value.reason == next(iter(wrong))


def test_efforts_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    train = compressor.train_codebook

    def spy(*arguments: object, **options: object) -> Bytes:
        given.append(options["effort"])
        return train(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(compressor, "train_codebook", spy)
    for effort in ("fast", "default", "best"):
        codec.compress(many_colors(), 8, effort=effort)
    assert given == ["fast", "default", "best"]


@pytest.fixture
def sandbox(tmp_path, capsys, monkeypatch) -> Sandbox:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    return Sandbox(tmp_path, capsys)


@pytest.mark.parametrize("kind", KINDS)
def test_command_dithers(sandbox: Sandbox, kind: str) -> None:
    sandbox.picture("photo.png", many_colors())
    run = sandbox.run(
        "compress", "photo.png", "-k8", "--dither", kind, "--dither-strength", "0.5", "--json",
        "--effort", "fast", check=0,
    )  # fmt: skip
    result = json.loads(run.out)["results"][0]
    assert result["dither"] == kind
    sandbox.run("decompress", "photo.labels.png", check=0)
    expected = codec.compress(many_colors(), 8, effort="fast", dither=kind, dither_strength=0.5)
    decoded = read_picture(sandbox.path("photo.decoded.png"))
    assert np.array_equal(decoded, codec.decompress(expected))
    assert result["mse"] == pytest.approx(measure(many_colors(), decoded).mse)


def test_sweep_dithers(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    command = ("sweep", "photo.png", "-k", "8", "--effort", "fast", "--json")
    plain, smooth = (
        json.loads(sandbox.run(*command, *more, check=0).out)["results"][0]
        for more in ((), ("--dither", "fs"))
    )
    assert plain["mse"] < smooth["mse"]
    assert (plain["dither"], smooth["dither"]) == ("none", "fs")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--dither", "floyd"), "invalid choice: 'floyd'"),
        (("--dither", "fs", "--dither-strength", "1.5"), "'1.5' is not a number from 0 to 1"),
        (("--dither", "fs", "--dither-strength=-1"), "'-1' is not a number from 0 to 1"),
        (("--dither", "fs", "--dither-strength", "nan"), "'nan' is not a number from 0 to 1"),
        (("--dither", "fs", "--dither-strength", "half"), "'half' is not a number from 0 to 1"),
        (("--dither-strength", "0.5"), "--dither-strength needs --dither fs or ordered"),
        (("--effort", "most"), "invalid choice: 'most'"),
    ],
)
@pytest.mark.parametrize("command", ["compress", "sweep"])
def test_wrong_usage(sandbox: Sandbox, command: str, options: tuple[str, ...], said: str) -> None:
    sandbox.picture("photo.png")
    run = sandbox.run(command, "photo.png", *options, check=2)
    assert said in run.lines[-1]
    assert run.left_all_as_it_was
