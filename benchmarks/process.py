"""Measure whole processes: wall time, processor time and peak memory, peers beside.

``python benchmarks/process.py [PICTURE] [--memory PICTURE...] [--runs 7] [--json FILE]``

Every command runs below ``spawn.py``, which keeps this script's memory out of the figures.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import environment

MIB = 1 << 20
SPAWN = str(Path(__file__).with_name("spawn.py"))
PYTHON = (sys.executable, "-c")
KMCODEC = (sys.executable, "-m", "codec")

# Budgets: seconds for 768x512 pixels at K=256, bytes of peak memory for any picture.
BUDGET_PIXELS = 768 * 512
N_COLORS = 256
SECONDS = {"kmcodec compress": 4.0, "kmcodec decompress": 0.4, "kmcodec --help": 0.1}
COMPRESS_BYTES, COMPRESS_BYTES_PER_PIXEL = 256 * MIB, 24
DECOMPRESS_BYTES, DECOMPRESS_BYTES_PER_PIXEL = 64 * MIB, 8  # over Python with NumPy

SIZE = "import sys; from PIL import Image; print(*Image.open(sys.argv[1]).size)"
CONVERT = "import sys; from PIL import Image; Image.open(sys.argv[1]).save(sys.argv[2])"
COFFEE = """\
import sys
from PIL import Image
from skimage import data
Image.fromarray(data.coffee()).resize((768, 512), Image.Resampling.LANCZOS).save(sys.argv[1])
"""


class RunError(RuntimeError):
    """A measured process did not exit with 0."""


@dataclass(frozen=True)
class Usage:
    """What one process used.

    Attributes
    ----------
    seconds : float
        Wall time from start to exit.
    cpu_seconds : float
        User and system time of all its threads.
    peak_bytes : int
        Largest resident set.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class Measurement:
    """Several runs of one command; the peak is the largest of all runs."""

    name: str
    runs: int
    median_seconds: float
    min_seconds: float
    median_cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class Budget:
    """A value against its limit, in seconds or in bytes; `value` is None after a failure."""

    name: str
    value: float | None
    limit: float
    unit: str

    @property
    def passed(self) -> bool:
        """Whether the value was measured and is at most the limit."""
        return self.value is not None and self.value <= self.limit

    def render(self) -> str:
        """Render as one line."""
        scale, unit, digits = (MIB, "MiB", 1) if self.unit == "bytes" else (1, "s", 3)
        value = "failed" if self.value is None else f"{self.value / scale:.{digits}f} {unit}"
        word = "PASS" if self.passed else "FAIL"
        return f"{word}  {self.name}: {value} (at most {self.limit / scale:.{digits}f} {unit})"


def last_line(text: str) -> str:
    """Return the last line that is not empty."""
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")


def run_quietly(command: Sequence[str]) -> str:
    """Run a command that is not measured; return what it prints."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RunError(last_line(done.stderr))
    return done.stdout


def run_once(command: Sequence[str]) -> Usage:
    """Run a command to its end.

    Raises
    ------
    RunError
        With the last line of its stderr.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "stderr")
        printed = run_quietly([sys.executable, "-I", "-S", SPAWN, str(log), *command])
        code, seconds, cpu_seconds, peak_bytes = printed.split()
        if code != "0":
            raise RunError(f"exit {code}: {last_line(log.read_text('utf-8', 'replace'))}")
    return Usage(float(seconds), float(cpu_seconds), int(peak_bytes))


def measure(name: str, command: Sequence[str], runs: int) -> Measurement:
    """Run a command once to warm up, then `runs` times."""
    run_once(command)
    used = [run_once(command) for _ in range(runs)]
    seconds = [usage.seconds for usage in used]
    cpu = median([usage.cpu_seconds for usage in used])
    peak = max(usage.peak_bytes for usage in used)
    return Measurement(name, runs, median(seconds), min(seconds), cpu, peak)


def n_pixels(picture: Path) -> int:
    """Return width times height."""
    width, height = map(int, run_quietly([*PYTHON, SIZE, str(picture)]).split())
    return width * height


def ours(picture: Path, folder: Path) -> dict[str, list[str]]:
    """Return our two commands, by name; the second reads what the first writes."""
    labels, decoded = str(folder / "X.labels.png"), str(folder / "X.decoded.png")
    compress = ["compress", str(picture), "-k", str(N_COLORS), "-f", "-o", labels]
    decompress = ["decompress", labels, "-f", "-o", decoded]
    return {
        "kmcodec compress": [*KMCODEC, *compress],
        "kmcodec decompress": [*KMCODEC, *decompress],
    }


def peers(png: Path, folder: Path) -> dict[str, list[str]]:
    """Return the commands of the installed peers, by name."""
    commands = {}
    if environment.pngquant_version():
        for speed in ("-s1", "-s4"):
            program = ["pngquant", "--nofs", speed, "--force", "--output", str(folder / "q.png")]
            commands[f"pngquant --nofs {speed}"] = [*program, str(N_COLORS), "--", str(png)]
    if environment.library_version("scikit-learn"):
        script = str(Path(__file__).with_name("tutorial.py"))
        arguments = [str(png), str(N_COLORS), str(folder / "tutorial")]
        commands["scikit-learn script"] = [sys.executable, script, *arguments]
    return commands


