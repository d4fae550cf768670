"""Reports: sizes, ratios and quality of a file, as one line, as text or as JSON."""

from dataclasses import dataclass, field


@dataclass
class FileReport:
    """What one file became.

    Parameters
    ----------
    input : str
        Name of the file that was read.
    status : {'ok', 'skipped', 'error'}
        How it went.
    outputs : list of str
        Names of the files that were written, or of the compressed files compared.
    input_bytes : int or None
        Size of the input file: the original, or for decompression the compressed files.
    raw_bytes : int or None
        Size of the pixels, H * W * C bytes.
    part_bytes : dict of str to int
        Bytes of the compressed form by part.
    output_bytes : int or None
        Size of all outputs together.
    ratio_raw, ratio_file : float or None
        How many times smaller the compressed form is than the pixels and than the original file.
    bits_per_pixel : float or None
        Bits of the compressed form for each pixel.
    form : str or None
        ``pair``, ``npz``, ``png`` or ``kmc``.
    width, height, channels, n_colors : int or None
        Of the picture; `n_colors` is K, the size of the codebook.
    n_colors_asked : int or None
        The largest K that was allowed.
    codebook_from : str or None
        How the codebook was chosen.
    unique_colors, unique_colors_after : int or None
        Different colors of the original and of the decoded picture.
    lossless : bool or None
        Whether all visible pixels are as they were; if hidden colors were to be kept, they too.
    mse, psnr_db, ssim, delta_e_mean, delta_e_p95 : float or None
        See `codec.colors.metrics.Quality`; `psnr_db` is None where `mse` is 0.
    engine : str or None
        What trained the codebook.
    dither : str or None
        How the labels were dithered.
    verified : bool or None
        Whether a seal proved the compressed form intact.
    seconds : float
        Wall time of everything.
    stage_seconds : dict of str to float
        Wall time by stage.
    notices : list of str
        What was changed or left out.
    error, reason : str or None
        Why it failed or was skipped, for people and for programs.
    """

    input: str
    status: str = "ok"
    outputs: list[str] = field(default_factory=list)
    input_bytes: int | None = None
    raw_bytes: int | None = None
    part_bytes: dict[str, int] = field(default_factory=dict)
    output_bytes: int | None = None
    ratio_raw: float | None = None
    ratio_file: float | None = None
    bits_per_pixel: float | None = None
    form: str | None = None
    width: int | None = None
    height: int | None = None
    channels: int | None = None
    n_colors: int | None = None
    n_colors_asked: int | None = None
    codebook_from: str | None = None
    unique_colors: int | None = None
    unique_colors_after: int | None = None
    lossless: bool | None = None
    mse: float | None = None
    psnr_db: float | None = None
    ssim: float | None = None
    delta_e_mean: float | None = None
    delta_e_p95: float | None = None
    engine: str | None = None
    dither: str | None = None
    verified: bool | None = None
    seconds: float = 0.0
    stage_seconds: dict[str, float] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    error: str | None = None
    reason: str | None = None

    def set_sizes(self, compressed_bytes: int, original_bytes: int | None = None) -> None:
        """Fill in the ratios, for which the picture's shape must be known.

        Parameters
        ----------
        compressed_bytes : int
            Size of the compressed form.
        original_bytes : int, optional
            Size of the original file, if it is known.
        """
        if self.width is None or self.height is None or self.channels is None:
            raise ValueError("the shape is not set")
        pixels = self.width * self.height
        self.raw_bytes = pixels * self.channels
        self.ratio_raw = self.raw_bytes / compressed_bytes
        self.bits_per_pixel = 8 * compressed_bytes / pixels
        if original_bytes is not None:
            self.ratio_file = original_bytes / compressed_bytes

    def set_error(self, mse: float, *, lossless: bool) -> None:
        """Fill in squared error, PSNR and whether there is any loss."""
        from codec.colors.metrics import psnr_db

        self.mse, self.lossless = mse, lossless
        self.psnr_db = None if mse == 0 else psnr_db(mse)
