"""What the tests of reports share: JSON and text, taken apart."""

import json
import re
from pathlib import Path
from typing import Any

PROMISED_KEYS = {
    "input", "status", "outputs", "input_bytes", "raw_bytes", "output_bytes", "ratio_raw",
    "ratio_file", "bits_per_pixel", "width", "height", "channels", "n_colors", "psnr_db",
    "seconds", "error",
}  # fmt: skip
REPORT_KEYS = PROMISED_KEYS | {
    "format", "part_bytes", "unique_colors", "unique_colors_after", "lossless", "mse", "ssim",
    "delta_e_mean", "delta_e_p95", "stage_seconds", "notices", "tile", "made_with",
}  # fmt: skip


def read_json(text: str) -> dict[str, Any]:
    """Parse a JSON report strictly: NaN and Infinity are no JSON."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    document: dict[str, Any] = json.loads(text, parse_constant=refuse)
    for result in document["results"]:
        assert result.keys() >= PROMISED_KEYS
    return document


def disk(*names: str) -> int:
    """Bytes of files on disk."""
    return sum(Path(name).stat().st_size for name in names)


def facts(text: str) -> dict[str, str]:
    """Take a report apart: names and values of its lines."""
    rows = (re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in text.splitlines()[1:])
    return {row[0]: row[1] for row in rows if len(row) == 2}
