"""The commands: names whatever they hold, and every input that must be refused.

Rows are those of the catalogue of bad inputs and faults. Refused means: exit 1, one line on
stderr with the file's name and the reason, nothing written, nothing changed.
"""

import os
import socket
import subprocess
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run, Sandbox, few_colors, read_picture, refused, usage_error
from fault_tools import Faults
from png_tools import grey_png

from codec.jobs import compress, sweep
from codec.limits import MAX_PIXELS


def test_messages_go_to_stderr_and_data_to_stdout(pair: Sandbox) -> None:
    run = pair.run("compress", "photo.png", "-f", check=0)
    assert run.out == ""
    assert run.err
    run = pair.run("decompress", "photo.labels.png", check=0)
    assert run.out == ""
    assert run.err
    for arguments in (("info", "photo.labels.png"), ("report", "photo.png", "photo.labels.png"),
                      ("sweep", "photo.png", "-k", "30")):  # fmt: skip
        run = pair.run(*arguments, check=0)
        assert run.out
        assert run.err == ""


def test_no_memory_is_an_error_like_any_other(
    pair: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhaust(*arguments: object, **options: object) -> None:
        raise MemoryError

    monkeypatch.setattr(compress, "compress_with_details", exhaust)
    monkeypatch.setattr(sweep, "compress_sizes", exhaust)
    for arguments in (("compress", "photo.png", "-d", "out"), ("sweep", "photo.png")):
        assert refused(pair.run(*arguments), "photo.png", "memory")


# Outputs of an unknown kind


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("x.gif", ()),
        ("x", ()),
        ("x.kmc.txt", ()),
        (".npz", ()),
        ("x.npz", ("--format", "png")),
        ("x.labels.png", ("--format", "png")),
        ("x.codebook.npy", ()),
    ],
)
def test_a_compressed_file_of_an_unknown_name_is_wrong_usage(
    sandbox: Sandbox, name: str, more: tuple[str, ...]
) -> None:
    sandbox.picture("photo.png")
    assert usage_error(sandbox.run("compress", "photo.png", "-o", name, *more))


@pytest.mark.parametrize("name", ["x.xyz", "x", "x.npz", "x.pdf", "x.eps", "x.txt", ".png"])
def test_a_picture_of_an_unknown_name_is_wrong_usage(pair: Sandbox, name: str) -> None:
    assert usage_error(pair.run("decompress", "photo.labels.png", "-o", name))


# Limits


@pytest.mark.parametrize("command", ["compress", "decompress", "info", "sweep", "report"])
def test_pictures_over_the_limit_are_refused(sandbox: Sandbox, command: str) -> None:
    sandbox.picture("photo.png")
    sandbox.run("compress", "photo.png", "-o", "small.png", check=0)
    names = {"report": ("photo.png", "small.png"), "decompress": ("small.png", "-d", "out"),
             "info": ("small.png",), "compress": ("photo.png", "-d", "out"),
             "sweep": ("photo.png", "-k", "4")}[command]  # fmt: skip
    pixels = few_colors().shape[0] * few_colors().shape[1]
    run = sandbox.run(command, *names, "--max-pixels", str(pixels - 1))
    assert refused(run, names[0], "pixel-limit")
    assert "--max-pixels" in run.err
    sandbox.run(command, *names, "--max-pixels", str(pixels), check=0)


@pytest.mark.parametrize(
    ("width", "height", "reason"),
    [
        (89_478_486, 1, "side-limit"),
        (65_536, 1, "side-limit"),
        (1, 65_536, "side-limit"),
        (9460, 9459, "pixel-limit"),
        (2**31 - 1, 2**31 - 1, "side-limit"),
    ],
)
def test_the_limits_hold_for_what_a_header_claims(
    sandbox: Sandbox, width: int, height: int, reason: str
) -> None:
    assert MAX_PIXELS == 89_478_485 < 9460 * 9459
    Path("claim.png").write_bytes(grey_png(width, height, b"\0"))
    lower = ("--max-pixels", str(MAX_PIXELS - 1))
    assert refused(sandbox.run("compress", "claim.png", *lower), "claim.png", reason)
    assert refused(sandbox.run("decompress", "claim.png"), "claim.png", reason)
    # What is not refused for its size is read in blocks, and found to be a lie.
    assert refused(sandbox.run("compress", "claim.png"), "claim.png", "truncated")


