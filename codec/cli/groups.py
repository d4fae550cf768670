"""Options that several commands have, each written once."""

import argparse
from pathlib import Path

from codec.cli.numbers import any_number, size_or_share, whole_number
from codec.cli.usage import Parser
from codec.limits import (
    MAX_CODEBOOK_SIZE,
    MAX_JOBS,
    MAX_PIXELS,
    MAX_PIXELS_ASKED_FOR,
    MAX_RATE_DISTORTION,
    MAX_SEED,
)
from codec.options import (
    COLOR_SPACES,
    DITHER_KINDS,
    EFFORTS,
    ENGINE_NAMES,
    PALETTE_DEPTHS,
    TUNES,
)

# What options are added to.
Container = argparse.ArgumentParser | argparse._ArgumentGroup


def _output(text: str) -> Path:
    """Read the name of an output; `./-` is a file, and `-` alone is standard output."""
    path = Path(text)
    return path.absolute() if str(path) == "-" != text else path


def page_option(verb: str) -> Parser:
    """Make the option of a page, which shows something."""
    page = Parser(add_help=False)
    page.add_argument(
        "--html", type=Path, metavar="FILE",
        help=f"{verb} what was lost and where: a page for a browser, in one file",
    )  # fmt: skip
    return page


def add_force(parser: argparse.ArgumentParser) -> None:
    """Add the option to replace a page."""
    parser.add_argument(
        "-f", "--force", action="store_true", help="replace an existing file of --html"
    )


def add_records(parser: Container) -> None:
    """Add the options of what programs read; their one value is the name of that given."""
    records = parser.add_mutually_exclusive_group()
    for name, what in (
        ("--json", "print a JSON report on stdout"),
        ("--json-lines", "print a line of JSON on stdout as each file is done, and one of totals"),
        ("--csv", "print a table on stdout, a row as each file is done; the same names"),
    ):
        records.add_argument(name, dest="json", action="store_const", const=name, help=what)


def add_max_pixels(parser: Container) -> None:
    """Add the limit of pictures."""
    parser.add_argument(
        "--max-pixels", type=whole_number(1, MAX_PIXELS_ASKED_FOR), default=MAX_PIXELS,
        metavar="N", help="read no larger pictures into memory (default %(default)s); less than "
        "the default refuses them altogether",
    )  # fmt: skip


def add_jobs(parser: Container) -> None:
    """Add how many files are done at a time."""
    parser.add_argument(
        "-j", "--jobs", type=whole_number(1, MAX_JOBS), metavar="N",
        help="do so many small files at a time, large ones with so many threads (default "
        "KMCODEC_THREADS, or the number of processors, at most 8); files are the same",
    )  # fmt: skip


def add_colors(parser: argparse.ArgumentParser) -> None:
    """Add the largest K."""
    parser.add_argument(
        "-k", "--colors", type=whole_number(1, MAX_CODEBOOK_SIZE), default=MAX_CODEBOOK_SIZE,
        metavar="K", help="largest number of colors (default %(default)s)",
    )  # fmt: skip


def add_keep_metadata(parser: argparse.ArgumentParser) -> None:
    """Add what is kept beside pixels."""
    parser.add_argument(
        "--keep-metadata", action="store_true",
        help="keep texts, such as copyright, author and description (png, pair), and the ICC "
        "profile of RGB, with colors as they are (png, kmc; not with given colors); never places, "
        "cameras or thumbnails of EXIF",
    )  # fmt: skip


