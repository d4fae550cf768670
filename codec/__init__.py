"""kmcodec: a lossy image codec built on k-means color quantization.

>>> import codec
>>> indexed = codec.compress(pixels, n_colors=64)   # doctest: +SKIP
>>> codec.save(indexed, "photo.npz")                # doctest: +SKIP
>>> pixels = codec.decompress(codec.load("photo.npz"))  # doctest: +SKIP

Names are imported when first used, so that `import codec` costs nothing.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codec.compressor import compress
    from codec.decompressor import decompress
    from codec.errors import (
        CodecError,
        FileError,
        FormatError,
        ImageError,
        LimitError,
        ParameterError,
    )
    from codec.estimator import ColorQuantizer
    from codec.formats.files import load, save
    from codec.images.reading import read_image
    from codec.indexed import IndexedImage
    from codec.plugins import register

__version__ = "0.1.0"

_HOMES = {
    "CodecError": "codec.errors",
    "ColorQuantizer": "codec.estimator",
    "FileError": "codec.errors",
    "FormatError": "codec.errors",
    "ImageError": "codec.errors",
    "IndexedImage": "codec.indexed",
    "LimitError": "codec.errors",
    "ParameterError": "codec.errors",
    "compress": "codec.compressor",
    "decompress": "codec.decompressor",
    "load": "codec.formats.files",
    "read_image": "codec.images.reading",
    "register": "codec.plugins",
    "save": "codec.formats.files",
}

__all__ = [
    "CodecError",
    "ColorQuantizer",
    "FileError",
    "FormatError",
    "ImageError",
    "IndexedImage",
    "LimitError",
    "ParameterError",
    "compress",
    "decompress",
    "load",
    "read_image",
    "register",
    "save",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'codec' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
