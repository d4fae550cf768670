"""`codec.report`: the figures of the command, of what a program holds."""

import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Sandbox, few_colors, many_colors, with_alpha
from PIL import Image
from report_tools import read_json

import codec

RAMP = many_colors(height=40, width=50)


@pytest.mark.parametrize("pixels", [RAMP, with_alpha(), few_colors()[..., 0]])
def test_figures_are_those_of_the_command(pixels: Any, sandbox: Sandbox) -> None:
    sandbox.picture("a.png", pixels)
    Image.fromarray(pixels).convert("RGB").save("a.jpg")
    names = ["a.kmc", "a.indexed.png", "a.npz", "a.labels.png", "a.jpg"]
    indexed = codec.compress(codec.read_image("a.png"), 5)
    for name in names[:-1]:
        codec.save(indexed, name)
    told = read_json(sandbox.run("report", "a.png", *names, "--json", check=0).out)["results"]

    found = codec.report("a.png", *names)

    assert [each.name for each in found] == names
    for expected, each in zip(told, found, strict=True):
        facts = dataclasses.asdict(each)
        for name in ("width", "height", "n_colors", "bits_per_pixel", "lossless", "ratio_file",
                     "unique_colors", "unique_colors_after", "mse", "psnr_db", "ssim",
                     "delta_e_mean", "delta_e_p95", "worst_error"):  # fmt: skip
            same = facts[name] == expected[name] or (facts[name], expected[name]) == (np.inf, None)
            assert same or facts[name] == pytest.approx(expected[name]), name
        assert each.size_bytes == expected["output_bytes"]
        assert each.ratio_raw == pixels.size / each.size_bytes
        assert [each.worst_x, each.worst_y] == (expected["worst_at"] or [None, None])


def test_everything_that_holds_a_picture_is_taken(tmp_path: Path) -> None:
    indexed = codec.compress(RAMP, 7, tune="psnr")
    (path,) = codec.save(indexed, tmp_path / "x.png")
    decoded = codec.decompress(indexed)
    held: list[Any] = [
        indexed,
        decoded,
        Image.fromarray(decoded),
        indexed.to_pil(),
        codec.read_image(path),
    ]
    files: list[Any] = [str(path), path, path.read_bytes(), io.BytesIO(path.read_bytes())]
    found = codec.report(RAMP, *held, *files)
    assert len({(each.psnr_db, each.ssim, each.worst_x, each.worst_y) for each in found}) == 1
    size = path.stat().st_size
    assert [each.size_bytes for each in found] == [None] * 4 + [size] * 5
    assert [each.n_colors for each in found] == [7, None, None, None, None, 7, 7, 7, 7]
    assert {each.ratio_file for each in found} == {None}
    original = tmp_path / "o.png"
    Image.fromarray(RAMP).save(original)
    for given in (original, original.read_bytes(), codec.read_image(original)):
        (each,) = codec.report(given, path)
        assert each.ratio_file == original.stat().st_size / size
    assert codec.report(RAMP) == []


def test_records_are_the_rows_of_a_table() -> None:
    found = codec.report(RAMP, codec.compress(RAMP, 4), codec.compress(RAMP, 16))
    table = [dataclasses.astuple(each) for each in found]
    names = [field.name for field in dataclasses.fields(found[0])]
    assert len(table[0]) == len(names)
    assert table[0][names.index("psnr_db")] < table[1][names.index("psnr_db")]
    swept = dataclasses.asdict(codec.sweep(RAMP, [4])[0])
    assert swept["psnr_db"] == pytest.approx(10 * np.log10(255**2 / swept["mse"]))


@pytest.mark.parametrize(
    "wrong", [RAMP[1:], b"nothing of the kind, in more than 32 bytes", 3, None, "missing.png", [1]]
)
def test_what_is_no_picture_of_that_size_is_told(wrong: Any) -> None:
    with pytest.raises(codec.CodecError):
        codec.report(RAMP, wrong)
    if not isinstance(wrong, np.ndarray):
        with pytest.raises(codec.CodecError):
            codec.report(wrong, RAMP)
    with pytest.raises(codec.LimitError):
        codec.report(codec.dumps(codec.compress(RAMP), "png"), max_pixels=1999)
