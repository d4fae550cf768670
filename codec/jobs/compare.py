"""Compressed files, and pictures of other programs, against their original."""

import os
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from codec.decompressor import decompress
from codec.errors import CodecError, ImageError, LimitError
from codec.files import check_source, display_name, read_start
from codec.formats.contents import Contents
from codec.images.reading import read_image
from codec.images.records import SourceImage
from codec.images.spaces import indexed_in_srgb
from codec.indexed import IndexedImage
from codec.jobs.info import contents_facts, load_shown, picture_facts
from codec.jobs.ours import ONE_BY_ONE, TIFF_MAGICS
from codec.reports.quality import comparison_facts, worst_facts
from codec.reports.report import FileReport
from codec.settings import ReadOptions
from codec.stopwatch import Stopwatch

if TYPE_CHECKING:  # which imports what makes pages, or reads in parts
    from codec.formats.large.stored import LargeImage
    from codec.images.sources.base import PixelSource
    from codec.jobs.large import Held
    from codec.jobs.pages import Page


@dataclass(frozen=True, eq=False)
class _Found:
    """What a file has in it: a compressed picture, or any; in memory, or read a part at a time."""

    picture: "IndexedImage | npt.NDArray[np.uint8] | LargeImage | PixelSource | Held"
    facts: dict[str, Any]
    notices: tuple[str, ...]
    conversions: tuple[str, ...]


class Comparison:
    """An original that is read once, and all that is measured against it.

    What is too large for memory, on either side, is compared block by block: less is measured.

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
        The original, once it was read; None if it is too large for memory.
    """

    def __init__(self, original: Path, reading: ReadOptions, page: "Page | None" = None) -> None:
        self._original, self._reading, self._page = original, reading, page
        self.image: SourceImage | None = None
        self._pixels: PixelSource | Held | None = None

    @property
    def is_open(self) -> bool:
        """Whether the original could be read."""
        return self.image is not None or self._pixels is not None

    def close(self) -> None:
        """Let go of an original that is read in parts."""
        if self._pixels is not None:
            self._pixels.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

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
        if not self.is_open:
            if self._page:
                self._page.check()
            with watch.stage("read"):
                self._open()
        with watch.stage("load"):
            try:
                found = _load(compressed, self._reading, in_memory=self._pixels is None)
            except CodecError as error:
                message = f"{display_name(compressed)}: {error}"
                raise type(error)(message, error.reason) from error
        picture = found.picture
        if isinstance(picture, IndexedImage | np.ndarray) and self.image is not None:
            quality, said = self._compare(self.image, picture, compressed, watch)
        else:
            quality, said = self._compare_in_blocks(picture, compressed, watch)
        image = self.image or self._pixels
        assert image is not None  # noqa: S101 - it was opened
        converted = tuple(image.conversions) + found.conversions
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
        if self._page and self.image and isinstance(picture, IndexedImage | np.ndarray):
            self._page.begin(self._original, self.image)
            self._page.add(report, compressed.name, picture)
        return report

    def _open(self) -> None:
        """Read the original, or open it if it is too large for memory."""
        path = self._original
        if not os.path.isdir(path):
            try:
                self.image = read_image(path, **asdict(self._reading))
            except LimitError as error:
                from codec.jobs.opened import open_too_large

                self._refuse_page()
                self._pixels = open_too_large(path, self._reading, error)
            return
        from codec.jobs.large import is_store, open_pixels

        if not is_store(path):
            check_source(path, ONE_BY_ONE)
        self._refuse_page()
        self._pixels = open_pixels(path, self._reading)

    def _refuse_page(self) -> None:
        if self._page:
            raise LimitError(
                "--html takes pictures in memory, and this is too large for that", "chunked"
            )

    def _compare(
        self,
        image: SourceImage,
        picture: IndexedImage | npt.NDArray[np.uint8],
        compressed: Path,
        watch: Stopwatch,
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Measure all, in memory."""
        with watch.stage("decode"):
            decoded = decompress(picture) if isinstance(picture, IndexedImage) else picture
        _check_shape(compressed, decoded.shape, image.pixels.shape)
        with watch.stage("measure"):
            quality, said = comparison_facts(image.pixels, decoded)
            quality |= worst_facts(image.pixels, picture)
        return quality, said

    def _compare_in_blocks(
        self, picture: Any, compressed: Path, watch: Stopwatch
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Measure what is told by one pixel after the other."""
        from codec.jobs.differences import difference_facts
        from codec.jobs.large import NOT_MEASURED

        original = self._pixels if self.image is None else self.image.pixels
        assert original is not None  # noqa: S101 - it was opened
        if isinstance(picture, IndexedImage):
            picture = decompress(picture)
        with closing(picture) if hasattr(picture, "close") else nullcontext():
            _check_shape(compressed, picture.shape, original.shape)
            self._refuse_page()
            with watch.stage("measure"):
                quality, said = difference_facts(original, picture)
        return quality, (*said, NOT_MEASURED)


def _check_shape(compressed: Path, found: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if found[:2] != expected[:2]:
        raise ImageError(
            f"{display_name(compressed)} has the shape {found}, its original {expected}",
            "bad-shape",
        )


def _load(path: Path, reading: ReadOptions, *, in_memory: bool) -> _Found:
    """Read a compressed file, or the picture of another program."""
    if os.path.isdir(path) or read_start(path, 4)[0] in TIFF_MAGICS:
        from codec.jobs import opened

        if stored := opened.open_stored(path):
            facts = opened.stored_facts(stored)
            if not in_memory or facts["width"] * facts["height"] > reading.max_pixels:
                return _Found(stored, facts, (), ())
            with stored:
                return _Found(IndexedImage(stored.labels[:], stored.codebook), facts, (), ())
        if os.path.isdir(path):
            from codec.jobs.large import is_store, open_pixels

            if not is_store(path):
                check_source(path, ONE_BY_ONE)
            return _found(path, open_pixels(path, reading))
    try:
        return _load_whole(path, reading)
    except LimitError as error:
        from codec.jobs.opened import open_too_large

        return _found(path, open_too_large(path, reading, error))


def _found(path: Path, pixels: "PixelSource | Held") -> _Found:
    """Collect what is known of a picture that is read a part at a time."""
    from codec.jobs.opened import source_facts

    facts = {**source_facts(pixels), "part_bytes": {"file": pixels.size_bytes}}
    notices = tuple(f"{display_name(path)}: {notice}" for notice in pixels.notices)
    return _Found(pixels, facts, notices, tuple(pixels.conversions))


def _load_whole(path: Path, reading: ReadOptions) -> _Found:
    """Read a compressed file, or the picture of another program."""
    found, notices, conversions = load_shown(path, reading)
    if isinstance(found, Contents):
        indexed, said, changed = indexed_in_srgb(found.indexed)
        conversions = (*conversions, *(said if changed else ()))
        named = tuple(f"{display_name(path)}: {notice}" for notice in said)
        return _Found(indexed, contents_facts(found), (*notices, *named), conversions)
    facts = {**picture_facts(found), "part_bytes": {"file": found.size_bytes}}
    named = tuple(f"{display_name(path)}: {notice}" for notice in notices)
    return _Found(found.pixels, facts, named, conversions)
