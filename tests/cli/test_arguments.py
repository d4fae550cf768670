"""The arguments of the command: what is wrong usage, help, and the defaults.

Rows are those of the catalogue of bad inputs and faults.
"""

import re
from inspect import Parameter, signature
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Sandbox, few_colors, read_picture, usage_error

import codec
from codec.cli import compressing
from codec.cli.arguments import make_parser
from codec.formats.registry import Format
from codec.options import DEFAULT_FORMAT
from codec.reports.report import FileReport
from codec.settings import CompressSettings, ReadOptions, WriteOptions, resolve_engine


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


@pytest.mark.parametrize(
    "number", ["1_6", "١٦", "１６", "१६", " 16", "16 ", "1\u200b6", "𝟏𝟔", "1６"]
)
@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("compress", "--colors"),
        ("sweep", "--colors"),
        ("compress", "--seed"),
        ("sweep", "--seed"),
        ("compress", "--max-pixels"),
        ("decompress", "--max-pixels"),
        ("info", "--max-pixels"),
        ("sweep", "--max-pixels"),
    ],
)
def test_whole_numbers_are_written_in_plain_digits(  # row 4
    sandbox: Sandbox, command: str, option: str, number: str
) -> None:
    sandbox.picture("photo.png")
    run = sandbox.run(command, "photo.png", f"{option}={number}")
    assert usage_error(run)
    assert "is not a whole number from" in run.lines[-1]


@pytest.mark.parametrize("number", ["0_1", "0.1_0", "٠.٥", "０.５", " 0.5", "1 ", "𝟏"])
@pytest.mark.parametrize("command", ["compress", "sweep"])
def test_other_numbers_are_written_in_plain_digits(
    sandbox: Sandbox, command: str, number: str
) -> None:
    sandbox.picture("photo.png")
    run = sandbox.run(command, "photo.png", "--dither=fs", f"--dither-strength={number}")
    assert usage_error(run)
    assert "is not a number from 0 to 1" in run.lines[-1]


@pytest.mark.parametrize("number", ["5e-1", ".5", "0.5", "1.", "1"])
def test_plain_numbers_of_every_notation_are_taken(sandbox: Sandbox, number: str) -> None:
    sandbox.picture("photo.png")
    sandbox.run("compress", "photo.png", "--dither=fs", f"--dither-strength={number}", check=0)


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


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--dither", "floyd"), "invalid choice: 'floyd'"),
        (("--dither", "fs", "--dither-strength", "1.5"), "'1.5' is not a number from 0 to 1"),
        (("--dither", "fs", "--dither-strength=-1"), "'-1' is not a number from 0 to 1"),
        (("--dither", "fs", "--dither-strength", "nan"), "'nan' is not a number from 0 to 1"),
        (("--dither", "fs", "--dither-strength", "half"), "'half' is not a number from 0 to 1"),
        (
            ("--tune", "psnr", "--dither-strength", "0.5"),
            "--dither-strength needs a --dither other than none",
        ),
        (
            ("--dither", "none", "--dither-strength", "0.5"),
            "--dither-strength needs a --dither other than none",
        ),
        (("--tune", "loud"), "invalid choice: 'loud'"),
        (("--color-space", "hsv"), "invalid choice: 'hsv'"),
        (("--effort", "most"), "invalid choice: 'most'"),
    ],
)
@pytest.mark.parametrize("command", ["compress", "sweep"])
def test_options_of_training_that_are_wrong_usage(
    sandbox: Sandbox, command: str, options: tuple[str, ...], said: str
) -> None:
    sandbox.picture("photo.png")
    run = sandbox.run(command, "photo.png", *options, check=2)
    assert said in run.lines[-1]
    assert run.left_all_as_it_was


@pytest.mark.parametrize(
    "options",
    [
        ("--max-bytes", "9k"),
        ("--auto",),
        ("--rate-distortion", "1"),
        ("--min-psnr=30", "--tune=psnr"),
    ],
)
@pytest.mark.parametrize("strength", ["0.5", "1"])
def test_dithering_where_bytes_count_is_wrong_usage(
    sandbox: Sandbox, options: tuple[str, ...], strength: str
) -> None:
    sandbox.picture("photo.png")
    run = sandbox.run("compress", "photo.png", *options, "--dither-strength", strength)
    assert usage_error(run)
    assert "nothing is dithered with a target or --rate-distortion: leave out" in run.lines[-1]
    assert usage_error(sandbox.run("compress", "photo.png", *options, "--dither", "fs"))


@pytest.mark.parametrize("wish", [("--keep", "#f00"), ("--palette-depth", "565")])
def test_a_largest_error_chooses_all_codewords(sandbox: Sandbox, wish: tuple[str, str]) -> None:
    run = sandbox.run("compress", "none.png", "--max-error", "9", *wish)
    assert usage_error(run)
    assert run.lines == [
        "kmcodec: error: --max-error chooses all code-words: leave out --keep and --palette-depth "
        "(max_error)"
    ]


def test_names_that_begin_with_a_dash_follow_two_dashes(sandbox: Sandbox) -> None:  # row 28
    sandbox.picture("-k.png")
    sandbox.run("compress", "--", "-k.png", check=0)
    sandbox.run("compress", "-o", "a.npz", "--", "-k.png", check=0)
    sandbox.run("decompress", "--", "-k.labels.png", check=0)
    sandbox.run("info", "--", "-k.labels.png", check=0)
    np.testing.assert_array_equal(read_picture(Path("-k.decoded.png")), few_colors())
    assert usage_error(sandbox.run("compress", "-k.png"))


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


def test_options_and_parameters_of_the_library_have_the_same_defaults(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[CompressSettings, ReadOptions]] = []

    def take(
        source: Path,
        target: Path,
        format: Format,
        settings: CompressSettings,
        reading: ReadOptions,
        writing: WriteOptions,
        *,
        share: float | None,
        measure: bool,
        locate: bool,
        shared: object,
        weights: object,
        page: object,
        progress: object,
        scheduler: object,
        stands_in: bool,
    ) -> FileReport:
        assert not stands_in
        assert (share, shared, weights, page, scheduler) == (None, None, None, None, None)
        given.append((settings, reading))
        return FileReport(source.name)

    monkeypatch.setattr(compressing, "compress_file", take)
    sandbox.run("compress", "x.png", "-q", check=0)

    ((settings, reading),) = given
    found = {**vars(settings), **vars(settings.targets), **vars(reading)}
    parameters = [*signature(codec.compress).parameters.values()]
    parameters += signature(codec.read_image).parameters.values()
    expected = {one.name: one.default for one in parameters if one.default is not Parameter.empty}
    assert len(expected) == 28
    assert expected.pop("format") == DEFAULT_FORMAT
    found |= {**vars(settings.given), "weights": None}
    assert (found["keep"], expected["keep"]) == (None, ())
    expected["keep"] = None
    assert make_parser().parse_args(["compress", "x.png"]).engine == expected["engine"]
    expected["engine"] = resolve_engine(expected["engine"])
    assert (expected["color_space"], expected["dither"]) == (None, None)  # as the tune says
    expected |= {"color_space": "oklab", "dither": "auto"}
    assert {name: found[name] for name in expected} == expected
