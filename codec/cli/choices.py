"""What was chosen on the command line, as records."""

import argparse
from typing import TYPE_CHECKING

from codec.errors import ParameterError
from codec.options import DEFAULT_FORMAT

if TYPE_CHECKING:
    from codec.formats.registry import Format
    from codec.jobs.plan import Naming
    from codec.settings import CompressSettings, ReadOptions, Targets


def naming_of(options: argparse.Namespace) -> "Naming":
    """Say where outputs go."""
    from codec.jobs.plan import Naming

    return Naming(
        options.output, options.directory, options.recursive,
        suffix=getattr(options, "suffix", None) or "",
        same_names=getattr(options, "same_names", False),
        in_place=getattr(options, "in_place", False),
    )  # fmt: skip


def is_dropin(options: argparse.Namespace) -> bool:
    """Tell whether outputs have the names of their inputs."""
    return bool(options.same_names or options.in_place)


def check_names(options: argparse.Namespace) -> None:
    """Refuse what contradicts itself about the names of outputs, before anything is read.

    Raises
    ------
    ParameterError
        It does.
    """
    for name in ("in_place", "same_names", "suffix"):
        if getattr(options, name, None) in (None, False):
            continue
        option = "check" if options.command == "check" else f"--{name.replace('_', '-')}"
        if options.output:
            raise ParameterError(f"{option} names outputs, and so does -o", name)
        if "-" in options.inputs:
            raise ParameterError(f"standard input has no name for {option}", "usage")
        if name == "suffix":
            if not options.suffix or not set("/\\\0").isdisjoint(options.suffix):
                raise ParameterError("--suffix is a part of a name, such as -small", name)
            continue
        if options.directory and name == "in_place":
            raise ParameterError("--in-place writes where inputs are, and -d elsewhere", name)
        if not options.directory and name == "same_names":
            raise ParameterError(
                "--same-names needs -d, a directory for the outputs (--in-place needs none)",
                name,
            )
        if options.format not in (None, "png"):
            raise ParameterError(
                f"{option} compresses PNGs to PNGs, and no other format has names of pictures",
                name,
            )
        if options.html:
            raise ParameterError(
                f"--html shows a result, and with {option} there may be none", "html"
            )
        if options.scheduler:
            raise ParameterError(f"{option} is done by this process, without --scheduler", name)


def settings_of(options: argparse.Namespace, n_colors: int) -> "CompressSettings":
    """Say how pictures are compressed, with so many colors at the most."""
    from codec.encoder.given import check_given
    from codec.settings import CompressSettings, Targets

    codebook = None
    if getattr(options, "codebook", None):
        from codec.jobs.train import read_codebook

        codebook = read_codebook(options.codebook, options.max_pixels)
    keep, depth = getattr(options, "keep", ""), getattr(options, "palette_depth", None)
    strength = options.dither_strength
    settings = CompressSettings(
        n_colors=n_colors,
        seed=options.seed,
        engine=options.engine,
        effort=options.effort,
        tune=options.tune,
        color_space=options.color_space,
        exact=options.exact,
        dither=options.dither,
        dither_strength=1.0 if strength is None else strength,
        keep_order=getattr(options, "keep_order", False),  # which a sweep has not
        given=check_given(codebook, keep or (), depth, n_colors),
        targets=targets_of(options) if options.command == "compress" else Targets(),
        rate_distortion=getattr(options, "rate_distortion", None),
    )
    if strength is not None:
        settings.check_strength_counts()
        if settings.dither == "none":
            raise ParameterError(
                "--dither-strength needs a --dither other than none", "dither_strength"
            )
    return settings


def reading_of(options: argparse.Namespace, format: "Format") -> "ReadOptions":
    """Say how pictures are read that are compressed.

    Where code-words are given, or a look is asked for, which are of sRGB, no picture keeps another
    color space.
    """
    from codec.settings import ReadOptions

    given = options.codebook or options.shared_codebook or options.keep or options.palette_depth
    looks = (options.min_psnr, options.min_ssim, options.min_ssimulacra2, options.max_error)
    given = given or any(look is not None for look in looks)
    return ReadOptions(
        options.first_frame,
        options.max_pixels,
        options.scale_range,
        keep_texts=options.keep_metadata,
        keep_profile=options.keep_metadata and format.holds_profile and not given,
    )


def targets_of(options: argparse.Namespace) -> "Targets":
    """Say what results must be like."""
    from codec.settings import ANY_BYTES, Targets

    size = options.max_bytes
    return Targets(
        # Of a part each input will say how many bytes that is.
        max_bytes=ANY_BYTES if isinstance(size, float) else size,
        min_psnr=options.min_psnr,
        min_ssim=options.min_ssim,
        min_ssimulacra2=options.min_ssimulacra2,
        max_error=options.max_error,
        auto=options.auto,
    )


def format_for(options: argparse.Namespace) -> "Format":
    """Choose the format by its name, or by that of the output."""
    from codec.formats.registry import format_named, output_format_of

    if options.output:
        format = output_format_of(options.output)
        if options.format and format_named(options.format, or_large=True) != format:
            raise ParameterError(
                f"--format {options.format} contradicts the name of the output", "output-name"
            )
    elif is_dropin(options):
        from codec.jobs.dropins import FORMAT

        format = FORMAT
    else:
        format = format_named(options.format or DEFAULT_FORMAT, or_large=True)
        if options.suffix and output_format_of(f"x{options.suffix}{format.ending}") != format:
            raise ParameterError(
                f"with --suffix {options.suffix} names would be those of another format", "suffix"
            )
    format.check_writable()
    return format
