"""`.kmc` through imageio and Pillow, once `codec.register_plugins()` was called.

Both are imported only there.
"""

MIME_TYPE = "image/x-kmc"
_registered = False


def register_plugins() -> None:
    """Teach imageio and Pillow to read and write `.kmc` files.

    After it, ``imageio.v3.imread("x.kmc")`` gives the pixels that `codec.decompress` gives, and
    ``PIL.Image.open("x.kmc")`` an image of mode P, whose indices are the labels and whose palette
    is the codebook. Writing, by ``iio.imwrite("x.kmc", pixels)`` and ``image.save("x.kmc")``,
    compresses; further arguments are those of `codec.compress`, such as ``n_colors``, and Pillow
    passes over others. The MIME type is ``image/x-kmc``. Calling it again does nothing. Damaged
    files
    raise the errors of `codec.load`, which are `OSError` here as well, and of ``Image.open``
    `PIL.UnidentifiedImageError`.

    Examples
    --------
    >>> import codec, imageio.v3 as iio
    >>> codec.register_plugins()
    >>> pixels = iio.imread("photo.kmc")  # doctest: +SKIP
    """
    global _registered
    if not _registered:
        _register_with_pillow()
        _register_with_imageio()
        _registered = True


def _register_with_pillow() -> None:
    import mimetypes

    from PIL import Image

    from codec.plugins.dense import DENSE
    from codec.plugins.pillow import KmcImageFile, accept, save

    Image.register_open(KmcImageFile.format, KmcImageFile, accept)
    Image.register_save(KmcImageFile.format, save)
    Image.register_extension(KmcImageFile.format, DENSE.ending)
    Image.register_mime(KmcImageFile.format, MIME_TYPE)
    mimetypes.add_type(MIME_TYPE, DENSE.ending)


def _register_with_imageio() -> None:
    from imageio import config

    from codec.plugins.dense import DENSE

    ours = config.PluginConfig(
        name="kmcodec", class_name="KmcPlugin", module_name="codec.plugins.imageio"
    )
    # Before Pillow's, which would be asked for bytes without a name, and makes RGB of greys.
    others = dict(config.known_plugins)
    config.known_plugins.clear()
    config.known_plugins.update({"kmcodec": ours, **others})
    kind = config.FileExtension(
        name="kmcodec dense file", extension=DENSE.ending, priority=["kmcodec"]
    )
    config.extension_list.append(kind)
    config.known_extensions.setdefault(DENSE.ending, []).append(kind)
