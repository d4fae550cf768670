"""Smooth areas beside texture get their share of code-words, before any diffusion.

What pngquant 2.17 (``--nofs -s1``) makes of the same pictures is pinned as numbers.
"""

import colorsys
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from kernel_tools import Bytes
from marks import needs_kernels

import codec

Picture = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

pytestmark = needs_kernels


def texture(height: int, width: int, seed: int, grain: float) -> Picture:
    """Patches of 10x10 pixels, with grain."""
    random = np.random.default_rng(seed)
    patches = random.normal(0, 1, (height // 10, width // 10, 3)).repeat(10, 0).repeat(10, 1)
    return np.asarray(120 + 38 * patches + random.normal(0, grain, (height, width, 3)))


def ramp(size: int, first: tuple[int, int, int], last: tuple[int, int, int]) -> Picture:
    """Colors from one to another."""
    parts = np.linspace(0, 1, size)[:, None]
    return np.asarray(np.array(first) * (1 - parts) + np.array(last) * parts)


def sky() -> tuple[Picture, Mask]:
    """Sky over texture."""
    pixels, smooth = np.zeros((400, 600, 3)), np.zeros((400, 600), dtype=bool)
    pixels[:250] = ramp(250, (70, 130, 220), (200, 225, 250))[:, None]
    pixels[250:] = texture(150, 600, 0, 12)
    smooth[:250] = True
    return pixels, smooth


def color_bar() -> tuple[Picture, Mask]:
    """Hues from blue to red, in texture."""
    pixels, smooth = texture(300, 600, 1, 10), np.zeros((300, 600), dtype=bool)
    hues = [colorsys.hsv_to_rgb(0.7 * (1 - part), 0.9, 0.9) for part in np.linspace(0, 1, 500)]
    pixels[20:60, 50:550] = np.array(hues) * 255
    smooth[20:60, 50:550] = True
    return pixels, smooth


def vignette() -> tuple[Picture, Mask]:
    """Darker and darker from the middle, which is texture."""
    y, x = np.mgrid[0:300, 0:400]
    shade = np.clip(200 - 110 * np.hypot((y - 150) / 150, (x - 200) / 200), 10, 255)
    pixels, smooth = shade[..., None] * np.array([1, 0.9, 0.8]), np.ones((300, 400), dtype=bool)
    pixels[100:200, 150:250] = texture(100, 100, 2, 14)
    smooth[100:200, 150:250] = False
    return pixels, smooth


def sunset() -> tuple[Picture, Mask]:
    """A gradient of hue and lightness over texture."""
    pixels, smooth = texture(400, 400, 3, 12), np.zeros((400, 400), dtype=bool)
    pixels[:120] = ramp(400, (20, 20, 60), (250, 120, 60))
    smooth[:120] = True
    return pixels, smooth


# Steps and mean squared error of the smooth pixels, by pngquant.
@pytest.mark.parametrize(
    ("make", "n_colors", "steps", "error"),
    [
        (sky, 64, 17, 3.17), (sky, 128, 31, 0.99), (sky, 256, 51, 0.44),
        (color_bar, 64, 13, 124.07), (color_bar, 128, 18, 61.33),
        (vignette, 64, 38, 1.06), (vignette, 128, 65, 0.44),
        (sunset, 64, 13, 11.06), (sunset, 128, 23, 4.12), (sunset, 256, 36, 1.56),
    ],
)  # fmt: skip
def test_steps_are_no_coarser_than_pngquants(
    make: Callable[[], tuple[Picture, Mask]], n_colors: int, steps: int, error: float
) -> None:
    exact, smooth = make()
    pixels: Bytes = np.clip(np.rint(exact), 0, 255).astype(np.uint8)
    found = codec.decompress(codec.compress(pixels, n_colors, dither="none"))[smooth]
    assert len(np.unique(found, axis=0)) >= steps
    assert ((found - pixels[smooth].astype(float)) ** 2).mean() <= error


@pytest.mark.parametrize("n_colors", [16, 64])
def test_smooth_areas_are_nearer_from_afar_than_with_least_squares(n_colors: int) -> None:
    exact, smooth = sky()
    pixels: Bytes = np.clip(np.rint(exact), 0, 255).astype(np.uint8)

    def error_from_afar(**options: str) -> float:
        decoded = codec.decompress(codec.compress(pixels, n_colors, **options))  # type: ignore[arg-type]
        blocks = (decoded - pixels.astype(float))[:250].reshape(50, 5, 120, 5, 3).mean(axis=(1, 3))
        return float((blocks**2).mean())

    assert smooth[:250].all()
    assert error_from_afar() < error_from_afar(tune="psnr") / 4
