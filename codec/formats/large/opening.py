"""`open_sink`: what labels are written to, for the name of a file."""

import os
from pathlib import Path

from codec.errors import ParameterError
from codec.formats.large.archive import NpzSink
from codec.formats.large.rows import IndexedPngSink, PairSink
from codec.formats.large.sinks import Sink
from codec.formats.large.tiff import TILE as TIFF_TILE
from codec.formats.large.tiff import TiffSink
from codec.formats.large.zarr_sink import TILE as ZARR_TILE
from codec.formats.large.zarr_sink import ZarrSink
from codec.formats.registry import format_named, output_format_of
from codec.options import EFFORTS
from codec.settings import check_choice

_ROWS: dict[str, type[PairSink | NpzSink | IndexedPngSink]] = {
    "pair": PairSink,
    "npz": NpzSink,
    "png": IndexedPngSink,
}


def format_for(path: str | bytes | os.PathLike[str]) -> str:
    """Choose the format that an output's name asks for, those of large pictures among them.

    Returns
    -------
    name : {'zarr', 'tiff', 'pair', 'npz', 'png', 'kmc'}

    Raises
    ------
    ParameterError
        The name has none of the known endings, or is nothing else.
    """
    return output_format_of(path).name


def open_sink(
    path: str | bytes | os.PathLike[str],
    format: str | None = None,
    *,
    force: bool = False,
    effort: str = "default",
    tile: tuple[int, int] | None = None,
    serializer: str = "zstd",
) -> Sink:
    """Make what labels of a large picture are written to.

    Parameters
    ----------
    path : str, bytes or path-like
        ``X.zarr``, ``X.tif``, ``X.labels.png``, ``X.npz`` or ``X.png``.
    format : {'zarr', 'tiff', 'pair', 'npz', 'png'}, optional
        By default what the name asks for.
    force : bool
        Replace what is there; an incomplete ``.zarr`` is begun anew and not continued.
    effort : {'fast', 'default', 'best'}
        How hard deflate tries.
    tile : tuple of int, optional
        Rows and columns of tiles, of a ``.zarr`` (1024, 1024) and a ``.tif`` (512, 512, multiples
        of 16) by default.
    serializer : {'zstd', 'kmc'}
        Of a ``.zarr``: how chunks are packed.

    Returns
    -------
    sink : Sink
        Nothing is written before its `begin`.

    Raises
    ------
    ParameterError
        There is no such format, or it has no tiles or serializer.
    """
    check_choice("effort", effort, EFFORTS)
    name = format or format_for(path)
    place = Path(os.fsdecode(path))
    if name == "zarr":
        return ZarrSink(
            place, tile or (ZARR_TILE, ZARR_TILE), force=force, effort=effort,
            serializer=serializer,
        )  # fmt: skip
    if serializer != "zstd":
        raise ParameterError("only .zarr has a serializer", "serializer")
    if name == "tiff":
        return TiffSink(place, tile or (TIFF_TILE, TIFF_TILE), force=force, effort=effort)
    if tile is not None:
        raise ParameterError("only .zarr and .tif have tiles", "tile")
    if name not in _ROWS:
        format_named(name)
        raise ParameterError(
            f"a .{name} is not written piece by piece: .zarr, .tif, .labels.png, .npz and .png "
            "are", "format",
        )  # fmt: skip
    return _ROWS[name](format_named(name).files(place), force=force, effort=effort)
