"""The imageio plugin for `.kmc`; `codec.register` makes it known."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from imageio.core.request import InitializationError, IOMode, Request
from imageio.core.v3_plugin_api import ImageProperties, PluginV3

from codec.decompressor import decompress
from codec.formats import kmc
from codec.formats.contents import Contents
from codec.options import MAX_PIXELS

Pixels = npt.NDArray[np.uint8]


class KmcPlugin(PluginV3):  # type: ignore[misc]
    """Read one dense file: one picture.

    Parameters
    ----------
    request : Request
        What imageio was asked for.

    Raises
    ------
    InitializationError
        It is not a dense file, or was to be written.
    """

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        if request.mode.io_mode == IOMode.write:
            raise InitializationError("codec.save writes .kmc files")
        self._content = request.get_file().read()
        if not self._content.startswith(kmc.MAGIC):
            raise InitializationError("not a .kmc file")

    def _decode(self, index: Any) -> Contents:
        if index not in (None, 0, ...):
            raise IndexError(f"a .kmc file holds one picture, there is none at {index}")
        return kmc.decode([self._content], MAX_PIXELS)

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

    def write(self, ndimage: Any, **options: Any) -> bytes | None:
        """Refuse: `codec.save` writes these files."""
        raise NotImplementedError("codec.save writes .kmc files")

    def iter(self) -> Iterator[Pixels]:
        """Yield the one picture."""
        yield self.read()

    def properties(self, index: Any = 0) -> ImageProperties:
        """Return shape and dtype without decoding the labels."""
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
        if contents.profile:
            found["icc_profile"] = contents.profile
        return found
