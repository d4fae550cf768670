"""Python speaks of arguments, and the command of options."""

from pathlib import Path

import numpy as np
import pytest
from cli_tools import Sandbox, many_colors
from PIL import Image

import codec
from codec.cli.words import in_words_of_the_command


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("too large (max_pixels raises it)", "too large (--max-pixels raises it)"),
        ("(first_frame=True takes the first)", "(--first-frame takes the first)"),
        ("cannot write a.png: it already exists",
         "cannot write a.png: it already exists (--force replaces it)"),
        ("cannot write my_max_pixels.png: no space", "cannot write my_max_pixels.png: no space"),
        ("cannot write n_colors.npz: no space", "cannot write n_colors.npz: no space"),
        ("cannot write keep_order/a.npz: no space", "cannot write keep_order/a.npz: no space"),
        ("max_error chooses all: leave out palette_depth",
         "--max-error chooses all: leave out --palette-depth"),
        ("min_ssimulacra2 is more than min_ssim", "--min-ssimulacra2 is more than --min-ssim"),
        ("41 can (n_colors over 64 and tune='psnr' get nearer)",
         "41 can (-k over 64 and --tune psnr get nearer)"),
        ("x/max_pixels and max_pixels_too stay", "x/max_pixels and max_pixels_too stay"),
    ],
)  # fmt: skip
def test_arguments_become_options(said: str, expected: str) -> None:
    assert in_words_of_the_command(said) == expected


def several(path: Path) -> None:
    frames = [Image.fromarray(many_colors(seed=seed)) for seed in (1, 2)]
    frames[0].save(path, save_all=True, append_images=frames[1:])


def test_the_same_fault_is_told_in_the_words_of_who_asks(sandbox: Sandbox) -> None:
    several(Path("a.gif"))
    sandbox.picture("b.png", many_colors())
    with pytest.raises(codec.ImageError, match=r"first_frame=True takes the first"):
        codec.read_image("a.gif")
    run = sandbox.run("compress", "a.gif", "-o", "a.npz", check=1)
    assert "(--first-frame takes the first)" in run.err
    with pytest.raises(codec.LimitError, match=r"\(max_pixels raises it\)"):
        codec.read_image("b.png", max_pixels=5)
    assert "(--max-pixels raises it)" in sandbox.run("info", "b.png", "--max-pixels", "5").err


def test_what_may_not_be_replaced_is_told_without_a_flag(sandbox: Sandbox) -> None:
    indexed = codec.compress(many_colors(), 4)
    codec.save(indexed, "a.npz")
    with pytest.raises(codec.FileError, match=r"already exists$"):
        codec.save(indexed, "a.npz", exclusive=True)
    sandbox.picture("b.png")
    run = sandbox.run("compress", "b.png", "-o", "a.npz", check=3)
    assert "it already exists (--force replaces it)" in run.err


def test_notices_speak_of_options_too(sandbox: Sandbox) -> None:
    samples = (np.arange(5000, dtype=np.uint16) % 3000).reshape(50, 100)
    Image.fromarray(samples).save("deep.png")
    assert any("scale_range=True" in notice for notice in codec.read_image("deep.png").notices)
    run = sandbox.run("compress", "deep.png", "-o", "a.npz", "--json", check=0)
    assert "--scale-range stretches them" in run.err + run.out
    assert "scale_range" not in (run.err + run.out).replace("scale-range", "")
