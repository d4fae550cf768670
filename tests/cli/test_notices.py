"""Notices about several files are summed; about one, they stand at it."""

import json

import numpy as np
import pytest
from cli_tools import Sandbox, few_colors
from PIL import Image

from codec.reports.report import FileReport
from codec.reports.totals import NoticeSums

RENUMBERED = "palette indices are renumbered (--keep-order keeps them)"


def palettes(*names: str) -> None:
    """Write pictures with palettes whose indices are renumbered."""
    for seed, name in enumerate(names):
        image = Image.fromarray(few_colors(seed)).convert("P", palette=Image.Palette.ADAPTIVE)
        image.save(name)


def frames(name: str, count: int) -> None:
    """Write an animation."""
    images = [Image.fromarray(few_colors(seed)) for seed in range(count)]
    images[0].save(name, save_all=True, append_images=images[1:])


def notices(lines: list[str]) -> list[str]:
    """The notices, but for what is said of pictures as small as these."""
    return [line for line in lines if "notice: " in line and "larger than" not in line]


def test_a_notice_of_several_files_is_one_line_after_them(sandbox: Sandbox) -> None:
    palettes("a.png", "b.png", "c.png")
    sandbox.picture("d.png")
    run = sandbox.run(
        *["compress", "a.png", "b.png", "c.png", "d.png", "--format", "png"], check=0
    )
    assert notices(run.lines) == [f"notice: {RENUMBERED}: a.png and 2 more files"]
    assert all("notice" not in line for line in run.lines[:4])
    assert run.lines[-1].startswith("4 of 4 files")


def test_a_notice_of_one_file_and_with_v_stands_at_the_file(sandbox: Sandbox) -> None:
    palettes("a.png", "b.png")
    run = sandbox.run(*["compress", "a.png", "--format", "png"], check=0)
    assert notices(run.lines) == [f"a.png: notice: {RENUMBERED}"]
    run = sandbox.run(*["compress", "a.png", "b.png", "--format", "png", "-f", "-v"], check=0)
    assert notices(run.lines) == [f"{name}: notice: {RENUMBERED}" for name in ("a.png", "b.png")]


def test_json_has_the_notices_of_each_file_and_quiet_says_none(sandbox: Sandbox) -> None:
    palettes("a.png", "b.png")
    run = sandbox.run(*["compress", "a.png", "b.png", "--format", "png", "--json", "-q"], check=0)
    assert run.err == ""
    assert [RENUMBERED in each["notices"] for each in json.loads(run.out)["results"]] == [True] * 2


def test_one_file_of_several_that_has_a_notice_is_named_alone(sandbox: Sandbox) -> None:
    palettes("a.png")
    sandbox.picture("b.png")
    run = sandbox.run(*["compress", "a.png", "b.png", "--format", "png"], check=0)
    assert notices(run.lines) == [f"notice: {RENUMBERED}: a.png"]


@pytest.mark.parametrize("verb", ["compress", "train", "info", "sweep", "convert"])
def test_notices_that_differ_in_numbers_are_one_kind(sandbox: Sandbox, verb: str) -> None:
    for number in (2, 3, 4):
        frames(f"x{number}.gif", number)
    options = {
        "compress": ("--first-frame", "--format", "npz"),
        "train": ("--first-frame", "-o", "x.npy"),
        "sweep": ("--first-frame", "-k", "4"),
        "info": (),
        "convert": ("--first-frame", "--format", "npz"),
    }[verb]
    run = sandbox.run(verb, "x2.gif", "x3.gif", "x4.gif", *options, check=0)
    about = [line for line in notices(run.lines) if "of 2 pictures" in line]
    assert len(about) == 1
    assert about[0].startswith("notice: ")
    assert about[0].endswith("x2.gif and 2 more files (with numbers or names of their own)")
    assert not [line for line in run.lines if "only the first of 3" in line]


def test_decompressing_sums_too(sandbox: Sandbox) -> None:
    for name in ("a", "b"):
        np.save(f"{name}.codebook.npy", np.arange(6, dtype=np.uint8).reshape(2, 3))
        Image.fromarray(np.zeros((2, 3), np.uint8)).save(f"{name}.labels.png")
    run = sandbox.run("decompress", "a.labels.png", "b.labels.png", check=0)
    assert len(notices(run.lines)) == 1
    assert notices(run.lines)[0].endswith(": a.labels.png and 1 more file")


def test_sums_are_bounded_whatever_notices_say() -> None:
    sums = NoticeSums()
    words = ["".join(chr(97 + int(digit)) for digit in str(number)) for number in range(500)]
    kept = [sums.add(f"{word}.png", f"odd: {word}") for word in words]
    assert kept.count(True) == len(sums.lines()) == 100
    assert sums.add("z.png", "odd: a")  # a kind that is known


def test_a_kind_beyond_the_bound_stands_at_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    from codec.cli.outcomes import say_notices

    sums = NoticeSums()
    for letter in "abcdefghij":
        for other in "abcdefghij":
            sums.add("x.png", letter + other)
    say_notices(FileReport("y.png", notices=("another", "aa")), sums)
    assert capsys.readouterr().err == "y.png: notice: another\n"
    assert sums.lines()[0] == "notice: aa: x.png and 1 more file"
