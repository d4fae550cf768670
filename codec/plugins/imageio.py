"""The imageio plugin for `.kmc`; `codec.register_plugins` makes it known."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from imageio.core.request import URI_BYTES, InitializationError, IOMode, Request
from imageio.core.v3_plugin_api import ImageProperties, PluginV3

from codec.decompressor import decompress
from codec.formats.contents import Contents
from codec.formats.kmc import file as kmc
from codec.limits import MAX_PIXELS
from codec.plugins.dense import DENSE, compress_to_bytes, reading

Pixels = npt.NDArray[np.uint8]


class KmcPlugin(PluginV3):  # type: ignore[misc]
    """Read or write one dense file: one picture.

    Parameters
    ----------
    request : Request
        What imageio was asked for.

    Raises
    ------
    InitializationError
        It is not a dense file, or shall not become one.
    """

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self._content = b""
        if request.mode.io_mode == IOMode.write:
            if request.extension != DENSE.ending:
                raise InitializationError(f"not to be a {DENSE.ending} file")
            return
        self._content = request.get_file().read()
        if not DENSE.begins(self._content):
            raise InitializationError("not a .kmc file")

    def _decode(self, index: Any) -> Contents:
        if index not in (None, 0, ...):
            raise IndexError(f"a .kmc file holds one picture, there is none at {index}")
        with reading():
            return DENSE.decode(self._content, max_pixels=MAX_PIXELS)

    def read(self, *, index: Any = 0) -> Pixels:
        """Return the pixels.

        Parameters
        ----------
        index : int, optional
            0; ``...`` gives an array of one picture.

        Returns
        -------
        pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        """
        pixels = decompress(self._decode(index).indexed)
        return pixels[np.newaxis] if index is ... else pixels

    def write(self, ndimage: Any, *, is_batch: bool = False, **options: Any) -> bytes | None:
        """Compress one picture.

        Parameters
        ----------
        ndimage : array-like of shape (H, W) or (H, W, C), dtype uint8
            The pixels; with `is_batch`, an array or list of just one picture.
        is_batch : bool
            Whether there is an axis of pictures.
        **options
            Arguments of `codec.compress`, and ``icc_profile``.

        Returns
        -------
        data : bytes or None
            The file, if imageio was asked for ``"<bytes>"``.
        """
        if is_batch and len(ndimage) != 1:
            raise ValueError(f"a .kmc file holds one picture, not {len(ndimage)}")
        profile = options.pop("icc_profile", None) or b""
        pixels = np.asarray(ndimage[0] if is_batch else ndimage)
        data = compress_to_bytes(pixels, profile, **options)
        file = self._request.get_file()
        file.write(data)
        return data if self._request._uri_type == URI_BYTES else None

    def iter(self) -> Iterator[Pixels]:
        """Yield the one picture."""
        yield self.read()

    def properties(self, index: Any = 0) -> ImageProperties:
        """Return shape and dtype without decoding the labels."""
        with reading():
            header = kmc.read_header(self._content, MAX_PIXELS)
        shape: tuple[int, ...] = (header.height, header.width)
        if header.channels > 1:
            shape = (*shape, header.channels)
        is_batch = index is ...
        return ImageProperties(
            shape=(1, *shape) if is_batch else shape,
            dtype=np.dtype(np.uint8),
            n_images=1 if is_batch else None,
            is_batch=is_batch,
        )

    def metadata(self, index: Any = 0, exclude_applied: bool = True) -> dict[str, Any]:
        """Return size of the codebook, bytes by part, and the ICC profile if there is one."""
        contents = self._decode(index)
        found: dict[str, Any] = {
            "n_colors": contents.indexed.n_colors,
            "part_bytes": contents.part_bytes,
        }
        if contents.metadata.profile:
            found["icc_profile"] = contents.metadata.profile
        return found
