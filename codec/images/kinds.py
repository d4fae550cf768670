"""Kinds of picture files: their names, and how they begin."""

import os

from codec.errors import ImageError
from codec.png.reading import SIGNATURE

EXTENSIONS: dict[str, tuple[str, ...]] = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "WebP": (".webp",),
    "BMP": (".bmp", ".dib"),
    "DIB": (".dib",),
    "GIF": (".gif",),
    "TIFF": (".tif", ".tiff"),
}
READABLE_EXTENSIONS: tuple[str, ...] = tuple(
    {name: None for names in EXTENSIONS.values() for name in names}
)
# What a file's headers are looked for in, at least.
START_BYTES = 33


def recognize(data: bytes) -> str:
    """Tell the kind of a picture from its first bytes.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    kind : str
        As in `Structure`.

    Raises
    ------
    ImageError
        It is none of the allowed kinds.
    """
    for magic, kind in (
        (SIGNATURE, "PNG"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"BM", "BMP"),
        (b"GIF87a", "GIF"),
        (b"GIF89a", "GIF"),
        (b"II*\x00", "TIFF"),
        (b"MM\x00*", "TIFF"),
        (b"II+\x00", "TIFF"),
        (b"MM\x00+", "TIFF"),
    ):
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    from codec.images.bmp import is_dib

    if is_dib(data):
        return "DIB"
    raise ImageError("not a PNG, JPEG, WebP, BMP, GIF or TIFF picture", "unknown-format")


def name_notices(path: str | bytes | os.PathLike[str], kind: str) -> list[str]:
    """Say so if a file's name is that of another kind."""
    extension = os.path.splitext(os.fsdecode(path))[1].lower()
    if extension not in READABLE_EXTENSIONS or extension in EXTENSIONS.get(kind, (extension,)):
        return []
    return [f"this is a {kind} file in spite of its name"]