# Inputs that cannot be read


def read_with(sandbox: Sandbox, command: str, name: str) -> Run:
    """Run a command on one input of a name."""
    more = {"sweep": ("-k", "4"), "report": ("photo.png",)}.get(command, ())
    return sandbox.run(command, name, *more)


COMMANDS = ["compress", "decompress", "info", "sweep", "report"]
all_commands = pytest.mark.parametrize("command", COMMANDS)


@all_commands
def test_a_missing_file_is_refused(sandbox: Sandbox, command: str) -> None:  # row 13
    assert refused(read_with(sandbox, command, "none.png"), "none.png", "not-found")


@all_commands
def test_a_directory_is_refused(sandbox: Sandbox, command: str) -> None:  # row 14
    Path("folder.png").mkdir()
    assert refused(read_with(sandbox, command, "folder.png"), "folder.png", "is-directory")


@all_commands
def test_an_empty_file_is_refused(sandbox: Sandbox, command: str) -> None:  # row 15
    Path("empty.png").touch()
    assert refused(read_with(sandbox, command, "empty.png"), "empty.png", "empty")


@all_commands
def test_a_fifo_is_refused_and_not_waited_for(sandbox: Sandbox, command: str) -> None:  # row 17
    os.mkfifo("fifo.png")
    is_read = command in ("info", "sweep", "report")  # by others it is if -o names the output
    reason = "empty" if is_read else "not-regular"
    assert refused(read_with(sandbox, command, "fifo.png"), "fifo.png", reason)


@all_commands
def test_devices_are_refused(sandbox: Sandbox, command: str) -> None:  # row 18
    assert refused(read_with(sandbox, command, "/dev/zero"), "/dev/zero", "not-regular")
    assert refused(read_with(sandbox, command, "/dev/null"), "/dev/null", "not-regular")


@all_commands
def test_sockets_are_refused(sandbox: Sandbox, command: str) -> None:  # row 18
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s.png")
        assert refused(read_with(sandbox, command, "s.png"), "s.png", "not-regular")


@all_commands
def test_a_loop_of_symbolic_links_is_refused(sandbox: Sandbox, command: str) -> None:  # row 19
    Path("a.png").symlink_to("b.png")
    Path("b.png").symlink_to("a.png")
    assert refused(read_with(sandbox, command, "a.png"), "a.png", "symlink-loop")


@all_commands
def test_a_file_over_the_limit_of_bytes_is_refused(sandbox: Sandbox, command: str) -> None:
    Path("huge.png").touch()  # row 20
    try:
        os.truncate("huge.png", 1 << 40)
    except OSError:  # a file system with smaller files
        os.truncate("huge.png", (1 << 29) + 1)
    assert refused(read_with(sandbox, command, "huge.png"), "huge.png", "file-too-large")


