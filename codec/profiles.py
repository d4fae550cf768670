"""Color profiles: pictures in other color spaces than sRGB become sRGB, and say so."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
# A profile that changes no color by more than this is sRGB for our purpose.
_SAME = 2


def convert_inks(stored: Pixels, mode: str, profile: bytes | None, notices: list[str]) -> Pixels:
    """Convert CMYK by its profile, or plainly without one; Lab by its definition.

    Parameters
    ----------
    stored : ndarray of shape (H, W, S), dtype uint8
        As Pillow decodes them.
    mode : {'CMYK', 'LAB'}
        Pillow's name for the color space.
    profile : bytes or None
        ICC profile of the picture.
    notices : list of str
        Told if the profile is not applied.

    Returns
    -------
    pixels : ndarray of shape (H, W, 3), dtype uint8
        In sRGB.
    """
    from PIL import Image, ImageCms

    picture = Image.fromarray(stored, mode=mode)
    source = None
    if mode == "LAB":
        source = ImageCms.createProfile("LAB")
    elif profile:
        with_profile = _open_profile(profile)
        if with_profile is not None and with_profile.profile.xcolor_space.strip() == "CMYK":
            source = with_profile
        else:
            notices.append("its color profile is damaged and not applied")
    if source is None:
        return np.asarray(picture.convert("RGB"))
    target = ImageCms.createProfile("sRGB")
    return np.asarray(ImageCms.profileToProfile(picture, source, target, outputMode="RGB"))


def _open_profile(profile: bytes) -> Any:
    from PIL import ImageCms

    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except (OSError, ImageCms.PyCMSError):
        return None


def to_srgb(pixels: Pixels, profile: bytes, notices: list[str]) -> Pixels:
    """Apply an ICC profile unless it is sRGB already, judged by what it does to colors.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        Grey stays grey; alpha is not touched.
    profile : bytes
        ICC profile of the picture.
    notices : list of str
        Told what was done.

    Returns
    -------
    pixels : ndarray of the same shape, dtype uint8
        In sRGB.
    """
    from PIL import Image, ImageCms

    source = _open_profile(profile)
    grey = pixels.ndim == 2 or pixels.shape[2] <= 2
    if source is None or source.profile.xcolor_space.strip() != ("GRAY" if grey else "RGB"):
        notices.append("its color profile is damaged or for another kind, and not applied")
        return pixels
    mode = "L" if grey else "RGB"
    try:
        transform = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except ImageCms.PyCMSError:
        notices.append("its color profile is damaged and not applied")
        return pixels

    def applied(colors: Pixels) -> Pixels:
        picture = Image.fromarray(np.ascontiguousarray(colors), mode=mode)
        return np.asarray(ImageCms.applyTransform(picture, transform))

    if grey:
        table = applied(np.arange(256, dtype=np.uint8)[None])[0, :, 1]
        shift = table.astype(np.int64) - np.arange(256)
    else:
        steps = np.linspace(0, 255, 9).astype(np.uint8)
        probe = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
        shift = applied(probe).astype(np.int64) - probe
    if np.abs(shift).max() <= _SAME:
        return pixels
    notices.append(f"converted from {_profile_name(source)} to sRGB")
    layers = pixels.reshape(*pixels.shape[:2], -1)
    if grey:
        return np.dstack([table[layers[:, :, 0]], layers[:, :, 1:]])
    return np.dstack([applied(layers[:, :, :3]), layers[:, :, 3:]])


def _profile_name(source: Any) -> str:
    name = " ".join((source.profile.profile_description or "").split())
    return (
        f"the color profile {name[:60]!r}" if name.isprintable() and name else "its color profile"
    )
