"""Reports as one line or as text."""

from collections.abc import Sequence

from codec import kernels
from codec.indexed import CHANNEL_NAMES
from codec.reports.report import CodebookReport, FileReport
from codec.reports.totals import Totals


def format_bytes(size: int | None) -> str:
    """Write a size with the unit that suits it, in powers of 1000."""
    if size is None:
        return "?"
    if size < 1000:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:.1f} TB"


def _number(value: float | None, digits: int, unit: str = "") -> str:
    return "-" if value is None else f"{value:.{digits}f}{unit}"


def _distortion(report: FileReport) -> str:
    if report.lossless:
        return "lossless"
    if report.mse == 0 and report.converted:
        count = report.unique_colors_after
        return f"all {count} colors kept" if count != 1 else "its color kept"
    if report.mse == 0:
        return "no visible loss"
    return _number(report.psnr_db, 1, " dB")


def compress_line(report: FileReport) -> str:
    """Tell in one line what compressing a file gave."""
    return (
        f"{report.input}  {format_bytes(report.input_bytes)} → {format_bytes(report.output_bytes)}"
        f"  {_number(report.ratio_raw, 1)}× vs raw, {_number(report.ratio_file, 1)}× vs file"
        f"  {_distortion(report)}{_chosen(report)}{_measures(report)}  {report.seconds:.2f} s"
    )


def codebook_line(report: CodebookReport) -> str:
    """Tell in one line what a codebook for many pictures is."""
    return (
        f"{report.output}  {format_bytes(report.size_bytes)}"
        f"  {report.n_colors} colors of {report.pictures} pictures"
    )


def _chosen(report: FileReport) -> str:
    """Tell what was chosen to meet targets."""
    if not report.targets:
        return ""
    rate = f", C = {report.rate_distortion:.2f}" if report.rate_distortion else ""
    reason = f" ({report.choice})" if report.choice else ""
    return f"  K = {report.n_colors}{rate}{reason}"


def _measures(report: FileReport) -> str:
    """Tell what was measured because somebody asked for it."""
    if report.delta_e_mean is None:
        return ""
    return f"  SSIM {_number(report.ssim, 4)}  ΔE {_number(report.delta_e_mean, 2)}"


def decompress_line(report: FileReport) -> str:
    """Tell in one line what decompressing a file gave."""
    shape = f"{report.width}×{report.height} {CHANNEL_NAMES[report.channels or 3]}"
    return (
        f"{report.input}  {format_bytes(report.input_bytes)} → {format_bytes(report.output_bytes)}"
        f"  {shape}, {report.n_colors} colors, {_number(report.ratio_raw, 1)}× vs raw"
        f"  {report.seconds:.2f} s"
    )


def as_text(report: FileReport, *, with_outputs: bool = False) -> str:
    """Render everything that is known of a file, a line a fact.

    Parameters
    ----------
    report : FileReport
        Of the file.
    with_outputs : bool
        Name what was compared with it, which is one of several.

    Returns
    -------
    text : str
        Its name, and lines that are indented.
    """
    rows: list[tuple[str, str]] = []

    def add(name: str, value: object, text: str) -> None:
        if value is not None:
            rows.append((name, text))

    shape = f"{report.width} × {report.height}, {CHANNEL_NAMES.get(report.channels or 0, '?')}"
    add("format", report.format or report.kind, str(report.format or report.kind))
    add("picture", report.width, shape)
    depth = "1 bit" if report.bits == 1 else f"{report.bits} bits"
    add("stored as", report.mode, f"{report.mode}, {depth} a sample")
    solid = "255 everywhere" if report.channels in (2, 4) else "none"
    add("alpha", report.alpha, "yes" if report.alpha else solid)
    add("original file" if report.part_bytes else "file", report.original_bytes,
        f"{report.original_bytes} bytes")  # fmt: skip
    add("raw pixels", report.raw_bytes, f"{report.raw_bytes} bytes")
    for part, size in report.part_bytes.items():
        add(f"  {part}", size, f"{size} bytes")
    add("compressed", report.compressed_bytes, f"{report.compressed_bytes} bytes")
    add("decoded file", report.decoded_bytes, f"{report.decoded_bytes} bytes")
    add("ratio vs raw", report.ratio_raw, f"{_number(report.ratio_raw, 2)}×")
    add("ratio vs file", report.ratio_file, f"{_number(report.ratio_file, 2)}×")
    add("bits per pixel", report.bits_per_pixel, _number(report.bits_per_pixel, 3))
    after = report.unique_colors_after
    add("unique colors", report.unique_colors,
        f"{report.unique_colors}{'' if after is None else f' → {after}'}")  # fmt: skip
    add("codebook size K", report.n_colors, f"{report.n_colors}")
    add("targets", report.targets, asked_options(report))
    add("chosen", report.choice, str(report.choice))
    add("rate-distortion C", report.rate_distortion or None,
        _number(report.rate_distortion, 2))  # fmt: skip
    add("encodings", report.encodings, str(report.encodings))
    add("MSE", report.mse, _number(report.mse, 3))
    infinite = report.lossless or (report.mse == 0 and report.converted)
    add("PSNR", report.mse,
        f"infinite ({_distortion(report)})" if infinite else _distortion(report))  # fmt: skip
    where = "" if report.worst_at is None else " at ({}, {})".format(*report.worst_at)
    stored = ", of colors and alpha as stored" if report.channels in (2, 4) else ""
    add("largest error", report.worst_error, f"{report.worst_error} of 255{where}{stored}")
    add("SSIM", report.ssim, _number(report.ssim, 4))
    add("ΔE2000 mean", report.delta_e_mean, _number(report.delta_e_mean, 3))
    add("ΔE2000 95 %", report.delta_e_p95, _number(report.delta_e_p95, 3))
    slow = report.engine == "sklearn" and not kernels.COMPILED
    note = ", as kmcodec was installed without a compiler" if slow else ""
    add("engine", report.engine, f"{report.engine}{note}")
    add("dithering", report.dither, str(report.dither))
    if report.tile:
        add("tiles", report.tile, "{} rows × {} columns".format(*report.tile))
    made_with = ", ".join(f"{name} {value}" for name, value in (report.made_with or {}).items())
    add("made with", made_with or None, made_with)
    for keyword, text in report.texts:
        add(_printable(keyword, 40), text, _printable(text, 200))
    add("verified", report.verified, "yes" if report.verified else "no seal")
    for stage, seconds in report.stage_seconds.items():
        add(f"  {stage}", seconds, f"{seconds:.3f} s")
    add("time", report.seconds, f"{report.seconds:.3f} s")
    width = max(len(name) for name, _ in rows)
    heading = " → ".join([report.input, *report.outputs]) if with_outputs else report.input
    return "\n".join([heading, *(f"  {name:<{width}}  {text}" for name, text in rows)])


