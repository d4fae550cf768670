"""`-` and pipes with names in place of files."""

import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Sandbox, child_environment, few_colors, many_colors
from marks import needs_kernels
from report_tools import read_json

import codec


def piped(
    sandbox: Sandbox, *arguments: str, data: bytes = b""
) -> "subprocess.CompletedProcess[bytes]":
    """Run the command with something on its standard input, and nothing left in the end."""
    folder = sandbox.root / "temporary"
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "codec", *arguments], cwd=sandbox.root, input=data,
        env=child_environment(TMPDIR=str(folder)), capture_output=True, check=False,
    )  # fmt: skip
    assert list(folder.iterdir()) == []
    assert b"Traceback" not in done.stderr
    assert str(folder).encode() not in done.stderr + done.stdout
    return done


@pytest.mark.parametrize(
    "format", ["npz", "png", pytest.param("kmc", marks=needs_kernels), "tiff"]
)
def test_a_picture_goes_through_pipes(sandbox: Sandbox, format: str) -> None:
    path = sandbox.picture("photo.png")
    ending = {"tiff": "tif"}.get(format, format)
    sandbox.run("compress", "photo.png", "-o", f"expected.{ending}", check=0)
    data = path.read_bytes()

    done = piped(sandbox, "compress", "-", "-o", "-", "--format", format, data=data)

    assert done.returncode == 0, done.stderr
    assert done.stdout == Path(f"expected.{ending}").read_bytes()
    assert done.stderr.startswith(b"-  ")
    back = piped(sandbox, "decompress", "-", "-o", "-", data=done.stdout)
    sandbox.run("decompress", f"expected.{ending}", "-o", "back.png", check=0)
    assert back.stdout == Path("back.png").read_bytes()
    found = piped(sandbox, "info", "-", "--json", data=done.stdout)
    (facts,) = read_json(found.stdout.decode())["results"]
    assert (facts["input"], facts["n_colors"]) == ("-", 27)


def test_either_end_may_be_a_file(sandbox: Sandbox) -> None:
    path = sandbox.picture("photo.png")
    done = piped(sandbox, "compress", "-", "-o", "a.npz", data=path.read_bytes())
    assert (done.returncode, done.stdout) == (0, b"")
    done = piped(sandbox, "compress", "photo.png", "-o", "-", "--format", "npz")
    assert done.stdout == Path("a.npz").read_bytes()
    done = piped(sandbox, "convert", "-", "-o", "-", "--format", "gif", data=done.stdout)
    np.testing.assert_array_equal(codec.read_image(done.stdout).pixels, few_colors())
    done = piped(sandbox, "report", "photo.png", "-", data=Path("a.npz").read_bytes())
    assert done.returncode == 0
    done = piped(sandbox, "report", "-", "a.npz", "--json", data=path.read_bytes())
    (facts,) = read_json(done.stdout.decode())["results"]
    assert (facts["input"], facts["lossless"]) == ("-", True)


@pytest.mark.parametrize("verb", ["compress", "info"])
def test_a_pipe_with_a_name_is_read(sandbox: Sandbox, verb: str) -> None:
    path = sandbox.picture("photo.png")
    os.mkfifo("pipe")
    writer = threading.Thread(target=Path("pipe").write_bytes, args=(path.read_bytes(),))
    writer.start()
    more = ("-o", "a.npz") if verb == "compress" else ()
    done = piped(sandbox, verb, "pipe", *more)
    writer.join()
    assert done.returncode == 0, done.stderr
    if verb == "compress":
        np.testing.assert_array_equal(codec.decompress(codec.load("a.npz")), few_colors())


def test_a_slow_writer_is_waited_for(sandbox: Sandbox) -> None:
    path = sandbox.picture("photo.png")
    os.mkfifo("pipe")
    script = "exec 3>pipe; sleep 3; cat photo.png >&3"
    with subprocess.Popen(["bash", "-c", script], cwd=sandbox.root):
        done = piped(sandbox, "compress", "pipe", "-o", "a.npz")
    assert done.returncode == 0, done.stderr
    assert path.exists()


@pytest.mark.parametrize("verb", ["compress", "info", "sweep"])
def test_a_pipe_to_which_nobody_writes_is_empty(sandbox: Sandbox, verb: str) -> None:
    sandbox.picture("a.png")
    os.mkfifo("pipe")
    more = ("-o", "a.npz") if verb == "compress" else ("a.png",)
    with subprocess.Popen(["bash", "-c", "true > pipe"], cwd=sandbox.root):
        run = sandbox.run(verb, "pipe", *more, check=1)
    assert "kmcodec: error: pipe: the file is empty (empty)" in run.lines
    assert ("a.png" in run.out) == (verb != "compress")  # the others are done


