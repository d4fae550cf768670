"""Consoles without Unicode: our own texts stay readable, and names of files exact."""

import ast
import os
from collections.abc import Iterator

import pytest
from cli_tools import REPOSITORY, Sandbox, child_environment, many_colors
from terminal_tools import on_terminal

from codec.cli.consoles import ASCII

VERBS = {
    "compress": ("a.png", "b.png", "-k", "9", "--measure", "-v", "-d", "out"),
    "compress quietly told": ("a.png", "-k", "9", "-o", "x.npz", "--measure"),
    "compress to a target": ("a.png", "--min-psnr", "30", "-o", "x.npz"),
    "decompress": ("old.npz", "-v", "-o", "x.png"),
    "decompress told in a line": ("old.npz", "-o", "x.png"),
    "convert": ("old.npz", "-o", "x.png"),
    "train": ("a.png", "b.png", "-o", "x.npy", "-v"),
    "info": ("a.png", "old.npz", "old.tif", "--engine"),
    "report": ("a.png", "old.npz", "b.png", "--html", "x.html"),
    "sweep": ("a.png", "b.png", "-k", "3,4"),
}
HELPED = ["", *sorted({verb.split()[0] for verb in VERBS})]
ENCODINGS = ["ascii:strict", "latin-1", "cp437"]


def literals() -> Iterator[tuple[str, str]]:
    """Find all texts in the source but docstrings: file and text."""
    for path in sorted((REPOSITORY / "codec").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        docstrings = {
            id(node.value) for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }  # fmt: skip
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in docstrings
            ):
                yield path.name, node.value


def test_all_that_we_say_can_be_said_in_ascii() -> None:
    found = {(c, name) for name, text in literals() for c in text if not c.isascii()}
    assert {c for c, _ in found} == ASCII.keys(), found
    assert all(text.isascii() and text.isprintable() for text in ASCII.values())


@pytest.fixture
def files(sandbox: Sandbox) -> Sandbox:
    sandbox.picture("a.png", many_colors(0))
    sandbox.picture("b.png", many_colors(1))
    sandbox.run("compress", "a.png", "-k", "7", "-o", "old.npz", check=0)
    sandbox.run("compress", "a.png", "-k", "7", "-o", "old.tif", check=0)
    return sandbox


def decoded(text: str, encoding: str) -> str:
    """Read again what `spawn` took for UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode(encoding.split(":")[0])


def plain(text: str) -> bool:
    """Whether a text has no escapes, and no marks of what was lost."""
    return "\\u" not in text and "\\x" not in text and " ? " not in text and "\ufffd" not in text


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_verb_is_readable(files: Sandbox, verb: str, encoding: str) -> None:
    env = child_environment(PYTHONIOENCODING=encoding)
    run = files.spawn(verb.split()[0], *VERBS[verb], env=env)
    assert run.code == 0, run.err
    said = decoded(run.out + run.err, encoding)
    assert plain(said)
    if encoding.startswith("ascii") and verb != "train":
        assert said.isascii()
        assert any(twin in said for twin in ("->", "x ", " x ")), said


@pytest.mark.parametrize("verb", HELPED)
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_help_is_readable(sandbox: Sandbox, verb: str, encoding: str) -> None:
    env = child_environment(PYTHONIOENCODING=encoding)
    run = sandbox.spawn(*filter(None, [verb]), "--help", env=env)
    assert run.code == 0, run.err
    shown = decoded(run.out, encoding)
    assert shown.startswith("usage: ")
    assert plain(shown)
    assert ("(dE2000, mean)" in " ".join(shown.split())) == (verb == "compress")


def test_without_a_language_nothing_fails(files: Sandbox) -> None:
    for language in ("C", "POSIX"):
        run = files.spawn("sweep", "a.png", "-k", "3", env=child_environment(LC_ALL=language))
        assert (run.code, plain(run.out)) == (0, True)


def test_what_can_be_encoded_stays_as_it_is(files: Sandbox) -> None:
    env = child_environment(PYTHONIOENCODING="latin-1")
    run = files.spawn("sweep", "a.png", "-k", "3", env=env)
    assert "×" in decoded(run.out, "latin-1")
    run = files.spawn("compress", "a.png", "-o", "x.npz", env=env)
    assert " -> " in run.err
    assert "× vs raw" in decoded(run.err, "latin-1")


@pytest.mark.parametrize("name", ["ä→.png", "a×b–Δ.png", "日本.png"])
def test_names_are_escaped_and_never_replaced_by_what_looks_alike(
    sandbox: Sandbox, name: str
) -> None:
    sandbox.picture(name)
    env = child_environment(PYTHONIOENCODING="ascii")
    escaped = name.encode("ascii", "backslashreplace").decode()
    run = sandbox.spawn("compress", name, "-o", "x.npz", env=env)
    assert run.err.startswith(f"{escaped}  ")
    assert sandbox.spawn("info", name, env=env).out.startswith(f"{escaped}\n")
    missing = sandbox.spawn("compress", f"no-{name}", env=env)
    assert missing.err.startswith(f"kmcodec: error: no-{escaped}: no such file")
    assert sandbox.spawn("info", name).out.startswith(f"{name}\n")


def test_programs_are_told_names_as_they_are(sandbox: Sandbox) -> None:
    import json

    sandbox.picture("a→b.png")
    env = child_environment(PYTHONIOENCODING="ascii")
    run = sandbox.spawn("info", "a→b.png", "--json", env=env)
    assert json.loads(run.out)["results"][0]["input"] == "a→b.png"


@pytest.mark.skipif(os.name != "posix", reason="there are no terminals of this kind")
def test_bars_are_of_ascii(sandbox: Sandbox) -> None:
    for number in range(4):
        sandbox.picture(f"{number}.png", many_colors(number, 60, 80))
    names = [f"{number}.png" for number in range(4)]
    for encoding in ("ascii", "utf-8"):
        code, shown = on_terminal(
            sandbox.root, "compress", *names, "-f", environment={"PYTHONIOENCODING": encoding}
        )
        assert code == 0
        assert "/4 [" in shown
        assert shown.isascii() == (encoding == "ascii")
        assert plain(shown)
