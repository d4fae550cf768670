"""Completion in the shells themselves, and the manual page."""

import os
import pty
import re
import select
import shutil
import subprocess
from pathlib import Path

import made
import pytest
from arguments import DIRECTORIES, FILES, Verb, read_parser

from codec.formats.registry import FORMATS, LARGE_FORMATS
from codec.jobs.convert import TARGETS

FIRST, VERBS = read_parser()
CONTENTS = made.contents()
BASH, ZSH, FISH, MANUAL = CONTENTS
READY = "ready> "
pytestmark = pytest.mark.slow  # it starts shells
OPTIONS = [(verb, option) for verb in VERBS for option in verb.options]


def needs(program: str) -> pytest.MarkDecorator:
    """Skip a test where a program is not installed."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files to be completed, and below it what an installation has."""
    made.write(tmp_path / "installed")
    for name in ("photo.png", "my picture.png", "16.png", "folio.png", "page.html"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    return tmp_path


class Shell:
    """A shell at a terminal, in which `kmcodec` prints what it was given."""

    def __init__(self, folder: Path, *command: str) -> None:
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PS1": READY}
        self._terminal, side = pty.openpty()
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=side, stdout=side, stderr=side, start_new_session=True,
            env=environment | {"TERM": "dumb", "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        os.close(side)
        self._read()
        self.run("kmcodec() { printf '<%s>' \"$@\"; echo; }")

    def run(self, line: str) -> str:
        """Type a line; return what it showed."""
        os.write(self._terminal, line.encode() + b"\r")
        return self._read()

    def arguments(self, typed: str) -> list[str]:
        """Type a command line, with tabs; return what the command was given.

        zsh takes the slash of a folder away again where the line ends.
        """
        return re.findall(r"<([^<>]*?)/?>", self.run(f"kmcodec {typed}"))

    def _read(self) -> str:
        shown = b""
        while READY.encode() not in shown:
            assert select.select([self._terminal], [], [], 60)[0], shown
            shown += os.read(self._terminal, 4096)
        return shown.decode()

    def close(self) -> None:
        """End the shell."""
        os.close(self._terminal)
        self._process.wait(60)


def open_shell(name: str, folder: Path) -> Shell:
    """Start bash or zsh as somebody who set nothing up but the completion."""
    if name == "bash":
        shell = Shell(folder, "bash", "--norc", "--noprofile", "-i")
        shell.run(f"source installed/{BASH}")
    else:
        shell = Shell(folder, "zsh", "-f", "-i", "+o", "PROMPT_SP")
        shell.run(
            f"fpath=(installed/{Path(ZSH).parent} $fpath); autoload -U compinit; compinit -D"
        )
    return shell


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=needs(each)) for each in ("bash", "zsh")]
)
@pytest.mark.parametrize(
    ("typed", "given"),
    [
        ("comp\t photo.png", ["compress", "photo.png"]),
        ("compress pho\t", ["compress", "photo.png"]),
        ("compress my\\ p\t", ["compress", "my picture.png"]),
        ("compress --skip\t", ["compress", "--skip-if-larger"]),
        ("compress --tune vi\t", ["compress", "--tune", "visual"]),
        ("compress --tune=vi\t", ["compress", "--tune=visual"]),
        ("compress photo.png --format k\t", ["compress", "photo.png", "--format", "kmc"]),
        ("convert --format gi\t", ["convert", "--format", "gif"]),
        ("sweep --format zar\t", ["sweep", "--format", "zar"]),
        ("sweep --codebook-from med\t", ["sweep", "--codebook-from", "median-cut"]),
        ("compress --html pag\t", ["compress", "--html", "page.html"]),
        ("compress -o pho\t", ["compress", "-o", "photo.png"]),
        ("compress -d fol\t", ["compress", "-d", "folder"]),
        ("compress -k 1\t", ["compress", "-k", "1"]),
        ("report photo.png pag\t", ["report", "photo.png", "page.html"]),
        ("train --auto\t", ["train", "--auto"]),
        ("pho\t --tune ps\t", ["photo.png", "--tune", "psnr"]),
        ("--vers\t", ["--version"]),
    ],
)  # fmt: skip
def test_a_tab_completes_what_was_begun(
    folder: Path, name: str, typed: str, given: list[str]
) -> None:
    shell = open_shell(name, folder)
    try:
        assert shell.arguments(typed) == given
    finally:
        shell.close()


