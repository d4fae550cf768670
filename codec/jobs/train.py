"""Picture files to one codebook."""

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from copy import copy
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

from codec.encoder.codebooks import load_codebook
from codec.encoder.training import Pool
from codec.errors import CodecError, FileError, ImageError, LimitError
from codec.files import Claim, check_source, display_name, read_file, write_files
from codec.formats.codebooks import encode_codebook
from codec.formats.files import load_contents
from codec.formats.registry import FORMATS, Format
from codec.images.reading import read_image
from codec.jobs.collisions import PlannedFile
from codec.jobs.ours import RECURSIVE, check_not_decoded
from codec.limits import MAX_PIXELS
from codec.reports.report import CodebookReport, FileReport
from codec.settings import CompressSettings, Given, ReadOptions
from codec.stopwatch import Stopwatch

if TYPE_CHECKING:
    from codec.jobs.journal import Journal

Bytes = npt.NDArray[np.uint8]


def count_file(
    planned: PlannedFile, pool: Pool, reading: ReadOptions, weights: Bytes | None = None
) -> FileReport:
    """Count the colors of one picture file.

    Parameters
    ----------
    planned : PlannedFile
        The picture.
    pool : Pool
        What they are added to.
    reading : ReadOptions
        How it is read.
    weights : ndarray of shape (H, W), optional
        See `codec.compress`.

    Returns
    -------
    report : FileReport
        Status ``ok``, with its size and colors.

    Raises
    ------
    CodecError
        The picture is at fault; nothing was added.
    """
    if planned.failure:
        raise planned.failure
    watch = Stopwatch()
    check_source(planned.source, RECURSIVE)
    if planned.is_found:
        check_not_decoded(planned.source, reading.max_pixels)
    image = read_image(planned.source, **vars(reading))
    height, width, channels = (*image.pixels.shape, 1)[:3]
    return FileReport(
        display_name(planned.source),
        original_bytes=image.size_bytes,
        width=width,
        height=height,
        channels=channels,
        unique_colors=pool.add(image.pixels, weights),
        converted=image.conversions,
        notices=tuple(image.notices),
        seconds=watch.seconds,
        stage_seconds=watch.stages,
    )


def write_codebook(
    codebook: Bytes, pictures: int, target: Path, *, force: bool = False
) -> CodebookReport:
    """Write a codebook alone.

    Parameters
    ----------
    codebook : ndarray of shape (K, C), dtype uint8
        Its code-words.
    pictures : int
        How many it was trained with.
    target : Path
        Its ending says how it is written.
    force : bool
        Replace an existing file.

    Returns
    -------
    report : CodebookReport
        Its name and sizes.

    Raises
    ------
    FileError, ParameterError
        The output is at fault; nothing was written.
    """
    data = encode_codebook(codebook, target)
    check_not_needed(target, data)
    write_files([(target, data)], force=force)
    return CodebookReport(display_name(target), len(data), len(codebook), pictures)


def share_codebook(
    plan: Collection[PlannedFile],
    settings: CompressSettings,
    reading: ReadOptions,
    weights: Bytes | None = None,
    journal: "Journal | None" = None,
) -> tuple[CompressSettings, npt.NDArray[np.bool_]]:
    """Train one codebook for all pictures of a run.

    Parameters
    ----------
    plan : collection of PlannedFile
        The pictures. Those that cannot be read are left out, and will be complained of when it
        is their turn to be compressed.
    settings, reading
        How they are compressed and read.
    weights : ndarray of shape (H, W), optional
        See `codec.compress`; the same for all.
    journal : Journal, optional
        Where it is noted how far this is. What a run that was ended has counted, and trained, is
        taken from there.

    Returns
    -------
    settings : CompressSettings
        With that codebook as given; the same as before if there are no pictures.
    counted : ndarray of shape (N,), dtype bool
        Which of the plan it is of.
    """
    from codec.jobs.checkpoints import Checkpoint
    from codec.jobs.journal import Journal
    from codec.jobs.marks import digest_of, input_mark

    journal = journal or Journal(None, b"", lambda line: None)
    pool, codebook = Pool(settings), None
    inputs, counted = np.zeros(len(plan), np.uint64), np.zeros(len(plan), bool)
    if before := journal.load():
        marks = (0 if one.failure else input_mark(one.source) for one in plan)
        inputs = np.fromiter(marks, np.uint64, len(plan))
        known = np.isin(inputs, before.inputs)
        if not before.counted and known.all():  # all that is left of a run that came to its end
            counted, codebook = known, before.codebook
        elif before.counted and np.isin(before.inputs, inputs).all():
            counted, codebook = known, before.codebook
            pool.restore(before.counted)
            journal.tell(_resumed(int(counted.sum()), len(plan), codebook is not None))
        elif before.counted:
            journal.tell(
                "pictures were changed or are gone since the run that was ended: "
                "all are counted anew"
            )

    def checkpoint() -> Checkpoint:
        return Checkpoint(inputs[counted], pool.state(), codebook)

    for number, planned in enumerate(plan):
        if counted[number]:
            continue
        with suppress(CodecError, MemoryError):
            inputs[number] = input_mark(planned.source)
            count_file(planned, pool, reading, weights)
            counted[number], codebook = True, None
            journal.save(checkpoint)
    if not counted.any():
        return settings, counted
    if codebook is None:
        codebook = pool.train()
        journal.save(checkpoint, at_once=True)
    journal.codebook = digest_of(codebook)
    return with_codebook(settings, codebook), counted