def test_the_device_of_standard_input_is_read(sandbox: Sandbox) -> None:
    path = sandbox.picture("photo.png")
    done = piped(sandbox, "compress", "/dev/stdin", "-o", "a.npz", data=path.read_bytes())
    assert done.returncode == 0, done.stderr
    with path.open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-m", "codec", "compress", "/dev/stdin", "-o", "b.npz"], stdin=file,
            cwd=sandbox.root, env=child_environment(), capture_output=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert Path("a.npz").read_bytes() == Path("b.npz").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "data", "code", "said"),
    [
        (("compress", "-", "-o", "-", "--format", "png"), b"", 1, "empty"),
        (("compress", "-", "-o", "-", "--format", "png"), b"GIF89a", 1, "-: "),
        (("compress", "-"), b"x", 2, "-o FILE says what to write, -o - to standard"),
        (("compress", "-", "-d", "out"), b"x", 2, "-o FILE says what to write, -o - to standard"),
        (("decompress", "-"), b"x", 2, "-o FILE says what to write, -o - to standard"),
        (("compress", "-", "-o", "-"), b"x", 2, "--format"),
        (("compress", "-", "-o", "-", "--format", "pair"), b"x", 2, "--format"),
        (("compress", "-", "-o", "-", "--format", "zarr"), b"x", 2, "--format"),
        (("compress", "-", "-o", "-", "--format", "png", "--json"), b"x", 2, "--json"),
        (("compress", "-", "-", "-o", "-", "--format", "png"), b"x", 2, "once"),
        (("compress", "-", "a.png", "-o", "-", "--format", "png"), b"x", 2, "several"),
        (("train", "-", "-o", "-"), b"x", 2, "output"),
    ],
)
def test_what_pipes_cannot_do_is_told(
    sandbox: Sandbox, arguments: tuple[str, ...], data: bytes, code: int, said: str
) -> None:
    done = piped(sandbox, *arguments, data=data)
    assert (done.returncode, done.stdout) == (code, b"")
    assert said in done.stderr.decode()
    assert os.listdir() == ["temporary"]


def test_a_result_that_is_not_wanted_is_not_sent(sandbox: Sandbox) -> None:
    tiny = codec.dumps(codec.compress(few_colors()[:2, :2]), "png")
    done = piped(
        sandbox, "compress", "-", "-o", "-", "--format", "npz", "--skip-if-larger", data=tiny
    )
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.startswith(b"-: skipped: ")


def test_a_terminal_gets_no_bytes_and_gives_none(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    ours, theirs = pty.openpty()
    try:
        for arguments in (("photo.png", "-o", "-", "--format", "png"), ("-", "-o", "a.npz")):
            done = subprocess.run(
                [sys.executable, "-m", "codec", "compress", *arguments], cwd=sandbox.root,
                stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=child_environment(),
                check=False,
            )  # fmt: skip
            assert done.returncode == 2
            assert b"is a terminal" in done.stderr
    finally:
        os.close(ours)
        os.close(theirs)
    assert not Path("a.npz").exists()


def test_standard_output_that_is_closed_is_told(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    command = f"{sys.executable} -m codec compress -q photo.png -o - --format npz >&-"
    done = subprocess.run(
        ["bash", "-c", command], cwd=sandbox.root, env=child_environment(), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "kmcodec: error: -: standard output is closed (input-output)\n"


def test_a_file_called_like_standard_output_is_a_file(sandbox: Sandbox) -> None:
    codec.save(codec.compress(few_colors()), "a.npz")
    run = sandbox.run("decompress", "a.npz", "-o", "./-", check=2)
    assert "cannot write an image named *(no extension)" in run.err


def test_a_page_calls_a_pipe_by_its_name(sandbox: Sandbox) -> None:
    path = sandbox.picture("photo.png")
    done = piped(
        sandbox, "compress", "-", "-o", "a.npz", "--html", "a.html", data=path.read_bytes()
    )
    assert done.returncode == 0, done.stderr
    page = Path("a.html").read_text("utf-8")
    assert "<title>-: what was lost" in page
    assert "input-0" not in page


def test_a_reader_that_has_gone_ends_the_run(sandbox: Sandbox) -> None:
    """What nobody received is not done; who reads nothing but waits has received it."""
    sandbox.picture("photo.png", many_colors())
    read, write = os.pipe()
    os.close(read)
    try:
        run = sandbox.spawn(
            *["compress", "-q", "photo.png", "-o", "-", "--format", "tiff"], stdout=write
        )
    finally:
        os.close(write)
    assert (run.code, run.err) == (1, "")
    assert run.left_all_as_it_was


def test_more_than_a_file_may_have_is_not_received(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codec.limits.MAX_FILE_BYTES", 1000)
    read, write = os.pipe()
    os.write(write, bytes(1001))
    os.close(write)
    with open(read) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        run = sandbox.run("compress", "-", "-o", "a.npz", check=1)
    assert "-: there are more bytes than the limit of 1000 (file-too-large)" in run.err
