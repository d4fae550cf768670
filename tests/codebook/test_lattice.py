"""Nearly flat pictures: nobody's 8-bit code-words are better, whoever looks for them.

On paper, scans and sky colors lie within a few levels, and codebooks are a matter of rounding.
"""

import io
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from marks import needs_kernels, needs_pngquant
from PIL import Image

import codec
from codec.codebook.lattice import search_lattice, starts_within
from codec.codebook.placement import Placement
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import count_colors
from codec.colors.metrics import squared_error
from codec.options import EFFORTS

Pixels = npt.NDArray[np.uint8]

WORK = EFFORTS["default"].lattice


# Pictures


def _surface(
    random: np.random.RandomState, kind: str, height: int, width: int, colors: int
) -> npt.NDArray[np.float64]:
    """One color, two or three areas, a shallow gradient, or paper with a little ink."""
    surface = np.ones((height, width, colors)) * random.randint(5, 250, colors)
    rows, columns = np.mgrid[:height, :width]
    if kind == "areas":
        for _ in range(random.randint(1, 3)):
            slope, other = random.randn(2)
            middle = random.rand(2) * (height, width)
            side = slope * (rows - middle[0]) + other * (columns - middle[1]) > 0
            near = surface[0, 0] + random.randint(-9, 10, colors)
            surface[side] = near if random.rand() < 0.5 else random.randint(5, 250, colors)
    elif kind == "gradient":
        slope, other = random.randn(2)
        way = slope * rows / height + other * columns / width
        surface += (way / np.abs(way).max())[..., None] * random.uniform(-8, 8, colors)
    elif kind == "paper":
        surface[:] = random.randint(225, 256) + random.randint(-6, 3, colors)
        surface[random.rand(height, width) < random.uniform(0, 0.03)] = random.randint(20, 120)
    return surface


def _noise(
    random: np.random.RandomState, height: int, width: int, colors: int
) -> npt.NDArray[np.float64]:
    """The same in all channels, of unlike strength in each, along any axes, or independent."""
    noise = random.uniform(0.3, 2.5) * random.randn(height, width, colors)
    way = random.rand()
    if way < 0.25:
        noise = 0.6 * noise + 0.8 * noise[..., :1]
    elif way < 0.4:
        noise *= random.uniform(0.2, 1, colors)
    elif way < 0.55:
        turn = np.linalg.qr(random.randn(colors, colors))[0]
        noise = noise @ turn * random.uniform(0.2, 1, colors)
    return np.asarray(noise)


def _flat_picture(seed: int) -> tuple[Pixels, int]:
    """A nearly flat picture of C = 1, 3 or 4, and a K below the number of its colors."""
    random = np.random.RandomState(seed)
    height, width = np.exp(random.uniform(np.log(8), np.log(160), 2)).astype(int)
    channels = random.choice([1, 3, 3, 3, 3, 4])
    kind = random.choice(["flat", "flat", "areas", "gradient", "paper"])
    colors = 1 if channels == 1 else 3
    values = _surface(random, kind, height, width, colors) + _noise(random, height, width, colors)
    pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    if kind == "paper" and random.rand() < 0.5:
        stream = io.BytesIO()
        Image.fromarray(pixels.squeeze(2) if colors == 1 else pixels).save(
            stream, "JPEG", quality=int(random.randint(60, 97))
        )
        pixels = np.asarray(Image.open(stream)).reshape(pixels.shape)
    if channels == 4:
        strength = random.choice([0, 0.4, 1.2])
        alpha = random.randint(60, 256) + strength * random.randn(height, width, 1)
        opaque = random.rand() < 0.3
        alpha = np.full_like(alpha, 255) if opaque else np.clip(np.rint(alpha), 1, 255)
        pixels = np.concatenate([pixels, alpha.astype(np.uint8)], axis=2)
    unique = len(count_colors(pixels))
    most = 33 if unique <= 200 and random.rand() < 0.3 else 9
    return pixels, int(min(random.randint(2, most), max(unique - 1, 1)))


# What others make of them


def _by_pillow(pixels: Pixels, size: int) -> Pixels | None:
    """Median cut, which Pillow offers for what is opaque."""
    if pixels.shape[2] == 4 and (pixels[..., 3] < 255).any():
        return None
    rgb = pixels[..., :3] if pixels.shape[2] > 1 else pixels.repeat(3, axis=2)
    picture = Image.fromarray(np.ascontiguousarray(rgb))
    return np.asarray(
        picture.quantize(size, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    )


def _by_pngquant(pixels: Pixels, size: int) -> Pixels | None:
    if size < 2:  # which it refuses
        return None
    stream = io.BytesIO()
    Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels).save(stream, "PNG")
    ended = subprocess.run(
        ["pngquant", "--nofs", "-s1", str(size), "-"],
        input=stream.getvalue(),
        stdout=subprocess.PIPE,
        check=True,
    )
    with Image.open(io.BytesIO(ended.stdout)) as picture:
        return np.asarray(picture.convert("RGBA"))


def _error(pixels: Pixels, decoded: Pixels) -> float:
    """Visible squared error, as RGBA if alpha says anything and as RGB if not."""
    shapes = [np.atleast_3d(some) for some in (pixels, decoded)]
    shapes = [some.repeat(3, axis=2) if some.shape[2] == 1 else some for some in shapes]
    if pixels.shape[2] < 4:
        shapes = [some[..., :3] for some in shapes]
    elif decoded.shape[2] == 3:
        shapes[1] = np.dstack([decoded, pixels[..., 3]])
    return squared_error(*map(np.ascontiguousarray, shapes))


