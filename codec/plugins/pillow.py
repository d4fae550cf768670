"""The Pillow plugin for `.kmc`; `codec.register` makes it known."""

from typing import Any

from PIL import Image, ImageFile, UnidentifiedImageError

from codec.decompressor import decompress
from codec.formats.kmc import file as kmc
from codec.images.memory import from_pillow
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
    """Compress an image, upright, since there is no place for its orientation.

    Parameters
    ----------
    image : PIL.Image.Image
        As `codec.compress` takes it, but that grey and RGB keep their own colors, with the
        profile. Arguments of `codec.compress` are in its ``encoderinfo``, as is ``icc_profile``;
        without it, the profile is that of ``image.info``.
    file : file object
        What is written to.
    filename : str or bytes
        Its name.

    Raises
    ------
    CodecError
        As `codec.compress`.
    """
    options = dict(image.encoderinfo)
    profile = options.pop("icc_profile", image.info.get("icc_profile"))
    source, profile = from_pillow(image, profile, keep_profile=True)
    file.write(compress_to_bytes(source, profile or b"", **options))
