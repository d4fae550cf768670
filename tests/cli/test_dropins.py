"""Trees of pictures whose names are kept: copies in another directory, and in place."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_tools import (
    Pixels,
    Run,
    Sandbox,
    child_environment,
    few_colors,
    many_colors,
    pixels_of,
    read_picture,
    snapshot,
    usage_error,
    with_alpha,
)
from PIL import Image

import codec
from codec.errors import FileError
from codec.formats.registry import FORMATS
from codec.jobs.collisions import PlannedFile
from codec.jobs.compress import compress_file
from codec.jobs.dropins import compress_dropin
from codec.jobs.journal import FOLDER
from codec.limits import MAX_PIXELS
from codec.reports.report import FileReport
from codec.settings import CompressSettings, ReadOptions, WriteOptions

# One that k-means makes smaller, and what it does not.
SMALLER = {"photo.png": many_colors(1, 60, 80), "deep/er/alpha.png": with_alpha(2, 40, 50)}


def encoded(kind: str, *frames: Pixels, **options: object) -> bytes:
    """A picture file by Pillow."""
    data = io.BytesIO()
    images = [Image.fromarray(frame) for frame in frames]
    more = {"save_all": True, "append_images": images[1:]} if images[1:] else {}
    images[0].save(data, kind, **more, **options)
    return data.getvalue()


def others() -> dict[str, bytes]:
    """Pictures that stay as they are: of other kinds, animated, and as small as can be."""
    shades, few = many_colors(3), few_colors(4)
    smallest = codec.dumps(codec.compress(few), "png", effort="best")
    return {
        "a.jpg": encoded("JPEG", shades), "b.webp": encoded("WebP", shades),
        "c.bmp": encoded("BMP", few), "d.gif": encoded("GIF", few),
        "e.tif": encoded("TIFF", few), "dot.png": encoded("PNG", few[:1, :1]),
        "deep/moving.png": encoded("PNG", shades, few_colors(5, 24, 32)),
        "deep/moving.gif": encoded("GIF", few, few_colors(6)),
        "UPPER.JPG": encoded("JPEG", few), "made.png": smallest,
    }  # fmt: skip


@pytest.fixture
def assets(sandbox: Sandbox) -> Sandbox:
    """A tree of pictures, and of files that are none."""
    for name, pixels in SMALLER.items():
        sandbox.picture(f"assets/{name}", pixels)
    for name, data in others().items():
        path = sandbox.path(f"assets/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    sandbox.path("assets/style.css").write_text("body {}")
    return sandbox


COPIES = ("compress", "-r", "assets", "-d", "small", "--same-names")
IN_PLACE = ("compress", "-r", "assets", "--in-place")


def states(run: Run) -> dict[str, str]:
    """What became of each input, by its name in the tree."""
    results = json.loads(run.out)["results"]
    return {str(Path(each["input"]).relative_to("assets")): each["status"] for each in results}


def content(folder: str | Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file() and FOLDER not in path.parts
    }


def test_a_copy_of_a_tree_has_its_names_and_nothing_is_larger(assets: Sandbox) -> None:
    before = content("assets")
    run = assets.run(*COPIES, "--format", "png", "--json", check=0)
    assert states(run) == dict.fromkeys(SMALLER, "ok") | dict.fromkeys(others(), "copied")
    assert content("assets") == before
    after = content("small")
    assert after.keys() == SMALLER.keys() | others().keys()
    for name, data in after.items():
        if name in SMALLER:
            assert len(data) < len(before[name])
        else:
            assert data == before[name]
    with Image.open("small/deep/er/alpha.png") as image:
        np.testing.assert_array_equal(pixels_of(image), SMALLER["deep/er/alpha.png"])
    totals = json.loads(run.out)["totals"]
    assert (totals["ok"], totals["copied"]) == (len(SMALLER), len(others()))
    assert totals["input_bytes"] == sum(map(len, before.values())) - len("body {}")
    assert totals["output_bytes"] == sum(map(len, after.values()))
    assert "notice: files that are no pictures are not copied: 1" in run.lines


def test_what_is_copied_says_why(assets: Sandbox) -> None:
    run = assets.run(*COPIES, check=0)
    for name, why in {
        "a.jpg": "it is a JPEG by its name, and kmcodec writes PNGs",
        "deep/moving.png": "the PNG holds 2 pictures (--first-frame takes the first)",
        "dot.png": "the result would not be smaller than the file",
        "made.png": "kmcodec made it",
    }.items():
        assert f"assets/{name}: copied: {why}" in run.lines
    assert run.lines[-1].startswith(f"{len(SMALLER)} of {len(SMALLER) + len(others())} files")
    assert f"({len(others())} copied)" in run.lines[-1]
    assert "vs raw" not in run.lines[-1]


def test_a_second_run_writes_nothing_and_says_so_in_a_line(assets: Sandbox) -> None:
    assets.run(*COPIES, check=0)
    before = snapshot(assets.root / "small")
    run = assets.run(*COPIES, check=0)
    after = snapshot(assets.root / "small")
    files = f"{FOLDER}/files"  # in which it is noted who was there
    assert {n: e for n, e in after.items() if n != files} == {
        n: e for n, e in before.items() if n != files
    }
    count = len(SMALLER) + len(others())
    assert run.lines[-1].startswith(f"0 of {count} files ({count} up to date)")
    assert len(run.lines) == 2
    assert set(states(assets.run(*COPIES, "--json", check=0)).values()) == {"up-to-date"}
    assert assets.run(*COPIES, "-v", check=0).err.count(": up to date: ") == count


@pytest.mark.parametrize("name", ["photo.png", "a.jpg"])
def test_what_was_changed_is_made_again_and_nothing_else(assets: Sandbox, name: str) -> None:
    assets.run(*COPIES, check=0)
    path = assets.path(f"assets/{name}")
    pixels = many_colors(9, 70, 60)
    path.write_bytes(encoded("JPEG" if name.endswith("jpg") else "PNG", pixels))
    run = assets.run(*COPIES, "--json", check=0)
    anew = {each for each, state in states(run).items() if state != "up-to-date"}
    assert anew == {name}
    assert run.changed - {f"small/{FOLDER}/files"} == {f"small/{name}"}
    assert read_picture(assets.path(f"small/{name}")).shape == pixels.shape


def test_with_other_options_all_is_made_again_without_force(assets: Sandbox) -> None:
    assets.run(*COPIES, check=0)
    run = assets.run(*COPIES, "-k", "4", "--json", check=0)
    assert "up-to-date" not in states(run).values()
    again = assets.run("compress", "-r", "assets", "-d", "other", "--same-names", "-k", "4")
    assert again.code == 0
    assert content("small") == content("other")


def test_an_output_that_somebody_changed_is_kept(assets: Sandbox) -> None:
    assets.run(*COPIES, check=0)
    mine = assets.picture("small/photo.png", few_colors(8))
    data = mine.read_bytes()
    for _ in range(2):
        run = assets.run(*COPIES, check=3)
        assert (
            "assets/photo.png: kept: small/photo.png: it already exists (--force replaces it)"
            in run.lines
        )
        assert mine.read_bytes() == data
    assets.run(*COPIES, "-f", check=0)
    assert mine.read_bytes() != data
    assert set(states(assets.run(*COPIES, "--json", check=0)).values()) == {"up-to-date"}


def test_what_was_there_before_is_kept(assets: Sandbox) -> None:
    assets.picture("small/photo.png", few_colors(8))
    run = assets.run(*COPIES, "--json", check=3)
    assert states(run)["photo.png"] == "skipped"
    assert not run.changed


@pytest.mark.parametrize("verb", [COPIES, IN_PLACE])
def test_a_target_that_cannot_be_met_leaves_the_picture(
    assets: Sandbox, verb: tuple[str, ...]
) -> None:
    before = content("assets")
    run = assets.run(*verb, "-k", "5", "--min-psnr", "60", "--json", check=0)
    assert states(run)["photo.png"] == ("copied" if verb is COPIES else "unchanged")
    folder = "small" if verb is COPIES else "assets"
    assert content(folder)["photo.png"] == before["photo.png"]


def test_a_file_that_is_broken_fails_and_is_not_copied(assets: Sandbox) -> None:
    assets.path("assets/broken.png").write_bytes(b"\x89PNG\r\n\x1a\nand nothing more")
    run = assets.run(*COPIES, check=1)
    assert "assets/broken.png: " in run.err
    assert not assets.path("small/broken.png").exists()
    assert assets.path("small/photo.png").exists()


def test_in_place_every_file_is_smaller_or_as_it_was(assets: Sandbox) -> None:
    before = content("assets")
    os.chmod("assets/photo.png", 0o640)
    run = assets.run(*IN_PLACE, "--json", check=0)
    became = states(run)
    assert became == {
        **dict.fromkeys(SMALLER, "ok"), **dict.fromkeys(others(), "unchanged"),
    }  # fmt: skip
    after = content("assets")
    assert after.keys() == before.keys()
    for name, data in after.items():
        assert data == before[name] or (name in SMALLER and len(data) < len(before[name]))
    assert run.changed == {f"assets/{name}" for name in SMALLER}
    assert not run.new
    assert os.stat("assets/photo.png").st_mode & 0o777 == 0o640
    again = assets.run(*IN_PLACE, "-k", "3", "--json", check=0)  # which would lose more
    assert {states(again)[name] for name in SMALLER} == {"unchanged"}
    assert again.left_all_as_it_was
    assets.run(*IN_PLACE, "-k", "3", "-f", check=0)
    assert len(content("assets")["photo.png"]) < len(after["photo.png"])


def test_in_place_links_stay_links_and_other_names_of_a_file_the_old_one(
    assets: Sandbox,
) -> None:
    photo = assets.path("assets/photo.png")
    data = photo.read_bytes()
    assets.path("assets/soft.png").symlink_to("photo.png")
    assets.path("far.png").write_bytes(data)
    assets.path("assets/outside.png").symlink_to("../far.png")
    os.link(photo, assets.path("hard.png"))
    run = assets.run(*IN_PLACE, "--json", check=0)
    assert states(run)["soft.png"] == states(run)["outside.png"] == "unchanged"
    assert assets.path("assets/soft.png").is_symlink()
    assert photo.read_bytes() != data
    assert assets.path("hard.png").read_bytes() == assets.path("far.png").read_bytes() == data


def test_in_place_a_picture_that_changes_meanwhile_stays(assets: Sandbox) -> None:
    photo = assets.path("assets/photo.png")

    def compress(writing: WriteOptions) -> FileReport:
        photo.write_bytes(b"somebody's work")
        return compress_file(
            assets.path("before.png"), photo, FORMATS["png"], CompressSettings(), ReadOptions(),
            writing,
        )  # fmt: skip

    shutil.copy(photo, "before.png")
    planned = PlannedFile(photo, photo, (photo,))
    with pytest.raises(FileError, match="it was changed while it was compressed") as caught:
        compress_dropin(planned, WriteOptions(), compress, MAX_PIXELS)
    assert caught.value.reason == "input-changed"
    assert photo.read_bytes() == b"somebody's work"


CHILD = """
import os, signal, sys
from codec.cli.commands import main
from codec import files
from codec.files import temporaries

