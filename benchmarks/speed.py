"""Print every figure that kmcodec is measured by, the peers beside it, with targets and verdicts.

``python benchmarks/speed.py DATA [SECTION...] [--limit N] [--repeats N] [--json FILE]``
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import environment
import figures
import numpy as np
import peers
from figures import Figure, Result
from photographs import Settings, say

from codec import compressor, threads

PLOT = Path(__file__).with_name("results") / "scaling.svg"
SECTIONS = {
    "in-process": ("inprocess", "run", "pixels to codebook and labels, beside the libraries"),
    "process": ("programs", "run_times", "whole processes beside pngquant -s4"),
    "scaling": ("scaling", "run", "seconds against pixels: the exponent, and a plot"),
    "decoding": ("decoding", "run", "labels to pixels on one core"),
    "memory": ("programs", "run_memory", "peak memory of compressing"),
    "effort": ("effort", "run", "what --effort best gains, and what each effort costs"),
    "quality": ("quality", "run", "squared error of every kind of picture at every K"),
    "batch": ("programs", "run_batch", "many pictures in one process"),
}


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    listed = "\n".join(f"  {name:<11} {what}" for name, (_, _, what) in SECTIONS.items())
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog=f"sections:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, metavar="DATA", help="folder of folders of pictures")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help="default: all")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="runs (default 5)")
    parser.add_argument("--limit", type=int, metavar="N", help="pictures a class or folder")
    parser.add_argument("-k", "--colors", nargs="+", type=int, default=[16, 64, 256], metavar="K")
    parser.add_argument(
        "--full-kmeans",
        type=int,
        default=2,
        metavar="N",
        help="pictures for scikit-learn on all pixels, minutes each (default 2)",
    )
    parser.add_argument("--plot", type=Path, default=PLOT, metavar="FILE", help="SVG of scaling")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    options = parser.parse_args(arguments)
    for name in options.sections:
        if name not in SECTIONS:
            parser.error(f"no section {name!r}: choose from {', '.join(SECTIONS)}")
    if options.repeats < 1:
        parser.error("--repeats must be 1 or more")
    if not options.data.is_dir():
        parser.error("DATA is not a folder")
    return options


def engine() -> str:
    """Name the engine that the defaults choose; loads it, which no measurement shall pay for."""
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    name: str = compressor.compress_with_details(pixels).engine
    return name


def measure(name: str, settings: Settings) -> Result:
    """Run a section; whatever it raises becomes a line, so that the others go on."""
    module, function, _ = SECTIONS[name]
    try:
        run: Callable[[Settings], Result] = getattr(importlib.import_module(module), function)
        return run(settings)
    except Exception as problem:
        say(f"{name}: FAILED {type(problem).__name__}: {problem}")
        detail = f"{type(problem).__name__}: {problem}"
        return Result([Figure(name, f"{name} did not finish", None, detail=detail, broken=True)])


def print_section(name: str, result: Result, load: float | None) -> None:
    """Print a section's table, with the load that others put on the machine meanwhile."""
    print(f"\n{name}: {SECTIONS[name][2]}")
    if result.text:
        print(result.text)
    print(figures.table(result.figures))
    print(environment.load_note(load), flush=True)


def summary(every: Sequence[Figure], loads: Mapping[str, float | None]) -> str:
    """Count the verdicts; name what fails, and the sections whose seconds were disturbed."""
    failing = [figure for figure in every if figure.passed is False]
    missing = [f for f in every if f.verdict == "----" and f.target is not None]
    met = sum(figure.passed is True for figure in every)
    lines = [f"targets: {met} met, {len(failing)} not met, {len(missing)} not measured"]
    lines += [
        f"  {figure.verdict}  {figure.section}: {figure.name}" for figure in failing + missing
    ]
    busy = [name for name, load in loads.items() if load is not None and load > environment.BUSY]
    lines += [f"seconds do not count, others were busy: {', '.join(busy)}"] if busy else []
    return "\n".join(lines)


def main() -> int:
    """Run the sections; exit code 1 when a target is not met or one of our own runs fails."""
    options = parse()
    settings = Settings(
        data=options.data,
        repeats=options.repeats,
        limit=options.limit,
        full_kmeans=options.full_kmeans,
        plot=options.plot,
        colors=sorted(options.colors),
    )
    versions = peers.versions()
    about = environment.describe(versions)
    about["engine"], about["threads"] = engine(), threads.thread_count()
    print(environment.heading(about))
    print(f"engine: {about['engine']}, {about['threads']} threads", flush=True)
    results: dict[str, Result] = {}
    loads: dict[str, float | None] = {}
    for name in options.sections or SECTIONS:
        load = environment.OtherLoad()
        try:
            results[name] = measure(name, settings)
        except KeyboardInterrupt:
            say("interrupted: this is what was measured")
            break
        loads[name] = load.cores()
        print_section(name, results[name], loads[name])
    every = [figure for result in results.values() for figure in result.figures]
    print("", summary(every, loads), sep="\n")
    if options.json:
        dump = {
            "environment": about,
            "other_load_cores": loads,
            "figures": [figure.as_dict() for figure in every],
            "rows": {name: result.rows for name, result in results.items()},
        }
        options.json.write_text(json.dumps(dump, indent=1, allow_nan=False) + "\n", "utf-8")
    return int(not every or any(figure.passed is False for figure in every))


if __name__ == "__main__":
    sys.exit(main())
