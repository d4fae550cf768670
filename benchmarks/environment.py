"""What a measurement ran on: machine, Python, library and peer versions.

Nothing outside the standard library is imported: versions come from the packages' metadata.
"""

from __future__ import annotations

import functools
import os
import platform
import shutil
import subprocess
import time
from importlib import metadata
from pathlib import Path

BUSY = 0.1  # cores that others may use before the seconds count as disturbed

LIBRARIES = (
    "kmcodec",
    "numpy",
    "scikit-learn",
    "scikit-image",
    "imageio",
    "pillow",
    "deflate",
    "imagequant",
    "opencv-python-headless",
    "opencv-python",
)
IMAGEMAGICK_NAMES = ("magick", "convert-im6.q16", "convert-im6.q16hdri", "convert")


def library_version(*distributions: str) -> str | None:
    """Return the version of the first installed distribution, without importing it.

    Parameters
    ----------
    *distributions : str
        Names as ``pip`` knows them; the first one installed counts.

    Returns
    -------
    version : str or None
        None when none is installed.
    """
    for distribution in distributions:
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return None


@functools.cache
def first_line(program: str, option: str) -> str:
    """Return the first line that a program prints for an option; empty when it cannot run."""
    if shutil.which(program) is None:
        return ""
    try:
        done = subprocess.run([program, option], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    lines = done.stdout.splitlines()
    return lines[0].strip() if done.returncode == 0 and lines else ""


def find_imagemagick() -> str | None:
    """Return the command that is ImageMagick's ``convert``; other programs share that name."""
    for name in IMAGEMAGICK_NAMES:
        if "ImageMagick" in first_line(name, "-version"):
            return name
    return None


def imagemagick_version() -> str | None:
    """Return ImageMagick's version, for instance ``6.9.11-60``; None when not installed."""
    name = find_imagemagick()
    if name is None:
        return None
    words = first_line(name, "-version").split()
    return words[words.index("ImageMagick") + 1]


def pngquant_version() -> str | None:
    """Return pngquant's version, for instance ``2.17.0``; None when not installed."""
    line = first_line("pngquant", "--version")
    return line.split()[0] if line else None


def cpu_model() -> str:
    """Return the processor's name as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()


def n_cores() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class OtherLoad:
    """What other processes took of the processors since this was made; Linux only.

    It matters: pngquant and scikit-learn wait for their threads in a busy loop, and take three
    times as long when one of two cores is taken.
    """

    def __init__(self) -> None:
        self._start = self._read()

    @staticmethod
    def _read() -> tuple[float, float, float] | None:
        """Return seconds: the clock, all processes together, this one with its children."""
        try:
            line = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
        except OSError:
            return None
        user, nice, system, _, _, irq, softirq, steal = map(int, line.split()[1:9])
        busy = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
        return time.perf_counter(), busy, sum(os.times()[:4])

    def cores(self) -> float | None:
        """Return the mean number of cores that others kept busy; None where unknown."""
        end = self._read()
        if self._start is None or end is None:
            return None
        clock, busy, own = (after - before for before, after in zip(self._start, end, strict=True))
        return round(max(busy - own, 0.0) / clock, 2) if clock > 0 else None


def load_note(cores: float | None) -> str:
    """Say in one line whether the seconds can be trusted."""
    if cores is None:
        return "load by other processes: unknown"
    word = "do not trust the seconds" if cores > BUSY else "quiet"
    return f"load by other processes: {cores:.2f} cores ({word})"


def describe(peer_versions: dict[str, str | None]) -> dict[str, object]:
    """Describe the machine and the versions, for the ``environment`` object of a JSON file.

    Parameters
    ----------
    peer_versions : dict of str to (str or None)
        Version by peer; None where the peer is not installed.

    Returns
    -------
    environment : dict
        Plain data, ready for ``json.dump``.
    """
    return {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": cpu_model(),
        "cores": n_cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: library_version(name) for name in LIBRARIES},
        "peers": dict(peer_versions),
    }


def heading(environment: dict[str, object]) -> str:
    """Render the environment as the lines that stand above every table."""
    libraries = environment["libraries"]
    peers = environment["peers"]
    assert isinstance(libraries, dict)
    assert isinstance(peers, dict)
    present = ", ".join(f"{name} {version}" for name, version in peers.items() if version)
    absent = ", ".join(name for name, version in peers.items() if not version)
    lines = [
        f"{environment['date']}  {environment['cpu']}, {environment['cores']} cores",
        f"python {environment['python']}, numpy {libraries['numpy']}, "
        f"kmcodec {libraries['kmcodec'] or 'not installed as a distribution'}",
        f"peers: {present or 'none'}",
    ]
    if absent:
        lines.append(f"not installed: {absent}")
    return "\n".join(lines)
