"""The small PNG writer: these bytes, and what other readers make of them."""

import io
import zlib

import numpy as np
import png_tools as pt
from PIL import Image

from codec.png.reading import read_png
from codec.png.writing import write_png

TWO_BY_TWO = b"\x00\x01\x02\x00\x03\x04"


def test_the_writer_writes_these_bytes() -> None:
    filtered = np.array([[0, 1, 2], [0, 3, 4]], dtype=np.uint8)
    data = write_png(2, 2, 8, pt.GREY, filtered, level=12)
    assert data[:33] == (
        b"\x89PNG\r\n\x1a\n"
        b"\x00\x00\x00\x0dIHDR\x00\x00\x00\x02\x00\x00\x00\x02\x08\x00\x00\x00\x00\x57\xdd\x52\xf8"
    )
    assert data[-12:] == b"\x00\x00\x00\x00IEND\xae\x42\x60\x82"
    kinds = [kind for kind, _ in pt.chunks_of(data)]
    assert kinds == [b"IHDR", b"IDAT", b"IEND"]
    assert zlib.decompress(pt.chunks_of(data)[1][1]) == TWO_BY_TWO


def test_the_writer_puts_chunks_before_the_rows_and_all_crcs_right() -> None:
    filtered = np.array([[0, 1, 2], [0, 3, 4]], dtype=np.uint8)
    extra = ((b"PLTE", bytes(15)), (b"kmSL", b"seal"))
    data = write_png(2, 2, 8, pt.INDEXED, filtered, extra, level=12)
    assert [kind for kind, _ in pt.chunks_of(data)] == [
        b"IHDR",
        b"PLTE",
        b"kmSL",
        b"IDAT",
        b"IEND",
    ]
    assert pt.repair_crcs(data) == data
    png = read_png(data)
    assert png.plte == bytes(15)
    assert png.chunks == {b"kmSL": b"seal"}


def test_pillow_reads_what_the_writer_writes() -> None:
    rows = np.random.RandomState(0).randint(0, 256, (9, 7)).astype(np.uint8)
    filtered = np.hstack([np.zeros((9, 1), dtype=np.uint8), rows])
    with Image.open(io.BytesIO(write_png(7, 9, 8, pt.GREY, filtered, level=6))) as image:
        assert image.mode == "L"
        assert np.asarray(image).tolist() == rows.tolist()
