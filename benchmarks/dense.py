"""Compare the bytes of `.kmc` with those of lossless coders, for the same labels.

``python benchmarks/dense.py ../shared/data [-k 16 64 256] [--json FILE] [--resume]``

Every picture is quantized once; all coders get that picture. Ours runs in this process on one
core; the others are their own programs, with one thread, and their seconds include their start.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import densetables
import environment
import numpy as np
from compare import SUFFIXES
from PIL import Image

import codec
from codec.formats import FORMS, arranged_for
from codec.images import read_image
from codec.indexed import IndexedImage

PHOTOGRAPHS = ("kodak", "cq100")
FLAT = ("screenshots", "maps", "charts", "pixelart_rgba")
OTHERS = ("art", "palette_input")
MAX_PIXELS = 10**9
VERSIONS = {
    "pngquant": environment.pngquant_version(),
    "pyoxipng": environment.library_version("pyoxipng"),
    "cwebp": environment.first_line("cwebp", "-version"),
    "cjxl": environment.first_line("cjxl", "--version"),
}
# `kmcodec` levels by --effort; the other forms at their best.
LEVELS = {"kmc": ("kmc", "best"), "kmc-fast": ("kmc", "fast")}
FORMS_BESIDE = ("pair", "npz", "png")

Row = dict[str, Any]


def timed(function: Callable[[], Any], repeats: int = 1) -> tuple[Any, float]:
    """Call a function; return its result and the least seconds it took."""
    spent = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = function()
        spent.append(time.perf_counter() - start)
    return result, min(spent)


def run(*command: str | Path) -> None:
    """Run a program that must succeed."""
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def same_pixels(png: Path, indexed: IndexedImage) -> bool:
    """Tell whether a PNG shows a picture exactly, but for colors nobody sees."""
    shown = np.asarray(Image.open(png).convert("RGBA")).copy()
    pixels = codec.decompress(indexed)
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    order = {1: [0, 0, 0], 2: [0, 0, 0, 1], 3: [0, 1, 2], 4: [0, 1, 2, 3]}[pixels.shape[2]]
    wanted = np.full(shown.shape, 255, dtype=np.uint8)
    wanted[:, :, : len(order)] = pixels[:, :, order]
    hidden = wanted[:, :, 3] == 0
    shown[hidden & (shown[:, :, 3] == 0)] = wanted[hidden & (shown[:, :, 3] == 0)] = 0
    return bool((shown == wanted).all())


def measure_ours(indexed: IndexedImage, repeats: int) -> Iterator[tuple[str, Row]]:
    """Encode and decode with every form of ours."""
    for name, (form_name, effort) in {
        **LEVELS,
        **{form: (form, "best") for form in FORMS_BESIDE},
    }.items():
        form = FORMS[form_name]
        arranged = arranged_for(form, indexed)
        often = repeats if name in LEVELS else 1

        def encode(form: Any = form, arranged: Any = arranged, effort: str = effort) -> Any:
            return form.encode(arranged, effort)

        parts, encoding = timed(encode, often)

        def decode(form: Any = form, parts: Any = parts) -> Any:
            return form.decode(parts, MAX_PIXELS)

        contents, decoding = timed(decode, often)
        if not (contents.indexed.labels == arranged.labels).all():
            raise SystemExit(f"{name} changed the labels")
        yield name, {"bytes": sum(map(len, parts)), "encode": encoding, "decode": decoding}


def optimized_png(png: Path, folder: Path, indexed: IndexedImage) -> Row:
    """Give a PNG to pngquant, then to oxipng; without pngquant if it changes a color."""
    import oxipng

    quantized = folder / "quantized.png"

    def pngquant() -> None:
        size = str(max(2, indexed.n_colors))
        run("pngquant", "--nofs", "--speed", "1", "--force", "--output", quantized, size, png)

    _, first = timed(pngquant)
    if not same_pixels(quantized, indexed):
        quantized, first = png, 0.0
    content, second = timed(lambda: oxipng.optimize_from_memory(quantized.read_bytes(), level=4))
    own, _ = timed(lambda: oxipng.optimize_from_memory(png.read_bytes(), level=4))
    _, decoding = timed(lambda: Image.open(quantized).load())
    return {
        "bytes": len(content),
        "bytes_from_ours": len(own),
        "by_pngquant": quantized != png,
        "encode": first + second,
        "decode": decoding,
    }


def measure_peers(indexed: IndexedImage) -> Iterator[tuple[str, Row]]:
    """Encode and decode with the programs of others."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        png, out = folder / "picture.png", folder / "out.png"
        png.write_bytes(FORMS["png"].encode(indexed, "fast")[0])
        yield "png+oxipng", optimized_png(png, folder, indexed)
        for peer, encoder, decoder in (
            ("webp", ["cwebp", "-quiet", "-lossless", "-z", "9", png, "-o"], ["dwebp", "-quiet"]),
            ("jxl", ["cjxl", "--quiet", "-d", "0", "-e", "9", "--num_threads=0", png], ["djxl"]),
        ):
            coded = folder / f"picture.{peer}"
            _, encoding = timed(lambda: run(*encoder, coded))  # noqa: B023
            last = ["-o", out] if peer == "webp" else [out, "--quiet", "--num_threads=0"]
            _, decoding = timed(lambda: run(*decoder, coded, *last))  # noqa: B023
            size = coded.stat().st_size
            yield peer, {"bytes": size, "encode": encoding, "decode": decoding}


def pictures(data: Path) -> Iterator[tuple[str, Path]]:
    """List the folders' pictures, photographs last."""
    for folder in (*FLAT, *OTHERS, *PHOTOGRAPHS):
        for path in sorted((data / folder).iterdir()):
            if path.suffix.lower() in SUFFIXES:
                yield folder, path


def main(arguments: Sequence[str]) -> int:
    """Measure, print and store; return 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("-k", "--colors", type=int, nargs="+", default=[16, 64, 256])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--resume", action="store_true", help="keep what the JSON file has")
    parser.add_argument("--only-ours", action="store_true", help="measure ours anew, no peers")
    options = parser.parse_args(arguments)
    os.environ["KMCODEC_THREADS"] = "1"
    rows: dict[str, Row] = {}
    if options.resume and options.json and options.json.exists():
        rows = {row["name"]: row for row in json.loads(options.json.read_text())["rows"]}
    for folder, path in pictures(options.data):
        image = None
        for size in options.colors:
            name = f"{folder}/{path.name} {size}"
            if name in rows and not options.only_ours:
                continue
            image = image or read_image(path)
            indexed = codec.compress(image.pixels, size)
            row = rows.setdefault(name, {"name": name, "folder": folder, "k": size})
            row |= {"pixels": indexed.labels.size, "colors": indexed.n_colors}
            row |= dict(measure_ours(indexed, options.repeats))
            if not options.only_ours:
                row |= dict(measure_peers(indexed))
            sizes = {coder: row[coder]["bytes"] for coder in densetables.CODERS if coder in row}
            print(name, sizes, file=sys.stderr, flush=True)
            if options.json:
                content = {
                    "environment": environment.describe(VERSIONS),
                    "rows": list(rows.values()),
                }
                options.json.write_text(json.dumps(content, indent=1) + "\n")
    text = densetables.render(list(rows.values()), PHOTOGRAPHS, FLAT, OTHERS)
    print(text)
    return int("MISSED" in text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
