"""What was chosen on the command line, as records."""

import argparse
from typing import TYPE_CHECKING

from codec.errors import ParameterError
from codec.options import DEFAULT_FORMAT

if TYPE_CHECKING:
    from codec.formats.registry import Format
    from codec.jobs.plan import Naming
    from codec.settings import CompressSettings, Targets


def naming_of(options: argparse.Namespace) -> "Naming":
    """Say where outputs go."""
    from codec.jobs.plan import Naming

    return Naming(options.output, options.directory, options.recursive)


def settings_of(options: argparse.Namespace, n_colors: int) -> "CompressSettings":
    """Say how pictures are compressed, with so many colors at the most."""
    from codec.encoder.given import check_given
    from codec.settings import CompressSettings

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
        targets=_targets(options),
        rate_distortion=getattr(options, "rate_distortion", None),
    )
    if strength is not None:
        settings.check_strength_counts()
        if settings.dither == "none":
            raise ParameterError(
                "--dither-strength needs a --dither other than none", "dither_strength"
            )
    return settings


def _targets(options: argparse.Namespace) -> "Targets":
    from codec.settings import ANY_BYTES, Targets

    if options.command != "compress":
        return Targets()
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
    else:
        format = format_named(options.format or DEFAULT_FORMAT, or_large=True)
    format.check_writable()
    return format
