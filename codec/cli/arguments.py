"""The arguments of the command `kmcodec`: names, defaults and help."""

import argparse
from pathlib import Path

from codec import __version__
from codec.cli.groups import (
    add_colors,
    add_force,
    add_jobs,
    add_keep_metadata,
    add_looks,
    add_max_pixels,
    add_records,
    add_targets,
    page_option,
    shared_options,
    wishes_options,
)
from codec.cli.numbers import format_word, share, whole_numbers
from codec.cli.usage import Parser
from codec.limits import MAX_CODEBOOK_SIZE
from codec.options import (
    CHECKED_PSNR,
    CODEBOOK_SOURCES,
    DEFAULT_FORMAT,
    EFFORTS,
    SWEPT_SIZES,
)

_EXIT_CODES = """\
exit codes:
  0  everything was done, now or before, or could not become smaller under its own name
  1  at least one input failed; the others were still processed. Of check: one could be smaller
  2  wrong usage; nothing was read
  3  nothing failed, but something was skipped: its output exists, or would not be smaller, or a
     target cannot be met
  130, 143  interrupted (SIGINT, SIGTERM)
"""

_EXAMPLES = """\
examples:
  kmcodec photo.png                          the same as kmcodec compress photo.png
  kmcodec compress photo.png                 photo.labels.png + photo.codebook.npy
  kmcodec compress -k 32 -o chart.npz chart.png
  kmcodec compress -r assets -d small --same-names
                                             the same tree of pictures, smaller
  kmcodec check -r assets --shrink 20%       which PNGs could be smaller, for a hook
  kmcodec compress map.png --format kmc      map.kmc, the fewest bytes
  kmcodec compress photo.png --max-bytes 50k the best picture in 50,000 bytes
  kmcodec compress slide.tif -o slide.zarr   of any size, block by block
  kmcodec compress - -o - --format png       from standard input to standard output
  kmcodec decompress photo.labels.png        photo.decoded.png
  kmcodec convert photo.kmc -o photo.png     the same colors, in another format
  kmcodec report photo.png photo.labels.png  sizes and quality
  kmcodec report photo.png photo.kmc photo.jpg --html lost.html
  kmcodec sweep photo.png -k 4 16 64 256     one line per K
  kmcodec train icons/*.png -k 64 -o icons.npy
  kmcodec compress icons/*.png --codebook icons.npy --format png

"""