def _printable(text: str, most: int) -> str:
    """Write what anybody may have put into a file so that it stays in its line."""
    text = "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text[: most + 1])
    return text if len(text) <= most else f"{text[:most]}..."


def asked_options(report: FileReport) -> str:
    """Write targets as the options that ask for them."""
    return " ".join(
        f"--{name.replace('_', '-')}" if value is True else f"--{name.replace('_', '-')} {value:g}"
        for name, value in (report.targets or {}).items()
    )


def totals_line(totals: Totals, *, ratios: bool = True) -> str:
    """Tell in one line what a run over many files gave."""
    sums = totals.facts()
    counts = ", ".join(
        f"{sums[status]} {word}"
        for status, word in (
            ("copied", "copied"),
            ("unchanged", "unchanged"),
            ("up_to_date", "up to date"),
            ("skipped", "skipped"),
            ("error", "failed"),
            ("left_out", "left out"),
        )
        if sums[status]
    )
    done, could = (
        (sums["could_shrink"], " could shrink") if sums["could_shrink"] else (sums["ok"], "")
    )
    line = f"{done} of {sums['files']} files{could}{f' ({counts})' if counts else ''}"
    if sums["input_bytes"]:
        line += f"  {format_bytes(sums['input_bytes'])} → {format_bytes(sums['output_bytes'])}"
    shown = {"raw": sums["ratio_raw"], "file": sums["ratio_file"]} if ratios else {}
    if sums["copied"] or sums["unchanged"]:
        shown.pop("raw", None)  # which is not of all files
    if any(shown.values()):
        line += "  " + ", ".join(f"{shown[what]:.1f}× vs {what}" for what in shown if shown[what])
    return f"{line}  {totals.elapsed:.2f} s"


_SWEPT = ("pair", "npz", "png", "kmc")
SWEEP_HEADER = (
    f"{'codebook':<12} {'K':>4} {'bytes':>10} {'vs raw':>8} {'vs file':>8}"
    f" {'PSNR dB':>8} {'SSIM':>7} {'seconds':>8}" + "".join(f" {name:>10}" for name in _SWEPT)
)


def sweep_line(report: FileReport) -> str:
    """Tell in one line of a table what one setting of a sweep gave; see `SWEEP_HEADER`."""
    psnr = "inf" if report.mse == 0 else _number(report.psnr_db, 2)
    sizes = report.format_bytes or {}
    return (
        f"{report.codebook_from:<12} {report.n_colors_asked:>4} {report.output_bytes:>10}"
        f" {_number(report.ratio_raw, 2):>7}× {_number(report.ratio_file, 2):>7}×"
        f" {psnr:>8} {_number(report.ssim, 4):>7} {report.seconds:>8.2f}"
        + "".join(f" {sizes.get(name, '-'):>10}" for name in _SWEPT)
    )


def knee_line(reports: Sequence[FileReport]) -> str | None:
    """Tell the knee of a picture's sweep, if k-means was swept."""
    knee = next((report.knee for report in reports if report.knee is not None), None)
    if knee is None:
        return None
    return f"{reports[0].input}: the knee is K = {knee}: more colors cost more than they are worth"
