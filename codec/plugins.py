"""`.kmc` through imageio and Pillow, once `codec.register()` was called.

Both are imported only there.
"""

from typing import Any

_MODES = "L", "LA", "RGB", "RGBA"
_registered = False


def register() -> None:
    """Teach imageio and Pillow to read and write `.kmc` files.

    After it, ``imageio.v3.imread("x.kmc")`` gives the pixels that `codec.decompress` gives, and
    ``PIL.Image.open("x.kmc")`` an image of mode L, LA, RGB or RGBA. Writing, by
    ``iio.imwrite("x.kmc", pixels)`` and ``image.save("x.kmc")``, compresses; further arguments are
    those of `codec.compress`, such as ``n_colors``. Calling it again does nothing.
    Damaged files raise the errors of `codec.load`.

    Examples
    --------
    >>> import codec, imageio.v3 as iio
    >>> codec.register()
    >>> pixels = iio.imread("photo.kmc")  # doctest: +SKIP
    """
    global _registered
    if not _registered:
        _register_with_pillow()
        _register_with_imageio()
        _registered = True


def _register_with_pillow() -> None:
    import numpy as np
    from PIL import Image, ImageFile

    from codec.decompressor import decompress
    from codec.formats import kmc
    from codec.imageio_plugin import to_kmc
    from codec.options import MAX_PIXELS

    class KmcImageFile(ImageFile.ImageFile):  # type: ignore[misc, unused-ignore]
        """A dense file, decoded when its pixels are first asked for."""

        format = "KMC"
        format_description = "kmcodec dense file"

        def _open(self) -> None:
            file: Any = self.fp
            self._content: bytes = file.read()
            header = kmc.read_header(self._content, MAX_PIXELS)
            self._size = header.width, header.height
            self._mode = _MODES[header.channels - 1]
            self.tile = []

        def load(self) -> Any:
            if self._content:
                contents = kmc.decode([self._content], MAX_PIXELS)
                self.im = Image.fromarray(decompress(contents.indexed)).im
                if contents.profile:
                    self.info["icc_profile"] = contents.profile
                self._content = b""
                if self._exclusive_fp and self.fp:
                    self.fp.close()
                self.fp = None
            return super().load()

    def save(image: Any, file: Any, filename: str | bytes) -> None:
        options = dict(image.encoderinfo)
        if image.mode not in _MODES:
            image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        file.write(to_kmc(np.asarray(image), options))

    def accept(prefix: bytes) -> bool:
        return prefix.startswith(kmc.MAGIC)

    Image.register_open(KmcImageFile.format, KmcImageFile, accept)
    Image.register_save(KmcImageFile.format, save)
    Image.register_extension(KmcImageFile.format, ".kmc")


def _register_with_imageio() -> None:
    from imageio import config

    config.known_plugins["kmcodec"] = config.PluginConfig(
        name="kmcodec", class_name="KmcPlugin", module_name="codec.imageio_plugin"
    )
    kind = config.FileExtension(name="kmcodec dense file", extension=".kmc", priority=["kmcodec"])
    config.extension_list.append(kind)
    config.known_extensions.setdefault(".kmc", []).append(kind)
