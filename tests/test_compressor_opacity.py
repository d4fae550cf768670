"""What is solid stays solid, and what is clear stays clear."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from alpha_tools import (
    WITH_ALPHA,
    Pixels,
    badges,
    card,
    fading,
    glow,
    icons,
    on_backgrounds,
    spoiled,
)
from cli_tools import sample
from kernel_tools import hand_out_twins
from marks import needs_kernels, slowly

import codec

ENGINES = [pytest.param("native", marks=needs_kernels), "sklearn"]
SIZES = [*range(2, 17), 24, 40, 64, 128, 200, 256]


@pytest.mark.parametrize("name", WITH_ALPHA)
@pytest.mark.parametrize("grey", [False, slowly(True)])
def test_solid_is_solid_and_clear_is_clear_at_every_size(name: str, grey: bool) -> None:
    pixels = WITH_ALPHA[name]()[..., -2 if grey else 0 :]
    for size in SIZES:
        decoded = codec.decompress(codec.compress(pixels, size))

        assert spoiled(pixels, decoded) == (0, 0), size


@pytest.mark.parametrize("name", WITH_ALPHA)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("space", ["rgb", "oklab", slowly("lab")])
@pytest.mark.parametrize("dither", ["none", "fs", "ordered"])
def test_they_are_in_every_space_by_every_engine_and_dithered(
    name: str, engine: Any, space: Any, dither: Any
) -> None:
    pixels = WITH_ALPHA[name]()
    for size in (2, 3, 5, 8, 17):
        decoded = codec.decompress(
            codec.compress(pixels, size, engine=engine, color_space=space, dither=dither)
        )

        assert spoiled(pixels, decoded) == (0, 0), size


@pytest.mark.parametrize("effort", ["fast", slowly("best")])
@pytest.mark.parametrize("name", WITH_ALPHA)
def test_they_are_whatever_the_effort_and_the_seed(name: str, effort: Any) -> None:
    pixels = WITH_ALPHA[name]()
    for size in (2, 4, 9):
        decoded = codec.decompress(codec.compress(pixels, size, effort=effort, seed=size))

        assert spoiled(pixels, decoded) == (0, 0), size


@pytest.mark.parametrize("name", WITH_ALPHA)
@pytest.mark.parametrize("source", ["random", "first-pixels", "median-cut"])
def test_they_are_in_codebooks_without_kmeans(name: str, source: Any) -> None:
    pixels = WITH_ALPHA[name]()
    for size in (2, 3, 7, 30):
        indexed = codec.compress(pixels, size, codebook_from=source)

        assert indexed.n_colors <= size
        assert spoiled(pixels, codec.decompress(indexed)) == (0, 0), size


@needs_kernels
@pytest.mark.parametrize("name", ["card", slowly("badges"), "nearly"])
def test_they_are_without_compiled_kernels(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = WITH_ALPHA[name]()
    compiled = [codec.compress(pixels, size, engine="native") for size in (3, 8)]
    hand_out_twins(monkeypatch)
    for size, expected in zip((3, 8), compiled, strict=True):
        for engine in ("native", "sklearn"):
            indexed = codec.compress(pixels, size, engine=engine)

            assert spoiled(pixels, codec.decompress(indexed)) == (0, 0)
            if engine == "native":
                assert np.array_equal(indexed.codebook, expected.codebook)
                assert np.array_equal(indexed.labels, expected.labels)


@pytest.mark.parametrize("name", WITH_ALPHA)
def test_what_was_decoded_is_compressed_without_loss(name: str) -> None:
    pixels = WITH_ALPHA[name]()
    for size in (1, 2, 5, 16):
        decoded = codec.decompress(codec.compress(pixels, size))
        again = codec.decompress(codec.compress(decoded, size))

        assert np.array_equal(decoded, again)


@pytest.mark.parametrize("name", ["fading", "glow", "icons"])
def test_threads_do_not_change_the_classes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.tile(WITH_ALPHA[name](), (6, 3, 1))
    found = set()
    for threads in ("1", "2", "4"):
        monkeypatch.setenv("KMCODEC_THREADS", threads)
        indexed = codec.compress(pixels, 12)
        found.add((indexed.codebook.tobytes(), indexed.labels.tobytes()))

    assert len(found) == 1


def test_exact_pictures_have_no_classes() -> None:
    pixels = WITH_ALPHA["nearly"]()

    solid, clear = spoiled(pixels, codec.decompress(codec.compress(pixels, 8, exact=True)))

    assert solid + clear > 0


def test_one_codeword_is_the_mean_of_all() -> None:
    pixels = np.zeros((4, 8, 4), dtype=np.uint8)
    pixels[:, :4] = (200, 100, 50, 255)

    assert codec.compress(pixels, 1).codebook.tolist() == [[200, 100, 50, 128]]


def test_a_solid_badge_beside_a_shadow_is_not_a_hole() -> None:
    pixels = badges()
    for size in (4, 5, 6, 7, 8, 10):
        decoded = codec.decompress(codec.compress(pixels, size))
        assert decoded[17, 90, 3] == 255
    assert codec.decompress(codec.compress(pixels, 16))[17, 90].tolist() == [128, 128, 128, 255]


@pytest.mark.parametrize(
    ("make", "most"), [(card, 0.5), (glow, 2.0), (icons, 10.0), (fading, 220.0)]
)
def test_soft_edges_have_no_fringes(make: Callable[[], Pixels], most: float) -> None:
    """On no background are they lighter or darker, on the whole, than they were."""
    pixels = make()
    decoded = codec.decompress(codec.compress(pixels, 32, tune="psnr"))
    soft = (pixels[..., 3] > 0) & (pixels[..., 3] < 255)

    difference = on_backgrounds(decoded) - on_backgrounds(pixels)

    assert np.abs(difference[:, soft].mean(axis=(1, 2))).max() < 1.5
    assert (difference**2).mean(axis=(1, 2, 3)).max() < most


@needs_kernels
def test_opaque_pictures_are_what_they_were() -> None:
    portrait = sample("astronaut.png", 3)
    solid = np.dstack([portrait, np.full(portrait.shape[:2], 255, dtype=np.uint8)])

    without, beside = codec.compress(portrait, 12), codec.compress(solid, 12)

    assert np.array_equal(without.labels, beside.labels)
    assert np.array_equal(without.codebook, beside.codebook[:, :3])
