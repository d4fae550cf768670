"""Write the vectors that do not exist yet; never touch one that does.

    python tests/vectors/make_vectors.py

A vector states what a reader must make of these bytes, for ever. See README.md beside this file.
"""

import csv
import hashlib
import io
import struct
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

import container_tools as ct  # noqa: E402
import png_tools as pt  # noqa: E402

Bytes = npt.NDArray[np.uint8]
Picture = tuple[Bytes, Bytes]  # labels, codebook
# The files of one vector by their endings; the first ending names the vector.
Files = dict[str, bytes]
FORMS = {".labels.png": "pair", ".npz": "npz", ".png": "png", "": "any"}


def array(values: Sequence[object]) -> Bytes:
    return np.array(values, dtype=np.uint8)


def counting(height: int, width: int, size: int) -> Bytes:
    """Labels 0, 1, 2 ... in reading order."""
    return (np.arange(height * width) % size).astype(np.uint8).reshape(height, width)


def spread(size: int, channels: int) -> Bytes:
    """Distinct code-words all over the cube, by literal arithmetic."""
    k = np.arange(size)[:, None]
    return ((k * [37, 101, 197, 59][:channels] + [11, 23, 5, 131][:channels]) % 256).astype(
        np.uint8
    )


BLUE, WHITE, RED, BLACK = [0, 0, 255], [255, 255, 255], [255, 0, 0], [0, 0, 0]
FLAG = (array([[0, 1, 2], [0, 1, 2]]), array([BLUE, WHITE, RED]))

PICTURES: dict[str, Picture] = {
    "grey-pixel": (array([[0]]), array([[200]])),
    "rgb-pixel": (array([[0]]), array([[200, 100, 50]])),
    "rgba-pixel": (array([[0]]), array([[200, 100, 50, 25]])),
    "grey-alpha-pixel": (array([[0]]), array([[200, 0]])),
    "one-color": (counting(4, 5, 1), array([[1, 2, 3]])),
    "two-colors": (counting(7, 9, 2), array([BLACK, WHITE])),
    "flag": FLAG,
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
    "tall": (counting(600, 2, 3), array([BLUE, WHITE, RED])),
    "unused-code-words": (array([[1, 1, 3]]), array([BLACK, RED, BLACK, BLUE, BLACK])),
}


def own_vectors() -> Iterator[tuple[str, Files, Picture, bool]]:
    """Name, files, meaning, and whether a seal proves it: what the codec itself writes."""
    from codec.formats import FORMS as CODEC_FORMS
    from codec.indexed import IndexedImage

    for name, (labels, codebook) in PICTURES.items():
        indexed = IndexedImage(labels, codebook)
        for form in CODEC_FORMS.values():
            parts = form.encode(indexed)
            endings = [form.suffix] if len(parts) == 1 else [".codebook.npy", form.suffix]
            files = dict(zip(endings, parts, strict=True))
            yield name, dict(reversed(files.items())), (labels, codebook), True


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


def invalid_vectors() -> Iterator[tuple[str, str, Files]]:
    """Reason, the one fact that is wrong, files."""
    yield from _invalid_beginnings()
    yield from _invalid_pairs()
    yield from _invalid_label_pngs()
    yield from _invalid_indexed_pngs()
    yield from _invalid_archives()


