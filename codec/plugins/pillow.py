"""The Pillow plugin for `.kmc`; `codec.register` makes it known."""

from typing import Any

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from codec.decompressor import decompress
from codec.errors import ImageError
from codec.formats.kmc import file as kmc
from codec.limits import MAX_PIXELS
from codec.plugins.dense import DENSE, DamagedFileError, compress_to_bytes, reading

_MODES = "L", "LA", "RGB", "RGBA"


class UnidentifiedKmcError(DamagedFileError, UnidentifiedImageError):
    """A `FormatError` for who expects `UnidentifiedImageError` of ``Image.open``."""


class KmcImageFile(ImageFile.ImageFile):
    """A dense file, decoded when its pixels are first asked for."""

    format = "KMC"
    format_description = "kmcodec dense file"
    _content = b""

    def _open(self) -> None:
        file: Any = self.fp
        self._content = file.read()
        with reading(UnidentifiedKmcError):
            header = kmc.read_header(self._content, MAX_PIXELS)
            profile = kmc.read_profile(self._content, MAX_PIXELS)
        self._size = header.width, header.height
        self._mode = _MODES[header.channels - 1]
        if profile:
            self.info["icc_profile"] = profile
        self.tile = []

    def load(self) -> Any:
        """Decode, if that was not done."""
        if self._content:
            with reading():
                contents = DENSE.decode(self._content, max_pixels=MAX_PIXELS)
            self.im = Image.fromarray(decompress(contents.indexed)).im
            self._content = b""
            if self._exclusive_fp and self.fp:
                self.fp.close()
            self.fp = None
        return super().load()


def accept(prefix: bytes) -> bool:
    """Tell whether a file begins like a dense file."""
    return DENSE.begins(prefix)


def save(image: Any, file: Any, filename: str | bytes) -> None:
    """Compress an image.

    Parameters
    ----------
    image : PIL.Image.Image
        Of mode 1, L, LA, P, PA, RGB or RGBA. Arguments of `codec.compress` are in its
        ``encoderinfo``, as is ``icc_profile``; without it, that of ``image.info`` is stored.
    file : file object
        What is written to.
    filename : str or bytes
        Its name.

    Raises
    ------
    ImageError
        The image has another mode.
    CodecError
        As `codec.compress`.
    """
    options = dict(image.encoderinfo)
    profile = options.pop("icc_profile", image.info.get("icc_profile")) or b""
    if image.mode == "1":
        image = image.convert("L")
    elif image.mode == "P" and options.get("keep_order"):
        # As it is: its profile is stored, not applied, and it is turned by whoever reads it.
        image = image.copy()
        for name in ("icc_profile", "exif"):
            image.info.pop(name, None)
        file.write(compress_to_bytes(image, profile, **options))
        return
    elif image.mode in ("P", "PA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode not in _MODES:
        raise ImageError(f"an image of mode {image.mode} has to be converted first", "bad-mode")
    file.write(compress_to_bytes(np.asarray(image), profile, **options))
