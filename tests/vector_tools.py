"""The vectors, and what the readers and the specification's own decoders make of files."""

import csv
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cli_tools import REPOSITORY

from codec.decompressor import decompress
from codec.errors import CodecError
from codec.formats.contents import Contents
from codec.formats.kmc import reference
from codec.formats.registry import FORMATS
from codec.indexed import IndexedImage
from codec.limits import check_dimensions

VECTORS = REPOSITORY / "tests" / "vectors"
INVALID = VECTORS / "invalid"
SPECIFICATION = (REPOSITORY / "format-spec.md").read_text(encoding="utf-8")
# A lower limit than usual: mutants that claim a large picture need not be inflated.
MAX_MUTANT_PIXELS = 1 << 16

Row = dict[str, str]
Decoded = tuple[int, int, int, bytes]  # height, width, channels, pixels


def manifest(folder: Path) -> list[Row]:
    """The rows of a folder's manifest."""
    with (folder / "MANIFEST.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


CONFORMING, REFUSED = manifest(VECTORS), manifest(INVALID)


def name_of(row: Row) -> str:
    """The name that stands for all files of a vector."""
    return row["name"]


def files_of(folder: Path, row: Row) -> list[Path]:
    """The files of a vector, in the order of its format."""
    path = folder / row["name"]
    return [path] if row["format"] == "any" else FORMATS[row["format"]].files(path)


def parts_of(folder: Path, row: Row) -> list[bytes]:
    """The content of the files of a vector."""
    return [path.read_bytes() for path in files_of(folder, row)]


def format_and_files(name: str) -> tuple[str, list[bytes]]:
    """The format of a conforming vector, and its content."""
    (row,) = (row for row in CONFORMING if row["name"] == name)
    return row["format"], parts_of(VECTORS, row)


def read(format: str, parts: list[bytes]) -> Contents | None:
    """What a file means, or None if it is refused; anything but a `CodecError` escapes."""
    try:
        return FORMATS[format].decode(*parts, max_pixels=MAX_MUTANT_PIXELS)
    except CodecError:
        return None


def sources_of_readers() -> list[Path]:
    """The modules that may refuse a file, but for the reference decoder of dense files."""
    package = REPOSITORY / "codec"
    wings = (
        path for wing in ("formats", "png") for path in sorted(package.glob(f"{wing}/**/*.py"))
    )
    ground = [Path(inspect.getfile(thing)) for thing in (IndexedImage, check_dimensions)]
    return [path for path in wings if path.stem != "reference"] + ground


def specified() -> SimpleNamespace:
    """Run the decoder that the specification's appendix is."""
    (source,) = re.findall(r"```python\n(.*?)```", SPECIFICATION, re.DOTALL)
    namespace: dict[str, Any] = {}
    exec(compile(source, "format-spec.md", "exec"), namespace)
    return SimpleNamespace(**namespace)


def _decoders() -> dict[str, Callable[[list[bytes]], Decoded | None]]:
    """By format, a decoder that shares no line with the codec; None where it refuses."""
    appendix = specified()

    def decoder(format: str) -> Callable[[list[bytes]], Decoded | None]:
        decode: Callable[..., Decoded] = getattr(appendix, f"decode_{format}")

        def decode_or_refuse(parts: list[bytes]) -> Decoded | None:
            try:
                return decode(*parts, max_pixels=MAX_MUTANT_PIXELS)
            except appendix.FormatError:
                return None

        return decode_or_refuse

    def decode_kmc(parts: list[bytes]) -> Decoded | None:
        (data,) = parts
        try:
            labels, codebook, _ = reference.decode(data, MAX_MUTANT_PIXELS)
        except reference.RefusedError:
            return None
        return (*labels.shape, codebook.shape[1], codebook[labels].tobytes())

    return {format: decoder(format) for format in FORMATS if format != "kmc"} | {"kmc": decode_kmc}


_DECODERS = _decoders()


def assert_as_specified(format: str, parts: list[bytes]) -> None:
    """The reader and the specification accept the same files with the same pixels."""
    found, expected = read(format, parts), _DECODERS[format](parts)
    if (found is None) is not (expected is None):
        verdict = "refused" if found is None else "accepted"
        pytest.fail(f"{verdict} against the specification: {[part.hex() for part in parts]}")
    if found is not None and expected is not None:
        pixels = decompress(found.indexed)
        shape = (*pixels.shape[:2], found.indexed.channels)
        assert (*shape, pixels.tobytes()) == expected
