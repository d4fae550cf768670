"""How notebooks show an indexed image."""

import base64
import io
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from cli_tools import PICTURES, Pixels, child_environment, many_colors
from PIL import Image

import codec
from codec.reports import pictures


def decoded(data: bytes, channels: int) -> Pixels:
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA").convert(mode))


def embedded(html: str) -> bytes:
    (data,) = re.findall(r'src="data:image/png;base64,([^"]*)"', html)
    return base64.b64decode(data)


def text_of(html: str) -> str:
    return "".join(ElementTree.fromstring(html).itertext())


@pytest.mark.parametrize("pixels", PICTURES.values(), ids=PICTURES)
def test_what_is_shown_are_the_pixels(pixels: Pixels) -> None:
    indexed = codec.compress(pixels)
    for data in (indexed._repr_png_(), embedded(indexed._repr_html_())):
        np.testing.assert_array_equal(decoded(data, indexed.channels), pixels)


def test_labels_of_any_strides_are_shown() -> None:
    indexed = codec.compress(many_colors(), 20)
    turned = codec.IndexedImage(indexed.labels.T[::-1], indexed.codebook)
    np.testing.assert_array_equal(decoded(turned._repr_png_(), 3), np.asarray(turned))


def test_figures_and_colors_are_told_in_text(tmp_path: Path) -> None:
    pixels = np.array([[[255, 0, 0, 255]] * 3 + [[0, 0, 255, 128]]], np.uint8)
    codec.save(codec.compress(pixels), tmp_path / "x.png")
    indexed = codec.load(tmp_path / "x.png")
    text = text_of(indexed._repr_html_())
    assert text.startswith(f"<IndexedImage 4 × 1, RGBA, K = 2, {indexed.size_bytes} bytes>")
    assert f"{8 * (indexed.size_bytes or 0) / 4:.3f} bits per pixel" in text
    assert re.findall(r"(#\w+) ([\d.]+%)", text) == [("#ff0000", "75.0%"), ("#0000ff80", "25.0%")]


def test_all_colors_are_there_by_their_shares() -> None:
    indexed = codec.compress(many_colors(height=60, width=80), 200)
    html = indexed._repr_html_()
    rows = re.findall(r"(#\w+) ([\d.]+)%", text_of(html))
    assert len(rows) == indexed.n_colors
    shares = [float(share) for _, share in rows]
    assert shares == sorted(shares, reverse=True)
    assert {color for color, _ in rows} == {f"#{bytes(word).hex()}" for word in indexed.codebook}
    assert text_of(html).count("more colors") == html.count("<details>") == 1
    unfolded = html[: html.index("<details>")]
    assert unfolded.count("<code>#") == 32


def test_no_color_of_text_or_page_is_set() -> None:
    """Or it could not be read in a dark theme, or in a light one."""
    tree = ElementTree.fromstring(codec.compress(many_colors(), 40)._repr_html_())
    for element in tree.iter():
        declared = [part.split(":")[0].strip() for part in element.get("style", "").split(";")]
        assert "color" not in declared
        if any(name.startswith("background") for name in declared):
            assert element.tag == "img" or not element.text  # a swatch has none


def test_of_a_large_picture_some_rows_and_columns_are_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pictures, "MAX_SHOWN_PIXELS", 24 * 32 // 8)
    indexed = codec.compress(many_colors(), 20)
    html = indexed._repr_html_()
    assert "one of 3 rows and columns" in text_of(html)
    np.testing.assert_array_equal(decoded(embedded(html), 3), np.asarray(indexed)[::3, ::3])


_CELLS = (
    "import numpy as np, codec\n"
    "from tqdm.std import tqdm\n"
    "pixels = np.arange(768, dtype=np.uint8).reshape(16, 16, 3)\n"
    "codec.train(tqdm([pixels, pixels]), 4)\n"
    "indexed = codec.compress(pixels, 9)\n"
    "indexed",
    "codec.decompress(indexed).tobytes().hex()",
)


@pytest.mark.slow
def test_a_notebook_shows_picture_and_colors(tmp_path: Path) -> None:
    import nbclient
    import nbformat

    cells = [nbformat.v4.new_code_cell(source) for source in _CELLS]
    book = nbformat.v4.new_notebook(cells=cells)
    client = nbclient.NotebookClient(
        book, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.execute(env=child_environment(IPYTHONDIR=str(tmp_path)))

    shown, pixels = (_result(cell) for cell in book.cells)
    assert {"image/png", "text/html", "text/plain"} <= shown.keys()
    expected = np.frombuffer(bytes.fromhex(pixels["text/plain"].strip("'")), np.uint8)
    for data in (base64.b64decode(shown["image/png"]), embedded(shown["text/html"])):
        assert decoded(data, 3).tobytes() == expected.tobytes()
    assert "2/2" in "".join(part.get("text", "") for part in book.cells[0].outputs)


def _result(cell: Any) -> Any:
    """What a cell shows as its value."""
    return next(part["data"] for part in cell.outputs if part["output_type"] == "execute_result")
