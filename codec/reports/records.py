"""Reports for programs: as JSON, whole or a line each, and as rows of CSV."""

import csv
import io
import json
import math
from collections.abc import Sequence
from typing import Any

from codec.reports.report import FileReport
from codec.reports.totals import Totals

_NAMES = (
    "input", "status", "outputs", "input_bytes", "raw_bytes", "part_bytes", "output_bytes",
    "ratio_raw", "ratio_file", "bits_per_pixel", "format", "kind", "mode", "bits", "alpha",
    "width", "height", "channels", "n_colors", "n_colors_asked", "codebook_from",
    "unique_colors", "unique_colors_after", "lossless", "converted", "mse", "psnr_db",
    "worst_error", "worst_at", "ssim", "delta_e_mean", "delta_e_p95", "engine", "dither",
    "targets", "rate_distortion", "encodings", "choice", "format_bytes", "knee", "verified",
    "tile", "made_with", "texts", "seconds", "stage_seconds", "notices", "error", "reason",
)  # fmt: skip
_BETWEEN = "; "


def names_of(*, with_colors: bool = False) -> tuple[str, ...]:
    """Name what is told of a file; its colors, which are many, if they are asked for."""
    return (*_NAMES, "colors") if with_colors else _NAMES


def _record(report: FileReport, *, with_colors: bool) -> dict[str, Any]:
    """Tell everything of a file by name; numbers that are not finite are None."""
    values = ((name, getattr(report, name)) for name in names_of(with_colors=with_colors))
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values
    }


def as_json(
    reports: Sequence[FileReport],
    *,
    with_totals: bool = True,
    with_colors: bool = False,
    **more: object,
) -> str:
    """Render reports and their totals as one JSON document.

    Parameters
    ----------
    reports : sequence of FileReport
        In the order of the inputs.
    with_totals : bool
        Add up the files, which makes no sense for settings of one file.
    with_colors : bool
        Tell all colors, which are many lines.
    **more : object
        Further top-level entries.

    Returns
    -------
    text : str
        Valid JSON: numbers that are not finite become null.
    """
    results = [_record(report, with_colors=with_colors) for report in reports]
    sums = {"totals": Totals.of(reports).facts()} if with_totals else {}
    return json.dumps({"results": results, **sums, **more}, indent=2)


def as_json_line(report: FileReport, *, with_colors: bool = False) -> str:
    """Render a report as one line: an entry of ``results`` of the document."""
    return json.dumps(_record(report, with_colors=with_colors))


def as_csv_header(*, with_colors: bool = False) -> str:
    """Render the names of columns, which are the keys in JSON, as the first line of CSV."""
    return _csv_line(names_of(with_colors=with_colors))


def as_csv_row(report: FileReport, *, with_colors: bool = False) -> str:
    """Render a report as a row of CSV, quoted as RFC 4180 says.

    Parameters
    ----------
    report : FileReport
        Of the file.
    with_colors : bool
        Tell its colors too.

    Returns
    -------
    text : str
        Its values, empty where there is none; lists are joined, and entries of a mapping stand as
        ``name=value``.
    """
    return _csv_line([_flat(value) for value in _record(report, with_colors=with_colors).values()])


def _csv_line(values: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue()


def _flat(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, dict):
        return _BETWEEN.join(f"{name}={_flat(each)}" for name, each in value.items())
    if isinstance(value, (list, tuple)):
        return _BETWEEN.join(map(_flat, value))
    return json.dumps(value)