def offered_by_bash(folder: Path, *words: str) -> list[str]:
    """What the function of bash has to offer for the last of these words."""
    before = [words[-1], words[-2]]
    script = (
        f'source {BASH}; shift 2; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))\n'
        f'_kmcodec kmcodec "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"\n'
        f'printf "%s\\n" "${{COMPREPLY[@]}}"'
    )
    run = subprocess.run(
        ["bash", "-c", script, "bash", *before, *words],
        cwd=folder / "installed", capture_output=True, text=True, check=True,
    )  # fmt: skip
    return run.stdout.split()


def offered_by_fish(folder: Path, *words: str) -> list[str]:
    """What fish has to offer for the last of these words."""
    script = f"source installed/{FISH}; complete -C $argv"
    run = subprocess.run(
        ["fish", "--no-config", "-c", script, " ".join(words)],
        cwd=folder, capture_output=True, text=True, check=True,
        env=os.environ | {"HOME": str(folder)},
    )  # fmt: skip
    return [line.split("\t")[0] for line in run.stdout.splitlines()]


@needs("bash")
@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_bash_offers_every_option_of_a_verb(folder: Path, verb: Verb) -> None:
    options = [name for option in verb.options for name in option.names]
    assert len(options) > 4
    assert offered_by_bash(folder, "kmcodec", verb.name, "-") == options


@needs("fish")
@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_fish_offers_every_option_of_a_verb(folder: Path, verb: Verb) -> None:
    long = {name for option in verb.options for name in option.names if name[:2] == "--"}
    assert set(offered_by_fish(folder, "kmcodec", verb.name, "--")) == long


@needs("fish")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("kmcodec", "co"), ["compress", "convert"]),
        (("kmcodec", "pho"), ["photo.png"]),
        (("kmcodec", "compress", "--tune", ""), ["visual", "psnr"]),
        (("kmcodec", "compress", "--tune=v"), ["--tune=visual"]),
        (("kmcodec", "photo.png", "--tune", "p"), ["psnr"]),
        (("kmcodec", "compress", "-d", ""), ["folder/", "installed/"]),
        (("kmcodec", "compress", "-k", "1"), []),
        (("kmcodec", "compress", "-o", "pho"), ["photo.png"]),
        (("kmcodec", "report", "photo.png", "pag"), ["page.html"]),
        (("kmcodec", "sweep", "--format", ""), list(FORMATS)),
    ],
)
def test_fish_offers_what_fits(folder: Path, words: tuple[str, ...], offered: list[str]) -> None:
    assert sorted(offered_by_fish(folder, *words)) == sorted(offered)


@pytest.mark.parametrize(
    ("verb", "known"),
    [("compress", FORMATS | LARGE_FORMATS), ("convert", TARGETS), ("sweep", FORMATS)],
)
def test_formats_are_those_that_the_verb_takes(verb: str, known: dict[str, object]) -> None:
    (found,) = (o for v, o in OPTIONS if v.name == verb and "--format" in o.names)
    assert sorted(found.completes) == sorted(known)


def test_what_is_a_path_completes_as_one() -> None:
    kinds = {
        name: each.completes for verb in VERBS for each in verb.options for name in each.names
    }
    files = {name for name, kind in kinds.items() if kind == FILES}
    assert files == {"-o", "--output", "--html", "--codebook", "--weights"}
    assert kinds["-d"] == DIRECTORIES
    assert all(operand.completes == FILES for verb in VERBS for operand in verb.operands)


@needs("mandoc")
def test_the_manual_page_is_sound_but_for_a_date(folder: Path) -> None:
    run = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "style", folder / "installed" / MANUAL],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert [line.split(": ", 2)[2] for line in run.stdout.splitlines()] == [
        'WARNING: missing date, using "": TH'
    ]


@needs("mandoc")
def test_the_manual_page_has_every_option_and_what_it_does(folder: Path) -> None:
    page = subprocess.run(
        ["mandoc", "-T", "utf8", "-O", "width=500", folder / "installed" / MANUAL],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    shown = " ".join(re.sub(".\b", "", page).split())
    assert "kmcodec - lossy image compression by k-means" in shown
    assert "no configuration file is needed" in shown
    assert "EXIT CODES 0 everything was done" in shown
    for verb in VERBS:
        for each in (*verb.options, *verb.operands):
            value = each.metavar + ("..." if each.several else "")
            told = f"{', '.join(each.names)} {value}".strip()
            assert f"{told} {' '.join(each.help.split())}" in shown
