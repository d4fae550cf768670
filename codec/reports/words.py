"""What a page says of a picture in words."""

from codec.reports.losses import Losses
from codec.reports.report import FileReport
from codec.reports.text import asked_options

# Up to which CIEDE2000, that 95 % of the pixels stay within, what is said. About 1 is the least
# that can be seen side by side, about 2.3 what is noticed without looking for it.
_GRADES = (
    (1.0, "Hardly anything to be seen was lost"),
    (2.5, "Little was lost, to be seen at a close look"),
    (6.0, "What was lost can be seen"),
    (12.0, "What was lost is easy to see"),
    (float("inf"), "Much was lost"),
)


def headline(report: FileReport) -> str:
    """Say in a few words how much was lost."""
    if report.lossless:
        return "Nothing was lost"
    if report.mse == 0:
        return "Nothing that can be seen was lost"
    within = report.delta_e_p95 or 0.0
    return next(words for most, words in _GRADES if within <= most)


def summary(report: FileReport, losses: Losses) -> list[str]:
    """Say in a few sentences what was lost, and where."""
    if report.lossless:
        seen = "visible pixel" if report.channels in (2, 4) else "pixel"
        return [f"Every {seen} is exactly as it was in the file."]
    if report.mse == 0:
        return [_without_error(report, losses)]
    changed = 1 - losses.counts[0] / losses.pixels
    sentences = [
        f"{100 * changed:.0f} % of the pixels changed"
        if changed >= 0.1
        else f"{100 * changed:.2g} % of the pixels changed"
    ]
    half, most = losses.within(0.5), losses.within(0.95)
    if most:
        sentences[0] += (
            f": half of all are off by at most {half}, 95 % by at most {most} of 255 steps."
            if half
            else f": 95 % of all are off by at most {most} of 255 steps."
        )
    else:
        sentences[0] += "."
    if losses.where:
        sentences.append(
            f"Most of the loss is in the {losses.where}: {100 * losses.where_share:.0f} % of the "
            "squared error in a ninth of the picture."
        )
    else:
        sentences.append("The loss is spread over the whole picture.")
    if losses.worst_at is not None:
        x, y = losses.worst_at
        sentences.append(f"The worst pixel, at column {x}, row {y}, is off by {losses.worst}.")
    return sentences


def _without_error(report: FileReport, losses: Losses) -> str:
    """Say why a picture without visible error is not lossless."""
    if report.converted:
        return f"Every pixel is as it was read, and reading changed it: {report.converted[0]}."
    if losses.counts[0] == losses.pixels:
        return "All visible pixels are as they were; colors of clear pixels are not."
    return "Pixels changed where nobody can see it."


def settings_rows(report: FileReport, more: dict[str, str]) -> list[tuple[str, str]]:
    """List how a file was made, as far as it is known."""
    known = {
        "Format": report.format or report.kind,
        "Code-words K": str(report.n_colors or "") or None,
        "Largest K allowed": str(report.n_colors_asked or "") or None,
        "Codebook": report.codebook_from,
        "Engine": report.engine,
        "Dithering": report.dither,
        "Targets": asked_options(report) or None,
        "Why this K": report.choice,
        "Rate-distortion C": f"{report.rate_distortion:.2f}" if report.rate_distortion else None,
        **more,
        "Seal": {True: "verified", False: "none", None: None}[report.verified],
    }
    return [(name, text) for name, text in known.items() if text]