Peer = Callable[[Pixels, int], Pixels | None]


def _worse(seeds: range, *peers: Peer, engine: Any = "native") -> dict[tuple[int, str], float]:
    """The project's error in parts of a peer's, where the project's is greater."""
    worse = {}
    for seed in seeds:
        pixels, size = _flat_picture(seed)
        indexed = None
        for peer in peers:
            decoded = peer(pixels, size)
            if decoded is None:
                continue
            indexed = indexed or codec.compress(pixels, size, engine=engine, tune="psnr")
            found = _error(pixels, codec.decompress(indexed))
            theirs = _error(pixels, decoded)
            if found > theirs * (1 + 1e-12):
                worse[seed, peer.__name__] = found / theirs if theirs else np.inf
    return worse


@needs_kernels
@pytest.mark.parametrize("first", range(0, 60, 20))
def test_median_cut_is_never_better(first: int) -> None:
    assert _worse(range(first, first + 20), _by_pillow) == {}


@needs_kernels
@needs_pngquant
@pytest.mark.parametrize("first", range(0, 60, 20))
def test_pngquant_is_never_better(first: int) -> None:
    assert _worse(range(first, first + 20), _by_pngquant) == {}


@pytest.mark.slow
def test_median_cut_is_not_better_than_the_other_engine_either() -> None:
    assert _worse(range(12), _by_pillow, engine="sklearn") == {}


@pytest.mark.slow
@needs_kernels
@pytest.mark.parametrize("first", range(60, 1060, 50))
def test_nobody_is_ever_better_on_a_thousand_pictures(first: int) -> None:
    """Both at once, as training takes nearly all of the time; pngquant where it is installed."""
    peers = (_by_pillow, _by_pngquant) if shutil.which("pngquant") else (_by_pillow,)
    assert _worse(range(first, first + 50), *peers) == {}


# The search


def _search(
    pixels: Pixels, starts: list[Pixels], count: int, size: int, metric: ColorMetric, seed: int = 0
) -> Pixels:
    histogram = count_colors(pixels)
    placement = Placement(metric, pixels.shape[2], int(histogram.counts.sum()))
    tree = placement.tree(histogram.colors, histogram.counts, 1 << 17)
    return search_lattice(tree, starts, count, size, placement=placement, seed=seed)


def _total(pixels: Pixels, codebook: Pixels, metric: ColorMetric) -> float:
    histogram = count_colors(pixels)
    points, places = metric.coordinates(histogram.colors), metric.coordinates(codebook)
    distances = ((points[:, None] - places) ** 2).sum(axis=2).min(axis=1)
    return float((distances * histogram.counts).sum())


@pytest.mark.parametrize("metric", [ColorMetric(), ColorMetric("oklab"), ColorMetric(exact=True)])
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_no_neighbor_of_a_code_word_would_be_better(channels: int, metric: ColorMetric) -> None:
    random = np.random.RandomState(channels)
    pixels = np.rint(120 + 1.5 * random.randn(40, 40, channels)).astype(np.uint8)
    start = np.unique(pixels.reshape(-1, channels)[:5], axis=0)

    codebook = _search(pixels, [start], 1, 5, metric)

    least = _total(pixels, codebook, metric)
    assert len(codebook) == 5
    assert least < _total(pixels, start, metric)
    for word in range(5):
        for channel in range(channels):
            for step in (-1, 1):
                other = codebook.astype(np.int16)
                other[word, channel] += step
                assert least <= _total(pixels, other.astype(np.uint8), metric)


def test_missing_code_words_are_found_and_colors_unseen_are_zero() -> None:
    pixels = np.array([[[9, 9, 9, 255], [200, 0, 0, 255], [0, 0, 0, 0], [0, 90, 0, 1]]], np.uint8)

    codebook = _search(pixels, [pixels[0, :1]], 1, 4, ColorMetric())

    assert _total(pixels, codebook, ColorMetric()) == 0
    assert not codebook[codebook[:, 3] == 0].any()


def test_more_starts_never_cost_more_and_their_order_does_not_matter() -> None:
    random = np.random.RandomState(3)
    pixels = np.rint(90 + 1.2 * random.randn(50, 50, 3)).astype(np.uint8)
    starts = [random.permutation(pixels.reshape(-1, 3))[:7] for _ in range(6)]
    found = [_search(pixels, starts[:count], count, 7, ColorMetric()) for count in range(1, 7)]

    errors = [_total(pixels, codebook, ColorMetric()) for codebook in found]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[0]
    assert _search(pixels, starts[::-1], 6, 7, ColorMetric()).tolist() == found[-1].tolist()


def test_it_is_for_few_colors() -> None:
    assert starts_within(WORK, 1 << 12, 8) == 8
    assert starts_within(WORK, 1 << 13, 8) == 0
    assert starts_within(WORK, 1 << 10, 32) == 8
    assert starts_within(WORK, 300, 256) == 0
    assert starts_within(WORK, 30, 1) == 0
    assert starts_within(WORK, 3, 2) < 100
