"""Color profiles: pictures in other color spaces than sRGB become sRGB, and say so."""

import functools
import io
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.limits import MAX_METADATA_BYTES

Pixels = npt.NDArray[np.uint8]
# A profile that changes no color by more than this is sRGB for our purpose.
_SAME = 2
# Pixels that are converted at once.
_AT_ONCE = 1 << 20
_MOST_KEPT, _MOST_KEPT_BYTES = 4, 1 << 16  # of conversions, and of the profile of each
DAMAGED = "its color profile is damaged and not applied"
_OF_NO_USE = "its color profile is damaged or for another kind, and not applied"


def convert_inks(
    stored: Pixels, mode: str, profile: bytes | None
) -> tuple[Pixels, tuple[str, ...]]:
    """Convert CMYK by its profile, or plainly without one; Lab by its definition.

    Parameters
    ----------
    stored : ndarray of shape (H, W, S), dtype uint8
        As Pillow decodes them.
    mode : {'CMYK', 'LAB'}
        Pillow's name for the color space.
    profile : bytes or None
        ICC profile of the picture.

    Returns
    -------
    pixels : ndarray of shape (H, W, 3), dtype uint8
        In sRGB.
    notices : tuple of str
        Says so if the profile is not applied.
    """
    from PIL import Image, ImageCms

    source = None
    if mode == "LAB":
        source = ImageCms.createProfile("LAB")
    elif profile:
        source = _open_profile(profile, "CMYK")
    if source is not None:
        # Optimized to a table of few steps, the conversion from Lab is off by up to 20 of 255.
        try:
            transform = ImageCms.buildTransform(
                source,
                ImageCms.createProfile("sRGB"),
                mode,
                "RGB",
                flags=ImageCms.Flags.NOOPTIMIZE if mode == "LAB" else ImageCms.Flags.NONE,
            )
            return _by_rows(
                stored, stored.shape[2], functools.partial(_apply, mode, transform)
            ), ()
        except ImageCms.PyCMSError:
            pass
    pixels = _by_rows(
        stored,
        stored.shape[2],
        lambda rows: np.asarray(Image.fromarray(rows, mode=mode).convert("RGB")),
    )
    return pixels, (_OF_NO_USE,) if profile else ()


def _apply(mode: str, transform: Any, colors: Pixels) -> Pixels:
    from PIL import Image, ImageCms

    picture = Image.fromarray(np.ascontiguousarray(colors), mode=mode)
    return np.asarray(ImageCms.applyTransform(picture, transform))


