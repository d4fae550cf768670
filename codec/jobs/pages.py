"""Reports as HTML pages, from what the verbs found to a file."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.encoder.given import kept_colors
from codec.errors import ParameterError
from codec.files import Claim, check_targets, display_name, is_same_file, write_files
from codec.formats.registry import files_together
from codec.images.records import SourceImage
from codec.indexed import IndexedImage
from codec.jobs.curves import sketch_curve
from codec.reports.curves import Point
from codec.reports.html import Candidate, make_page
from codec.reports.report import FileReport
from codec.settings import CompressSettings

Pixels = npt.NDArray[np.uint8]

ENDINGS = (".html", ".htm")


@dataclass(eq=False)
class Page:
    """A page about one picture, filled by and by.

    Parameters
    ----------
    path : Path
        Where it is written.
    force : bool
        Replace what is there.
    name : str
        What the picture is called.
    image : SourceImage or None
        The picture, once it is read.
    candidates : list of Candidate
        What it became.
    settings : CompressSettings or None
        How, if that is known.
    with_curve : bool
        Show what it could have become.
    size_bytes : int
        Of the file, once it is written.
    """

    path: Path
    force: bool = False
    name: str = ""
    image: SourceImage | None = None
    candidates: list[Candidate] = field(default_factory=list)
    settings: CompressSettings | None = None
    with_curve: bool = True
    size_bytes: int = 0

    def check(self) -> None:
        """Raise `FileError` if it could not be written."""
        check_targets([self.path], force=self.force)

    def begin(self, source: Path, image: SourceImage) -> None:
        """Tell what picture it is about."""
        self.name, self.image = display_name(source.name), image

    def add(
        self,
        report: FileReport,
        title: str,
        picture: IndexedImage | Pixels,
        settings: CompressSettings | None = None,
    ) -> None:
        """Add what the picture became, and how, if that is known."""
        facts = settings_facts(settings) if settings else {}
        self.settings = settings or self.settings
        exact = bool(settings and settings.exact)
        self.candidates.append(Candidate(report, display_name(title), picture, facts, exact))

    def encode(self) -> bytes:
        """Make the file's content."""
        if self.image is None:
            raise ValueError("nobody said what picture it is about")
        curve: Sequence[Point] = ()
        if self.with_curve:
            reports = [each.report for each in self.candidates]
            curve = sketch_curve(self.image, reports, self.settings or CompressSettings())
        return make_page(self.name, self.image.pixels, self.candidates, curve)

    def write(self, *others: tuple[Path, bytes], claim: Claim | None = None) -> None:
        """Write it, after other files and together with them, all or none."""
        data = self.encode()
        write_files([*others, (self.path, data)], force=self.force, claim=claim)
        self.size_bytes = len(data)


def check_name(path: Path, others: Sequence[Path]) -> None:
    """Refuse the name of a page before anything is read.

    Parameters
    ----------
    path : Path
        The page.
    others : sequence of Path
        What is read or written beside it.

    Raises
    ------
    ParameterError
        It has another ending, or is that of one of the others.
    """
    if path.suffix.lower() not in ENDINGS:
        raise ParameterError(
            f"the name of a page ends in {' or '.join(ENDINGS)}, unlike {display_name(path)}",
            "output-name",
        )
    for other in (each for given in others for each in (given, *files_together(given))):
        if is_same_file(path, other) or os.path.realpath(path) == os.path.realpath(other):
            raise ParameterError(
                f"the page {display_name(path)} is {display_name(other)} as well", "collision"
            )


def settings_facts(settings: CompressSettings) -> dict[str, str]:
    """Tell how a picture was compressed, beyond what its report says, as a page names it."""
    given = settings.given
    facts: dict[str, Any] = {
        "Tune": settings.tune,
        "Color space": settings.color_space,
        "Effort": settings.effort,
        "Seed": settings.seed,
        "Hidden colors": "kept" if settings.exact else None,
        "Dither strength": settings.dither_strength if settings.dither_strength != 1 else None,
        "Order of labels": "kept" if settings.keep_order else None,
        "Colors kept": None if given.keep is None else len(kept_colors(given, 4)),
        "Bits of the display": given.palette_depth,
    }
    return {name: str(value) for name, value in facts.items() if value is not None}
