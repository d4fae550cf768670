"""What became of a file: facts that are set once, and figures that follow from them."""

from dataclasses import dataclass, field
from typing import Any

from codec.colors.metrics import psnr_db

# Why a result is not written that somebody wanted smaller.
NOT_SMALLER = "the result would not be smaller than the file"


@dataclass(frozen=True)
class FileReport:
    """What one file became.

    Parameters
    ----------
    input : str
        Name of the file that was read.
    status : {'ok', 'could-shrink', 'copied', 'unchanged', 'up-to-date', 'skipped', ...}
        How it went. What would not become smaller under its own name is copied, or in place left
        unchanged. Up to date is what was made before, of the same picture with the same options;
        left out are files in a directory that kmcodec made. Could shrink is what is only checked.
        Otherwise ``error``.
    outputs : tuple of str
        Names of the files that were written, or of the compressed files compared.
    original_bytes : int or None
        Size of the original picture's file, if it was read.
    decoded_bytes : int or None
        Size of the picture's file that was written, when decompressing.
    format : str or None
        ``pair``, ``npz``, ``png``, ``kmc``, ``zarr`` or ``tiff``.
    kind : str or None
        Of a picture that others wrote: ``PNG``, ``JPEG`` and so on.
    mode : str or None
        How it stores samples: ``grey``, ``RGB``, either with alpha, ``palette``, ``CMYK``...
    bits : int or None
        Of a sample, or of an index, in its file.
    alpha : bool or None
        Whether any of its pixels is not opaque.
    part_bytes : dict of str to int
        Bytes of the compressed files by part.
    width, height, channels, n_colors : int or None
        Of the picture; `n_colors` is K, the size of the codebook.
    colors : tuple of str
        The code-words in writing, in the order of labels; or the colors of a picture that has at
        most 256.
    verified : bool or None
        Whether a seal proved the compressed files intact.
    n_colors_asked : int or None
        The largest K that was allowed.
    codebook_from : str or None
        How the codebook was chosen.
    unique_colors, unique_colors_after : int or None
        Different colors of the original and of the decoded picture.
    lossless : bool or None
        Whether all visible pixels are as they were in the file; if hidden colors were to be kept,
        they too.
    converted : tuple of str
        What reading did to samples of the file; it is not lossless then.
    mse, ssim, delta_e_mean, delta_e_p95 : float or None
        See `codec.colors.metrics.Quality`.
    worst_error : int or None
        Largest difference of a channel, 0 to 255; without `exact`, of fully transparent pixels
        that of alpha alone.
    worst_at : tuple of (int, int) or None
        Column and row of the first pixel that has it, if it was looked for and there is any.
    engine : str or None
        What trained the codebook.
    dither : str or None
        How the labels were dithered.
    targets : dict of str to number, or None
        What was asked for in place of K, by the names of `codec.compress`.
    rate_distortion : float or None
        C: how much bytes counted beside errors when labels were chosen.
    encodings : int or None
        How many times a file was encoded to meet the targets.
    choice : str or None
        Why K is what it is, where it was to be found.
    format_bytes : dict of str to int, or None
        Bytes in every format, in a sweep.
    knee : int or None
        The K from which more code-words cost more bytes than they are worth, in a sweep.
    seconds : float
        Wall time of everything.
    stage_seconds : dict of str to float
        Wall time by stage.
    tile : tuple of (int, int) or None
        Rows and columns of tiles, of a compressed file of which parts are read.
    made_with : dict or None
        The settings that such a file has stored.
    texts : tuple of (str, str)
        Keywords and texts that the compressed file keeps.
    notices : tuple of str
        What was changed or left out.
    error, reason : str or None
        Why it failed or was skipped, for people and for programs.
    """

    input: str
    status: str = "ok"
    outputs: tuple[str, ...] = ()
    original_bytes: int | None = None
    decoded_bytes: int | None = None
    format: str | None = None
    kind: str | None = None
    mode: str | None = None
    bits: int | None = None
    alpha: bool | None = None
    part_bytes: dict[str, int] = field(default_factory=dict)
    width: int | None = None
    height: int | None = None
    channels: int | None = None
    n_colors: int | None = None
    colors: tuple[str, ...] = ()
    verified: bool | None = None
    n_colors_asked: int | None = None
    codebook_from: str | None = None
    unique_colors: int | None = None
    unique_colors_after: int | None = None
    lossless: bool | None = None
    converted: tuple[str, ...] = ()
    mse: float | None = None
    ssim: float | None = None
    delta_e_mean: float | None = None
    delta_e_p95: float | None = None
    worst_error: int | None = None
    worst_at: tuple[int, int] | None = None
    engine: str | None = None
    dither: str | None = None
    targets: dict[str, float] | None = None
    rate_distortion: float | None = None
    encodings: int | None = None
    choice: str | None = None
    format_bytes: dict[str, int] | None = None
    knee: int | None = None
    texts: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    stage_seconds: dict[str, float] = field(default_factory=dict)
    tile: tuple[int, int] | None = None
    made_with: dict[str, Any] | None = None
    notices: tuple[str, ...] = ()
    error: str | None = None
    reason: str | None = None

    @property
    def compressed_bytes(self) -> int | None:
        """Size of all compressed files together."""
        return sum(self.part_bytes.values()) if self.part_bytes else None

    @property
    def input_bytes(self) -> int | None:
        """Size of what was read: of the original, or of the files that were decompressed."""
        return self.compressed_bytes if self.original_bytes is None else self.original_bytes

    @property
    def output_bytes(self) -> int | None:
        """Size of what was written: of the compressed files, or of the decoded picture's."""
        return self.compressed_bytes if self.decoded_bytes is None else self.decoded_bytes

    @property
    def raw_bytes(self) -> int | None:
        """Size of the pixels, H * W * C bytes."""
        if self.width is None or self.height is None or self.channels is None:
            return None
        return self.width * self.height * self.channels

    @property
    def ratio_raw(self) -> float | None:
        """How many times smaller the compressed files are than the pixels."""
        return _ratio(self.raw_bytes, self.compressed_bytes)

    @property
    def ratio_file(self) -> float | None:
        """How many times smaller the compressed files are than the original's."""
        return _ratio(self.original_bytes, self.compressed_bytes)

    @property
    def bits_per_pixel(self) -> float | None:
        """Bits of the compressed files for each pixel."""
        if self.width is None or self.height is None or self.compressed_bytes is None:
            return None
        return 8 * self.compressed_bytes / (self.width * self.height)

    @property
    def psnr_db(self) -> float | None:
        """Peak signal-to-noise ratio in dB; None without error."""
        return psnr_db(self.mse) if self.mse else None


@dataclass(frozen=True)
class CodebookReport:
    """What became of a codebook for many pictures.

    Parameters
    ----------
    output : str
        Name of its file.
    size_bytes : int
        Size of that.
    n_colors : int
        K.
    pictures : int
        How many it was trained with.
    """

    output: str
    size_bytes: int
    n_colors: int
    pictures: int


def _ratio(larger: int | None, smaller: int | None) -> float | None:
    return None if larger is None or not smaller else larger / smaller
