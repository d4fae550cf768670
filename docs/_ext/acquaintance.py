"""The order of the gallery."""

from typing import Any

_ORDER = (
    "choosing_k",
    "looks",
    "codewords",
    "alpha",
    "recolor_map",
    "segment_figure",
    "palettes",
    "search_by_color",
    "epaper",
    "sprites",
    "without_kmcodec",
)


class Acquaintance:
    """Sort scripts as for somebody who sees kmcodec for the first time; others come last."""

    def __init__(self, folder: Any) -> None:
        self.folder = folder

    def __call__(self, filename: str) -> tuple[int, str]:
        """Return what a file's name is sorted by."""
        name = filename.removeprefix("plot_").removesuffix(".py")
        return _ORDER.index(name) if name in _ORDER else len(_ORDER), filename
