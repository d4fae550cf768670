"""The library is a guest in the process: what others have set stays set, even for a moment."""

import contextlib
import io
import logging
import os
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import few_colors, many_colors, with_alpha
from marks import needs_kernels
from PIL import GifImagePlugin, Image, ImageFile
from profile_tools import rgb_profile

import codec


def shared_state() -> tuple[object, ...]:
    """What belongs to the whole process."""
    stderr = os.fstat(2)
    logger = logging.getLogger()
    return (
        tuple(warnings.filters),
        warnings.showwarning,
        (
            logger.level,
            tuple(logger.handlers),
            logging.root.manager.disable,
            tuple(logger.filters),
        ),
        (ImageFile.LOAD_TRUNCATED_IMAGES, ImageFile.MAXBLOCK, Image.MAX_IMAGE_PIXELS),
        (GifImagePlugin.LOADING_STRATEGY, tuple(Image.ID)),
        (stderr.st_dev, stderr.st_ino, stderr.st_rdev),
        os.getcwd(),
        tuple(sorted(os.environ.items())),
    )


class Watch:
    """Another thread that looks at what all share, again and again."""

    def __init__(self) -> None:
        self._patch = pytest.MonkeyPatch()
        self.before = shared_state()
        self.changed: list[tuple[object, object]] = []
        self._going = True
        self._looks = 0
        self._thread = threading.Thread(target=self._look)

    def _recording(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def recorded(*arguments: Any, **options: Any) -> Any:
            self.changed.append((function, arguments))
            return function(*arguments, **options)

        return recorded

    def _look(self) -> None:
        while self._going:
            self.compare()

    def compare(self) -> None:
        self._looks += 1
        pairs = zip(self.before, shared_state(), strict=True)
        self.changed += [pair for pair in pairs if pair[0] != pair[1]]

    def __enter__(self) -> "Watch":
        # What is set and taken back within less than the other thread takes for a look.
        for owner, name in ((warnings.catch_warnings, "__enter__"), (os, "dup2")):
            self._patch.setattr(owner, name, self._recording(getattr(owner, name)))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._going = False
        self._thread.join()
        self._patch.undo()
        self.compare()
        assert self._looks > 1


def pictures() -> dict[str, bytes]:
    """A file of each kind, and some that make decoders complain."""
    picture, alpha = Image.fromarray(many_colors()), Image.fromarray(with_alpha())
    files = {}
    for name, source, options in (
        ("PNG", alpha, {}),
        ("JPEG", picture, {"icc_profile": rgb_profile()}),
        ("WEBP", alpha, {"lossless": True}),
        ("GIF", Image.fromarray(few_colors()).quantize(8), {}),
        ("BMP", picture, {}),
        ("TIFF", picture, {"compression": "tiff_lzw"}),
        ("TIFF", picture.convert("CMYK"), {"compression": "tiff_adobe_deflate"}),
    ):
        stream = io.BytesIO()
        source.save(stream, name, **options)
        files[f"{name} {source.mode}"] = stream.getvalue()
        files[f"{name} {source.mode}, cut"] = stream.getvalue()[: -len(stream.getvalue()) // 3]
    packed = files["TIFF CMYK"].replace(b"\x78", b"\0")
    return {**files, "damaged TIFF": packed, "text": b"plain text"}


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """What others might have set, none of which is what it is by default."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)


def attempt(function: Callable[..., object], *arguments: object) -> None:
    with contextlib.suppress(codec.CodecError):
        function(*arguments)


@pytest.mark.usefixtures("strict")
def test_reading_changes_nothing_that_others_see(tmp_path: Path) -> None:
    paths = []
    for name, data in pictures().items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(data)
        attempt(codec.read_image, paths[-1])  # what is imported on the way may register itself
    with Watch() as watch:
        for path in paths * 3:
            attempt(codec.read_image, path)
    assert watch.changed == []


# KMeans itself sets filters of warnings while it validates what it is given.
@needs_kernels
@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("space", ["rgb", "oklab", "lab"])
@pytest.mark.parametrize("dither", ["none", "fs", "ordered"])
def test_compressing_saving_and_loading_change_nothing_that_others_see(
    space: Any, dither: Any, tmp_path: Path
) -> None:
    def work() -> None:
        for pixels in (many_colors(), with_alpha(), many_colors()[:, :, 0]):
            indexed = codec.compress(pixels, 7, color_space=space, dither=dither, effort="fast")
            for name in ("x.npz", "x.indexed.png", "x.labels.png"):
                codec.save(indexed, tmp_path / name)
                found = codec.decompress(codec.load(tmp_path / name))
                np.testing.assert_array_equal(found, codec.decompress(indexed))
        attempt(codec.load, tmp_path / "nothing.npz")
        attempt(codec.compress, many_colors() / 255)

    work()
    with Watch() as watch:
        work()
    assert watch.changed == []
