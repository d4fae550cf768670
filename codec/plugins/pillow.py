"""The Pillow plugin for `.kmc`; `codec.register_plugins` makes it known."""

from dataclasses import fields
from typing import Any

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from codec.decompressor import decompress
from codec.formats.kmc import file as kmc
from codec.images.memory import from_pillow, to_pillow
from codec.limits import MAX_PIXELS
from codec.plugins.dense import DENSE, DamagedFileError, compress_to_bytes, reading
from codec.settings import CompressSettings

_OPTIONS = {field.name for field in fields(CompressSettings)}


class UnidentifiedKmcError(DamagedFileError, UnidentifiedImageError):
    """A `FormatError` for who expects `UnidentifiedImageError` of ``Image.open``."""


class KmcImageFile(ImageFile.ImageFile):
    """A dense file, decoded when its pixels are first asked for: labels and their palette.

    Greys that have a profile are no palette, whose profile would have to be one of RGB.
    """

    format = "KMC"
    format_description = "kmcodec dense file"
    _content = b""
    im: Any
    fp: Any
    palette: Any
    tile: Any

    def _open(self) -> None:
        file: Any = self.fp
        self._content = file.read()
        with reading(UnidentifiedKmcError):
            header = kmc.read_header(self._content, MAX_PIXELS)
            codebook, profile = kmc.read_colors(self._content, MAX_PIXELS)
        self._size = header.width, header.height
        if profile:
            self.info["icc_profile"] = profile
        if profile and header.channels < 3:
            self._mode = "LA" if header.channels == 2 else "L"
        else:
            self._mode = "P"
            empty = to_pillow(np.zeros((1, 1), dtype=np.uint8), codebook)
            self.palette = empty.palette
            self.info |= empty.info
        self.tile = []

    def load(self) -> Any:
        """Decode, if that was not done."""
        if self._content:
            with reading():
                indexed = DENSE.decode(self._content, max_pixels=MAX_PIXELS).indexed
            shown = indexed.to_pil() if self.mode == "P" else Image.fromarray(decompress(indexed))
            self.im = shown.im
            self._content = b""
            if self._exclusive_fp and self.fp:
                self.fp.close()
            self.fp = None
        return super().load()


def accept(prefix: bytes) -> bool:
    """Tell whether a file begins like a dense file."""
    return DENSE.begins(prefix)


def save(image: Any, file: Any, filename: str | bytes) -> None:
    """Compress an image, upright, since there is no place for its orientation.

    Parameters
    ----------
    image : PIL.Image.Image
        As `codec.compress` takes it, but that grey and RGB keep their own colors, with the
        profile. Arguments of `codec.compress` are in its ``encoderinfo``, as is ``icc_profile``;
        without it, the profile is that of ``image.info``. Others are for other formats.
    file : file object
        What is written to.
    filename : str or bytes
        Its name.

    Raises
    ------
    CodecError
        As `codec.compress`.
    """
    given = image.encoderinfo
    options = {name: value for name, value in given.items() if name in _OPTIONS}
    profile = given.get("icc_profile", image.info.get("icc_profile"))
    source, profile = from_pillow(image, profile, keep_profile=True)
    file.write(compress_to_bytes(source, profile or b"", **options))
