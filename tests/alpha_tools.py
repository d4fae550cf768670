"""Pictures with every kind of alpha, and what became of it."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.float64]

_COLORS = np.array(
    [(220, 30, 30), (30, 60, 220), (250, 250, 250), (20, 20, 20), (240, 200, 30), (128, 128, 128)]
)


def _picture(colors: npt.ArrayLike, alpha: npt.NDArray[np.floating]) -> Pixels:
    opacity = np.clip(np.rint(alpha), 0, 255)
    shown = np.broadcast_to(colors, (*alpha.shape, 3))
    return np.dstack([shown, opacity]).astype(np.uint8)


def _distance(height: int, width: int, x: float, y: float) -> Numbers:
    rows, columns = np.mgrid[:height, :width]
    return np.asarray(np.hypot(rows - y, columns - x))


def card() -> Pixels:
    """A white card with a soft shadow, nothing around it."""
    rows, columns = np.mgrid[:60, :80]
    outside = np.hypot(np.maximum(abs(rows - 30) - 14, 0), np.maximum(abs(columns - 40) - 22, 0))
    picture = _picture(0, 160 * np.exp(-((outside / 7) ** 2)))
    picture[outside == 0] = 255
    return picture


def badges() -> Pixels:
    """Solid badges, one of them mid-grey, beside a soft shadow."""
    picture = np.zeros((40, 160, 4), dtype=np.uint8)
    picture[:, :80, 3] = np.linspace(0, 150, 80)
    for number, color in enumerate(_COLORS[:5]):
        picture[3:37, 85 + 14 * number : 97 + 14 * number] = (*color, 255)
    picture[15:20, 86:96] = (128, 128, 128, 255)
    return picture


def glow() -> Pixels:
    """Light of one color that fades from a solid spot to nothing."""
    distance = _distance(64, 64, 32, 30)
    shade = np.stack([255 - distance, 200 - 3 * distance, 90 - distance], axis=2)
    return _picture(np.clip(shade, 0, 255), 300 * np.exp(-distance / 9) - 8)


def two_colors() -> Pixels:
    """Two colors, each with every alpha."""
    alpha = np.tile(np.arange(256.0), (2, 4))
    return _picture(np.array([[[0, 0, 0]], [[255, 140, 0]]]), alpha)


def icons() -> Pixels:
    """Shaded discs with smooth edges."""
    picture = np.zeros((48, 150, 4), dtype=np.uint8)
    for number, color in enumerate(_COLORS):
        distance = _distance(48, 25, 12, 22.5)
        shaded = np.clip(color + 2 * (12 - distance[..., None]), 0, 255)
        picture[:, 25 * number : 25 * number + 25] = _picture(shaded, 255 * (11.5 - distance))
    return picture


def fading() -> Pixels:
    """Texture that fades from nothing to solid."""
    noise = np.random.RandomState(3).randint(0, 256, (24, 90, 3))
    smooth = (noise[:-4] + noise[1:-3] + noise[2:-2] + noise[4:]) / 4
    return _picture(smooth, np.tile(np.linspace(-20, 275, 90), (20, 1)))


def mask() -> Pixels:
    """Texture that is there or not, with colors where it is not."""
    state = np.random.RandomState(4)
    return _picture(state.randint(0, 256, (20, 40, 3)), 255.0 * state.randint(0, 2, (20, 40)))


def nearly() -> Pixels:
    """Noise with alphas that nobody can tell apart."""
    state = np.random.RandomState(5)
    alpha = state.choice([0.0, 1, 2, 253, 254, 255], (24, 40))
    return _picture(state.randint(0, 256, (24, 40, 3)), alpha)


def never_clear() -> Pixels:
    """A picture without clear pixels."""
    picture = fading()
    picture[..., 3] = np.maximum(picture[..., 3], 1)
    return picture


def never_solid() -> Pixels:
    """A picture without solid pixels."""
    picture = fading()
    picture[..., 3] = np.minimum(picture[..., 3], 254)
    return picture


def one_of_each() -> Pixels:
    """One solid pixel and one clear one among many translucent ones."""
    picture = never_clear()
    picture[..., 3] = np.minimum(picture[..., 3], 254)
    picture[3, 40, 3], picture[5, 20, 3] = 0, 255
    return picture


WITH_ALPHA: dict[str, Callable[[], Pixels]] = {
    make.__name__: make
    for make in (
        card, badges, glow, two_colors, icons, fading, mask, nearly, never_clear, never_solid,
        one_of_each,
    )
}  # fmt: skip


def spoiled(pixels: Pixels, decoded: Pixels) -> tuple[int, int]:
    """Count solid pixels that are not solid any more, and clear ones that are not clear."""
    before, after = pixels[..., -1], decoded[..., -1]
    solid, clear = before == 255, before == 0
    return int((after[solid] < 255).sum()), int(decoded[clear].any(axis=-1).sum())


def on_backgrounds(pixels: Pixels) -> Numbers:
    """Show RGBA on black, on white, and on a checkerboard: of shape (3, H, W, 3)."""
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    board = 255.0 * ((rows // 8 + columns // 8) % 2)[..., None]
    opacity = pixels[..., 3:] / 255
    shown = [opacity * pixels[..., :3] + (1 - opacity) * under for under in (0.0, 255.0, board)]
    return np.stack(np.broadcast_arrays(*shown))
