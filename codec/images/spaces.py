"""Indexed images and pictures that kept the color space of a profile, brought to sRGB."""

from dataclasses import replace

from codec.colors.lookup import count_labels
from codec.images.palettes import convert_palette
from codec.images.profiles import to_srgb
from codec.images.records import SourceImage
from codec.indexed import IndexedImage
from codec.metadata import Metadata


def indexed_in_srgb(indexed: IndexedImage) -> tuple[IndexedImage, tuple[str, ...], bool]:
    """Convert the code-words of an indexed image that has a profile.

    Parameters
    ----------
    indexed : IndexedImage
        In any color space.

    Returns
    -------
    indexed : IndexedImage
        In sRGB, without a profile; labels and their order stay.
    notices : tuple of str
        What was done.
    changed : bool
        Whether any code-word in use is another color than before.
    """
    metadata = indexed.metadata
    if not metadata.profile:
        return indexed, (), False
    used = count_labels(indexed.labels)[: indexed.n_colors] > 0
    entries = convert_palette(indexed.codebook, used, metadata.profile)
    converted = replace(indexed, codebook=entries.palette, metadata=Metadata(metadata.texts))
    return converted, entries.notices, entries.changed


def picture_in_srgb(picture: SourceImage) -> SourceImage:
    """Convert a picture whose profile was kept; of any other nothing is changed."""
    metadata = picture.metadata
    if not metadata.profile:
        return picture
    pixels, _ = to_srgb(picture.pixels, metadata.profile)
    return replace(
        picture, pixels=pixels, indices=None, palette=None, metadata=Metadata(metadata.texts)
    )
