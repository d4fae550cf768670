"""The option `--html`: when a page is written, where, and when nothing is."""

import itertools
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Sandbox, few_colors, many_colors, refused, write_picture
from marks import needs_kernels
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from report_tools import read_json

from codec.encoder.given import check_given
from codec.images.records import SourceImage
from codec.jobs.curves import sketch_curve
from codec.reports.report import FileReport
from codec.settings import CompressSettings


@pytest.fixture
def photo(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a picture and three files that were made of it."""
    pixels = many_colors()
    sandbox.picture("photo.png", pixels)
    for size in "4", "9":
        sandbox.run("compress", "photo.png", "-k", size, "-o", f"{size}.npz", check=0)
    for name in "photo.jpg", "photo.webp":
        write_picture(sandbox.path(name), pixels)
    return sandbox


def test_compress_writes_the_page_together_with_its_outputs(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    run = sandbox.run("compress", "photo.png", "-k9", "--html", "lost.html", "--json", check=0)
    assert run.wrote("photo.labels.png", "photo.codebook.npy", "lost.html")
    document = json.loads(run.out)
    assert document["html"] == "lost.html"
    assert document["results"][0]["outputs"] == ["photo.codebook.npy", "photo.labels.png"]
    assert document["results"][0]["ssim"] > 0
    assert f"lost.html  {Path('lost.html').stat().st_size / 1000:.1f} kB" in run.err
    page = Path("lost.html").read_text("utf-8")
    for fact in ("photo.png", "photo.labels.png", "oklab", "visual", "kmeans", "Seed"):
        assert fact in page


def test_quiet_writes_the_page_and_says_nothing(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    run = sandbox.run("compress", "photo.png", "-qk9", "-o", "x.npz", "--html", "a.htm", check=0)
    assert (run.out, run.err) == ("", "")
    assert run.wrote("x.npz", "a.htm")


def test_report_compares_files_of_all_kinds(photo: Sandbox) -> None:
    names = ("9.npz", "4.npz", "photo.jpg", "photo.webp", "photo.png")
    run = photo.run("report", "photo.png", *names, "--html", "lost.html", "--json", check=0)
    assert run.wrote("lost.html")
    results = read_json(run.out)["results"]
    assert [result["outputs"] for result in results] == [[name] for name in names]
    kinds = [result["format"] or result["kind"] for result in results]
    assert kinds == ["npz", "npz", "JPEG", "WebP", "PNG"]
    assert [result["lossless"] for result in results] == [False, False, False, False, True]
    for name, result in zip(names, results, strict=True):
        assert result["output_bytes"] == Path(name).stat().st_size
        assert result["worst_error"] is not None
    assert results[0]["mse"] < results[1]["mse"]
    assert json.loads(run.out)["html"] == "lost.html"
    page = Path("lost.html").read_text("utf-8")
    assert page.count('<input type="radio" name="candidate"') == len(names)


def test_report_says_which_of_several_it_is_about(photo: Sandbox) -> None:
    run = photo.run("report", "photo.png", "9.npz", "photo.jpg", check=0)
    heads = [line for line in run.out.splitlines() if not line.startswith(" ")]
    assert heads == ["photo.png → 9.npz", "photo.png → photo.jpg"]
    run = photo.run("report", "photo.png", "9.npz", check=0)
    assert run.out.splitlines()[0] == "photo.png"


def test_notices_of_the_original_are_said_once(photo: Sandbox) -> None:
    texts = PngInfo()
    texts.add_text("Comment", "not kept")
    Image.fromarray(many_colors()).save("told.png", pnginfo=texts)
    run = photo.run("report", "told.png", "9.npz", "4.npz", check=0)
    assert run.lines == ["told.png: notice: metadata is not kept: text"]


def test_sweep_shows_all_sizes(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    run = sandbox.run(
        "sweep", "photo.png", "-k", "4", "9", "--codebook-from", "kmeans", "random",
        "--html", "lost.html", check=0,
    )  # fmt: skip
    assert run.wrote("lost.html")
    page = Path("lost.html").read_text("utf-8")
    for title in ("K = 4", "K = 9", "random, K = 4", "random, K = 9"):
        assert f"<b>{title}</b>" in page


def test_what_is_next_to_the_knee_is_shown_first(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    sizes = ("2", "8", "16", "200")
    command = ("sweep", "photo.png", "-k", *sizes, "--html", "x.html", "--json")
    knee = json.loads(sandbox.run(*command, check=0).out)["results"][0]["knee"]
    page = Path("x.html").read_text("utf-8")
    (shown,) = re.findall(r'name="candidate" value="(\d)" checked', page)
    assert int(shown) == min(range(4), key=lambda number: abs(int(sizes[number]) - knee)) > 0
    assert f"The knee is K = {knee}" in page


# What is refused, and what is left as it was


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("compress", "a.png", "b.png", "--html", "x.html"), "html"),
        (("sweep", "a.png", "b.png", "--html", "x.html"), "html"),
        (("report", "a.png", "a.npz", "--html", "x.txt"), "output-name"),
        (("report", "a.png", "a.npz", "--html", "a.png"), "output-name"),
        (("compress", "a.png", "--html", "html"), "output-name"),
        (("report", "a.html", "a.npz", "--html", "a.html", "-f"), "collision"),
        (("report", "a.png", "a.html", "--html", "./a.html", "-f"), "collision"),
        (("compress", "a.html", "--html", "a.html", "-f"), "collision"),
        (("sweep", "a.html", "--html", "a.html", "-f"), "collision"),
    ],
)
def test_what_makes_no_page_is_wrong_usage(
    sandbox: Sandbox, command: tuple[str, ...], reason: str
) -> None:
    sandbox.pictures("a.png", "b.png")
    sandbox.run("compress", "a.png", "-o", "a.npz", check=0)
    Path("a.html").write_bytes(Path("a.png").read_bytes())  # its content says what it is
    run = sandbox.run(*command, check=2)
    assert run.left_all_as_it_was
    assert f"({reason})" in run.err
    assert len(run.lines) == 1


def test_a_link_to_an_input_is_that_input(sandbox: Sandbox) -> None:
    sandbox.picture("a.png")
    os.symlink("a.png", "a.html")
    run = sandbox.run("sweep", "a.png", "--html", "a.html", "-f", check=2)
    assert run.left_all_as_it_was


@pytest.mark.parametrize(
    "command",
    [
        ("compress", "photo.png", "--format", "npz"),
        ("report", "photo.png", "9.npz", "4.npz"),
        ("sweep", "photo.png", "-k", "4"),
    ],
)
def test_an_existing_page_is_kept_unless_forced(photo: Sandbox, command: tuple[str, ...]) -> None:
    Path("lost.html").write_text("mine")
    run = photo.run(*command, "--html", "lost.html", check=3)
    assert run.left_all_as_it_was
    assert "lost.html" in run.err
    assert "--force" in run.err
    assert len(run.lines) == 1
    run = photo.run(*command, "--html", "lost.html", "-f", check=0)
    assert "lost.html" in run.changed


@pytest.mark.parametrize("name", ["missing/lost.html", "folder.html"])
def test_a_page_that_cannot_be_written_keeps_all_from_being_written(
    photo: Sandbox, name: str
) -> None:
    Path("folder.html").mkdir()
    for command in (
        ("compress", "photo.png", "-o", "new.npz"),
        ("report", "photo.png", "9.npz"),
        ("sweep", "photo.png", "-k4"),
    ):
        run = photo.run(*command, "--html", name, "-f", check=1)
        assert run.left_all_as_it_was
        assert name in run.err


def test_one_bad_file_keeps_the_page_from_being_written(photo: Sandbox) -> None:
    Path("bad.npz").write_bytes(Path("9.npz").read_bytes()[:90])
    run = photo.run("report", "photo.png", "9.npz", "bad.npz", "4.npz", "--html", "x.html")
    assert (run.code, run.left_all_as_it_was) == (1, True)
    assert run.out.count("compressed ") == 2  # the others were measured
    assert "bad.npz" in run.err


def test_a_bad_original_is_said_once(photo: Sandbox) -> None:
    run = photo.run("report", "gone.png", "9.npz", "4.npz", "--html", "x.html")
    assert refused(run, "gone.png", "not-found")


def test_what_is_no_picture_is_refused_as_before(photo: Sandbox) -> None:
    Path("notes.txt").write_text("no picture at all, but long enough")
    run = photo.run("report", "photo.png", "notes.txt")
    assert refused(run, "photo.png", "not-compressed")
    write_picture(photo.path("other.jpg"), few_colors(height=9))
    run = photo.run("report", "photo.png", "other.jpg")
    assert refused(run, "photo.png", "bad-shape")


def test_without_a_result_there_is_no_page(sandbox: Sandbox) -> None:
    sandbox.picture("few.png", few_colors(height=2, width=2))
    run = sandbox.run("compress", "few.png", "--skip-if-larger", "--html", "x.html", "--json")
    assert (run.code, run.left_all_as_it_was) == (3, True)
    assert "html" not in json.loads(run.out)
    run = sandbox.run("compress", "few.png", "--max-bytes", "1", "--html", "x.html")
    assert (run.code, run.left_all_as_it_was) == (3, True)


# What else a picture could have become


@needs_kernels
def test_the_curve_goes_through_what_is_known(sandbox: Sandbox) -> None:
    pixels = many_colors(height=96, width=128)
    sandbox.picture("photo.png", pixels)
    sandbox.run("compress", "photo.png", "-k32", "--dither", "none", "-o", "x.npz", check=0)
    run = sandbox.run("report", "photo.png", "x.npz", "--json", check=0)
    (known,) = read_json(run.out)["results"]
    report = FileReport(
        "photo.png", format="npz", n_colors=32, part_bytes={"file": known["output_bytes"]}
    )
    curve = sketch_curve(SourceImage(pixels, 9), [report], CompressSettings())
    assert [point.title for point in curve] == [f"K = {2**power}" for power in range(2, 9)]
    found = curve[3]
    assert found.size_bytes == known["output_bytes"]
    assert found.mse == pytest.approx(known["mse"], rel=0.2)
    for one, other in itertools.pairwise(curve):
        assert one.size_bytes < other.size_bytes
        assert one.mse > other.mse


@needs_kernels
def test_colors_that_all_fit_need_no_curve() -> None:
    image = SourceImage(few_colors(), 9)
    assert [point.title for point in sketch_curve(image, [], CompressSettings())] == [
        "K = 4", "K = 8", "K = 16",
    ]  # fmt: skip
    given = check_given(np.array([[1, 2, 3]], np.uint8), (), None, 256)
    assert sketch_curve(image, [], CompressSettings(given=given)) == []
    assert sketch_curve(image, [], CompressSettings(engine="sklearn")) == []
