"""Flip every bit and cut at every length of compressed pictures: none may become another picture.

    python tests/fuzz/flips.py PICTURE... [--side 96]

Of each picture a square from its middle is compressed, with K from 4 to 256 in turn, and every
single accident is tried on every file of every format. It is refused with a `CodecError`, or it
decodes to the same pixels with its seal; whatever else happens is counted as silent (other pixels,
or no seal) or stray (another exception).
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS.parent)]

from codec.compressor import compress  # noqa: E402
from codec.decompressor import decompress  # noqa: E402
from codec.errors import CodecError  # noqa: E402
from codec.formats.checking import encode_checked  # noqa: E402
from codec.formats.registry import FORMATS, Format  # noqa: E402
from codec.images.reading import read_image  # noqa: E402
from codec.indexed import IndexedImage  # noqa: E402

SIZES = (4, 20, 32, 100, 256)


def accidents(data: bytes) -> Iterator[bytes]:
    """Every single flipped bit and every shorter file."""
    for position, byte in enumerate(data):
        head, tail = data[:position], data[position + 1 :]
        yield head
        for bit in range(8):
            yield head + bytes([byte ^ 1 << bit]) + tail


def outcome(format: Format, files: list[bytes], pixels: npt.NDArray[np.uint8]) -> str:
    """What became of files of which one is damaged."""
    try:
        contents = format.decode(*files, max_pixels=pixels.size + 1024)
        if contents.verified and np.array_equal(decompress(contents.indexed), pixels):
            return "same"
    except CodecError:
        return "refused"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
        print("stray:", format.name, type(error).__name__, error)
        return "stray"
    return "silent"


def attack(format: Format, indexed: IndexedImage) -> Counter[str]:
    """Try all accidents on the files of one picture in one format."""
    files, _ = encode_checked(format, format.arranged(indexed), "default")
    pixels, found = decompress(indexed), Counter[str]()
    for number, data in enumerate(files):
        for damaged in accidents(data):
            tried = [*files[:number], damaged, *files[number + 1 :]]
            found[outcome(format, tried, pixels)] += 1
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--side", type=int, default=96)
    options = parser.parse_args()
    total: Counter[str] = Counter()
    for number, path in enumerate(options.pictures):
        pixels = read_image(path).pixels
        top, left = (max(0, (side - options.side) // 2) for side in pixels.shape[:2])
        part = pixels[top : top + options.side, left : left + options.side]
        indexed = compress(np.ascontiguousarray(part), SIZES[number % len(SIZES)])
        for format in FORMATS.values():
            found = attack(format, indexed)
            total += found
            print(path.name, indexed.codebook.shape, format.name, dict(found), flush=True)
    print(f"{total.total()} accidents:", dict(total))
    return int(bool(total["silent"] or total["stray"]))


if __name__ == "__main__":
    sys.exit(main())
