"""The command line: arguments, names, exit codes, and every input that must be refused.

Rows are those of the catalogue of bad inputs and faults. Refused means: exit 1, one line on
stderr with the file's name and the reason, nothing written, nothing changed.
"""

import io
import os
import re
import shutil
import socket
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from cli_tools import (
    Faults,
    Run,
    Sandbox,
    child_environment,
    differences,
    few_colors,
    many_colors,
    read_picture,
    refused,
    run_script,
    snapshot,
    with_alpha,
    write_picture,
)

import codec
from codec import cli


@pytest.fixture
def pair(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a picture and its pair."""
    sandbox.picture("photo.png")
    sandbox.run("compress", "photo.png", check=0)
    return sandbox


def usage_error(run: Run) -> bool:
    """Whether a run ended as wrong usage does, with a word to the user and nothing written."""
    assert run.code == 2, run.err
    assert "error: " in run.lines[-1]
    assert "Traceback" not in run.err
    assert run.out == ""
    assert run.left_all_as_it_was, (run.new, run.changed, run.gone)
    return True


# Arguments


@pytest.mark.parametrize("colors", ["0", "-1", "257", "300", "1.5", "abc", "", "9" * 5000])
@pytest.mark.parametrize("command", ["compress", "sweep"])
def test_a_number_of_colors_that_is_none_is_wrong_usage(  # rows 1 to 4
    sandbox: Sandbox, command: str, colors: str
) -> None:
    sandbox.picture("photo.png")
    run = sandbox.run(command, "photo.png", f"--colors={colors}")
    assert usage_error(run)
    assert "from 1 to 256" in run.lines[-1]


@pytest.mark.parametrize("colors", ["-1", "0", "257"])
def test_the_short_option_of_colors_has_the_same_limits(  # rows 1 to 3
    sandbox: Sandbox, colors: str
) -> None:
    sandbox.picture("photo.png")
    assert usage_error(sandbox.run("compress", "-k", colors, "photo.png"))


@pytest.mark.parametrize("colors", ["1", "256"])
def test_one_and_256_colors_are_allowed(sandbox: Sandbox, colors: str) -> None:
    sandbox.picture("photo.png")
    sandbox.run("compress", "-k", colors, "photo.png", check=0)


@pytest.mark.parametrize("seed", ["-1", str(2**32), "x", ""])
def test_a_seed_out_of_range_is_wrong_usage(sandbox: Sandbox, seed: str) -> None:  # row 5
    sandbox.picture("photo.png")
    assert usage_error(sandbox.run("compress", f"--seed={seed}", "photo.png"))


def test_the_largest_seed_is_allowed(sandbox: Sandbox) -> None:  # row 5
    sandbox.picture("photo.png")
    sandbox.run("compress", "--seed", str(2**32 - 1), "photo.png", check=0)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("compress",),
        ("decompress",),
        ("info",),
        ("report", "photo.png"),
        ("sweep",),
        ("compress", "photo.png", "-k"),
        ("compress", "photo.png", "-o"),
        ("compress", "photo.png", "--seed"),
        ("compress", "photo.png", "--format", "gif"),
        ("compress", "photo.png", "--engine", "none"),
        ("compress", "photo.png", "-o", "a.npz", "-d", "b"),
        ("compress", "photo.png", "-q", "-v"),
        ("compress", "photo.png", "--unknown"),
        ("compress", "photo.png", "--max-pixels", "0"),
        ("sweep", "photo.png", "--codebook-from", "nothing"),
        ("unknown", "photo.png"),
    ],
)
def test_missing_and_unknown_arguments_are_wrong_usage(  # row 6
    sandbox: Sandbox, arguments: tuple[str, ...]
) -> None:
    sandbox.picture("photo.png")
    assert usage_error(sandbox.run(*arguments))


def test_help_lists_the_commands_and_the_exit_codes(sandbox: Sandbox) -> None:
    run = sandbox.run("--help", check=0)
    for word in ("compress", "decompress", "info", "report", "sweep"):
        assert re.search(rf"^    {word}\b", run.out, re.MULTILINE)
    for code in ("  0  ", "  1  ", "  2  ", "  3  ", "  130, 143  "):
        assert f"\n{code}" in run.out


@pytest.mark.parametrize("command", ["compress", "decompress", "info", "report", "sweep"])
def test_every_command_has_help(sandbox: Sandbox, command: str) -> None:
    run = sandbox.run(command, "--help", check=0)
    assert run.out.startswith(f"usage: kmcodec {command}")
    assert run.err == ""


def test_the_version_is_that_of_the_package(sandbox: Sandbox) -> None:
    assert sandbox.run("--version", check=0).out == f"kmcodec {codec.__version__}\n"


def test_options_and_parameters_of_the_library_have_the_same_defaults() -> None:
    from inspect import signature

    from codec.arguments import make_parser

    options = make_parser().parse_args(["compress", "x.png"])
    parameters = signature(codec.compress).parameters
    assert options.colors == parameters["n_colors"].default
    for name in ("seed", "engine", "color_space", "exact"):
        assert getattr(options, name) == parameters[name].default


# Outputs that are inputs


def link_to(name: str, kind: str) -> str:
    """Give a file of the working directory another name of a kind; return it."""
    if kind == "same":
        return name
    if kind == "dot":
        return f"./{name}"
    if kind == "absolute":
        return str(Path(name).absolute())
    other = f"other{''.join(Path(name).suffixes)}"
    if kind == "symbolic":
        Path(other).symlink_to(name)
    elif kind == "hard":
        os.link(name, other)
    else:
        Path("folder").symlink_to(".")
        return f"folder/{name}"
    return other


LINKS = ["same", "dot", "absolute", "symbolic", "hard", "folder"]


@pytest.mark.parametrize("force", [(), ("--force",)])
@pytest.mark.parametrize("kind", LINKS)
def test_an_output_of_compress_that_is_its_input_is_wrong_usage(  # rows 7 and 119
    sandbox: Sandbox, kind: str, force: tuple[str, ...]
) -> None:
    sandbox.picture("photo.png")
    output = link_to("photo.png", kind)
    assert usage_error(sandbox.run("compress", "photo.png", "-o", output, *force))
    assert usage_error(sandbox.run("compress", output, "-o", "photo.png", *force))


@pytest.mark.parametrize("force", [(), ("--force",)])
@pytest.mark.parametrize("kind", LINKS)
def test_an_output_of_decompress_that_is_its_input_is_wrong_usage(  # rows 7 and 119
    sandbox: Sandbox, kind: str, force: tuple[str, ...]
) -> None:
    sandbox.picture("photo.png")
    sandbox.run("compress", "photo.png", "-o", "small.png", check=0)
    output = link_to("small.png", kind)
    assert usage_error(sandbox.run("decompress", "small.png", "-o", output, *force))


@pytest.mark.parametrize("part", ["x.labels.png", "x.codebook.npy"])
@pytest.mark.parametrize("kind", ["symbolic", "hard"])
def test_a_part_of_a_pair_that_is_the_input_is_wrong_usage(  # rows 7 and 119
    sandbox: Sandbox, part: str, kind: str
) -> None:
    sandbox.picture("photo.png")
    if kind == "symbolic":
        Path(part).symlink_to("photo.png")
    else:
        os.link("photo.png", part)
    run = sandbox.run("compress", "photo.png", "-o", "x.labels.png", "--force")
    assert usage_error(run)


def test_the_other_half_of_a_pair_is_an_input_too(pair: Sandbox) -> None:  # row 7
    arguments = ("decompress", "photo.codebook.npy", "-o", "photo.labels.png", "--force")
    assert usage_error(pair.run(*arguments))


def test_a_codebook_given_by_name_is_an_input_too(pair: Sandbox) -> None:  # row 7
    shutil.copy("photo.codebook.npy", "book.png")
    run = pair.run(
        "decompress", "photo.labels.png", "--codebook", "book.png", "-o", "book.png", "--force"
    )
    assert usage_error(run)


# Outputs


@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_one_output_for_several_inputs_is_wrong_usage(sandbox: Sandbox, command: str) -> None:
    for name in ("a.png", "b.png"):  # row 8
        sandbox.picture(name)
    assert usage_error(sandbox.run(command, "a.png", "b.png", "-o", "c.png"))


def test_a_missing_directory_of_the_output_is_refused(pair: Sandbox) -> None:  # row 9
    run = pair.run("compress", "photo.png", "-o", "missing/photo.npz")
    assert refused(run, "photo.png", "no-directory")
    run = pair.run("decompress", "photo.labels.png", "-o", "missing/photo.png")
    assert refused(run, "photo.labels.png", "no-directory")


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_an_output_that_is_a_directory_is_refused(  # row 10
    pair: Sandbox, force: tuple[str, ...]
) -> None:
    for name in ("folder.npz", "folder.png", "half.codebook.npy"):
        Path(name).mkdir()
    run = pair.run("compress", "photo.png", "-o", "folder.npz", *force)
    assert refused(run, "photo.png", "is-directory")
    run = pair.run("compress", "photo.png", "-o", "half.labels.png", *force)
    assert refused(run, "photo.png", "is-directory")
    run = pair.run("decompress", "photo.labels.png", "-o", "folder.png", *force)
    assert refused(run, "photo.labels.png", "is-directory")


@pytest.mark.parametrize("form", ["pair", "npz", "png", "kmc"])
def test_an_existing_output_is_skipped_unless_forced(sandbox: Sandbox, form: str) -> None:
    sandbox.picture("photo.png")  # row 11
    first = sandbox.run("compress", "photo.png", "--format", form, check=0)
    again = sandbox.run("compress", "photo.png", "--format", form, check=3)
    assert again.left_all_as_it_was
    assert again.lines[0].startswith("photo.png: skipped: ")
    assert "already exists" in again.lines[0]
    forced = sandbox.run("compress", "photo.png", "--format", form, "--force", check=0)
    assert forced.changed == first.new
    assert not forced.new


def test_an_existing_picture_is_skipped_unless_forced(pair: Sandbox) -> None:  # row 11
    pair.run("decompress", "photo.labels.png", check=0)
    assert pair.run("decompress", "photo.labels.png", check=3).left_all_as_it_was
    forced = pair.run("decompress", "photo.labels.png", "-f", check=0)
    assert forced.changed == {"photo.decoded.png"}


@pytest.mark.parametrize("half", ["photo.labels.png", "photo.codebook.npy"])
def test_one_existing_half_of_a_pair_is_enough_to_skip(sandbox: Sandbox, half: str) -> None:
    sandbox.picture("photo.png")  # row 11
    Path(half).write_bytes(b"something else")
    assert sandbox.run("compress", "photo.png", check=3).left_all_as_it_was


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ((), ("sub/photo.codebook.npy", "sub/photo.labels.png")),
        (("--format", "pair"), ("sub/photo.codebook.npy", "sub/photo.labels.png")),
        (("--format", "npz"), ("sub/photo.npz",)),
        (("--format", "png"), ("sub/photo.indexed.png",)),
        (("-o", "x.npz"), ("x.npz",)),
        (("-o", "x.png"), ("x.png",)),
        (("-o", "x.labels.png"), ("x.codebook.npy", "x.labels.png")),
        (("-o", "X.NPZ"), ("X.NPZ",)),
        (("-o", "x.png", "--format", "png"), ("x.png",)),
        (("-d", "out"), ("out", "out/photo.codebook.npy", "out/photo.labels.png")),
        (("-d", "out/a/b", "--format", "npz"), ("out", "out/a", "out/a/b", "out/a/b/photo.npz")),
    ],
)
def test_outputs_of_compress_have_the_promised_names(
    sandbox: Sandbox, options: tuple[str, ...], names: tuple[str, ...]
) -> None:
    sandbox.picture("sub/photo.png")
    run = sandbox.run("compress", "sub/photo.png", *options, check=0)
    assert run.wrote(*names), run.new


@pytest.mark.parametrize(
    ("form", "compressed"),
    [
        ("pair", "photo.labels.png"),
        ("npz", "photo.npz"),
        ("png", "photo.indexed.png"),
        ("kmc", "photo.kmc"),
    ],
)
def test_outputs_of_decompress_have_the_promised_names(
    sandbox: Sandbox, form: str, compressed: str
) -> None:
    sandbox.picture("sub/photo.png")
    sandbox.run("compress", "sub/photo.png", "--format", form, check=0)
    assert sandbox.run("decompress", f"sub/{compressed}", check=0).wrote("sub/photo.decoded.png")
    assert sandbox.run("decompress", f"sub/{compressed}", "-o", "x.bmp", check=0).wrote("x.bmp")
    run = sandbox.run("decompress", f"sub/{compressed}", "-d", "out", check=0)
    assert run.wrote("out", "out/photo.decoded.png")


def test_the_codebook_names_its_pair_as_well(pair: Sandbox) -> None:
    run = pair.run("decompress", "photo.codebook.npy", check=0)
    assert run.wrote("photo.decoded.png")
    np.testing.assert_array_equal(read_picture(Path("photo.decoded.png")), few_colors())


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


# The way there and back


@pytest.mark.parametrize("form", ["pair", "npz", "png", "kmc"])
@pytest.mark.parametrize("channels", ["grey", "grey and alpha", "RGB", "RGBA"])
def test_a_picture_of_few_colors_comes_back_as_it_was(
    sandbox: Sandbox, form: str, channels: str
) -> None:
    pixels = {
        "grey": few_colors()[:, :, 0],
        "grey and alpha": with_alpha()[:, :, 2:],
        "RGB": few_colors(),
        "RGBA": with_alpha(),
    }[channels]
    sandbox.picture("photo.png", pixels)
    sandbox.run("compress", "photo.png", "--format", form, check=0)
    name = {
        "pair": "photo.labels.png", "npz": "photo.npz", "png": "photo.indexed.png",
        "kmc": "photo.kmc",
    }[form]  # fmt: skip
    sandbox.run("decompress", name, check=0)
    np.testing.assert_array_equal(read_picture(Path("photo.decoded.png")), pixels)


def test_the_same_command_writes_the_same_bytes(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    for name in ("a.npz", "b.npz"):
        sandbox.run("compress", "photo.png", "-k", "40", "--seed", "3", "-o", name, check=0)
    assert Path("a.npz").read_bytes() == Path("b.npz").read_bytes()
    sandbox.run("decompress", "a.npz", check=0)
    expected = codec.decompress(codec.compress(many_colors(), 40, seed=3))
    np.testing.assert_array_equal(read_picture(Path("a.decoded.png")), expected)


@pytest.mark.parametrize("extension", [".png", ".bmp", ".tif", ".tiff", ".webp"])
def test_these_kinds_of_pictures_hold_the_decoded_pixels(pair: Sandbox, extension: str) -> None:
    run = pair.run("decompress", "photo.labels.png", "-o", f"x{extension}", check=0)
    np.testing.assert_array_equal(read_picture(Path(f"x{extension}")), few_colors())
    assert "notice" not in run.err


@pytest.mark.parametrize("extension", [".png", ".tif", ".webp"])
def test_these_kinds_of_pictures_hold_alpha(sandbox: Sandbox, extension: str) -> None:
    sandbox.picture("photo.png", with_alpha())
    sandbox.run("compress", "photo.png", check=0)
    sandbox.run("decompress", "photo.labels.png", "-o", f"x{extension}", check=0)
    np.testing.assert_array_equal(read_picture(Path(f"x{extension}")), with_alpha())


@pytest.mark.parametrize("extension", [".jpg", ".jpeg", ".JPG", ".mpo", ".gif", ".ico", ".avif"])
def test_a_kind_of_picture_that_changes_the_pixels_is_noticed(
    sandbox: Sandbox, extension: str
) -> None:
    from PIL import features

    if extension == ".avif" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    sandbox.picture("photo.png", few_colors(height=40, width=300))  # larger than an icon
    sandbox.run("compress", "photo.png", check=0)
    run = sandbox.run("decompress", "photo.labels.png", "-o", f"x{extension}", check=0)
    decoded = codec.decompress(codec.load("photo.labels.png"))
    written = np.squeeze(read_picture(Path(f"x{extension}")))
    changed = written.shape != decoded.shape or (written != decoded).any()
    noticed = any(
        line.startswith("photo.labels.png: notice: ") and "lossy" in line for line in run.lines
    )
    assert noticed == changed


def test_alpha_does_not_fit_into_a_jpeg(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", with_alpha())
    sandbox.run("compress", "photo.png", check=0)
    run = sandbox.run("decompress", "photo.labels.png", "-o", "x.jpg")
    assert refused(run, "photo.labels.png", "not-encodable")


def test_a_result_larger_than_its_input_is_skipped_if_asked(sandbox: Sandbox) -> None:
    sandbox.picture("dot.png", few_colors(height=1, width=1))
    run = sandbox.run("compress", "dot.png", "--skip-if-larger", check=3)
    assert run.left_all_as_it_was
    assert run.lines == ["dot.png: skipped: the result would be larger than the file"]
    run = sandbox.run("compress", "dot.png", check=0)
    assert "dot.png: notice: the result is larger than the file" in run.lines


def test_a_result_smaller_than_its_input_is_written_all_the_same(sandbox: Sandbox) -> None:
    sandbox.picture("photo.bmp", few_colors(height=50, width=50))
    assert sandbox.run("compress", "photo.bmp", "--skip-if-larger", check=0).new


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


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds one byte."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return len(content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size + b"\x08\x00\x00\x00\x00")
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )


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
    assert codec.options.MAX_PIXELS == 89_478_485 < 9460 * 9459
    Path("claim.png").write_bytes(png_header(width, height))
    assert refused(sandbox.run("compress", "claim.png"), "claim.png", reason)
    assert refused(sandbox.run("decompress", "claim.png"), "claim.png", reason)


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


UNPRIVILEGED = """
import os, sys, tempfile
import numpy as np
from codec import cli, images
with tempfile.TemporaryDirectory() as folder:  # import all modules while they can be read
    images.write_image(np.zeros((2, 2), np.uint8), folder + "/x.png")
    for command, name in (("compress", "/x.png"), ("decompress", "/x.labels.png")):
        assert cli.main([command, "-q", folder + name]) == 0
if os.getuid() == 0:  # whom permissions do not bind
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
print(cli.main(sys.argv[1:]))
"""


def run_unprivileged(sandbox: Sandbox, *arguments: str) -> Run:
    """Run a command as a user whom permissions bind."""
    before = snapshot(sandbox.root)
    done = run_script(UNPRIVILEGED, *arguments, cwd=sandbox.root)
    code = int(done.stdout.splitlines()[-1])
    return Run(code, "", done.stderr, *differences(before, snapshot(sandbox.root)))


def test_a_file_without_permission_is_refused(sandbox: Sandbox) -> None:  # row 16
    sandbox.picture("photo.png")
    Path("photo.png").chmod(0)
    sandbox.root.chmod(0o777)
    run = run_unprivileged(sandbox, "compress", "photo.png")
    assert refused(run, "photo.png", "no-permission")


def test_a_directory_without_permission_is_refused_before_the_work(  # row 112
    sandbox: Sandbox,
) -> None:
    sandbox.picture("photo.png")
    sandbox.root.chmod(0o555)
    try:
        run = run_unprivileged(sandbox, "compress", "photo.png")
        assert refused(run, "photo.png", "no-permission")
        assert "not writable" in run.err
        run = run_unprivileged(sandbox, "compress", "photo.png", "-d", "out")
        assert refused(run, "photo.png", "no-permission")
    finally:
        sandbox.root.chmod(0o755)


@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_nothing_is_read_if_the_output_cannot_be_written(  # row 112
    pair: Sandbox, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    from codec import files, images

    def read(*arguments: object, **options: object) -> bytes:
        raise AssertionError("this was read for nothing")

    for module in (files, images, codec.formats):
        monkeypatch.setattr(module, "read_file", read)
    name = {"compress": "photo.png", "decompress": "photo.labels.png"}[command]
    output = {"compress": "missing/x.npz", "decompress": "missing/x.png"}[command]
    assert refused(pair.run(command, name, "-o", output), name, "no-directory")


@all_commands
def test_a_fifo_is_refused_and_not_waited_for(sandbox: Sandbox, command: str) -> None:  # row 17
    os.mkfifo("fifo.png")
    assert refused(read_with(sandbox, command, "fifo.png"), "fifo.png", "not-regular")


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
        "-",
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
    shown = name if command == "sweep" else str(Path(name))  # which merges slashes
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
    assert len(run.lines) <= 2  # a notice that the result is larger
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


def test_names_that_the_terminal_cannot_show_do_not_stop_a_process(sandbox: Sandbox) -> None:
    name = os.fsdecode(b"\xff\xc3\xa9.png")  # row 25
    sandbox.picture(name)
    strict = child_environment(PYTHONIOENCODING="ascii:strict")
    run = sandbox.spawn("compress", name, env=strict)
    assert run.code == 0, run.err
    assert run.err.startswith(r"\udcff\xe9.png  ")
    assert run.err.isascii()


def test_a_name_of_255_bytes_is_read(sandbox: Sandbox) -> None:  # row 26
    name = "x" * 251 + ".png"
    sandbox.picture(name)
    sandbox.run("compress", name, "-o", "x.npz", check=0)
    assert refused(sandbox.run("compress", "y" + name), "y" + name, "name-too-long")


def test_an_output_name_that_is_too_long_is_refused_before_the_work(  # row 27
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from codec import jobs

    monkeypatch.setattr(jobs, "read_image", lambda *_, **__: pytest.fail("read for nothing"))
    for stem in ("x" * 251, "x" * 243):
        name = stem + ".png"
        sandbox.picture(name)
        assert refused(sandbox.run("compress", name), name, "name-too-long")


def test_the_longest_output_name_is_written(sandbox: Sandbox) -> None:  # row 27
    name = "x" * 242 + ".png"
    sandbox.picture(name)
    run = sandbox.run("compress", name, check=0)
    assert max(map(len, run.new)) == 255


@pytest.mark.parametrize("command", ["compress", "decompress", "info"])
def test_paths_over_the_limit_of_the_system_are_refused(sandbox: Sandbox, command: str) -> None:
    name = "x" * 300 + ".png"
    assert refused(sandbox.run(command, name), name, "name-too-long")
    if command != "info":
        assert refused(sandbox.run(command, "-r", name), name, "name-too-long")
        sandbox.picture("photo.png")
        run = sandbox.run(command, "photo.png", "-d", "x" * 300)
        assert refused(run, "photo.png", "name-too-long")


def test_names_that_begin_with_a_dash_follow_two_dashes(sandbox: Sandbox) -> None:  # row 28
    sandbox.picture("-k.png")
    sandbox.run("compress", "--", "-k.png", check=0)
    sandbox.run("compress", "-o", "a.npz", "--", "-k.png", check=0)
    sandbox.run("decompress", "--", "-k.labels.png", check=0)
    sandbox.run("info", "--", "-k.labels.png", check=0)
    np.testing.assert_array_equal(read_picture(Path("-k.decoded.png")), few_colors())
    assert usage_error(sandbox.run("compress", "-k.png"))


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


# Pairs


def test_labels_with_the_codebook_of_another_picture_are_refused(sandbox: Sandbox) -> None:
    for seed, name in enumerate(("a.png", "b.png")):  # row 106
        sandbox.picture(name, few_colors(seed))
        sandbox.run("compress", name, check=0)
    shutil.copy("b.codebook.npy", "a.codebook.npy")
    for command in ("decompress", "info"):
        run = sandbox.run(command, "a.labels.png")
        assert refused(run, "a.labels.png", "digest-mismatch")
    run = sandbox.run("decompress", "b.labels.png", "--codebook", "b.codebook.npy", check=0)
    assert run.wrote("b.decoded.png")


def test_a_missing_codebook_is_named(pair: Sandbox) -> None:  # row 107
    Path("photo.codebook.npy").unlink()
    for command in ("decompress", "info"):
        run = pair.run(command, "photo.labels.png")
        assert refused(run, "photo.labels.png", "not-found")
        assert "photo.codebook.npy" in run.err


def test_a_missing_label_png_is_named(pair: Sandbox) -> None:  # row 107
    Path("photo.labels.png").unlink()
    for command in ("decompress", "info"):
        run = pair.run(command, "photo.codebook.npy")
        assert refused(run, "photo.codebook.npy", "not-found")
        assert "photo.labels.png" in run.err


def test_a_codebook_elsewhere_is_found_by_its_option(pair: Sandbox) -> None:
    Path("sub").mkdir()
    Path("photo.codebook.npy").rename("sub/other.npy")
    Path("photo.labels.png").rename("any.png")
    run = pair.run("decompress", "any.png", "--codebook", "sub/other.npy", check=0)
    assert run.wrote("any.decoded.png")
    run = pair.run("decompress", "any.png", "--codebook", "none.npy", "-o", "x.png")
    assert refused(run, "any.png", "not-found")
    assert "none.npy" in run.err
    assert usage_error(pair.run("decompress", "any.png", "a.png", "--codebook", "sub/other.npy"))


@pytest.mark.parametrize("first", ["codebook", "labels"])
def test_half_of_a_replaced_pair_is_never_a_wrong_picture(sandbox: Sandbox, first: str) -> None:
    sandbox.picture("a.png", few_colors(1))  # row 108
    sandbox.run("compress", "a.png", check=0)
    old = {name: Path(name).read_bytes() for name in ("a.codebook.npy", "a.labels.png")}
    sandbox.picture("a.png", few_colors(2))
    sandbox.run("compress", "a.png", "-f", check=0)
    kept = "a.labels.png" if first == "codebook" else "a.codebook.npy"
    Path(kept).write_bytes(old[kept])
    run = sandbox.run("decompress", "a.labels.png")
    assert refused(run, "a.labels.png", "digest-mismatch")


def test_the_codebook_is_written_before_the_labels(  # row 108
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from codec import files

    order = []

    class Watching(Faults):
        def link(self, source: object, target: Path) -> None:
            order.append(Path(target).name)
            os.link(str(source), target)

    sandbox.picture("a.png")
    monkeypatch.setattr(files, "os", Watching())
    sandbox.run("compress", "a.png", check=0)
    assert order == ["a.codebook.npy", "a.labels.png"]


def test_a_pair_that_others_wrote_is_read_with_a_notice(sandbox: Sandbox) -> None:
    codebook = np.array([[0, 0, 0], [255, 0, 0], [9, 9, 250]], dtype=np.uint8)
    labels = np.random.RandomState(0).randint(0, 3, (9, 11)).astype(np.uint8)
    write_picture(Path("x.labels.png"), labels)
    np.save("x.codebook.npy", codebook)
    run = sandbox.run("decompress", "x.labels.png", check=0)
    assert any(line.startswith("x.labels.png: notice: ") and "unverified" in line
               for line in run.lines)  # fmt: skip
    np.testing.assert_array_equal(read_picture(Path("x.decoded.png")), codebook[labels])
    np.savez_compressed("x.npz", labels=labels, codebook=codebook)
    run = sandbox.run("decompress", "x.npz", "-o", "y.png", check=0)
    assert "unverified" in run.err
    np.testing.assert_array_equal(read_picture(Path("y.png")), codebook[labels])


def test_what_is_written_can_be_read_without_this_package(pair: Sandbox) -> None:
    labels, codebook = read_picture(Path("photo.labels.png")), np.load("photo.codebook.npy")
    np.testing.assert_array_equal(codebook[labels], few_colors())
    pair.run("compress", "photo.png", "-o", "photo.npz", check=0)
    with np.load("photo.npz") as archive:
        np.testing.assert_array_equal(archive["codebook"][archive["labels"]], few_colors())
    pair.run("compress", "photo.png", "-o", "indexed.png", check=0)
    np.testing.assert_array_equal(read_picture(Path("indexed.png")), few_colors())


# Report of what does not belong together


def test_a_report_of_different_shapes_is_refused(sandbox: Sandbox) -> None:
    sandbox.picture("a.png", few_colors())
    sandbox.picture("b.png", few_colors(height=5))
    sandbox.run("compress", "b.png", check=0)
    run = sandbox.run("report", "a.png", "b.labels.png")
    assert refused(run, "a.png", "bad-shape")
    assert "b.labels.png" in run.err


def test_a_report_names_the_file_that_is_damaged(pair: Sandbox) -> None:
    damaged = bytearray(Path("photo.labels.png").read_bytes())
    damaged[-20] ^= 1
    Path("photo.labels.png").write_bytes(damaged)
    run = pair.run("report", "photo.png", "photo.labels.png")
    assert refused(run, "photo.png", "bad-crc")
    assert "photo.labels.png" in run.err
    run = pair.run("report", "photo.png", "none.npz")
    assert refused(run, "photo.png", "not-found")
    assert "none.npz" in run.err


# Streams


@pytest.mark.parametrize("command", ["info", "compress", "sweep"])
def test_a_reader_that_goes_away_ends_a_run_quietly(pair: Sandbox, command: str) -> None:
    reading, writing = os.pipe()  # row 12
    os.close(reading)
    arguments = {
        "info": ("photo.labels.png",),
        "compress": ("photo.png", "-f", "--json"),
        "sweep": ("photo.png", "-k", "30", "40"),
    }[command]
    try:
        run = pair.spawn(command, *arguments, stdout=writing)
    finally:
        os.close(writing)
    assert run.code == 1
    assert "Traceback" not in run.err
    assert "Exception" not in run.err
    assert not pair.temporaries()
    np.testing.assert_array_equal(codec.decompress(codec.load("photo.labels.png")), few_colors())


@pytest.mark.parametrize("arguments", [("info", "photo.labels.png"), ("compress", "-f", "--json")])
def test_a_full_device_for_stdout_is_one_line(pair: Sandbox, arguments: tuple[str, ...]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    if arguments[0] == "compress":
        arguments += ("photo.png",)
    with open("/dev/full", "w") as full:
        run = pair.spawn(*arguments, stdout=full)
    assert run.code == 1
    assert "Traceback" not in run.err
    assert "Exception" not in run.err
    assert run.lines[-1].startswith("kmcodec: error: ")
    assert run.lines[-1].endswith("(no-space)")


@pytest.mark.parametrize("arguments", [("compress", "photo.png", "-f"), ("info", "none.npz")])
@pytest.mark.parametrize("broken", ["pipe", "full"])
def test_a_broken_stderr_ends_a_run_without_damage(
    pair: Sandbox, broken: str, arguments: tuple[str, ...]
) -> None:
    if broken == "full" and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    reading, writing = os.pipe()
    os.close(reading)
    with open("/dev/full", "w") if broken == "full" else os.fdopen(writing, "w") as stream:
        run = pair.spawn(*arguments, stderr=stream)
    if broken == "full":
        os.close(writing)
    assert run.code == 1
    assert run.out == ""
    assert not pair.temporaries()
    np.testing.assert_array_equal(codec.decompress(codec.load("photo.labels.png")), few_colors())


CLOSED = """
import os, subprocess, sys
program = [sys.executable, "-m", "codec", *sys.argv[2:]]
number = int(sys.argv[1])
done = subprocess.run(program, preexec_fn=lambda: os.close(number), capture_output=True, text=True)
print(done.returncode, done.stdout, sep="\\n")
print(done.stderr, file=sys.stderr)
"""


@pytest.mark.parametrize("stream", [1, 2])
@pytest.mark.parametrize("command", ["compress", "info"])
def test_a_stream_that_was_closed_before_the_start_is_no_trouble(
    pair: Sandbox, command: str, stream: int
) -> None:
    arguments = {"compress": ["photo.png", "-f"], "info": ["photo.labels.png"]}[command]
    done = run_script(CLOSED, str(stream), command, *arguments, cwd=pair.root)
    code, out = done.stdout.split("\n", 1)
    assert "Traceback" not in done.stderr
    assert code in ("0", "1") if (command, stream) == ("info", 1) else code == "0"
    assert ("picture" in out) == ((command, stream) == ("info", 2))
    assert "photo.png  " not in out  # messages do not become data


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


def test_running_as_a_module_is_running_the_command(pair: Sandbox) -> None:
    run = pair.spawn("compress", "photo.png", "-o", "x.npz")
    assert (run.code, run.out) == (0, "")
    assert run.wrote("x.npz")
    assert pair.spawn("compress", "photo.png", "-o", "x.npz").code == 3
    assert pair.spawn("compress", "none.png").code == 1
    assert pair.spawn("compress", "photo.png", "-k", "0").code == 2


def test_no_memory_is_an_error_like_any_other(
    pair: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from codec import jobs

    def exhaust(*arguments: object, **options: object) -> None:
        raise MemoryError

    monkeypatch.setattr(jobs, "compress_with_details", exhaust)
    for arguments in (("compress", "photo.png", "-d", "out"), ("sweep", "photo.png")):
        assert refused(pair.run(*arguments), "photo.png", "memory")


def test_the_handler_of_sigterm_is_put_back(sandbox: Sandbox) -> None:
    import signal

    before = signal.getsignal(signal.SIGTERM)
    sandbox.run("compress", "none.png", check=1)
    assert signal.getsignal(signal.SIGTERM) is before


def test_main_takes_the_arguments_of_the_process_by_default(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["kmcodec", "compress", "none.png"])
    monkeypatch.setattr(sys, "stderr", io.StringIO())  # which cannot be reconfigured
    assert cli.main() == 1
