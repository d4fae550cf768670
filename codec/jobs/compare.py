"""Compressed files, and pictures of other programs, against their original."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from codec.decompressor import decompress
from codec.errors import CodecError, ImageError
from codec.files import display_name
from codec.formats.contents import Contents
from codec.images.reading import read_image
from codec.images.records import SourceImage
from codec.indexed import IndexedImage
from codec.jobs.info import contents_facts, contents_notices, load_any, picture_facts
from codec.reports.quality import comparison_facts, worst_facts
from codec.reports.report import FileReport
from codec.settings import ReadOptions
from codec.stopwatch import Stopwatch

if TYPE_CHECKING:  # which imports what makes pages
    from codec.jobs.pages import Page


@dataclass(frozen=True, eq=False)
class _Found:
    """What a file has in it: a compressed picture, or any."""

    picture: IndexedImage | npt.NDArray[np.uint8]
    facts: dict[str, Any]
    notices: tuple[str, ...]
    conversions: tuple[str, ...]


class Comparison:
    """An original that is read once, and all that is measured against it.

    Parameters
    ----------
    original : Path
        The picture file.
    reading : ReadOptions
        How pictures are read.
    page : Page, optional
        What is to show all that was measured.

    Attributes
    ----------
    image : SourceImage or None
        The original, once it was read.
    """

    def __init__(self, original: Path, reading: ReadOptions, page: "Page | None" = None) -> None:
        self._original, self._reading, self._page = original, reading, page
        self.image: SourceImage | None = None

    def measure(self, compressed: Path) -> FileReport:
        """Measure a file against the original.

        Parameters
        ----------
        compressed : Path
            What became of it, by kmcodec or by another program.

        Returns
        -------
        report : FileReport
            Sizes, ratios and all measures of quality.

        Raises
        ------
        CodecError
            A file cannot be read, the shapes differ, or the page could not be written.
        """
        watch = Stopwatch()
        if self.image is None:
            if self._page:
                self._page.check()
            with watch.stage("read"):
                self.image = read_image(self._original, **asdict(self._reading))
        image = self.image
        with watch.stage("load"):
            try:
                found = _load(compressed, self._reading)
            except CodecError as error:
                message = f"{display_name(compressed)}: {error}"
                raise type(error)(message, error.reason) from error
        picture = found.picture
        with watch.stage("decode"):
            decoded = decompress(picture) if isinstance(picture, IndexedImage) else picture
        if decoded.shape[:2] != image.pixels.shape[:2]:
            raise ImageError(
                f"{display_name(compressed)} has the shape {decoded.shape}, "
                f"its original {image.pixels.shape}",
                "bad-shape",
            )
        with watch.stage("measure"):
            quality, said = comparison_facts(image.pixels, decoded)
            quality |= worst_facts(image.pixels, picture)
        converted = image.conversions + found.conversions
        quality["lossless"] &= not converted
        report = FileReport(
            display_name(self._original),
            outputs=(display_name(compressed),),
            original_bytes=image.size_bytes,
            **{**found.facts, **quality},
            converted=converted,
            notices=(*image.notices, *found.notices, *said),
            seconds=watch.seconds,
            stage_seconds=watch.stages,
        )
        if self._page:
            self._page.begin(self._original, image)
            self._page.add(report, compressed.name, picture)
        return report


def _load(path: Path, reading: ReadOptions) -> _Found:
    """Read a compressed file, or the picture of another program."""
    found = load_any(path, reading)
    if isinstance(found, Contents):
        notices = contents_notices(found)
        if found.profile:
            said = "compared without regard to the ICC profile of the compressed file"
            notices = (*notices, said)
        return _Found(found.indexed, contents_facts(found), notices, ())
    facts = {**picture_facts(found), "part_bytes": {"file": found.size_bytes}}
    notices = tuple(f"{display_name(path)}: {notice}" for notice in found.notices)
    return _Found(found.pixels, facts, notices, found.conversions)