steps, end = 0, int(sys.argv[1])

def stepping(owner, name):
    function = getattr(owner, name)
    def work(*arguments, **options):
        global steps
        steps += 1
        if steps == end:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    setattr(owner, name, work)

for name in ("open", "write", "fsync", "link", "replace", "unlink", "close"):
    stepping(os, name)
code = main(sys.argv[2:])
print(steps)
sys.exit(code)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
@pytest.mark.parametrize("verb", [COPIES, IN_PLACE])
def test_whenever_it_is_killed_every_file_is_whole(assets: Sandbox, verb: tuple[str, ...]) -> None:
    """A kill before each of the calls by which files come to be and get their names."""
    shutil.copytree("assets", "before")
    before = content("before")

    def run(end: int) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-c", CHILD, str(end), *verb, "-q", "-j", "1"],
            env=child_environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip

    whole = run(0)
    assert whole.returncode == 0, whole.stderr
    folder = "small" if verb is COPIES else "assets"
    after, steps = content(folder), int(whole.stdout)
    assert steps > 20
    killed = 0
    for end in range(1, steps + 1, max(1, steps // 40)):
        for made in ("small", "assets"):
            shutil.rmtree(made, ignore_errors=True)
        shutil.copytree("before", "assets")
        killed += run(end).returncode == -signal.SIGKILL
        for name, data in content(folder).items() if Path(folder).exists() else ():
            temporary = Path(name).name.startswith(".kmcodec-")
            assert temporary or data in (before[name], after[name]), (end, name)
        assert verb is COPIES or before.keys() <= content("assets").keys()
        # And the same command does the rest.
        assert run(0).returncode == 0
        there = {n: d for n, d in content(folder).items() if ".kmcodec-" not in n}
        assert there == after
    assert killed > 20


@pytest.mark.parametrize("verb", [COPIES, IN_PLACE, ("check", "-r", "assets", "--mend")])
@pytest.mark.parametrize("low", [0, 20000])
def test_samples_of_16_bits_are_not_rounded_away(
    assets: Sandbox, verb: tuple[str, ...], low: int
) -> None:
    """Of which 8 bits would leave ten levels, or all that can be seen: either is a loss."""
    deep = (np.arange(60 * 80).reshape(60, 80) * (1 if low else 13) + low).astype(np.uint16)
    Image.fromarray(deep).save("assets/deep.png")
    exact = (np.arange(60 * 80).reshape(60, 80) % 256 * 257).astype(np.uint16)
    Image.fromarray(exact).save("assets/exact.png", compress_level=0)
    before = content("assets")["deep.png"]
    run = assets.run(*verb, "--json", check=0)
    assert states(run)["deep.png"] == ("copied" if verb is COPIES else "unchanged")
    assert states(run)["exact.png"] == "ok"
    assert content("small" if verb is COPIES else "assets")["deep.png"] == before
    assert "its samples of 16 bits would be rounded to 8" in run.out


def test_one_palette_is_that_of_all_even_where_a_picture_grows(assets: Sandbox) -> None:
    for part in (("--shared-codebook", "-k", "32"), ("--codebook", "own.hex")):
        Path("own.hex").write_text("#000000\n#ffffff\n#102030\n#a0a0a0\n")
        assets.run(*COPIES, *part, "-f", check=0)
        books = [codec.load(f"small/{name}").codebook for name in ("photo.png", "dot.png")]
        assert {tuple(color) for color in books[1]} <= {tuple(color) for color in books[0]}
        assert codec.load("small/made.png").n_colors <= 32


def test_what_is_not_looked_into_is_named(assets: Sandbox) -> None:
    assets.picture("elsewhere/a.png")
    assets.path("assets/more").symlink_to("../elsewhere")
    assets.picture("assets/out/b.png")
    run = assets.run("compress", "-r", "assets", "-d", "assets/out", "--same-names", check=0)
    (line,) = [line for line in run.lines if "are not looked into" in line]
    assert line.endswith("assets/more and 1 more")
    assert assets.path("assets/out/b.png").exists()


def test_an_output_that_became_a_link_is_kept_and_so_is_what_it_points_to(
    assets: Sandbox,
) -> None:
    assets.run(*COPIES, check=0)
    for name in ("photo.png", "a.jpg"):
        assets.path(f"small/{name}").rename(assets.path(f"precious-{name}"))
        assets.path(f"small/{name}").symlink_to(f"../precious-{name}")
    before = {name: Path(f"precious-{name}").read_bytes() for name in ("photo.png", "a.jpg")}
    Path("assets/photo.png").write_bytes(encoded("PNG", many_colors(7, 60, 80)))
    Path("assets/a.jpg").write_bytes(encoded("JPEG", many_colors(7)))
    run = assets.run(*COPIES, "--json")
    assert run.code in (1, 3)
    for name, data in before.items():
        assert Path(f"precious-{name}").read_bytes() == data
        assert states(run)[name] in ("skipped", "error")


SUFFIXED = {
    "pair": ("photo-small.codebook.npy", "photo-small.labels.png"),
    "npz": ("photo-small.npz",), "png": ("photo-small.png",), "kmc": ("photo-small.kmc",),
    "tiff": ("photo-small.tif",),
}  # fmt: skip


@pytest.mark.parametrize("format", SUFFIXED)
@pytest.mark.parametrize("folder", [None, "out"])
def test_a_suffix_names_outputs(sandbox: Sandbox, format: str, folder: str | None) -> None:
    sandbox.picture("in/photo.png")
    where = ("-d", folder) if folder else ()
    asked = ("compress", "in/photo.png", "--format", format, "--suffix", "-small", *where)
    run = sandbox.run(*asked, check=0)
    assert {name for name in run.new if "." in name} == {
        f"{folder or 'in'}/{name}" for name in SUFFIXED[format]
    }
    assert sandbox.run(*asked, check=3).left_all_as_it_was
    # Neither a tree nor names that a shell lists take what is made so for another picture.
    tree = ("compress", "-r", "in", "--format", format, "--suffix", "-small")
    assert sandbox.run(*tree).code == (3 if folder is None else 0)
    run = sandbox.run(*tree)
    assert run.left_all_as_it_was
    made = f"in/{SUFFIXED[format][-1]}"
    assert "it is a compressed file" in sandbox.run(*tree[:1], made, *tree[3:], check=3).err
    # A picture of that name that somebody else made is one.
    sandbox.picture("in/own-small.png")
    named = sandbox.run("compress", "in/own-small.png", *tree[3:], check=0)
    assert f"in/{SUFFIXED[format][-1].replace('photo', 'own-small')}" in named.new


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--same-names",), "--same-names needs -d"),
        (("--same-names", "-o", "b.png"), "--same-names names outputs, and so does -o"),
        (("--in-place", "-o", "b.png"), "--in-place names outputs, and so does -o"),
        (("--in-place", "-d", "out"), "--in-place writes where inputs are"),
        (("--in-place", "--format", "kmc"), "no other format has names of pictures"),
        (("--same-names", "-d", "out", "--format", "npz"), "no other format"),
        (("--in-place", "--scheduler", "tcp://x:1"), "without --scheduler"),
        (("--suffix", "a/b"), "--suffix is a part of a name"),
        (("--suffix", ""), "--suffix is a part of a name"),
        (("--suffix", "-s", "-o", "b.npz"), "--suffix names outputs, and so does -o"),
        (("--in-place", "--same-names"), "not allowed with argument"),
        (("--suffix",), "expected one argument"),
        (("--suffix", ".labels", "--format", "png"), "names would be those of another format"),
        (("--in-place", "--html", "x.html"), "there may be none"),
        (("--same-names", "-d", "out", "--html", "x.html"), "there may be none"),
        (("-j", "0"), "argument -j/--jobs: "),
    ],
)
def test_names_that_contradict_each_other_are_wrong_usage(
    sandbox: Sandbox, arguments: tuple[str, ...], says: str
) -> None:
    sandbox.picture("a.png")
    run = sandbox.run("compress", "a.png", *arguments)
    assert usage_error(run)
    assert says in run.err


