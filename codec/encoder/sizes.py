"""A picture at several sizes of codebook, from one training."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from codec.colors.pixels import as_channels
from codec.encoder.candidates import Candidates
from codec.encoder.kept import keep_given
from codec.encoder.knee import find_knee
from codec.encoder.picture import count_picture
from codec.encoder.steps import Compression, arrange, judge, label_picture, resolve_dither
from codec.formats.registry import Format
from codec.images.records import SourceImage
from codec.settings import CompressSettings
from codec.stopwatch import Stopwatch


@dataclass(frozen=True, eq=False)
class Sized:
    """What a picture became at one size.

    Parameters
    ----------
    size : int
        The largest K that was allowed.
    compressions : dict of str to Compression
        By the name of the format.
    knee : int
        The K at the knee of all sizes up to the largest of those asked for.
    """

    size: int
    compressions: dict[str, Compression]
    knee: int


def compress_sizes(
    source: SourceImage,
    settings: CompressSettings,
    sizes: Sequence[int],
    formats: Sequence[Format],
    watch: Stopwatch,
) -> Iterator[Sized]:
    """Compress a picture at several sizes.

    Parameters
    ----------
    source : SourceImage
        The picture.
    settings : CompressSettings
        How, but for K.
    sizes : sequence of int
        The K to try, each 1 to 256.
    formats : sequence of Format
        What will be written.
    watch : Stopwatch
        Times the stages.

    Yields
    ------
    sized : Sized
        For each size in turn.
    """
    settings = replace(settings, n_colors=max(sizes))
    pixels = as_channels(source.pixels)
    with watch.stage("histogram"):
        picture = count_picture(pixels, settings)
    candidates = Candidates(picture, settings, formats[0], watch)
    knee, _ = find_knee(candidates)
    for size in sizes:
        own = replace(settings, n_colors=size)
        with watch.stage("codebooks"):
            chosen = candidates.choose(size)
        dither = "none" if chosen.is_all else resolve_dither(own)
        with watch.stage("labels"):
            labeled = label_picture(picture, chosen, dither, own.dither_strength)
        compressions = {}
        for format in formats:
            if format.keeps_indices:
                kept = keep_given(pixels, source.indices, source.palette, own)
                if kept is not None:
                    compressions[format.name] = kept
                    continue
            with watch.stage("ordering"):
                indexed = arrange(picture, labeled, own, format)
            compressions[format.name] = judge(
                picture, chosen, labeled, indexed, exact=own.exact, dither=dither
            )
        yield Sized(size, compressions, knee)