def make_parser() -> Parser:
    """Make the parser of the whole command line."""
    parser = Parser(
        prog="kmcodec",
        description="Lossy image compression by k-means color quantization.\n\n"
        "A file where the command would stand is compressed. Options are all there is: no\n"
        "configuration file is needed, and none is read.",
        epilog=_EXAMPLES + _EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"kmcodec {__version__}")
    commands = parser.add_subparsers(
        prog=parser.prog, dest="command", required=True, metavar="COMMAND"
    )
    output, amount, reading, training = shared_options()
    wishes = wishes_options()

    compress = commands.add_parser(
        "compress",
        help="compress pictures",
        parents=[
            output,
            amount,
            reading,
            training,
            wishes,
            page_option("measure the result of a single input, and show"),
        ],
        description="Compress PNG, JPEG, WebP, BMP, GIF and TIFF pictures, and folders of Zarr. "
        "What is too large for memory is compressed block by block, not to kmc. "
        "Many files with -d, if killed, are continued by the same command.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    compress.add_argument(
        "inputs", nargs="+", metavar="INPUT",
        help="a picture, - for standard input, or with -r a directory",
    )  # fmt: skip
    add_colors(compress)
    compress.add_argument(
        "--format", type=format_word, metavar="FORMAT",
        help="pair: label PNG and codebook .npy (default); npz: one NumPy archive; "
        "png: indexed PNG; kmc: the fewest bytes, and the slowest; written block by block, for "
        "pictures of any size: zarr, tiff",
    )  # fmt: skip
    names = compress.add_mutually_exclusive_group()
    names.add_argument(
        "--same-names", action="store_true",
        help="give outputs in -d the names of their inputs: PNGs become smaller PNGs, or are "
        "copied as all other pictures are; what is up to date is not made again",
    )  # fmt: skip
    names.add_argument(
        "--in-place", action="store_true",
        help="replace PNGs by smaller ones; all other pictures stay as they are, and so do those "
        "that kmcodec made, without -f",
    )  # fmt: skip
    names.add_argument(
        "--suffix", metavar="TEXT",
        help="name outputs after their inputs with TEXT before the ending, such as -small",
    )  # fmt: skip
    compress.add_argument(
        "--keep-order", action="store_true",
        help="keep palette indices, or grey values, as labels in every format, as pair and npz do "
        "where they fit; what has none, or more than K, is refused",
    )  # fmt: skip
    add_keep_metadata(compress)
    compress.add_argument(
        "--skip-if-larger", action="store_true",
        help="write nothing if the result is not smaller than the input",
    )  # fmt: skip
    compress.add_argument(
        "--measure", action="store_true",
        help="measure SSIM and color differences (ΔE2000, mean) too",
    )  # fmt: skip
    compress.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="of a Dask cluster, such as tcp://host:8786, whose workers do the work and see the "
        "same files: all of them a picture that becomes a .zarr, each of them some of many",
    )
    _add_given(compress)

    add_targets(compress)

    _add_check(commands.add_parser(
        "check",
        help="tell which PNGs could be smaller, or mend them",
        parents=[amount, reading, training, wishes],
        description="Tell which PNGs could be smaller by a part at a look, for a hook before "
        "commits or a build; exit code 1 if there are any. All other pictures pass, and so does "
        "what kmcodec made.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ))  # fmt: skip

    decompress = commands.add_parser(
        "decompress",
        help="turn compressed files into pictures",
        parents=[output, amount],
        description="Turn label PNGs with codebooks, npz, indexed PNGs and kmc into pictures, and "
        ".zarr and .tif, which kmcodec writes of pictures of any size. Of these more than "
        "--max-pixels are written to a tiled TIFF alone, block by block: -o X.tif.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    decompress.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="X.labels.png, X.npz, X.png, X.kmc, X.zarr or X.tif",
    )
    decompress.add_argument(
        "--codebook", type=Path, metavar="FILE.npy",
        help="codebook of label PNGs that does not stand beside them, such as one that they share",
    )  # fmt: skip
    decompress.add_argument(
        "--require-seal", action="store_true",
        help="refuse what has no seal, as files of other programs",
    )  # fmt: skip
    add_max_pixels(decompress)

    _add_convert(commands.add_parser(
        "convert",
        help="turn compressed files into those of another format, without loss",
        parents=[output, amount],
        description="Turn compressed files of any format, and indexed PNGs, GIFs and TIFFs with a "
        "palette of other programs, into those of another format: the same labels, and the same "
        "code-words in the same order. What has no palette is for compress.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ))  # fmt: skip

    _add_train(commands.add_parser(
        "train",
        help="find one codebook for many pictures",
        parents=[amount, reading, training, wishes],
        description="Find one codebook for many pictures, from all their colors.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ))  # fmt: skip

    info = commands.add_parser("info", help="tell what is in compressed files and pictures")
    info.add_argument(
        "inputs", nargs="*", metavar="FILE",
        help="a compressed file or a picture, - for standard input; no directory but a .zarr",
    )  # fmt: skip
    info.add_argument("--engine", action="store_true", help="tell which k-means engine runs")
    add_records(info)
    add_max_pixels(info)

    report = commands.add_parser(
        "report",
        help="sizes and quality of compressed files",
        parents=[reading, page_option("show")],
        description="Print sizes and quality of compressed files, or of what other programs made "
        "of the same picture. What is too large for memory is compared block by block: bytes, "
        "PSNR and the largest error, without SSIM and color differences.",
    )
    report.add_argument("original", metavar="ORIGINAL", help="the picture")
    report.add_argument(
        "compressed", nargs="+", metavar="COMPRESSED",
        help="what became of it: compressed files, or pictures such as JPEG, WebP and PNG",
    )  # fmt: skip
    add_records(report)
    add_force(report)

    sweep = commands.add_parser(
        "sweep",
        help="try several numbers of colors and write nothing of them",
        parents=[reading, training, page_option("show, of a single input,")],
        description="Print bytes in every format, ratios, PSNR, SSIM and seconds for each K, of "
        "one training, so that they differ a little from those of compress -k K, which trains for "
        "its K; and which K is the knee.",
    )
    sweep.lists = ("-k", "--colors")
    sweep.add_argument("inputs", nargs="+", metavar="INPUT", help="a picture")
    sweep.add_argument(
        "-k", "--colors", type=whole_numbers(1, MAX_CODEBOOK_SIZE), metavar="K,K...",
        default=SWEPT_SIZES,
        help="numbers of colors, with blanks or commas (default 4 8 16 ... 256)",
    )  # fmt: skip
    sweep.add_argument(
        "--codebook-from", dest="codebooks", choices=CODEBOOK_SOURCES, nargs="+",
        default=[CODEBOOK_SOURCES[0]],
        help="ways of choosing the codebook to compare (default kmeans)",
    )  # fmt: skip
    sweep.add_argument(
        "--format", type=format_word, metavar="FORMAT", default=DEFAULT_FORMAT,
        help="whose bytes and ratios are told first (default %(default)s)",
    )  # fmt: skip
    add_records(sweep)
    add_force(sweep)
    return parser


def _add_convert(convert: argparse.ArgumentParser) -> None:
    """Arguments of the conversion."""
    convert.add_argument(
        "inputs", nargs="+", metavar="INPUT",
        help="a compressed file, or a picture with a palette",
    )  # fmt: skip
    convert.add_argument(
        "--format", type=format_word, metavar="FORMAT",
        help="pair, npz, png, kmc, gif, zarr or tiff; -o chooses by its name",
    )  # fmt: skip
    convert.add_argument(
        "--codebook", type=Path, metavar="FILE.npy",
        help="codebook of label PNGs that does not stand beside them",
    )  # fmt: skip
    convert.add_argument(
        "--effort", choices=EFFORTS, default="default",
        help="how hard deflate tries (default %(default)s)",
    )  # fmt: skip
    convert.add_argument(
        "--keep-metadata", action="store_true",
        help="keep texts and ICC profile of pictures too, as compress does; those that kmcodec "
        "kept are kept in any case",
    )  # fmt: skip
    convert.add_argument(
        "--first-frame", action="store_true",
        help="take the first picture of an animation or of several pages",
    )  # fmt: skip
    add_max_pixels(convert)


def _add_check(check: argparse.ArgumentParser) -> None:
    """Arguments of what is compressed in place, if at all."""
    check.add_argument(
        "inputs", nargs="*", metavar="INPUT", help="a picture, or with -r a directory"
    )
    check.add_argument(
        "-r", "--recursive", action="store_true", help="take what is in directories"
    )
    check.add_argument(
        "--shrink", type=share, metavar="PART", default=0.1,
        help="by which part of its bytes a picture could be smaller at the least (default 10%%)",
    )  # fmt: skip
    check.add_argument(
        "--mend", action="store_true",
        help="replace those by smaller ones, as compress --in-place does",
    )  # fmt: skip
    add_colors(check)
    add_keep_metadata(check)
    add_jobs(check)
    says = f"How that has to look, or the picture passes; by default --min-psnr {CHECKED_PSNR}."
    add_looks(check.add_argument_group("look", says))
    check.set_defaults(
        output=None, directory=None, force=False, format=None, same_names=False, in_place=True,
        suffix=None, keep_order=False, skip_if_larger=True, measure=False, scheduler=None,
        codebook=None, shared_codebook=False, weights=None, html=None, max_bytes=None, auto=False,
    )  # fmt: skip


def _add_given(compress: argparse.ArgumentParser) -> None:
    codebook = compress.add_mutually_exclusive_group()
    codebook.add_argument(
        "--codebook", type=Path, metavar="FILE",
        help="take these code-words, in this order, unused ones too: a .npy, another compressed "
        "file, a picture's palette, a palette of GIMP (.gpl) or JASC (.pal), or a list of #rrggbb",
    )  # fmt: skip
    codebook.add_argument(
        "--shared-codebook", action="store_true",
        help="train one codebook for all inputs; a pair stores it once, as shared.codebook.npy in "
        "the directory of -d, where it stays while other label PNGs need it",
    )  # fmt: skip
    compress.add_argument(
        "--weights", type=Path, metavar="PICTURE",
        help="what counts more when colors are chosen: a grey picture of the inputs' size, white "
        "the most",
    )  # fmt: skip


def _add_train(train: argparse.ArgumentParser) -> None:
    train.add_argument(
        "inputs", nargs="+", metavar="INPUT", help="a picture, or with -r a directory"
    )
    add_colors(train)
    train.add_argument(
        "-o", "--output", type=Path, metavar="OUT", required=True,
        help="the codebook: a .npy, a palette of GIMP (.gpl, without alpha), or a list of #rrggbb "
        "(.hex)",
    )  # fmt: skip
    train.add_argument(
        "-r", "--recursive", action="store_true", help="take what is in directories"
    )
    train.add_argument("-f", "--force", action="store_true", help="replace an existing output")