@pytest.mark.parametrize("option", ["--in-place", "--suffix=-s", "--same-names"])
def test_standard_input_has_no_name(sandbox: Sandbox, option: str) -> None:
    assert usage_error(sandbox.run("compress", "-", option))


def test_the_directory_itself_is_no_place_for_copies(assets: Sandbox) -> None:
    run = assets.run("compress", "-r", "assets", "-d", "assets", "--same-names", check=1)
    assert run.err.count("(collision)") == len(SMALLER) + len(others())
    assert not run.changed


def test_two_pictures_of_one_name_are_refused(sandbox: Sandbox) -> None:
    sandbox.pictures("a/x.png", "b/x.png", "b/y.png")
    run = sandbox.run("compress", "-r", "a", "b", "-d", "out", "--same-names", check=1)
    assert run.err.count("(collision)") == 2
    assert sandbox.path("out/y.png").exists()
    assert not sandbox.path("out/x.png").exists()


def test_one_codebook_for_a_tree(assets: Sandbox) -> None:
    assets.picture("assets/second.png", many_colors(11, 50, 60))
    assets.run(*COPIES, "--shared-codebook", "-k", "32", check=0)
    books = [codec.load(f"small/{name}").codebook for name in ("photo.png", "second.png")]
    known = {tuple(color) for color in books[0]} | {tuple(color) for color in books[1]}
    assert len(known) <= 32
    run = assets.run(*COPIES, "--shared-codebook", "-k", "32", "--json", check=0)
    assert set(states(run).values()) == {"up-to-date"}


@pytest.mark.parametrize("verb", ["compress", "decompress", "convert"])
def test_as_many_at_a_time_as_are_asked_for_give_the_same_files(
    sandbox: Sandbox, verb: str
) -> None:
    for number in range(6):
        sandbox.picture(f"in/{number}.png", many_colors(number))
    more: tuple[str, ...] = ("--format", "png")
    source = "in"
    if verb != "compress":
        sandbox.run("compress", "-r", "in", "-d", "mid", "--format", "npz", check=0)
        source, more = "mid", (more if verb == "convert" else ())
    for jobs in ("1", "3", "8"):
        sandbox.run(verb, "-r", source, "-d", f"out{jobs}", "-j", jobs, *more, check=0)
    assert content("out1") == content("out3") == content("out8")
    assert len(content("out1")) == 6