def time_table(picture: Path, folder: Path, runs: int) -> tuple[list[Measurement], list[Budget]]:
    """Measure every command on one picture and print the table and the time budgets."""
    png = picture
    if picture.suffix.lower() != ".png":
        png = folder / "picture.png"
        run_quietly([*PYTHON, CONVERT, str(picture), str(png)])
    commands = {
        "true": [shutil.which("true") or "true"],
        "python -c 'import numpy'": [*PYTHON, "import numpy"],
        "kmcodec --help": [*KMCODEC, "--help"],
        **ours(png, folder),
        **peers(png, folder),
    }
    pixels = n_pixels(png)
    print(f"\n{picture.name}, {pixels} pixels, K={N_COLORS}: {runs} runs after one to warm up")
    print(f"{'command':<26} {'median s':>9} {'min s':>7} {'cpu s':>7} {'peak MiB':>9}")
    measured: list[Measurement] = []
    floor = 0
    for name, command in commands.items():
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            result = measure(name, command, runs)
        except RunError as problem:
            print(f"{name:<26} failed: {problem}", flush=True)
            continue
        floor = floor or result.peak_bytes
        # a peak at the floor may be smaller: `true` itself needs 1 MiB
        sign = "<=" if result.peak_bytes <= floor + MIB // 2 else "  "
        times = f"{result.median_seconds:9.3f} {result.min_seconds:7.3f}"
        rest = f"{result.median_cpu_seconds:7.3f} {sign}{result.peak_bytes / MIB:7.1f}"
        print(f"{name:<26} {times} {rest}", flush=True)
        measured.append(result)
    medians = {result.name: result.median_seconds for result in measured}
    budgets = [Budget(name, medians.get(name), limit, "s") for name, limit in SECONDS.items()]
    if pixels != BUDGET_PIXELS:
        print(f"not {BUDGET_PIXELS} pixels: only --help is judged")
        budgets = budgets[-1:]
    print(*(budget.render() for budget in budgets), sep="\n")
    return measured, budgets


def memory_table(pictures: Sequence[Path], folder: Path) -> list[Budget]:
    """Compress and decompress every picture once; print its peaks against the budgets."""
    base = run_once([*PYTHON, "import numpy"]).peak_bytes
    print(f"\npeak memory, one run each; Python with NumPy: {base / MIB:.1f} MiB")
    budgets = []
    for picture in pictures:
        try:
            pixels = n_pixels(picture)
        except RunError as problem:
            print(f"skipped {picture.name}: {problem}")
            continue
        limits = {
            "kmcodec compress": COMPRESS_BYTES + COMPRESS_BYTES_PER_PIXEL * pixels,
            "kmcodec decompress": base + DECOMPRESS_BYTES + DECOMPRESS_BYTES_PER_PIXEL * pixels,
        }
        for name, command in ours(picture, folder).items():
            title = f"{name} {picture.name}, {pixels / 1e6:.2f} Mpx"
            try:
                peak: int | None = run_once(command).peak_bytes
            except RunError as problem:
                print(f"{title}: {problem}")
                peak = None
            budgets.append(Budget(title, peak, limits[name], "bytes"))
            print(budgets[-1].render(), flush=True)
    return budgets


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "picture",
        nargs="?",
        type=Path,
        metavar="PICTURE",
        help="for the times; default: scikit-image's coffee at 768x512, unless --memory is given",
    )
    parser.add_argument("--memory", nargs="+", type=Path, default=[], metavar="PICTURE")
    parser.add_argument("--runs", type=int, default=7, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args(arguments)


def main() -> int:
    """Run the measurements; exit code 1 when a budget is exceeded."""
    options = parse()
    versions = {
        "pngquant": environment.pngquant_version(),
        "sklearn": environment.library_version("scikit-learn"),
    }
    about = environment.describe(versions)
    print(environment.heading(about), flush=True)
    load = environment.OtherLoad()
    measured: list[Measurement] = []
    budgets: list[Budget] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        picture = options.picture
        if picture is None and not options.memory:
            picture = folder / "coffee.png"
            run_quietly([*PYTHON, COFFEE, str(picture)])
        if picture is not None:
            measured, budgets = time_table(picture, folder, options.runs)
        if options.memory:
            budgets += memory_table(options.memory, folder)
    others = about["other_load_cores"] = load.cores()
    print("", environment.load_note(others), sep="\n")
    if options.json:
        dump = {
            "environment": about,
            "measurements": [asdict(result) for result in measured],
            "budgets": [{**asdict(budget), "passed": budget.passed} for budget in budgets],
        }
        options.json.write_text(json.dumps(dump, indent=1) + "\n", encoding="utf-8")
    return int(not budgets or not all(budget.passed for budget in budgets))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RunError as problem:
        sys.exit(f"process.py: {problem}")
