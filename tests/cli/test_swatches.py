"""Colors on terminals, where they can be shown and are wanted."""

import re

import numpy as np
import pytest
from cli_tools import Sandbox, few_colors, many_colors
from terminal_tools import on_terminal

import codec

pytestmark = pytest.mark.slow

TRUE = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


def painted(shown: str) -> list[tuple[int, ...]]:
    """Colors of the swatches, in their order."""
    found = re.findall(r"\x1b\[48;2;(\d+);(\d+);(\d+)m  ", shown)
    return [tuple(map(int, color)) for color in found]


def codewords(name: str) -> list[tuple[int, ...]]:
    return [tuple(word) for word in codec.load(name).codebook.tolist()]


def test_info_shows_code_words_in_the_order_of_labels(sandbox: Sandbox) -> None:
    codec.save(codec.compress(many_colors(), 100), "x.npz")
    code, shown = on_terminal(sandbox.root, "info", "x.npz", stream="stdout", environment=TRUE)
    assert code == 0
    assert painted(shown) == codewords("x.npz")
    lines = [line for line in shown.splitlines() if "\x1b[" in line]
    assert [len(painted(line)) for line in lines] == [32, 32, 32, 4]
    assert all(line.endswith("\x1b[0m") for line in lines)  # nothing beyond is painted


def test_swatches_fit_a_narrow_terminal(sandbox: Sandbox) -> None:
    codec.save(codec.compress(few_colors()), "x.npz")
    for columns, most in ((21, 9), (1, 1)):
        _, shown = on_terminal(
            sandbox.root, "info", "x.npz", stream="stdout", columns=columns, environment=TRUE
        )
        counts = [len(painted(line)) for line in shown.splitlines() if "\x1b[" in line]
        assert max(counts) == most
        assert sum(counts) == 27


def test_info_shows_the_colors_of_a_picture_that_has_few(sandbox: Sandbox) -> None:
    sandbox.picture("few.png", few_colors())
    sandbox.picture("many.png", many_colors(height=60))
    _, shown = on_terminal(sandbox.root, "info", "few.png", stream="stdout", environment=TRUE)
    assert set(painted(shown)) == {tuple(color) for color in few_colors().reshape(-1, 3).tolist()}
    _, shown = on_terminal(sandbox.root, "info", "many.png", stream="stdout", environment=TRUE)
    assert "\x1b" not in shown


def test_what_is_not_opaque_is_dotted(sandbox: Sandbox) -> None:
    codebook = np.array([[1, 2, 3, 255], [4, 5, 6, 9], [0, 0, 0, 0]], np.uint8)
    codec.save(codec.IndexedImage(np.array([[0, 1, 2]], np.uint8), codebook), "x.npz")
    _, shown = on_terminal(sandbox.root, "info", "x.npz", stream="stdout", environment=TRUE)
    assert "  \x1b[48;2;1;2;3m  \x1b[48;2;4;5;6m..\x1b[0m..\x1b[0m\r\n" in shown


def test_compress_shows_them_with_v_alone(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    options = ("compress", "photo.png", "-k", "9", "-f")
    code, shown = on_terminal(sandbox.root, *options, "-v", environment=TRUE)
    assert code == 0
    assert painted(shown) == codewords("photo.labels.png")
    assert on_terminal(sandbox.root, *options, environment=TRUE)[1].count("\x1b[48") == 0


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({"TERM": "xterm", "COLORTERM": "24bit"}, True),
        ({"TERM": "xterm-direct"}, True),
        ({"TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, False),
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm", "COLORTERM": "yes"}, False),
    ],
)
def test_they_are_shown_where_the_terminal_says_so(
    sandbox: Sandbox, environment: dict[str, str], wanted: bool
) -> None:
    codec.save(codec.compress(few_colors()), "x.npz")
    _, shown = on_terminal(sandbox.root, "info", "x.npz", stream="stdout", environment=environment)
    assert "codebook size K" in shown
    assert ("\x1b" in shown) == wanted


def test_a_pipe_and_json_have_none(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm")
    sandbox.picture("photo.png")
    run = sandbox.run("compress", "photo.png", "-v", check=0)
    assert "\x1b" not in run.err
    assert "\x1b" not in sandbox.run("info", "photo.png", "photo.labels.png", check=0).out
    _, shown = on_terminal(
        sandbox.root, "info", "photo.png", "--json", stream="stdout", environment=TRUE
    )
    assert "\x1b" not in shown
