"""Which pictures in a directory were made there by kmcodec; a name alone proves nothing."""

from pathlib import Path

from codec.errors import CodecError
from codec.formats.files import load_contents
from codec.formats.registry import FORMATS, own_endings

DECODED_ENDING = ".decoded.png"


def is_ours(path: Path) -> bool:
    """Tell whether a picture was made by kmcodec.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    ours : bool
        Whether its name is that of a compressed file, and it is sealed or has its codebook beside
        it; or it is named like a decoded picture, and such a compressed file is beside it.
    """
    name = path.name.lower()
    if name.endswith(DECODED_ENDING):
        stem = path.name[: -len(DECODED_ENDING)]
        endings = ["", *(format.default_ending for format in FORMATS.values())]
        return any(is_compressed(path.with_name(stem + ending)) for ending in endings if stem)
    return name.endswith(own_endings()) and is_compressed(path)


def is_compressed(path: Path) -> bool:
    """Tell whether a file is sealed, or is read together with another that is there."""
    try:
        contents = load_contents(path)
    except (CodecError, MemoryError):
        return False
    return contents.verified or len(FORMATS[contents.format].endings) > 1