def test_a_file_cut_short_while_it_is_read_is_judged_by_what_was_read(  # row 29
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from codec import files

    sandbox.picture("photo.png")
    whole = Path("photo.png").read_bytes()

    class Shrinking(Faults):
        def fstat(self, descriptor: int) -> os.stat_result:
            status = os.fstat(descriptor)
            os.truncate("photo.png", len(whole) // 2)
            return status

    monkeypatch.setattr(files, "os", Shrinking())
    run = sandbox.run("compress", "photo.png")
    assert run.code == 1
    assert run.lines[0].endswith("(truncated)")
    assert not run.new
    assert Path("photo.png").read_bytes() == whole[: len(whole) // 2]


def test_files_that_are_no_pictures_are_refused(sandbox: Sandbox) -> None:
    for number, content in enumerate((b"text", b"<svg/>", b"%PDF-1.7", b"%!PS-Adobe-3.0 EPSF")):
        Path(f"{number}.png").write_bytes(content)
        run = sandbox.run("compress", f"{number}.png")
        assert refused(run, f"{number}.png", "unknown-format")
        run = sandbox.run("decompress", f"{number}.png")
        assert refused(run, f"{number}.png", "not-compressed")


# Names


@pytest.mark.parametrize(
    "name",
    [
        "http://127.0.0.1:9/x.png",
        "https://example.org/x.png",
        "ftp://example.org/x.png",
        "file:///etc/hostname",
        "data:image/png;base64,iVBORw0KGgo=",
        "<video0>",
        "<screen>",
        "<clipboard>",
        "imageio:chelsea.png",
    ],
)
@all_commands
def test_a_name_is_a_path_whatever_it_looks_like(  # rows 21 and 22
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, command: str, name: str
) -> None:
    def forbidden(*arguments: object, **options: object) -> None:
        raise AssertionError("neither sockets nor programs")

    for owner, function in (
        (socket, "socket"), (socket, "create_connection"), (subprocess, "Popen"),
        (os, "system"), (os, "posix_spawn"), (os, "fork"),
    ):  # fmt: skip
        monkeypatch.setattr(owner, function, forbidden)
    shown = str(Path(name))  # which merges slashes
    assert refused(read_with(sandbox, command, name), shown, "not-found")


def test_a_path_that_looks_like_an_address_is_read_if_it_exists(sandbox: Sandbox) -> None:
    sandbox.picture("http:/example.org/x.png")  # row 21
    sandbox.run("compress", "http://example.org/x.png", "-o", "x.npz", check=0)


@all_commands
def test_nothing_is_read_out_of_an_archive(sandbox: Sandbox, command: str) -> None:  # row 23
    import zipfile

    sandbox.picture("x.png")
    with zipfile.ZipFile("a.zip", "w") as archive:
        archive.write("x.png")
    assert refused(read_with(sandbox, command, "a.zip/x.png"), "a.zip/x.png", "not-found")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (os.fsdecode(b"\xff\xfe.png"), r"\udcff\udcfe.png"),  # row 25
        ("line\nbreak.png", r"line\nbreak.png"),  # row 26
        ("\x1b[2J\x1b[1;31m.png", r"\x1b[2J\x1b[1;31m.png"),
        ("\u202egnp.png", r"\u202egnp.png"),
        ("tab\t\r.png", r"tab\t\r.png"),
        ("ünï-çødé 漢字.png", "ünï-çødé 漢字.png"),
    ],
)
def test_hostile_names_are_read_written_and_shown_escaped(
    sandbox: Sandbox, name: str, shown: str
) -> None:
    sandbox.picture(name)
    run = sandbox.run("compress", name, check=0)
    assert len(run.lines) <= 3  # where it is written, a notice that the result is larger
    assert run.err.startswith(f"{shown}  ")
    assert run.wrote(name[:-4] + ".codebook.npy", name[:-4] + ".labels.png")
    labels = name[:-4] + ".labels.png"
    run = sandbox.run("decompress", labels, check=0)
    np.testing.assert_array_equal(read_picture(Path(name[:-4] + ".decoded.png")), few_colors())
    run = sandbox.run("compress", "missing" + name)
    assert refused(run, "missing" + shown, "not-found")
    run = sandbox.run("info", "--json", labels, check=0)
    assert run.out.isascii()
    assert run.out.isprintable() or "\x1b" not in run.out


def test_a_name_of_255_bytes_is_read(sandbox: Sandbox) -> None:  # row 26
    name = "x" * 251 + ".png"
    sandbox.picture(name)
    sandbox.run("compress", name, "-o", "x.npz", check=0)
    assert refused(sandbox.run("compress", "y" + name), "y" + name, "name-too-long")


@pytest.mark.parametrize("command", ["compress", "decompress", "info"])
def test_paths_over_the_limit_of_the_system_are_refused(sandbox: Sandbox, command: str) -> None:
    name = "x" * 300 + ".png"
    assert refused(sandbox.run(command, name), name, "name-too-long")
    if command != "info":
        assert refused(sandbox.run(command, "-r", name), name, "name-too-long")
        sandbox.picture("photo.png")
        run = sandbox.run(command, "photo.png", "-d", "x" * 300)
        assert refused(run, "photo.png", "name-too-long")
