"""Write the vectors that do not exist yet; never touch one that does.

    python tests/vectors/make_vectors.py

A vector states what a reader must make of these bytes, for ever. See README.md beside this file.
"""

import csv
import hashlib
import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

import container_tools as ct  # noqa: E402
import png_tools as pt  # noqa: E402
from format_tools import FLAG, LABELS  # noqa: E402
from vectors.dense_vectors import dense_vectors, encode  # noqa: E402
from vectors.invalid_vectors import Files, invalid_vectors  # noqa: E402

from codec.formats.registry import FORMATS  # noqa: E402
from codec.indexed import IndexedImage  # noqa: E402

Picture = tuple[ct.Bytes, ct.Bytes]  # labels, codebook
FORMAT_NAMES = {format.ending: format.name for format in FORMATS.values()} | {"": "any"}


def array(values: Sequence[object]) -> ct.Bytes:
    return np.array(values, dtype=np.uint8)


def counting(height: int, width: int, size: int) -> ct.Bytes:
    """Labels 0, 1, 2 ... in reading order."""
    return (np.arange(height * width) % size).astype(np.uint8).reshape(height, width)


def spread(size: int, channels: int) -> ct.Bytes:
    """Distinct code-words all over the cube, by literal arithmetic."""
    k = np.arange(size)[:, None]
    return ((k * [37, 101, 197, 59][:channels] + [11, 23, 5, 131][:channels]) % 256).astype(
        np.uint8
    )


BLUE, WHITE, RED, BLACK = [0, 0, 255], [255, 255, 255], [255, 0, 0], [0, 0, 0]


def opaque_greys(levels: Iterable[int], channels: int) -> ct.Bytes:
    """Code-words of these levels, as if they were colors."""
    words = array([[level] * channels for level in levels])
    if channels in (2, 4):
        words[:, -1] = 255
    return words


