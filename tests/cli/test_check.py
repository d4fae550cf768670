"""The verb `check`: which PNGs could be smaller, by a part, at a look."""

import json
from pathlib import Path

import pytest
from cli_tools import Sandbox, few_colors, many_colors, soft_shades, usage_error

import codec


@pytest.fixture
def assets(sandbox: Sandbox) -> Sandbox:
    """One that could shrink, one that could not, one that kmcodec made, and a JPEG."""
    sandbox.picture("large.png", soft_shades())
    sandbox.picture("dot.png", few_colors(height=1, width=1))
    codec.save(codec.compress(many_colors(2), 9), sandbox.path("made.png"))
    sandbox.picture("photo.jpg", many_colors(3))
    return sandbox


ALL = ("large.png", "dot.png", "made.png", "photo.jpg")


def test_what_could_shrink_fails_and_nothing_is_written(assets: Sandbox) -> None:
    run = assets.run("check", *ALL, check=1)
    assert run.left_all_as_it_was
    assert len(run.lines) == 3
    assert run.lines[0].startswith("large.png: could shrink: ")
    assert run.lines[1].startswith("1 of 4 files could shrink (3 unchanged)")
    assert run.lines[2] == "kmcodec check --mend makes them smaller"
    said = json.loads(assets.run("check", *ALL, "--json", check=1).out)
    (found,) = [each for each in said["results"] if each["status"] == "could-shrink"]
    assert found["input"] == "large.png"
    assert found["psnr_db"] >= 40
    assert found["output_bytes"] <= 0.9 * found["input_bytes"]
    assert said["totals"]["could_shrink"] == 1


def test_what_could_not_shrink_passes_in_silence(assets: Sandbox) -> None:
    run = assets.run("check", *ALL[1:], check=0)
    assert len(run.lines) == 1
    assert run.left_all_as_it_was
    assert assets.run("check", "dot.png", check=0).lines == []


def test_mended_is_what_was_told_and_passes_from_then_on(assets: Sandbox) -> None:
    told = json.loads(assets.run("check", "large.png", "--json", check=1).out)["results"][0]
    assets.run("compress", "large.png", "-o", "plain.png", check=0)
    run = assets.run("check", *ALL, "--mend", check=0)
    assert run.changed == {"large.png"}
    assert not run.new
    assert Path("large.png").stat().st_size == told["output_bytes"]
    # A look is no aim: what is written is as good as ever.
    assert Path("large.png").read_bytes() == Path("plain.png").read_bytes()
    run = assets.run("check", *ALL, "--mend", check=0)
    assert run.left_all_as_it_was


@pytest.mark.parametrize("part", [0.02, 0.1, 0.3])
def test_a_part_decides(assets: Sandbox, part: float) -> None:
    """On either side of what a picture could be smaller by."""
    run = assets.run("check", "large.png", "--shrink", "0%", "--json", check=1)
    (found,) = json.loads(run.out)["results"]
    saved = 100 * (1 - found["output_bytes"] / found["input_bytes"])
    assert saved > 100 * part
    less, more = f"{saved - 100 * part:.3f}%", f"{saved + 0.01:.3f}%"
    assets.run("check", "large.png", "--shrink", less, check=1)
    run = assets.run("check", "large.png", "--shrink", more, "-v", check=0)
    assert f"smaller by less than {float(more[:-1]):g} %" in run.err


@pytest.mark.parametrize(
    ("look", "code"),
    [
        (("--min-psnr", "30"), 1), (("--min-psnr", "90"), 0), (("--min-ssim", "0.8"), 1),
        (("--min-ssim", "0.9999"), 0), (("--max-error", "60"), 1), (("--max-error", "0"), 0),
        (("-k", "2"), 0), (("-k", "2", "--min-psnr", "10"), 1),
    ],
)  # fmt: skip
def test_a_look_decides(assets: Sandbox, look: tuple[str, ...], code: int) -> None:
    assets.run("check", "large.png", *look, check=code)


def test_trees_and_nothing_at_all(assets: Sandbox) -> None:
    assets.picture("in/deep/large.png", soft_shades())
    assert "in/deep/large.png: could shrink" in assets.run("check", "-r", "in", check=1).err
    assert assets.run("check", check=0).lines == ["kmcodec: no files found"]


def test_what_is_broken_fails(assets: Sandbox) -> None:
    Path("bad.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    run = assets.run("check", "bad.png", "--mend", check=1)
    assert run.left_all_as_it_was
    assert run.lines[0].startswith("kmcodec: error: bad.png: ")


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_standard_input_is_not_passed_in_silence(assets: Sandbox, name: str) -> None:
    with open("large.png", "rb") as stdin:
        run = assets.spawn("check", name, stdin=stdin)
    assert run.code == (2 if name == "-" else 1)
    assert ("could shrink" in run.err) == (name != "-")
    with open("large.png", "rb") as stdin:
        run = assets.spawn("check", name, "--mend", stdin=stdin)
    assert run.code == (2 if name == "-" else 0)
    assert run.err


@pytest.mark.parametrize("part", ["10", "0.1", "100%", "-1%", "x%", "%"])
def test_a_part_is_written_with_its_sign(assets: Sandbox, part: str) -> None:
    assert usage_error(assets.run("check", "large.png", f"--shrink={part}"))