def _by_rows(layers: Pixels, colors: int, convert: Callable[[Pixels], Pixels]) -> Pixels:
    """Convert the first layers some rows at a time, and take over those behind them.

    Pillow's copies, on the way there and back, take more memory than the picture.
    """
    height, width = layers.shape[:2]
    step = max(1, _AT_ONCE // width)
    pixels: Pixels | None = None
    for top in range(0, height, step):
        rows = layers[top : top + step]
        converted = convert(np.ascontiguousarray(rows[:, :, :colors]))
        kept = converted.shape[2]
        if pixels is None:
            pixels = np.empty((height, width, kept + layers.shape[2] - colors), dtype=np.uint8)
        pixels[top : top + step, :, :kept] = converted
        pixels[top : top + step, :, kept:] = rows[:, :, colors:]
    assert pixels is not None  # noqa: S101 - no picture is without rows
    return pixels


def _open_profile(profile: bytes, space: str) -> Any:
    """Open an ICC profile if it is sound and for colors of this space."""
    from PIL import ImageCms

    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return opened if opened.profile.xcolor_space.strip() == space else None
    except (OSError, ImageCms.PyCMSError, ValueError):
        return None


class Conversion:
    """An ICC profile, applied to pixels unless it is sRGB already; judged by what it does to them.

    Parameters
    ----------
    profile : bytes
        ICC profile of the picture.
    grey : bool
        Whether the pixels it is for are grey, with alpha or without.
    """

    def __init__(self, profile: bytes, grey: bool) -> None:
        self._apply: Callable[[Pixels], Pixels] | None = None
        self.notices: tuple[str, ...] = ()
        self._colors = 1 if grey else 3
        self._open(profile, grey)

    @property
    def changes(self) -> bool:
        """Whether there is anything to be done."""
        return self._apply is not None

    def __call__(self, pixels: Pixels) -> Pixels:
        """Convert pixels (H, W) or (H, W, C), of which alpha is not touched, to sRGB."""
        if self._apply is None:
            return pixels
        layers = pixels.reshape(*pixels.shape[:2], -1)
        return _by_rows(layers, self._colors, self._apply).reshape(pixels.shape)

    def _open(self, profile: bytes, grey: bool) -> None:
        from PIL import ImageCms

        source, mode = _open_profile(profile, "GRAY" if grey else "RGB"), "L" if grey else "RGB"
        if grey and source is None:
            # Grey pictures often carry the profile of the RGB they were made from.
            source, mode = _open_profile(profile, "RGB"), "RGB"
        if source is None:
            self.notices = (_OF_NO_USE,)
            return
        # Optimized likewise, dark greys are off by up to 10.
        try:
            transform = ImageCms.buildTransform(
                source,
                ImageCms.createProfile("sRGB"),
                mode,
                "RGB",
                ImageCms.Intent.RELATIVE_COLORIMETRIC,
                ImageCms.Flags.BLACKPOINTCOMPENSATION
                | (ImageCms.Flags.NOOPTIMIZE if grey else ImageCms.Flags.NONE),
            )
        except ImageCms.PyCMSError:
            self.notices = (DAMAGED,)
            return
        applied = functools.partial(_apply, mode, transform)
        if grey:
            levels = np.arange(256, dtype=np.uint8)[None]
            table = applied(levels if mode == "L" else np.dstack([levels] * 3))[0, :, 1]
            shift = table.astype(np.int64) - np.arange(256)
        else:
            steps = np.linspace(0, 255, 9).astype(np.uint8)
            probe = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
            shift = applied(probe).astype(np.int64) - probe
        if np.abs(shift).max() > _SAME:
            self._apply = table.__getitem__ if grey else applied
            self.notices = (f"converted from {_profile_name(source)} to sRGB",)


def can_be_kept(profile: bytes) -> bool:
    """Tell whether pixels may stay in a profile's color space: one of RGB, sound, not too large.

    Parameters
    ----------
    profile : bytes
        ICC profile of a picture.
    """
    if len(profile) > MAX_METADATA_BYTES or _open_profile(profile, "RGB") is None:
        return False
    conversion = _conversion(profile, False)
    return conversion.changes or not conversion.notices


def to_srgb(pixels: Pixels, profile: bytes) -> tuple[Pixels, tuple[str, ...]]:
    """Apply an ICC profile unless it is sRGB already, judged by what it does to colors.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        Grey stays grey; alpha is not touched.
    profile : bytes
        ICC profile of the picture.

    Returns
    -------
    pixels : ndarray of the same shape, dtype uint8
        In sRGB.
    notices : tuple of str
        What was done, or why nothing could be.
    """
    grey = pixels.ndim == 2 or pixels.shape[2] <= 2
    conversion = _conversion(profile, grey)
    return conversion(pixels), conversion.notices


class _Latest(threading.local):
    """Conversions, the latest at the end; no two threads may use one at a time."""

    def __init__(self) -> None:
        self.kept: dict[tuple[bytes, bool], Conversion] = {}


_latest = _Latest()


def _conversion(profile: bytes, grey: bool) -> Conversion:
    """Make a conversion, or take one of the latest of this thread: a folder has few profiles."""
    kept = _latest.kept
    found = kept.pop((profile, grey), None) or Conversion(profile, grey)
    if len(profile) <= _MOST_KEPT_BYTES:
        kept[profile, grey] = found
        if len(kept) > _MOST_KEPT:
            del kept[next(iter(kept))]
    return found


def _profile_name(source: Any) -> str:
    try:
        name = " ".join((source.profile.profile_description or "").split())
    except ValueError:  # not text
        name = ""
    return (
        f"the color profile {name[:60]!r}" if name.isprintable() and name else "its color profile"
    )