def with_codebook(settings: CompressSettings, codebook: Bytes) -> CompressSettings:
    """Give settings the codebook of all pictures of a run."""
    given = Given(codebook, palette_depth=settings.given.palette_depth)
    return replace(settings, n_colors=len(codebook), given=given)


def _resumed(counted: int, pictures: int, is_trained: bool) -> str:
    done = "the codebook is trained" if is_trained else "their colors are not counted again"
    return f"goes on from a run that was ended: of {counted} of {pictures} pictures {done}"


class SharedCodebook:
    """The file that has the codebook of all pictures of a run; written when one needs it.

    Parameters
    ----------
    codebook : ndarray of shape (K, C), dtype uint8
        Its code-words.
    pictures : int
        How many it was trained with.
    target : Path
        The file.
    force : bool
        Replace an existing file.

    Attributes
    ----------
    target : Path
        The file.
    report : CodebookReport
        Its name and sizes.
    """

    def __init__(
        self, codebook: Bytes, pictures: int, target: Path, *, force: bool = False
    ) -> None:
        self._data = encode_codebook(codebook, target)
        self.target = target
        self._force = force
        self.report: CodebookReport = CodebookReport(
            display_name(target), len(self._data), len(codebook), pictures
        )

    def write(self, claim: Claim | None = None) -> None:
        """Write it, unless it is there. Several threads may do so at a time.

        Parameters
        ----------
        claim : callable, optional
            See `codec.files.write_files`.

        Raises
        ------
        FileError
            It cannot be written, or something else has its name.
        """
        if self._is_there():
            return
        try:
            write_files([(self.target, self._data)], force=self._force, claim=claim)
        except FileError as error:
            if error.reason != "exists" or not self._is_there():
                raise

    def absolute(self) -> Self:
        """Say the same of the file to whoever works in another directory."""
        other = copy(self)
        other.target = self.target.absolute()
        return other

    def check_place(self, outputs: Iterable[Path], max_pixels: int) -> None:
        """Refuse to take the place of another; see `check_not_needed`."""
        check_not_needed(self.target, self._data, outputs, max_pixels)

    def _is_there(self) -> bool:
        return _holds(self.target, self._data)


def check_not_needed(
    target: Path, data: bytes, outputs: Iterable[Path] = (), max_pixels: int = MAX_PIXELS
) -> None:
    """Refuse to replace a shared codebook that label PNGs need which stay.

    Parameters
    ----------
    target : Path
        What is about to be replaced; of any other name it is not looked at.
    data : bytes
        What is about to be written.
    outputs : iterable of Path
        The label PNGs that will be written anew.
    max_pixels : int
        Larger pictures are not looked at: they may need it.

    Raises
    ------
    FileError
        There are such; reason ``needed``.
    """
    format = next((each for each in FORMATS.values() if each.shared_name == target.name), None)
    if format is None or not target.exists() or _holds(target, data):
        return
    written = {os.path.realpath(path) for path in outputs}
    for path in _files_below(target.parent, format):
        if os.path.realpath(path) not in written and _is_needed(target, path, max_pixels):
            raise FileError(
                f"cannot write {display_name(target)}: {display_name(path)}, which is not "
                "written anew, needs the codebook that is there (take another -d, or remove it)",
                "needed",
            )


def _holds(path: Path, data: bytes) -> bool:
    try:
        return read_file(path) == data
    except CodecError:
        return False


def _is_needed(codebook: Path, path: Path, max_pixels: int) -> bool:
    """Tell whether a label PNG was sealed with the codebook that is there."""
    try:
        load_contents(path, codebook_path=codebook, max_pixels=max_pixels, require_seal=True)
    except CodecError as error:  # what cannot be looked at may need it
        return isinstance(error, LimitError) or error.reason == "no-permission"
    return True


def _files_below(top: Path, format: Format) -> Iterator[Path]:
    """Find the files of a format in a directory and in those below it."""
    for folder, _, names in os.walk(top):
        yield from (Path(folder, name) for name in sorted(names) if format.names(name))


def read_codebook(path: Path, max_pixels: int) -> Bytes:
    """Read a codebook that was named beside the inputs, and name it if it cannot be read."""
    try:
        return load_codebook(path, max_pixels=max_pixels)
    except CodecError as error:
        message = f"the codebook {display_name(path)}: {error}"
        raise type(error)(message, error.reason) from error


def read_weights(path: Path, reading: ReadOptions) -> Bytes:
    """Read weights from a grey picture, and name it if it cannot be read.

    Returns
    -------
    weights : ndarray of shape (H, W), dtype uint8
        White counts 255 times as much as the darkest grey but black.
    """
    try:
        check_source(path)
        pixels = read_image(path, **asdict(reading)).pixels
        if pixels.ndim != 2:
            raise ImageError("weights are a grey picture without alpha", "bad-shape")
        if not pixels.any():
            raise ImageError("all weights are 0: nothing would count", "weights")
    except CodecError as error:
        message = f"the weights {display_name(path)}: {error}"
        raise type(error)(message, error.reason) from error
    return pixels
