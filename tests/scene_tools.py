"""Pictures as people make them, with edges as smooth as programs draw them.

Each has an area that everybody would miss: `SIGNALS` says where, and of which color it is.
"""

import functools
from collections.abc import Callable
from typing import ParamSpec

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Color = tuple[int, ...]

Options = ParamSpec("Options")

_FINE = 4  # lines of a scene are drawn so many times as large

RED = (217, 48, 37)
BLUE = (0, 60, 190)
BRANDS = ((254, 84, 137), (31, 119, 180), (44, 160, 44), (255, 127, 14), (148, 103, 189))


def _drawn_once(draw: Callable[Options, Bytes]) -> Callable[Options, Bytes]:
    """Draw a scene once, as several modules ask for it while tests are collected."""
    drawn = functools.cache(draw)

    @functools.wraps(draw)
    def copied(*arguments: Options.args, **options: Options.kwargs) -> Bytes:
        return drawn(*arguments, **options).copy()  # type: ignore[arg-type]  # all hashable

    return copied


def _canvas(height: int, width: int, color: Color) -> npt.NDArray[np.float64]:
    return np.full((height * _FINE, width * _FINE, len(color)), color, dtype=np.float64)


def _shrunk(canvas: npt.NDArray[np.float64]) -> Bytes:
    height, width, channels = canvas.shape
    fine = canvas.reshape(height // _FINE, _FINE, width // _FINE, _FINE, channels)
    return np.asarray((fine.mean(axis=(1, 3)) + 0.5).astype(np.uint8))


@_drawn_once
def page(paper: int = 255, ink: int = 0, button: Color | None = None) -> Bytes:
    """Lines of letters, and a button of 48 x 12 pixels below them."""
    state = np.random.RandomState(1)
    canvas = _canvas(240, 320, (paper,) * 3)
    for line in range(10, 210, 18):
        for letter in range(12, 300, 7):
            for _ in range(3):
                y, x = (line + 7 * state.rand()) * _FINE, (letter + 4 * state.rand()) * _FINE
                tall, wide = (22, 5) if state.rand() < 0.6 else (5, 18)
                canvas[int(y) : int(y) + tall, int(x) : int(x) + wide] = ink
    picture = _shrunk(canvas)
    if button is not None:
        picture[222:234, 12:60] = button
    return picture


@_drawn_once
def dotted_photo() -> Bytes:
    """A grey photograph, grainy, with a red dot of radius 9 in it."""
    y, x = np.mgrid[:400, :600]
    noise = 8 * np.random.RandomState(0).randn(400, 600)
    grey = 110 + 60 * np.sin(x / 130) + 50 * np.cos(y / 90) + noise
    picture: Bytes = np.clip(grey, 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    picture[(y - 120) ** 2 + (x - 310) ** 2 <= 81] = RED
    return picture


@_drawn_once
def blue_map() -> Bytes:
    """A map in shades of blue, with one red country."""
    state = np.random.RandomState(1)
    canvas = _canvas(200, 300, (150, 190, 230))
    y, x = np.mgrid[: canvas.shape[0], : canvas.shape[1]] / _FINE
    for _ in range(60):
        middle, radius, shade = state.rand(2) * (200, 300), 8 + 25 * state.rand(), state.rand()
        distance = np.hypot(y - middle[0], x - middle[1])
        canvas[distance <= radius] = 255
        canvas[distance <= radius - 1] = (20 + 120 * shade, 60 + 120 * shade, 120 + 110 * shade)
    country = np.hypot(y - 80, (x - 180) * 0.8)
    canvas[country <= 11] = 255
    canvas[country <= 10] = (200, 30, 40)
    return _shrunk(canvas)


@_drawn_once
def flag() -> Bytes:
    """Three stripes and a golden emblem under a small blue crown."""
    canvas = _canvas(160, 240, (255, 255, 255))
    canvas[: 53 * _FINE], canvas[107 * _FINE :] = (200, 16, 46), (0, 122, 61)
    y, x = np.mgrid[: canvas.shape[0], : canvas.shape[1]] / _FINE
    shield = np.hypot(y - 80, (x - 120) * 1.3)
    canvas[shield <= 18] = (120, 90, 0)
    canvas[shield <= 17] = (241, 191, 0)
    for number in range(8):
        coin = np.hypot(y - 120, x - 30 - 23 * number)
        canvas[coin <= 6] = (60, 40, 0)
        canvas[coin <= 5] = (241 - 12 * number, 191 - 8 * number, 14 * number)
    canvas[62 * _FINE : 67 * _FINE, 112 * _FINE : 128 * _FINE] = BLUE
    return _shrunk(canvas)


@_drawn_once
def chart(colors: tuple[Color, ...] = BRANDS) -> Bytes:
    """Bars in the colors of brands over thin lines."""
    canvas = _canvas(200, 60 * len(colors) + 20, (255, 255, 255))
    y, x = np.mgrid[: canvas.shape[0], : canvas.shape[1]] / _FINE
    canvas[np.abs((y + x / 40) % 15) < 1] = (200, 200, 200)
    for number, color in enumerate(colors):
        left = 20 + 60 * number
        canvas[(20 + 12 * number) * _FINE : 180 * _FINE, left * _FINE : (left + 36) * _FINE] = (
            color
        )
    return _shrunk(canvas)


def gradient(levels: int) -> Bytes:
    """A slow ramp from one color to another, whose steps are flat areas."""
    step = np.arange(400) * levels // 400
    row = np.stack([60 + step * 150 // levels, 90 + step * 80 // levels, 230 - step], axis=1)
    return row[None].repeat(200, axis=0).astype(np.uint8)


# Picture, a pixel of the area, the channel that is high there and one that is low.
SIGNALS = {
    "button": (page(button=RED), (228, 36), 0, 1),
    "button-in-the-dark": (page(18, 230, button=RED), (228, 36), 0, 1),
    "dot": (dotted_photo(), (120, 310), 0, 1),
    "country": (blue_map(), (80, 180), 0, 1),
    "crown": (flag(), (64, 120), 2, 0),
}
