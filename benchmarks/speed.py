"""Measure seconds and memory, beside the peers and beside another checkout.

``python benchmarks/speed.py DATA [SECTION...] [--limit N] [--repeats N] [--write]``
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median, quantiles

import measure
import peers
import pictures
import report
from measure import MIB, Figure, Settings, Worker, column, interleave, timed, versus
from peers import FULL, OURS, Run
from pictures import CLASSES, LARGE, MIDDLE, SMALL, of_class, read_all

import codec

K = 256
COMMANDS = {  # in the folder of X.png: the words, and the file they write
    OURS: (
        [*peers.COMMAND, *f"compress X.png -q -f -o X.npz --tune {peers.TUNE} -k {K}".split()],
        "X.npz",
    ),
    "pngquant": (peers.words("pngquant -s4", K), "X.out.png"),
}

# Largest geometric means of ours / theirs over the pictures, by class and peer
OWN = "own files"
MAX_TIME = {
    (SMALL, "libimagequant"): 0.5,
    (SMALL, "sklearn"): 0.8,
    (SMALL, FULL): 1 / 50,
    (MIDDLE, "libimagequant"): 0.3,
    (LARGE, "libimagequant"): 0.12,
    (LARGE, OWN): 0.8,
    (SMALL, "pngquant"): 1.5,
    (MIDDLE, "pngquant"): 0.8,
    (LARGE, "pngquant"): 0.35,
}
MAX_ERROR = {(SMALL, "libimagequant"): 0.96, (SMALL, "sklearn"): 0.96, (SMALL, FULL): 1.0}
N_FULL = 2  # pictures for scikit-learn on all pixels, which is slow
MAX_OVER, MAX_OVER_PER_PIXEL = 200 * MIB, 6  # bytes of memory over the decoded picture
N_BATCH = 12
MAX_EXPONENT = 1.0
MIN_MPX = 300.0  # Mpx/s of decoding on one core; of the small picture only information
LEAST_REPEATS = 15  # of decoding
EFFORTS = {"fast": range(1), "default": range(10), "best": range(1)}  # the seeds
MIN_GAIN = {"best": 0.012, "fast": None}
RECORD = "kodim05.png"
RECORDS = {256: (36.3, 38.2), 64: (105.7, 110.8)}  # K: at most, and the best published


def run_own(path: Path, repeats: int) -> dict[str, float]:
    """Return the seconds of compressing a picture, and of decoding and encoding its files."""
    pixels = codec.read_image(path).pixels
    indexed = peers.compress(pixels, K)
    tasks: dict[str, Callable[[], float]] = {
        OURS: lambda: timed(peers.compress, pixels, K)[1],
        "decode": lambda: timed(codec.read_image, path)[1],
        "encode": lambda: timed(peers.encode, "pair", indexed, "default")[1],
    }
    spent = {name: median(values) for name, values in interleave(tasks, repeats).items()}
    return {**spent, OWN: spent["decode"] + spent["encode"]}


def in_process(settings: Settings) -> Iterator[Figure]:
    """Pixels to codebook and labels, beside the libraries.

    time: geometric mean over the pictures of ours / theirs, medians of runs in turns; imports and
    files excluded. squared error: sum over R, G, B, mean over pixels, code-words rounded.
    libimagequant: imagequant package, dithering 0, quality 100, its default speed; its RGBA input
    is made beforehand. sklearn: KMeans on 10,000 pixels and predict on all, as in tutorials.
    own files: compressing / (decoding the picture + encoding the label PNG), all of it ours.
    """
    full = {FULL: peers.LIBRARIES[FULL]} if peers.installed(FULL) else {}
    others = {n: q for n, q in peers.LIBRARIES.items() if n != FULL and peers.installed(n)}
    peers.run_all(others, pictures.noise(), K)
    for size in CLASSES:
        runs: dict[str, dict[str, Run]] = {}
        paths = of_class(settings.data, size, settings.limit)
        for number, picture in enumerate(read_all(paths)):
            runs[picture.name] = peers.run_all(others, picture, K, settings.repeats)
            if size is SMALL and number < N_FULL:
                runs[picture.name] |= peers.run_all(full, picture, K)
        seconds, errors = column(runs, "seconds"), column(runs, "error")
        for peer in ("libimagequant", "sklearn", *([FULL] if size is SMALL else [])):
            title, key, lower = f"{size.name}, {peer}: ", (size, peer), peer != FULL
            most = f"{title}squared error {'lower' if lower else 'at most theirs'} on"
            every = None if peer == "sklearn" else 1.0
            yield versus(f"{title}time", seconds, OURS, peer, MAX_TIME.get(key), "s")
            yield versus(f"{title}squared error", errors, OURS, peer, MAX_ERROR.get(key))
            yield measure.share(most, errors, OURS, peer, every, lower=lower)
    own, title = {p.name: run_own(p, settings.repeats) for p in paths}, f"{LARGE.name}, {OWN}: "
    yield versus(f"{title}time", own, OURS, OWN, MAX_TIME[LARGE, OWN], "s")
    for what in ("decode", "encode"):
        value = measure.mean(row[what] for row in own.values())
        yield Figure(f"{title}{what}, mean", value, unit="s")


def run_programs(folder: Path, repeats: int) -> dict[str, tuple[list[measure.Usage], int]]:
    """Run the programs in turns on X.png; return what they used, and the bytes of their files."""
    tasks = {
        name: partial(measure.spawn, words, cwd=folder)
        for name, (words, _) in COMMANDS.items()
        if peers.installed(name)
    }
    found = interleave(tasks, repeats)
    return {n: (used, (folder / COMMANDS[n][1]).stat().st_size) for n, used in found.items()}


def process(settings: Settings) -> Iterator[Figure]:
    """Whole processes beside pngquant -s4.

    time: geometric mean over the pictures of `kmcodec compress X.png -o X.npz --tune psnr -k 256`
    / `pngquant --nofs -s4 256 X.png`, start of the process to its end, medians of runs in turns
    after one to warm up; X.png is the picture, decoded and written as PNG once.
    """
    for size in CLASSES:
        runs = {}
        for picture in read_all(of_class(settings.data, size, settings.limit)):
            found = run_programs(picture.png.parent, settings.repeats + 1).items()
            runs[picture.name] = {
                name: Run(median(u.seconds for u in used[1:]), size_bytes)
                for name, (used, size_bytes) in found
            }
        seconds, sizes = column(runs, "seconds"), column(runs, "size_bytes")
        title, limit = f"{size.name}, pngquant: ", MAX_TIME[size, "pngquant"]
        yield versus(f"{title}time", seconds, OURS, "pngquant", limit, "s")
        yield versus(f"{title}time, worst", seconds, OURS, "pngquant", average=max)
        yield versus(f"{title}bytes", sizes, OURS, "pngquant", unit="bytes")
        for name in COMMANDS:
            value = measure.mean(row[name] for row in seconds.values() if name in row)
            yield Figure(f"{size.name}, {name}: seconds, mean", value, unit="s")


def memory(settings: Settings) -> Iterator[Figure]:
    """Peak memory of compressing.

    over the picture: largest resident set of a `kmcodec compress` process - the decoded pixels
    (width x height x channels bytes); the limit is 200 MiB + 6 bytes a pixel.
    """
    paths = [path for size in (SMALL, MIDDLE) for path in of_class(settings.data, size, 1)]
    for picture in read_all([*paths, *of_class(settings.data, LARGE, settings.limit)]):
        decoded, pixels = picture.reference.nbytes / MIB, picture.n_pixels
        for name, (used, _) in run_programs(picture.png.parent, 1).items():
            peak = used[0].peak_bytes / MIB
            limit = (MAX_OVER + MAX_OVER_PER_PIXEL * pixels) / MIB if name == OURS else None
            title = f"{picture.name}, {pixels / 1e6:.2f} Mpx, {name}"
            detail = f"peak {peak:.1f} MiB - decoded {decoded:.1f} MiB"
            yield Figure(title, peak - decoded, limit, "MiB", detail=detail)


def batch(settings: Settings) -> Iterator[Figure]:
    """Many pictures in one process, and in one process each."""
    names = [str(path) for path in of_class(settings.data, SMALL, settings.limit)[:N_BATCH]]
    if not names:
        return
    with tempfile.TemporaryDirectory() as folder:

        def run(*paths: str) -> float:
            words = [*peers.COMMAND, "compress", *paths, "-q", "-f", "-d", folder]
            words += ["-k", str(K), "--tune", peers.TUNE]
            return measure.spawn(words).seconds / len(names)

        run(*names)
        tasks = {"one": lambda: run(*names), "each": lambda: sum(map(run, names))}
        one, each = map(median, interleave(tasks, settings.repeats).values())
    yield Figure("one process: seconds a picture", one, unit="s", n=len(names))
    yield Figure("one process each: seconds a picture", each, unit="s", n=len(names))
    yield Figure("one process / one process each", one / each, n=len(names))


def scaling(settings: Settings) -> Iterator[Figure]:
    """Seconds against pixels: the exponent, and a plot.

    exponent: least squares of log seconds over log pixels, one photograph at every size.
    """
    series: dict[str, report.Points] = {}
    fits: dict[str, report.Points] = {}
    names = [name for name in (OURS, "libimagequant") if peers.installed(name)]
    for folder in (pictures.LADDER, pictures.HUGE):
        tasks: dict[tuple[str, int, str], Callable[[], Run]] = {}
        points: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
        for picture in read_all(pictures.files(settings.data, [folder], settings.limit)):
            for name in names:
                run = partial(peers.run, peers.LIBRARIES[name], picture, K)
                tasks[name, picture.n_pixels, picture.name] = run
        runs = interleave(tasks, settings.repeats, strict=False)
        for (name, pixels, title), found in runs.items():
            points[name].append((pixels, median(run.seconds for run in found)))
            yield Figure(f"{name}, {title}, {pixels / 1e6:.2f} Mpx", points[name][-1][1], unit="s")
        for name, line in points.items():
            legend = f"{name}, other pictures"
            if folder == pictures.LADDER and len(line) > 1:
                slope, factor = report.exponent(line)
                target = MAX_EXPONENT if name == OURS else None
                yield Figure(f"{name}: exponent", slope, target, "", n=len(line))
                legend = f"{name}, time ~ pixels^{slope:.2f}"
                fits[legend] = [(x, factor * x**slope) for x, _ in (min(line), max(line))]
            series |= {legend: line} if line else {}
    if settings.write and series:
        labels = (f"Pixels to codebook and labels, K = {K}", "pixels", "seconds")
        drawn = report.svg(series, fits, labels)
        Path(report.RESULTS, "scaling.svg").write_text(drawn, encoding="utf-8")


def decoding(settings: Settings) -> Iterator[Figure]:
    """Labels to pixels on one core.

    codec.decompress on labels and codebook in memory, a new array every time; KMCODEC_THREADS=1 in
    a process of its own; reading the file excluded. All cores: the same without that variable.
    """
    ours, numpy = "codec.decompress(indexed)", "indexed.codebook[indexed.labels]"
    alone = {name: value for name, value in os.environ.items() if name != "KMCODEC_THREADS"}
    for size in CLASSES:
        for picture in read_all(of_class(settings.data, size, 1)):
            path = picture.png.with_name("X.npz")
            codec.save(peers.compress(picture.pixels, K), path)
            one, every = Worker(env={**alone, "KMCODEC_THREADS": "1"}), Worker(env=alone)
            for worker in (one, every):
                worker.run(f"import codec; indexed = codec.load({str(path)!r})")
                worker.run(f"assert ({ours} == {numpy}).all()")
            tasks = {
                "codec.decompress, one core": partial(one.run, ours),
                "codec.decompress, all cores": partial(every.run, ours),
                "NumPy codebook[labels]": partial(one.run, numpy),
            }
            runs = interleave(tasks, max(settings.repeats, LEAST_REPEATS))
            one.close()
            every.close()
            for name, used in runs.items():
                spent = median(usage.seconds for usage in used)
                target = MIN_MPX if "one core" in name and size is not SMALL else None
                mpx, title = picture.n_pixels / 1e6, f"{size.name}, {name}"
                detail = f"{mpx:.2f} Mpx in {spent * 1e3:.2f} ms"
                yield Figure(title, mpx / spent, target, "Mpx/s", True, detail=detail)


def effort(settings: Settings) -> Iterator[Figure]:
    """Show what --effort best gains, and what each effort costs.

    squared error: sum over R, G, B, mean over pixels, code-words rounded to whole levels. gain:
    1 - best / median of ten default runs (seeds 0 to 9), K = 256, mean over the pictures.
    """

    def run(picture: pictures.Picture, k: int, effort: str, seed: int) -> Run:
        return peers.run(partial(peers.in_memory, effort=effort, seed=seed), picture, k)

    errors: dict[str, list[float]] = {name: [] for name in EFFORTS}
    rates: dict[str, list[float]] = {name: [] for name in EFFORTS}
    paths = pictures.files(settings.data, [pictures.KODAK])
    paths.sort(key=lambda path: path.name != RECORD)  # first, so that a limit keeps it
    for picture in read_all(paths[: settings.limit]):
        for name, seeds in EFFORTS.items():
            runs = [run(picture, K, name, seed) for seed in seeds]
            errors[name].append(median(run.error or 0.0 for run in runs))
            rates[name] += [run.seconds / picture.n_pixels * 1e6 for run in runs]
        for k, (limit, published) in RECORDS.items() if picture.name.endswith(RECORD) else ():
            error, detail = run(picture, k, "best", 0).error, f"best published {published}"
            yield Figure(f"{RECORD}, K={k}, best: squared error", error, limit, "", detail=detail)
    for name, least in MIN_GAIN.items():
        gains = [1 - a / b for a, b in zip(errors[name], errors["default"], strict=True)]
        value, title = measure.mean(gains), f"K={K}, {name}: gain over default"
        detail = f"least {min(gains, default=0):.2%}, most {max(gains, default=0):.2%}"
        yield Figure(title, value, least, "%", True, len(gains), detail)
    for name, found in rates.items():
        value, title = measure.geometric_mean(found), f"K={K}, {name}: seconds a megapixel"
        detail = f"most {max(found, default=0):.3f}"
        yield Figure(title, value, unit="s/Mpx", n=len(errors[name]), detail=detail)


MAX_SLOWER = 1.02
STARTS = 4  # of the long-lived processes
LEAST_SECONDS = 0.1  # shorter jobs run several times
SETUP = """\
import codec; assert codec.__file__.startswith({root!r}), codec.__file__
import functools; compress = functools.partial(codec.compress, **{options})
small, large = codec.read_image("small.png").pixels, codec.read_image("large.png").pixels
indexed, large_indexed = compress(small), compress(large)
import numpy as np; order = np.lexsort(indexed.codebook.T[::-1])
places = np.argsort(order).astype("u1")  # ascending, as every version stores a .kmc best
indexed = codec.IndexedImage(places[indexed.labels], indexed.codebook[order])"""
JOBS = {  # statements in process, or the command's words
    "compress, 768x512": "compress(small)",
    "compress, 10 Mpx": "compress(large)",
    "decompress, 10 Mpx": "codec.decompress(large_indexed)",
    ".kmc encoding, 768x512": "codec.save(indexed, 'X.kmc')",
    ".kmc decoding, 768x512": "codec.load('X.kmc')",
    "kmcodec compress, 768x512": "compress small.png -q -f -o X.npz",
    "kmcodec compress, 10 Mpx": "compress large.png -q -f -o Y.npz",
    "kmcodec decompress, 768x512": "decompress X.npz -q -f -o X.back.png",
    "kmcodec --help": "--help",
}


class Checkout:
    """A checkout of this project at work in a folder: a long-lived process, and its command."""

    def __init__(self, root: Path, python: str, folder: str) -> None:
        self._words = [python, "-m", "codec"]
        self._options = {"cwd": folder, "env": {**os.environ, "PYTHONPATH": str(root)}}
        self.worker = Worker(python, **self._options)
        # Earlier versions have no tunes, and all of them aim at what this one does.
        words = Path(root, "codec", "options.py").read_text(encoding="utf-8")
        self._tune = {"tune": peers.TUNE} if "TUNES" in words else {}
        self.worker.run(SETUP.format(root=str(root), options=self._tune))

    def run(self, name: str, times: int = 1) -> tuple[float, float]:
        """Run a job; return its wall and its CPU seconds."""
        if name.startswith("kmcodec"):
            words = [*self._words, *JOBS[name].split()]
            if "compress" in words:
                words += [f"--{option}={word}" for option, word in self._tune.items()]
            used = [measure.spawn(words, **self._options) for _ in range(times)]
        else:
            used = [self.worker.run(f"for _ in range({times}): {JOBS[name]}")]
        return sum(u.seconds for u in used) / times, sum(u.cpu_seconds for u in used) / times


def before(settings: Settings) -> Iterator[Figure]:
    """Compare this checkout with the one of --before: what a re-arrangement costs.

    this checkout / the other one, each with an interpreter of its own: median of the ratios of n
    runs in turns. In process: a long-lived process each, started anew four times, as some have
    luck with their memory. .kmc: codec.save, which reads back what it wrote, and codec.load. Where
    others keep the machine busy, the CPU seconds are what counts.
    """
    assert settings.before is not None, "--before DIR is missing"
    there, here = settings.before.resolve(), Path(__file__).resolve().parent.parent
    python = settings.before_python or str(there / ".venv" / "bin" / "python")
    paths = [path for size in (SMALL, LARGE) for path in of_class(settings.data, size, 1)]
    pairs: dict[str, list[tuple[tuple[float, float], ...]]] = {name: [] for name in JOBS}
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        for name, picture in zip(("small.png", "large.png"), read_all(paths), strict=True):
            for folder in (first, second):
                shutil.copy(picture.png, Path(folder, name))
        for _ in range(STARTS):
            sides = Checkout(here, sys.executable, first), Checkout(there, python, second)
            for name in JOBS:
                shortest = min(side.run(name)[0] for side in sides)
                times = max(1, round(LEAST_SECONDS / shortest))
                tasks = {i: partial(side.run, name, times) for i, side in enumerate(sides)}
                pairs[name] += zip(*interleave(tasks, settings.repeats).values(), strict=True)
                measure.say(f"{name}: {pairs[name][-1]}")
            for side in sides:
                side.worker.close()
    for name, runs in pairs.items():
        for i, what in enumerate(("wall", "CPU")):
            low, middle, high = quantiles(ours[i] / theirs[i] for ours, theirs in runs)
            detail = f"half of them {low:.3f} to {high:.3f}"
            yield Figure(f"{name}: {what}", middle, MAX_SLOWER, n=len(runs), detail=detail)


FUNCTIONS = (in_process, process, scaling, decoding, memory, effort, batch, before)
SECTIONS = {function.__name__.replace("_", "-"): function for function in FUNCTIONS}
OPTIONS: measure.Options = {
    "--repeats": {"type": int, "metavar": "N", "help": "runs of what is timed (5)"},
    "--before": {"type": Path, "metavar": "DIR", "help": "another checkout, to compare with"},
    "--before-python": {"metavar": "PATH", "help": "its interpreter: DIR/.venv/bin/python"},
}

if __name__ == "__main__":
    sys.exit(measure.main(__doc__, SECTIONS, OPTIONS, peers.about))