def shared_options() -> list[Parser]:
    """Make those of outputs, of what is printed, of reading and of training."""
    output = Parser(add_help=False)
    where = output.add_mutually_exclusive_group()
    where.add_argument(
        "-o",
        "--output",
        type=_output,
        metavar="OUT",
        help="output of a single input; its name chooses the format; - is standard output",
    )
    where.add_argument(
        "-d",
        "--directory",
        type=Path,
        metavar="DIR",
        help="directory for the outputs, made if missing (default: beside the inputs)",
    )
    output.add_argument(
        "-r",
        "--recursive",
        action="store_true",
        help="take what is in directories and keep their trees; compress leaves out, and names, "
        "what kmcodec made there",
    )
    output.add_argument("-f", "--force", action="store_true", help="replace existing outputs")
    add_jobs(output)

    amount = Parser(add_help=False)
    add_records(amount)
    loudness = amount.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    loudness.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="print everything that is known, such as the time of each stage",
    )

    reading = Parser(add_help=False)
    read = reading.add_argument_group("reading")
    read.add_argument(
        "--first-frame",
        action="store_true",
        help="take the first picture of an animation or of several pages",
    )
    read.add_argument(
        "--scale-range",
        action="store_true",
        help="stretch the range that samples of more than 8 bits use, as of cameras that count to "
        "less than their files could hold",
    )
    add_max_pixels(read)

    training = Parser(add_help=False)
    trained = training.add_argument_group("colors and looks")
    trained.add_argument(
        "--tune",
        choices=TUNES,
        default=TUNES[0],
        help="what the aim is: visual, that it looks like the picture; psnr, the least squared "
        "error in sRGB (default %(default)s)",
    )
    trained.add_argument(
        "--color-space",
        choices=COLOR_SPACES,
        help="where color differences are measured (default oklab, with --tune psnr rgb)",
    )
    trained.add_argument(
        "--exact", action="store_true", help="keep the hidden colors of fully transparent pixels"
    )
    trained.add_argument(
        "--seed",
        type=whole_number(0, MAX_SEED),
        default=0,
        help="seed of the random starts (default %(default)s)",
    )
    trained.add_argument(
        "--engine",
        choices=("auto", *ENGINE_NAMES),
        default="auto",
        help="implementation of k-means (default %(default)s)",
    )
    trained.add_argument(
        "--effort",
        choices=EFFORTS,
        default="default",
        help="how long to look for better colors and smaller files: fast takes half the time, "
        "best some seconds (default %(default)s)",
    )
    trained.add_argument(
        "--dither",
        choices=DITHER_KINDS,
        help="let the errors of neighboring pixels cancel: selective diffuses them where a band "
        "would show, fs everywhere (Floyd-Steinberg), ordered takes an 8x8 pattern; shades look "
        "smoother, files grow; auto does what serves the look at these bytes (default auto, with "
        "--tune psnr none)",
    )
    trained.add_argument(
        "--dither-strength",
        type=any_number(0, 1),
        metavar="S",
        help="how much of an error is made up for, 0 to 1 (default 1); not with a target or "
        "--rate-distortion, where nothing is dithered",
    )
    return [output, amount, reading, training]


def wishes_options() -> Parser:
    """Options that say what trained code-words have to be."""
    wishes = Parser(add_help=False)
    wished = wishes.add_argument_group("colors and looks")
    wished.add_argument(
        "--keep", metavar="COLORS", default="",
        help="colors that the codebook has exactly, used or not, such as '#ff0000,#ffffff'",
    )  # fmt: skip
    wished.add_argument(
        "--palette-depth", choices=PALETTE_DEPTHS,
        help="bits of red, green and blue that the display has: code-words are colors that it "
        "shows",
    )  # fmt: skip
    return wishes


_TARGETS = (
    "What the result must be, in place of K, which -k still limits: the fewest bytes that "
    "satisfy all; of --max-bytes alone, the least error by --tune. What cannot be met is skipped."
)


def add_looks(group: argparse._ArgumentGroup) -> None:
    """Add what a result must be like."""
    group.add_argument(
        "--min-psnr", type=any_number(0, 100), metavar="DB", help="the least PSNR in dB"
    )
    group.add_argument(
        "--min-ssim", type=any_number(0, 1), metavar="S", help="the least SSIM, 0 to 1"
    )
    group.add_argument(
        "--min-ssimulacra2", type=any_number(-100, 100), metavar="S",
        help="the least SSIMULACRA2, up to 100 (needs kmcodec[ssimulacra2])",
    )  # fmt: skip
    group.add_argument(
        "--max-error", type=whole_number(0, 255), metavar="E",
        help="no channel of any pixel is off by more, 0 to 255; as a target it chooses all "
        "code-words, so not with --keep or --palette-depth",
    )  # fmt: skip


def add_targets(parser: argparse.ArgumentParser) -> None:
    """Add what a result must be."""
    targets = parser.add_argument_group("targets", _TARGETS)
    targets.add_argument(
        "--max-bytes", type=size_or_share, metavar="N",
        help="the most bytes of all files: 50000, 50k, 50kB, 50KiB, or 30%% of the input",
    )  # fmt: skip
    add_looks(targets)
    targets.add_argument(
        "--rate-distortion", type=any_number(0, MAX_RATE_DISTORTION), metavar="C",
        help="labels for their bytes: a bit may cost C times the mean squared error; 1 is much "
        "less bytes for about the same look, 0 the nearest colors (default 0, with a target what "
        "suits it); without a target C/2, C/4 and C/8 are tried where C does not serve",
    )  # fmt: skip
    targets.add_argument(
        "--auto", action="store_true",
        help="the K where more colors begin to cost more bytes than they are worth",
    )  # fmt: skip
