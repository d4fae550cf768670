"""What a page says of a picture in words."""

from collections.abc import Sequence

from codec.colors.naming import name_color
from codec.colors.notation import write_color
from codec.reports.losses import Change, Losses
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
# From which SSIM it is called so at best: structure may be lost where colors hardly differ.
_LIKENESSES = (0.97, 0.92, 0.8, 0.6)
# From which share of the visible pixels one color is called the background.
_BACKGROUND = 0.5
# How many colors are said to have become others, and which share of the pixels each has at least.
_NAMED_CHANGES = 3
_NAMED_SHARE = 1e-3


def headline(report: FileReport) -> str:
    """Say in a few words how much was lost."""
    if report.lossless:
        return "Nothing was lost"
    if report.mse == 0:
        return "Nothing that can be seen was lost"
    within, likeness = report.delta_e_p95 or 0.0, 1.0 if report.ssim is None else report.ssim
    by_color = sum(within > most for most, _ in _GRADES)
    by_structure = sum(likeness < least for least in _LIKENESSES)
    return _GRADES[max(by_color, by_structure)][1]


def best(reports: Sequence[FileReport]) -> int:
    """Choose what is nearest to the original: of highest PSNR, among equals of fewest bytes."""

    def cost(number: int) -> tuple[float, int]:
        return reports[number].mse or 0.0, reports[number].compressed_bytes or 0

    return min(range(len(reports)), key=cost)


def headlines(reports: Sequence[FileReport], titles: Sequence[str]) -> list[str]:
    """Say how much was lost in each of several; what lost more than another says so."""
    said = [headline(report) for report in reports]
    result = []
    for words, report in zip(said, reports, strict=True):
        alike = [number for number, other in enumerate(said) if other == words]
        least = alike[best([reports[number] for number in alike])]
        more = (report.mse or 0) > (reports[least].mse or 0)
        result.append(f"{words}, more than in {titles[least]}" if more else words)
    return result


def summary(report: FileReport, losses: Losses) -> list[str]:
    """Say in a few sentences what was lost, and where."""
    if report.lossless:
        seen = "visible pixel" if report.channels in (2, 4) else "pixel"
        return [f"Every {seen} is exactly as it was in the file."]
    if report.mse == 0:
        return [_without_error(report, losses)]
    return [
        *_what_became(losses), _how_much(losses), *_what_stayed(losses), *_where(losses),
        *_how_far(losses),
    ]  # fmt: skip


def _how_much(losses: Losses) -> str:
    changed = write_percent(losses.between(1, 255))
    said = f"{changed[0].upper()}{changed[1:]} of the {_pixels(losses)} changed"
    half, most = losses.within(0.5), losses.within(0.95)
    if not most:
        return f"{said}."
    if not half:
        return f"{said}: 95 % of all are off by at most {most} of 255 steps."
    return f"{said}: half of all are off by at most {half}, 95 % by at most {most} of 255 steps."


def _what_stayed(losses: Losses) -> list[str]:
    said = []
    if losses.clear >= 0.01:
        clear = write_percent(losses.clear)
        said.append(f"{clear} of the picture is fully transparent, as before.")
    if losses.background_share >= _BACKGROUND:
        whole = "visible pixels" if losses.clear else "picture"
        said.append(
            f"The background, {write_color(losses.background)}, "
            f"{write_percent(losses.background_share)} of the {whole}, is unchanged."
        )
    return said


def change_words(change: Change) -> tuple[str, str]:
    """Name the color before and after."""
    return name_color(change.before), name_color(change.after)


def _what_became(losses: Losses) -> list[str]:
    """Name the first colors that changed enough to have another name."""
    became: dict[str, str] = {}
    for change in losses.changes:
        before, after = change_words(change)
        if before != after and change.share >= _NAMED_SHARE and len(became) < _NAMED_CHANGES:
            became.setdefault(before, after)
    alike: dict[str, list[str]] = {}
    for before, after in became.items():
        alike.setdefault(after, []).append(before)
    said = [f"{_listed(colors)} became {after}" for after, colors in alike.items()]
    return [f"{', '.join(said)}.".capitalize()] if said else []


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _where(losses: Losses) -> list[str]:
    share = write_percent(losses.where_share)
    if losses.where:
        much = "most" if losses.where_share > 0.5 else "the largest part"
        return [
            f"The {losses.where} has {much} of the loss: {share} of the squared error, in "
            f"{write_percent(losses.where_pixels)} of the {_pixels(losses)}."
        ]
    if losses.where_share:
        marked = ", most of it at the numbers" if losses.places else ""
        return [f"The loss is spread over the whole picture{marked}."]
    return []


def _how_far(losses: Losses) -> list[str]:
    if losses.worst_at is None:
        return []
    x, y = losses.worst_at
    count = losses.counts[losses.worst]
    if count == 1:
        return [f"One pixel has the largest error, {losses.worst}: column {x}, row {y}."]
    return [
        f"{count:,} pixels have the largest error, {losses.worst}; "
        f"the first is at column {x}, row {y}."
    ]


def _pixels(losses: Losses) -> str:
    return "visible pixels" if losses.clear else "pixels"


def write_percent(share: float) -> str:
    """Write a share, 0 to 1, for a sentence: never as all or nothing what is not."""
    if 0.9995 <= share < 1:
        return "more than 99.9 %"
    if 0 < share < 5e-5:
        return "less than 0.01 %"
    if share < 0.1:
        return f"{100 * share:.2g} %"
    return f"{100 * share:.1f} %" if 0.99 <= share < 1 else f"{100 * share:.0f} %"


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