def _invalid_beginnings() -> Iterator[tuple[str, str, Files]]:
    yield "not-compressed", "but-text", {"": b"P6 1 1 255 abc"}
    yield "not-compressed", "but-gif", {"": b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"}
    yield "not-compressed", "but-npy", {"": ct.npy(FLAG[1])}


LABELS, WORDS = FLAG
LABEL_PNG = pt.encode(LABELS.tolist())
SEAL = ct.seal(LABELS, WORDS)
CODEBOOK = ct.npy(WORDS) + SEAL


def _pair(codebook: bytes = CODEBOOK, labels: bytes = LABEL_PNG) -> Files:
    return {".labels.png": labels, ".codebook.npy": codebook}


def _invalid_pairs() -> Iterator[tuple[str, str, Files]]:
    def header(text: str, payload: bytes = WORDS.tobytes()) -> Files:
        return _pair(ct.npy_with(text.encode(), payload))

    yield "not-npy", "but-png-as-codebook", _pair(LABEL_PNG)
    yield "not-npy", "but-pickle", _pair(b"\x80\x04K\x01.")
    yield (
        "bad-npy-header",
        "of-version-2",
        _pair(ct.npy_with(ct.npy_header("(3, 3)"), WORDS.tobytes(), b"\x02\x00")),
    )
    yield "bad-npy-header", "of-objects", _pair(ct.npy_with(ct.npy_header("(3, 3)", "'|O'")))
    yield (
        "bad-npy-header",
        "of-floats",
        _pair(ct.npy_with(ct.npy_header("(3, 3)", "'<f4'"), bytes(36))),
    )
    yield (
        "bad-npy-header",
        "in-fortran-order",
        _pair(ct.npy_with(ct.npy_header("(3, 3)", order="True"), WORDS.tobytes())),
    )
    yield "bad-npy-header", "of-one-axis", _pair(ct.npy_with(ct.npy_header("(9,)"), bytes(9)))
    yield (
        "bad-npy-header",
        "of-three-axes",
        _pair(ct.npy_with(ct.npy_header("(1, 3, 3)"), WORDS.tobytes())),
    )
    yield "bad-npy-header", "with-negative-shape", _pair(ct.npy_with(ct.npy_header("(-3, 3)")))
    yield "bad-npy-header", "with-code", header("__import__('os').abort()\n")
    yield (
        "bad-npy-header",
        "with-a-key-twice",
        header("{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (3, 3), }\n"),
    )
    yield (
        "bad-npy-header",
        "without-line-feed",
        header("{'descr': '|u1', 'fortran_order': False, 'shape': (3, 3), }"),
    )
    yield (
        "bad-npy-header",
        "of-247-bytes",
        header("{'descr': '|u1', 'fortran_order': False, 'shape': (3, 3), }".ljust(246) + "\n"),
    )
    yield "truncated", "codebook-in-its-header", _pair(CODEBOOK[:100])
    yield "truncated", "codebook-in-its-array", _pair(CODEBOOK[:130])
    yield (
        "truncated",
        "codebook-of-a-huge-shape",
        _pair(ct.npy_with(ct.npy_header("(256, 4)"), bytes(4))),
    )
    yield "trailing-data", "of-39-bytes-after-codebook", _pair(CODEBOOK[:-1])
    yield "trailing-data", "after-the-seal", _pair(CODEBOOK + b"\x00")
    yield "bad-seal", "with-another-name", _pair(ct.npy(WORDS) + b"KMCODEK" + SEAL[7:])
    yield "unsupported-version", "2-of-a-pair", _pair(ct.npy(WORDS) + ct.seal(LABELS, WORDS, b"2"))
    yield "digest-mismatch", "of-the-digest", _pair(CODEBOOK[:-1] + bytes([CODEBOOK[-1] ^ 1]))
    yield "digest-mismatch", "of-a-code-word", _pair(ct.npy(WORDS ^ np.uint8(1)) + SEAL)
    yield "digest-mismatch", "of-labels", _pair(CODEBOOK, pt.encode([[0, 1, 2], [0, 1, 1]]))
    yield (
        "digest-mismatch",
        "of-swapped-sides",
        _pair(CODEBOOK, pt.encode([[0, 1], [2, 0], [1, 2]])),
    )
    for shape, fact in (
        ((0, 3), "no-code-words"), ((257, 3), "257-code-words"), ((3, 0), "no-channels"),
        ((3, 5), "5-channels"), ((30, 40), "1200-bytes"),
    ):  # fmt: skip
        yield "bad-codebook", f"of-{fact}", _pair(ct.npy(np.zeros(shape, dtype=np.uint8)))
    yield (
        "label-out-of-range",
        "of-the-codebook",
        _pair(CODEBOOK, pt.encode([[0, 1, 2], [0, 1, 3]])),
    )


def _invalid_label_pngs() -> Iterator[tuple[str, str, Files]]:
    def labels(data: bytes) -> Files:
        return _pair(CODEBOOK, data)

    def chunks(*content: bytes) -> Files:
        return labels(pt.png(*content))

    ihdr, idat, iend = pt.ihdr(3, 2), pt.idat(b"\x00\x00\x01\x02" * 2), pt.IEND
    text = pt.chunk(b"tEXt", b"a\x00b")
    stream = zlib.compress(b"\x00\x00\x01\x02" * 2)
    yield "not-a-png", "but-gif-as-labels", labels(b"GIF89a")
    yield "not-a-png", "by-converted-line-ends", labels(LABEL_PNG.replace(b"\r\n", b"\n"))
    yield "truncated", "before-iend", chunks(ihdr, idat)
    yield "truncated", "in-the-crc-of-iend", labels(LABEL_PNG[:-1])
    yield "truncated", "in-idat", labels(LABEL_PNG[:-20])
    yield "truncated", "without-idat", chunks(ihdr, iend)
    yield "truncated", "by-half-the-rows", chunks(ihdr, pt.idat(b"\x00\x00\x01\x02"), iend)
    yield "truncated", "in-adler-32", chunks(ihdr, pt.chunk(b"IDAT", stream[:-1]), iend)
    yield (
        "truncated",
        "by-a-chunk-of-2-gigabytes",
        labels(pt.png(ihdr) + struct.pack(">I", 0x7FFFFFFF) + idat[4:] + iend),
    )
    yield (
        "truncated",
        "by-a-claim-no-deflate-can-keep",
        labels(pt.png(pt.ihdr(9000, 9000), idat, iend)),
    )
    yield "trailing-data", "after-iend", labels(LABEL_PNG + b"\x00")
    yield "excess-data", "of-a-third-row", chunks(ihdr, pt.idat(b"\x00\x00\x01\x02" * 3), iend)
    yield (
        "excess-data",
        "after-the-stream",
        chunks(ihdr, pt.chunk(b"IDAT", stream + b"\x00"), iend),
    )
    yield "bad-header", "of-12-bytes", chunks(pt.chunk(b"IHDR", ihdr[8:20]), idat, iend)
    yield "bad-header", "with-3-bits", chunks(pt.ihdr(3, 2, 3), idat, iend)
    yield "bad-header", "with-color-type-1", chunks(pt.ihdr(3, 2, 8, 1), idat, iend)
    yield "bad-header", "with-compression-1", chunks(pt.ihdr(3, 2, compression=1), idat, iend)
    yield "bad-header", "with-filter-method-1", chunks(pt.ihdr(3, 2, filtering=1), idat, iend)
    yield "bad-header", "with-interlace-2", chunks(pt.ihdr(3, 2, interlace=2), idat, iend)
    yield "bad-chunk", "before-ihdr", chunks(text, ihdr, idat, iend)
    yield "bad-chunk", "between-idat", chunks(ihdr, idat, text, pt.chunk(b"IDAT"), iend)
    yield "bad-chunk", "of-a-second-ihdr", chunks(ihdr, ihdr, idat, iend)
    yield "bad-chunk", "unknown-and-critical", chunks(ihdr, pt.chunk(b"ABCD"), idat, iend)
    yield "bad-chunk", "type-with-a-digit", chunks(ihdr, pt.chunk(b"tEX1"), idat, iend)
    yield "bad-chunk", "iend-with-content", chunks(ihdr, idat, pt.chunk(b"IEND", b"\x00"))
    for kind in (b"IHDR", b"IDAT", b"IEND", b"tEXt"):
        data = bytearray(pt.png(ihdr, text, idat, iend))
        at = data.index(kind)
        (length,) = struct.unpack_from(">I", data, at - 4)
        data[at + 4 + length + 3] ^= 1
        yield "bad-crc", f"of-{kind.decode().lower()}", labels(bytes(data))
    wrong = stream[:-1] + bytes([stream[-1] ^ 1])
    yield "bad-deflate", "by-adler-32", chunks(ihdr, pt.chunk(b"IDAT", wrong), iend)
    yield "bad-deflate", "by-garbage", chunks(ihdr, pt.chunk(b"IDAT", b"garbage"), iend)
    yield "bad-filter", "5", chunks(ihdr, pt.idat(b"\x05\x00\x01\x02" * 2), iend)
    yield "bad-dimensions", "of-no-columns", chunks(pt.ihdr(0, 2), idat, iend)
    yield "bad-dimensions", "of-no-rows", chunks(pt.ihdr(3, 0), idat, iend)
    yield "side-limit", "in-width", chunks(pt.ihdr(65536, 1), idat, iend)
    yield "side-limit", "in-height", chunks(pt.ihdr(1, 65536), idat, iend)
    yield "pixel-limit", "in-a-label-png", chunks(pt.ihdr(65535, 65535), idat, iend)
    rgb = [[0, 0, 0, 1, 1, 1, 2, 2, 2]] * 2
    greys = pt.chunk(b"PLTE", b"\0\0\0\1\1\1\2\2\2")
    yield "bad-labels", "in-rgb", labels(pt.encode(rgb, 8, pt.RGB))
    yield "bad-labels", "with-alpha", labels(pt.encode([[0, 9, 1, 9, 2, 9]] * 2, 8, pt.GREY_ALPHA))
    yield "bad-labels", "of-16-bits", labels(pt.encode([[0, 257, 514]] * 2, 16))
    yield (
        "bad-labels",
        "with-transparency",
        labels(pt.encode(LABELS.tolist(), before=[pt.chunk(b"tRNS", b"\x00\x01")])),
    )
    colors = pt.chunk(b"PLTE", WORDS.tobytes())
    yield (
        "bad-labels",
        "in-colors",
        labels(pt.encode(LABELS.tolist(), 8, pt.INDEXED, before=[colors])),
    )
    yield "bad-palette", "missing-in-labels", labels(pt.encode(LABELS.tolist(), 8, pt.INDEXED))
    yield (
        "bad-palette",
        "shorter-than-labels",
        labels(pt.encode([[0, 1, 3]] * 2, 8, pt.INDEXED, before=[greys])),
    )


def _invalid_indexed_pngs() -> Iterator[tuple[str, str, Files]]:
    plte = pt.chunk(b"PLTE", WORDS.tobytes())

    plain = LABELS.tolist()

    def indexed(*before: bytes, after: Sequence[bytes] = (), rows: pt.Rows = plain) -> Files:
        return {".png": pt.encode(rows, 8, pt.INDEXED, before=before, after=after)}

    def with_seal(content: bytes) -> Files:
        return indexed(plte, pt.chunk(b"kmSL", content))

    yield "not-indexed", "but-grey", {".png": LABEL_PNG}
    yield "not-indexed", "but-rgb", {".png": pt.encode([[1, 2, 3]], 8, pt.RGB, before=[plte])}
    yield "bad-palette", "missing", indexed()
    yield "bad-palette", "twice", indexed(plte, plte)
    yield "bad-palette", "of-4-bytes", indexed(pt.chunk(b"PLTE", bytes(4)))
    yield "bad-palette", "of-257-entries", indexed(pt.chunk(b"PLTE", bytes(771)))
    yield "bad-palette", "after-idat", indexed(plte, after=[plte])
    yield "bad-palette", "with-empty-transparency", indexed(plte, pt.chunk(b"tRNS"))
    yield "bad-palette", "with-more-transparency", indexed(plte, pt.chunk(b"tRNS", bytes(4)))
    yield "label-out-of-range", "of-the-palette", indexed(plte, rows=[[0, 1, 3]])
    yield "bad-seal", "that-is-empty", with_seal(b"")
    yield "bad-seal", "of-no-channels", with_seal(b"\x00" + SEAL)
    yield "bad-seal", "of-5-channels", with_seal(b"\x05" + SEAL)
    yield "bad-seal", "of-39-bytes", with_seal(b"\x03" + SEAL[:-1])
    yield (
        "unsupported-version",
        "2-of-an-indexed-png",
        with_seal(b"\x03" + ct.seal(LABELS, WORDS, b"2")),
    )
    yield "digest-mismatch", "of-channels", with_seal(b"\x04" + SEAL)
    yield (
        "digest-mismatch",
        "of-a-recolored-palette",
        indexed(
            pt.chunk(b"PLTE", (WORDS ^ np.uint8(1)).tobytes()), pt.chunk(b"kmSL", b"\x03" + SEAL)
        ),
    )


def _invalid_archives() -> Iterator[tuple[str, str, Files]]:
    def npz(**options: object) -> Files:
        return {".npz": ct.archive(ct.members_of(LABELS, WORDS), **options)}

    def changed(index: int, **changes: object) -> Files:
        members = ct.members_of(LABELS, WORDS)
        for name, value in changes.items():
            setattr(members[index], name, value)
        return {".npz": ct.archive(members)}

    def named(*names: bytes) -> Files:
        return {".npz": ct.archive([ct.Member(name, ct.npy(WORDS)) for name in names])}

    whole = npz()[".npz"]
    yield "not-npz", "but-an-empty-archive", {".npz": ct.archive([])}
    yield "not-npz", "but-a-spanned-archive", {".npz": b"PK\x07\x08" + whole}
    yield "truncated", "archive-in-its-end-record", {".npz": whole[:-1]}
    yield (
        "truncated",
        "archive-before-its-directory",
        {".npz": whole[: whole.index(b"PK\x01\x02")]},
    )
    yield "truncated", "or-junk-after-the-archive", npz(tail=b"junk")
    yield "bad-archive", "with-a-comment", npz(end={"comment_size": 1})
    yield "bad-archive", "with-junk-between-members", npz(between=b"junk")
    yield "bad-archive", "with-junk-before-the-directory", npz(after_members=b"junk")
    yield "bad-archive", "with-zip64-counts", npz(end={"here": 0xFFFF, "total": 0xFFFF})
    yield "bad-archive", "with-a-directory-elsewhere", npz(end={"offset": 0})
    yield "bad-archive", "encrypted", changed(0, both={"flags": 1})
    yield "bad-archive", "with-sizes-after-data", changed(0, both={"flags": 8})
    yield "bad-archive", "in-bzip2", changed(0, both={"method": 12})
    yield "bad-archive", "in-lzma", changed(0, both={"method": 14})
    yield "bad-archive", "with-two-names-of-a-member", changed(1, local_name=b"codebook_npy")
    yield "bad-archive", "with-two-crcs-of-a-member", changed(1, local={"crc": 0})
    yield "bad-archive", "with-two-sizes-of-a-member", changed(1, central={"size": 1})
    yield "bad-archive", "with-overlapping-members", changed(1, central={"offset": 0})
    yield "bad-archive", "with-an-extra-field", changed(0, extra=b"UT\x05\x00\x03\0\0\0\0")
    yield "bad-archive", "of-labels-alone", named(b"labels.npy")
    yield "bad-archive", "of-four-members", named(b"labels.npy", b"codebook.npy", b"a", b"b")
    yield (
        "bad-archive",
        "with-a-claim-no-deflate-can-keep",
        changed(
            0,
            plain=ct.npy_with(ct.npy_header("(9000, 9000)")),
            both={"size": 128 + 9000 * 9000},
        ),
    )
    yield "bad-members", "without-codebook", named(b"labels.npy", b"seal.npy")
    yield "bad-members", "with-a-name-twice", named(b"labels.npy", b"codebook.npy", b"labels.npy")
    yield "bad-members", "with-an-unknown-name", named(b"labels.npy", b"codebook.npy", b"x.npy")
    yield "bad-members", "with-a-path", named(b"labels.npy", b"../codebook.npy")
    yield "bad-members", "with-a-nul-in-a-name", named(b"labels.npy", b"codebook.npy\x00")
    yield (
        "bad-members",
        "with-a-codebook-of-5-kilobytes",
        changed(1, plain=ct.npy(np.zeros((1250, 4), dtype=np.uint8))),
    )
    yield (
        "bad-members",
        "with-labels-longer-than-their-shape",
        changed(0, plain=ct.npy(LABELS) + b"\x00"),
    )
    yield (
        "trailing-data",
        "after-the-codebook-of-an-archive",
        changed(1, plain=ct.npy(WORDS) + b"\x00"),
    )
    yield "bad-crc", "of-a-member", changed(0, both={"crc": 0})
    yield "bad-crc", "and-size-of-a-member", changed(1, both={"size": 136})
    yield "bad-deflate", "of-a-member", changed(0, packed=b"\x07garbage")
    yield (
        "bad-deflate",
        "with-bytes-after-it",
        changed(1, packed=ct.deflate(ct.npy(WORDS)) + b"\x00"),
    )
    yield "not-npy", "but-text-in-an-archive", changed(0, plain=b"0 1 2\n0 1 2\n")
    yield (
        "bad-npy-header",
        "in-an-archive",
        changed(0, plain=ct.npy_with(ct.npy_header("(2, 3)", "'<i8'"), bytes(48))),
    )
    yield "truncated", "array-in-an-archive", changed(1, plain=ct.npy(WORDS)[:-1])
    for shape, reason, fact in (
        ("(0, 3)", "bad-dimensions", "of-no-rows-in-an-archive"),
        ("(65536, 1)", "side-limit", "in-an-archive"),
        ("(65535, 65535)", "pixel-limit", "in-an-archive"),
    ):
        yield reason, fact, changed(0, plain=ct.npy_with(ct.npy_header(shape)))
    yield "bad-codebook", "in-an-archive", changed(1, plain=ct.npy(array([[1, 2, 3, 4, 5]])))
    yield "label-out-of-range", "in-an-archive", changed(0, plain=ct.npy(LABELS + np.uint8(1)))
    yield (
        "bad-seal",
        "in-two-rows",
        changed(2, plain=ct.npy(np.frombuffer(SEAL, dtype=np.uint8).reshape(2, 20))),
    )
    newer = np.frombuffer(ct.seal(LABELS, WORDS, b"2"), dtype=np.uint8).reshape(1, 40)
    yield "unsupported-version", "2-of-an-archive", changed(2, plain=ct.npy(newer))
    yield "digest-mismatch", "in-an-archive", changed(0, plain=ct.npy(LABELS[:, ::-1]))


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
    rows = []
    for name, files, (labels, codebook), verified in (*own_vectors(), *foreign_vectors()):
        pixels = codebook[labels]
        if codebook.shape[1] == 1:
            pixels = pixels[:, :, 0]
        shape = "x".join(map(str, pixels.shape))
        digest = hashlib.sha256(pixels.tobytes()).hexdigest()
        form = FORMS[next(iter(files))]
        seal = "yes" if verified else "no"
        rows.append((write_new(HERE, name, files), form, seal, shape, digest))
    add_rows(HERE / "MANIFEST.csv", ("name", "form", "verified", "shape", "sha256"), rows)
    rows = []
    for reason, fact, files in invalid_vectors():
        name = write_new(HERE / "invalid", f"{reason}-{fact}", files)
        rows.append((name, FORMS[next(iter(files))], reason))
    add_rows(HERE / "invalid" / "MANIFEST.csv", ("name", "form", "reason"), rows)


if __name__ == "__main__":
    main()