PICTURES: dict[str, Picture] = {
    "grey-pixel": (array([[0]]), array([[200]])),
    "rgb-pixel": (array([[0]]), array([[200, 100, 50]])),
    "rgba-pixel": (array([[0]]), array([[200, 100, 50, 25]])),
    "grey-alpha-pixel": (array([[0]]), array([[200, 0]])),
    "one-color": (counting(4, 5, 1), array([[1, 2, 3]])),
    "two-colors": (counting(7, 9, 2), array([BLACK, WHITE])),
    "flag": (LABELS, FLAG),
    "sixteen-colors": (counting(5, 7, 16), spread(16, 3)),
    "seventeen-colors": (counting(5, 7, 17), spread(17, 3)),
    "full-codebook": (counting(16, 16, 256), spread(256, 3)),
    "full-grey": (counting(16, 16, 256)[::-1].copy(), counting(256, 1, 256)),
    "one-row": (array([[0, 1, 2, 3, 4, 4, 3, 2, 1, 0, 0, 0, 4, 4, 4]]), spread(5, 3)),
    "one-column": (array([[0, 1, 2, 3, 4, 4, 3, 2, 1, 0, 0, 0, 4, 4, 4]]).T.copy(), spread(5, 3)),
    "grey-alpha": (
        array([[0, 1, 2, 3], [3, 2, 1, 0], [0, 0, 3, 3]]),
        array([[0, 0], [0, 255], [128, 64], [255, 255]]),
    ),
    "opaque-grey-alpha": (array([[0, 1], [1, 0]]), array([[7, 255], [9, 255]])),
    "transparent": (
        array([[0, 1, 2, 3, 4], [4, 3, 2, 1, 0]]),
        array([[0, 0, 0, 0], [*RED, 1], [*RED, 254], [*WHITE, 255], [*BLUE, 255]]),
    ),
    "opaque-rgba": (array([[0, 1], [1, 0]]), array([[*RED, 255], [*BLUE, 255]])),
    "steps-along-rows": (
        (np.add.outer(np.arange(6) * 89, np.arange(40) * 3) % 256).astype(np.uint8),
        spread(256, 1),
    ),
    "steps-along-columns": (
        (np.add.outer(np.arange(40) * 3, np.arange(6) ** 3 * 7) % 256).astype(np.uint8),
        spread(256, 2),
    ),
    "grey-1-bit": (array([[0, 1, 1], [1, 0, 1]]), array([[0], [255]])),
    "grey-2-bit": (array([[0, 1, 2], [2, 1, 0]]), opaque_greys([0, 170, 255], 4)),
    "grey-4-bit": (
        array([[(k**3 + k // 7) % 15 for k in range(63)]]).reshape(9, 7),
        opaque_greys(range(17, 256, 17), 3),
    ),
    "grey-8-bit": (counting(9, 40, 240), opaque_greys(range(16, 256), 1)),
    "grey-8-bit-alpha": (counting(9, 40, 240), opaque_greys(range(3, 243), 2)),
    "tall": (counting(600, 2, 3), array([BLUE, WHITE, RED])),
    # With 40 bytes more they are as many code-words of other shapes.
    "twenty-greys": (counting(5, 4, 20), spread(20, 1)),
    "forty-grey-alpha": (counting(8, 5, 40), spread(40, 2)),
    "forty-colors": (counting(8, 5, 40), spread(40, 3)),
    "hundred-rgba": (counting(10, 10, 100), spread(100, 4)),
    "unused-code-words": (array([[1, 1, 3]]), array([BLACK, RED, BLACK, BLUE, BLACK])),
}


def own_vectors() -> Iterator[tuple[str, Files, Picture, bool]]:
    """Name, files, meaning, and whether a seal proves it: what the codec itself writes."""
    for name, (labels, codebook) in PICTURES.items():
        indexed = IndexedImage(labels, codebook)
        for format in FORMATS.values():
            parts = format.encode(indexed, "best")
            endings = [format.ending] if len(parts) == 1 else [".codebook.npy", format.ending]
            files = dict(zip(endings, parts, strict=True))
            yield name, dict(reversed(files.items())), (labels, codebook), True


def marked_vectors() -> Iterator[tuple[str, Files, Picture, bool]]:
    """Pairs whose labels tell of the seal, as they are written since there is a mark."""
    for name in ("flag", "grey-pixel", "grey-alpha", "transparent", "full-codebook"):
        codebook, labels = FORMATS["pair"].encode(IndexedImage(*PICTURES[name]), "best")
        files = {".labels.png": labels, ".codebook.npy": codebook}
        yield f"marked-{name}", files, PICTURES[name], True
    labels_and_codebook = PICTURES["flag"]
    files = {
        ".labels.png": pt.encode(LABELS.tolist(), after=[pt.chunk(b"kmSL", b"any")]),
        ".codebook.npy": ct.npy(FLAG) + ct.seal(LABELS, FLAG),
    }
    yield "marked-behind-the-rows", files, labels_and_codebook, True
    codebook, labels = FORMATS["pair"].encode(IndexedImage(LABELS, FLAG), "best", shared=True)
    files = {".labels.png": labels, ".codebook.npy": codebook}
    yield "marked-by-its-seal", files, labels_and_codebook, True


def foreign_vectors() -> Iterator[tuple[str, Files, Picture, bool]]:
    """What others write: NumPy, Pillow, and optimizers that keep the labels and thus the seal."""
    labels, codebook = counting(5, 7, 16), spread(16, 3)
    picture = labels, codebook
    for name, write in (("savez", np.savez), ("savez-compressed", np.savez_compressed)):
        file = io.BytesIO()
        write(file, labels=labels, codebook=codebook)
        yield f"foreign-{name}", {".npz": file.getvalue()}, picture, False
    unsealed = ct.npy(codebook)
    sealed = unsealed + ct.seal(labels, codebook)
    label_png = pt.encode(labels.tolist())
    yield "foreign-zlib", {".labels.png": label_png, ".codebook.npy": unsealed}, picture, False
    numpy_file, pillow_file = io.BytesIO(), io.BytesIO()
    np.save(numpy_file, codebook)
    Image.fromarray(labels).save(pillow_file, "PNG", optimize=True)
    files = {".labels.png": pillow_file.getvalue(), ".codebook.npy": numpy_file.getvalue()}
    yield "foreign-numpy-and-pillow", files, picture, False
    for bits in (1, 2, 4, 8):
        colors = spread(2**bits, 3)
        indices = counting(9, 11, 2**bits)
        for suffix, alpha in (("", None), ("-transparent", array([0, 128]))):
            image = Image.frombytes("P", (11, 9), indices.tobytes())
            image.putpalette(colors.tobytes())
            file = io.BytesIO()
            options = {} if alpha is None else {"transparency": alpha.tobytes()}
            image.save(file, "PNG", bits=bits, **options)
            meaning = colors
            if alpha is not None:
                opacity = np.full((2**bits, 1), 255, dtype=np.uint8)
                opacity[:2, 0] = alpha
                meaning = np.hstack([colors, opacity])
            name = f"foreign-{bits}-bit{suffix}"
            yield name, {".png": file.getvalue()}, (indices, meaning), False
    for name, kinds, interlace in (
        ("average-filter", (pt.AVERAGE,), 0),
        ("paeth-filter", (pt.PAETH,), 0),
        ("all-filters", (4, 3, 2, 1, 0), 0),
        ("interlaced", (4, 3, 2, 1, 0), 1),
    ):
        rewritten = pt.encode(labels.tolist(), kinds=kinds, interlace=interlace)
        files = {".labels.png": rewritten, ".codebook.npy": sealed}
        yield f"optimized-{name}", files, picture, True
    for depth in (1, 2, 4):
        samples = counting(5, 7, 2**depth)
        levels = samples * np.uint8(255 // (2**depth - 1))
        words = counting(256, 1, 256)
        files = {
            ".labels.png": pt.encode(samples.tolist(), depth),
            ".codebook.npy": ct.npy(words) + ct.seal(levels, words),
        }
        yield f"optimized-{depth}-bit", files, (levels, words), True
    for depth in (1, 2, 4, 8):
        samples = counting(5, 7, min(2**depth, 17))
        greys = array(range(16, -1, -1))
        words = spread(17, 4)
        levels = greys[samples]
        plte = pt.chunk(b"PLTE", b"".join(bytes([grey] * 3) for grey in greys[: 2**depth]))
        files = {
            ".labels.png": pt.encode(samples.tolist(), depth, pt.INDEXED, before=[plte]),
            ".codebook.npy": ct.npy(words) + ct.seal(levels, words),
        }
        yield f"optimized-palette-{depth}-bit", files, (levels, words), True
    kept = [pt.chunk(b"PLTE", codebook.tobytes()),
            pt.chunk(b"kmSL", b"\x03" + ct.seal(labels, codebook))]  # fmt: skip
    for name, interlace in (("indexed-paeth", 0), ("indexed-interlaced", 1)):
        data = pt.encode(
            labels.tolist(), 4, pt.INDEXED, kinds=(pt.PAETH,), interlace=interlace, before=kept
        )
        yield f"optimized-{name}", {".png": data}, picture, True


def large_vectors() -> Iterator[tuple[str, Files, Picture, bool]]:
    """Dense files of large tables and of weights at their limits."""
    for name, labels, codebook in dense_vectors():
        if not (HERE / f"{name}.kmc").exists():
            yield name, {".kmc": encode(labels, codebook)}, (labels, codebook), True


def write_new(folder: Path, name: str, files: Files) -> str:
    """Write the files of a vector that are missing; return the name that stands for all."""
    for ending, data in files.items():
        path = folder / (name + ending)
        if not path.exists():
            path.write_bytes(data)
    return name + next(iter(files))


def add_rows(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Append the rows of vectors that the manifest does not list yet."""
    known = set()
    if path.exists():
        with path.open(newline="") as file:
            known = {row[0] for row in csv.reader(file)}
    with path.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if not known:
            writer.writerow(header)
        writer.writerows(row for row in rows if row[0] not in known)


def main() -> None:
    (HERE / "invalid").mkdir(exist_ok=True)
    rows: list[tuple[str, ...]] = []
    vectors = (*own_vectors(), *marked_vectors(), *foreign_vectors(), *large_vectors())
    for name, files, (labels, codebook), verified in vectors:
        pixels = codebook[labels]
        if codebook.shape[1] == 1:
            pixels = pixels[:, :, 0]
        shape = "x".join(map(str, pixels.shape))
        digest = hashlib.sha256(pixels.tobytes()).hexdigest()
        format = FORMAT_NAMES[next(iter(files))]
        seal = "yes" if verified else "no"
        rows.append((write_new(HERE, name, files), format, seal, shape, digest))
    add_rows(HERE / "MANIFEST.csv", ("name", "format", "verified", "shape", "sha256"), rows)
    rows = []
    for reason, fact, files in invalid_vectors():
        name = write_new(HERE / "invalid", f"{reason}-{fact}", files)
        rows.append((name, FORMAT_NAMES[next(iter(files))], reason))
    add_rows(HERE / "invalid" / "MANIFEST.csv", ("name", "format", "reason"), rows)


if __name__ == "__main__":
    main()
