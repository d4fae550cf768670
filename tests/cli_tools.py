"""What the tests of the command line share: pictures, sandboxes and runs."""

import dataclasses
import hashlib
import io
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import codec
from codec import kernels
from codec.cli.commands import main

# Threads of k-means that wait for each other do so asleep, which tests on a busy machine need.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

Pixels = npt.NDArray[np.uint8]
REPOSITORY = Path(__file__).resolve().parents[1]
SAMPLES = REPOSITORY / "samples"
VECTORS = REPOSITORY / "tests" / "vectors"
_HASHED_BYTES = 1 << 26


def few_colors(seed: int = 0, height: int = 12, width: int = 17) -> Pixels:
    """An RGB picture of at most 27 colors, which is compressed without training."""
    return (np.random.RandomState(seed).randint(0, 3, (height, width, 3)) * 100).astype(np.uint8)


def many_colors(seed: int = 0, height: int = 24, width: int = 32) -> Pixels:
    """An RGB picture of smooth shades and some noise: more colors than a codebook holds."""
    noise = np.random.RandomState(seed).randint(-9, 10, (height, width, 3))
    rows, columns = np.mgrid[0:height, 0:width]
    shades = np.stack([rows * 220 // height, columns * 220 // width, (rows + columns) * 3], axis=2)
    return np.clip(shades + noise + 10, 0, 255).astype(np.uint8)


def soft_shades(seed: int = 0, height: int = 90, width: int = 120) -> Pixels:
    """An RGB picture of thousands of colors that lie so near that 256 are like them: 50 dB."""
    noise = np.random.RandomState(seed).randint(-2, 3, (height, width, 3))
    rows, columns = np.mgrid[0:height, 0:width]
    shades = np.stack([rows // 2 + 20, columns // 2 + 90, rows // 3 + 60], axis=2)
    return np.asarray(shades + noise, np.uint8)


def with_alpha(seed: int = 0, height: int = 10, width: int = 14) -> Pixels:
    """An RGBA picture of few colors, some of them half transparent."""
    pixels = np.random.RandomState(seed).randint(0, 2, (height, width, 4)) * 120
    pixels[:, :, 3] += 60
    return pixels.astype(np.uint8)


PICTURES = {
    "grey": few_colors()[:, :, 0],
    "grey and alpha": with_alpha()[:, :, 2:],
    "RGB": few_colors(),
    "RGBA": with_alpha(),
}
# What `photo.png` is compressed to, by format.
OUTPUTS = {
    "pair": ("photo.codebook.npy", "photo.labels.png"),
    "npz": ("photo.npz",),
    "png": ("photo.indexed.png",),
    "kmc": ("photo.kmc",),
}


def sample(name: str, step: int = 1) -> Pixels:
    """A sample of the repository, or every so many of its pixels."""
    return np.asarray(codec.read_image(SAMPLES / name).pixels[::step, ::step])


def write_picture(path: Path, pixels: Pixels) -> Path:
    """Write a picture with imageio, as a user's program would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    extension = path.suffix.lower()
    path.write_bytes(iio.imwrite("<bytes>", pixels, extension=extension, plugin="pillow"))
    return path


def write_dense(path: Path, channels: int) -> Pixels:
    """Write a dense file of nine colors; return its pixels."""
    state = np.random.default_rng(channels)
    indexed = codec.IndexedImage(
        state.integers(0, 9, (11, 14)).astype(np.uint8),
        state.integers(0, 256, (9, channels)).astype(np.uint8),
    )
    codec.save(indexed, path)
    return codec.decompress(indexed)


def read_picture(path: Path) -> Pixels:
    """Read a picture with imageio, knowing nothing of kmcodec."""
    return np.asarray(iio.imread(io.BytesIO(path.read_bytes()), plugin="pillow"))


def pixels_of(image: Image.Image) -> Pixels:
    """Show an image of Pillow in as few channels as it takes."""
    pixels = np.asarray(image.convert("RGBA"))
    alpha = [pixels[..., 3:]] if image.has_transparency_data else []
    grey = (pixels[..., :3] == pixels[..., :1]).all()
    found = np.concatenate([pixels[..., : 1 if grey else 3], *alpha], axis=2)
    return found[..., 0] if found.shape[2] == 1 else found


@dataclasses.dataclass(frozen=True)
class Entry:
    """What is compared of a file: everything that a program could damage."""

    kind: int
    mode: int
    mtime_ns: int
    content: str


def snapshot(root: Path) -> dict[str, Entry]:
    """Take down every file below a directory: kind, mode, time and SHA-256 of its content."""
    entries = {}
    for folder, subfolders, files in os.walk(root):
        for name in [*subfolders, *files]:
            path = Path(folder, name)
            entries[os.fsdecode(path.relative_to(root))] = _entry(path)
    return entries


def _entry(path: Path) -> Entry:
    status = os.lstat(path)
    content, mtime = "", status.st_mtime_ns
    if stat.S_ISLNK(status.st_mode):
        content = os.readlink(path)
    elif stat.S_ISDIR(status.st_mode):
        mtime = 0  # changes with every file that comes and goes
    elif stat.S_ISREG(status.st_mode) and status.st_size <= _HASHED_BYTES:
        try:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        except PermissionError:
            content = "unreadable"
    elif stat.S_ISREG(status.st_mode):
        content = f"{status.st_size} bytes"
    return Entry(stat.S_IFMT(status.st_mode), stat.S_IMODE(status.st_mode), mtime, content)


@dataclasses.dataclass(frozen=True)
class Run:
    """What a command did: its exit code, what it said, and which files are not as before."""

    code: int
    out: str
    err: str
    new: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()

    @property
    def lines(self) -> list[str]:
        """The lines on stderr."""
        return self.err.splitlines()

    def wrote(self, *names: str) -> bool:
        """Whether exactly these files are new, and nothing else is different."""
        return (self.new, self.changed, self.gone) == (frozenset(names), frozenset(), frozenset())

    @property
    def left_all_as_it_was(self) -> bool:
        """Whether no file came, went or changed."""
        return self.wrote()


class Sandbox:
    """A directory to run commands in, which are held to account for every file in it."""

    def __init__(self, root: Path, capture: "pytest.CaptureFixture[str]") -> None:
        self.root = root
        self._capture = capture

    def path(self, name: str) -> Path:
        """A path inside."""
        return self.root / name

    def picture(self, name: str, pixels: Pixels | None = None) -> Path:
        """Write a picture, of few colors if none is given; return its name."""
        write_picture(self.root / name, few_colors() if pixels is None else pixels)
        return Path(name)

    def pictures(self, *names: str) -> None:
        """Write different pictures of few colors."""
        for seed, name in enumerate(names):
            self.picture(name, few_colors(seed))

    def run(self, *arguments: str | Path, check: int | None = None) -> Run:
        """Run a command in this process, with the sandbox as its working directory."""
        before = snapshot(self.root)
        self._capture.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
        out, err = self._capture.readouterr()
        _skip_without_kernels(err)
        run = Run(code, out, err, *differences(before, snapshot(self.root)))
        assert check is None or code == check, err
        return run

    def spawn(self, *arguments: str | Path, **options: Any) -> Run:
        """Run a command as its own process."""
        before = snapshot(self.root)
        done = spawn(*arguments, cwd=self.root, **options)
        return Run(
            done.returncode,
            done.stdout or "",
            done.stderr or "",
            *differences(before, snapshot(self.root)),
        )

    def temporaries(self) -> list[str]:
        """Names of temporary files that were left behind."""
        return [name for name in snapshot(self.root) if name.endswith(".tmp")]


def differences(
    before: dict[str, Entry], after: dict[str, Entry]
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Tell which files are new, changed and gone."""
    changed = {name for name in before.keys() & after.keys() if before[name] != after[name]}
    return (
        frozenset(after.keys() - before.keys()),
        frozenset(changed),
        frozenset(before.keys() - after.keys()),
    )


def _skip_without_kernels(err: str) -> None:
    """Skip what wants a dense file to be written where nothing was compiled."""
    if not kernels.COMPILED and "(not-compiled)" in err:
        pytest.skip(err)


def child_environment(**more: str) -> dict[str, str]:
    """Environment in which a child process finds this package and nothing of a test run's.

    The first child leaves compiled modules for all that follow, which saves most of their start.
    """
    keep = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "SYSTEMROOT", "OMP_WAIT_POLICY", "KMCODEC_THREADS")
        if name in os.environ
    }
    if not kernels.COMPILED:
        keep["PYTHONWARNINGS"] = f"ignore:{kernels.WITHOUT}"
    return {**keep, "PYTHONPATH": str(REPOSITORY), **more}


def spawn(
    *arguments: str | Path,
    cwd: Path,
    python: tuple[str, ...] = (),
    env: dict[str, str] | None = None,
    **options: Any,
) -> "subprocess.CompletedProcess[str]":
    """Run `python -m codec` as its own process and wait for it."""
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run(
        [sys.executable, *python, "-m", "codec", *arguments],
        cwd=cwd,
        env=child_environment() if env is None else env,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=60,
        check=False,
        **streams,
    )


def run_script(
    source: str, *arguments: str, cwd: Path, **options: Any
) -> "subprocess.CompletedProcess[str]":
    """Run a script of a test as its own process; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-c", source, *arguments],
        cwd=cwd,
        env=child_environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stderr
    return done


def refused(run: Run, name: str, reason: str) -> bool:
    """Whether a run refused one input as promised: one line, its name, its reason, no trace."""
    assert run.code == 1, (run.code, run.err)
    assert len(run.lines) == 1, run.err
    assert run.lines[0].startswith(f"kmcodec: error: {name}: "), run.err
    assert run.lines[0].endswith(f" ({reason})"), run.err
    assert run.left_all_as_it_was, (run.new, run.changed, run.gone)
    return True


def usage_error(run: Run) -> bool:
    """Whether a run ended as wrong usage does, with a word to the user and nothing written."""
    assert run.code == 2, run.err
    assert "error: " in run.lines[-1]
    assert "Traceback" not in run.err
    assert run.out == ""
    assert run.left_all_as_it_was, (run.new, run.changed, run.gone)
    return True
