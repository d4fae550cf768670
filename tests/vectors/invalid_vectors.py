"""Vectors that must be refused, each wrong in one fact of the flag's files."""

import hashlib
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import container_tools as ct
import numpy as np
import png_tools as pt
from format_tools import FLAG, LABELS, flag_members, flag_with

from codec.formats.kmc.rice import encode_codebook
from codec.kernels.plain.labelcoder.band import encode_band

# The files of one vector by their endings; the first ending names the vector.
Files = dict[str, bytes]
LABEL_PNG = pt.encode(LABELS.tolist())
SEAL = ct.seal(LABELS, FLAG)
CODEBOOK = ct.npy(FLAG) + SEAL


def invalid_vectors() -> Iterator[tuple[str, str, Files]]:
    """Reason, the one fact that is wrong, files."""
    yield from _invalid_beginnings()
    yield from _invalid_pairs()
    yield from _invalid_label_pngs()
    yield from _invalid_indexed_pngs()
    yield from _invalid_archives()
    yield from _invalid_dense_files()


def _invalid_beginnings() -> Iterator[tuple[str, str, Files]]:
    yield "not-compressed", "but-text", {"": b"P6 1 1 255 abc"}
    yield "not-compressed", "but-gif", {"": b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"}
    yield "not-compressed", "but-npy", {"": ct.npy(FLAG)}


def _pair(codebook: bytes = CODEBOOK, labels: bytes = LABEL_PNG) -> Files:
    return {".labels.png": labels, ".codebook.npy": codebook}


def _invalid_pairs() -> Iterator[tuple[str, str, Files]]:
    def header(text: str, payload: bytes = FLAG.tobytes()) -> Files:
        return _pair(ct.npy_with(text.encode(), payload))

    yield "not-npy", "but-png-as-codebook", _pair(LABEL_PNG)
    yield "not-npy", "but-pickle", _pair(b"\x80\x04K\x01.")
    yield (
        "bad-npy-header",
        "of-version-2",
        _pair(ct.npy_with(ct.npy_header("(3, 3)"), FLAG.tobytes(), b"\x02\x00")),
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
        _pair(ct.npy_with(ct.npy_header("(3, 3)", order="True"), FLAG.tobytes())),
    )
    yield "bad-npy-header", "of-one-axis", _pair(ct.npy_with(ct.npy_header("(9,)"), bytes(9)))
    yield (
        "bad-npy-header",
        "of-three-axes",
        _pair(ct.npy_with(ct.npy_header("(1, 3, 3)"), FLAG.tobytes())),
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
    yield "bad-seal", "with-another-name", _pair(ct.npy(FLAG) + b"KMCODEK" + SEAL[7:])
    yield "unsupported-version", "2-of-a-pair", _pair(ct.npy(FLAG) + ct.seal(LABELS, FLAG, b"2"))
    yield "digest-mismatch", "of-the-digest", _pair(CODEBOOK[:-1] + bytes([CODEBOOK[-1] ^ 1]))
    yield "digest-mismatch", "of-a-code-word", _pair(ct.npy(FLAG ^ np.uint8(1)) + SEAL)
    yield "digest-mismatch", "of-labels", _pair(CODEBOOK, pt.encode([[0, 1, 2], [0, 1, 1]]))
    yield (
        "digest-mismatch",
        "of-swapped-sides",
        _pair(CODEBOOK, pt.encode([[0, 1], [2, 0], [1, 2]])),
    )
    marked = pt.encode(LABELS.tolist(), before=[pt.chunk(b"kmSL")])
    yield "unsealed", "beside-marked-labels", _pair(ct.npy(FLAG), marked)
    filled = pt.encode(LABELS.tolist(), after=[pt.chunk(b"kmSL", b"\x03" + SEAL)])
    yield "unsealed", "beside-labels-with-a-whole-seal", _pair(ct.npy(FLAG), filled)
    for reason, fact, own in (
        ("bad-seal", "in-labels-of-39-bytes", SEAL[:-1]),
        ("bad-seal", "in-labels-of-7-bytes", SEAL[:7]),
        ("unsupported-version", "2-in-labels", ct.seal(LABELS, FLAG, b"2")),
        ("digest-mismatch", "of-a-shared-codebook", ct.seal(LABELS, FLAG ^ np.uint8(1))),
    ):
        sealed_labels = pt.encode(LABELS.tolist(), before=[pt.chunk(b"kmSL", own)])
        yield reason, fact, _pair(ct.npy(FLAG), sealed_labels)
    for size, channels, stated in ((20, 1, "(20, 3)"), (40, 2, "(40, 3)"), (100, 4, "(110, 4)")):
        words = np.arange(size * channels, dtype=np.uint8) % 251
        sealed = words.tobytes() + ct.seal(LABELS, words.reshape(size, channels))
        fact = f"of-{size}-code-words-and-their-seal"
        yield "bad-codebook", fact, _pair(ct.npy_with(ct.npy_header(stated), sealed))
    newer = bytes(20) + ct.seal(LABELS, np.zeros((20, 1), dtype=np.uint8), b"2")
    yield (
        "bad-codebook",
        "of-code-words-and-a-newer-seal",
        _pair(ct.npy_with(ct.npy_header("(30, 2)"), newer)),
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
    yield "bad-chunk", "between-empty-idat", chunks(ihdr, pt.chunk(b"IDAT"), text, idat, iend)
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
    colors = pt.chunk(b"PLTE", FLAG.tobytes())
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
    plte = pt.chunk(b"PLTE", FLAG.tobytes())

    plain = LABELS.tolist()

    def indexed(*before: bytes, after: Sequence[bytes] = (), rows: pt.Rows = plain) -> Files:
        return {".png": pt.encode(rows, 8, pt.INDEXED, before=before, after=after)}

    def with_seal(content: bytes) -> Files:
        return indexed(plte, pt.chunk(b"kmSL", content))

    yield "not-indexed", "but-grey", {".png": LABEL_PNG}
    yield "not-indexed", "but-rgb", {".png": pt.encode([[1, 2, 3]], 8, pt.RGB, before=[plte])}
    greys = np.arange(3, dtype=np.uint8)[:, None]
    own = pt.chunk(b"kmSL", b"\x01" + ct.seal(LABELS, greys))
    clear = pt.chunk(b"tRNS", b"\x00\x00")

    def grey(*before: bytes, rows: pt.Rows = plain, depth: int = 8) -> Files:
        return {".png": pt.encode(rows, depth, before=before)}

    yield "not-indexed", "but-grey-with-an-empty-seal", grey(pt.chunk(b"kmSL"))
    yield "not-indexed", "but-grey-of-16-bits", grey(own, depth=16)
    yield "bad-seal", "of-a-grey-png", grey(pt.chunk(b"kmSL", b"\x01" + SEAL[:-1]))
    yield "digest-mismatch", "of-a-brighter-grey-png", grey(own, rows=(LABELS + 1).tolist())
    yield (
        "digest-mismatch",
        "of-a-grey-png-with-another-pixel",
        grey(own, rows=[[0, 1, 2], [0, 2, 1]]),
    )
    yield "digest-mismatch", "of-a-transparent-grey-png", grey(own, clear)
    yield "bad-palette", "missing", indexed()
    yield "bad-palette", "twice", indexed(plte, plte)
    yield "bad-palette", "of-4-bytes", indexed(pt.chunk(b"PLTE", bytes(4)))
    yield "bad-palette", "of-257-entries", indexed(pt.chunk(b"PLTE", bytes(771)))
    yield "bad-palette", "after-idat", indexed(plte, after=[plte])
    yield "bad-palette", "after-empty-idat", indexed(pt.chunk(b"IDAT"), plte)
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
        with_seal(b"\x03" + ct.seal(LABELS, FLAG, b"2")),
    )
    yield "digest-mismatch", "of-channels", with_seal(b"\x04" + SEAL)
    yield (
        "digest-mismatch",
        "of-a-recolored-palette",
        indexed(
            pt.chunk(b"PLTE", (FLAG ^ np.uint8(1)).tobytes()), pt.chunk(b"kmSL", b"\x03" + SEAL)
        ),
    )


def _invalid_archives() -> Iterator[tuple[str, str, Files]]:
    def npz(**options: Any) -> Files:
        return {".npz": ct.archive(flag_members(), **options)}

    def changed(index: int, **changes: object) -> Files:
        return {".npz": flag_with(index, **changes)}

    def named(*names: bytes) -> Files:
        return {".npz": ct.archive([ct.Member(name, ct.npy(FLAG)) for name in names])}

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
    yield "bad-archive", "with-junk-behind-the-directory", npz(after_entries=b"junk")
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
        changed(1, plain=ct.npy(FLAG) + b"\x00"),
    )
    yield "bad-crc", "of-a-member", changed(0, both={"crc": 0})
    yield "bad-crc", "and-size-of-a-member", changed(1, both={"size": 136})
    yield "bad-deflate", "of-a-member", changed(0, packed=b"\x07garbage")
    yield (
        "bad-deflate",
        "with-bytes-after-it",
        changed(1, packed=ct.deflate(ct.npy(FLAG)) + b"\x00"),
    )
    yield "not-npy", "but-text-in-an-archive", changed(0, plain=b"0 1 2\n0 1 2\n")
    yield (
        "bad-npy-header",
        "in-an-archive",
        changed(0, plain=ct.npy_with(ct.npy_header("(2, 3)", "'<i8'"), bytes(48))),
    )
    yield "truncated", "array-in-an-archive", changed(1, plain=ct.npy(FLAG)[:-1])
    for shape, reason, fact in (
        ("(0, 3)", "bad-dimensions", "of-no-rows-in-an-archive"),
        ("(65536, 1)", "side-limit", "in-an-archive"),
        ("(65535, 65535)", "pixel-limit", "in-an-archive"),
    ):
        yield reason, fact, changed(0, plain=ct.npy_with(ct.npy_header(shape)))
    yield (
        "bad-codebook",
        "in-an-archive",
        changed(1, plain=ct.npy(np.arange(1, 6, dtype=np.uint8)[None])),
    )
    yield "label-out-of-range", "in-an-archive", changed(0, plain=ct.npy(LABELS + np.uint8(1)))
    yield (
        "bad-seal",
        "in-two-rows",
        changed(2, plain=ct.npy(np.frombuffer(SEAL, dtype=np.uint8).reshape(2, 20))),
    )
    newer = np.frombuffer(ct.seal(LABELS, FLAG, b"2"), dtype=np.uint8).reshape(1, 40)
    yield "unsupported-version", "2-of-an-archive", changed(2, plain=ct.npy(newer))
    yield "digest-mismatch", "in-an-archive", changed(0, plain=ct.npy(LABELS[:, ::-1]))


def _invalid_dense_files() -> Iterator[tuple[str, str, Files]]:
    """A few; the others were changed by hand from the files they are named after."""
    digest = hashlib.sha256(SEAL).digest()[:8]
    words = encode_codebook(FLAG)

    def dense(width: bytes, bands: int, streams: bytes) -> Files:
        head = b"\x89KMC1\x02" + width + b"\x02\x02" + bytes([bands - 1])
        return {".kmc": head + words + digest + streams}

    # Three bands of no row, of one and of one: whoever accepts them finds a whole picture.
    rows = [encode_band(LABELS[y : y + 1].copy(), FLAG, False) for y in (0, 1)]
    streams = b"\x00" + bytes([len(rows[0])]) + b"".join(rows)
    yield "bad-header", "dense-more-bands-than-rows", dense(b"\x03", 3, streams)
    wide = b"\x80\x80\x80\x80\x01"
    yield "side-limit", "dense-width-of-five-bytes", dense(wide, 1, rows[0])
    yield "truncated", "dense-size-of-five-bytes", dense(b"\x03", 2, wide + b"".join(rows))
