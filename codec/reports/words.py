"""What a page says of a picture in words."""

from collections.abc import Sequence

from codec.colors.naming import name_color
from codec.colors.notation import write_color
from codec.reports.changes import Change, is_soft
from codec.reports.losses import Losses
from codec.reports.places import Place
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
# From which share of the visible pixels it is said that one color is unchanged.
_COMMON = 0.5
# What is said of smooth areas.
_BECAME = {"grainy": "Smooth areas became grainy.", "bands": "Smooth areas became bands."}
# What greys are called that are shadows, if they are soft.
_SHADOWS = ("black", "dark grey")


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


def opening(report: FileReport, losses: Losses) -> str:
    """Say what no list of changes and places tells; empty if there is nothing."""
    if report.lossless:
        seen = "visible pixel" if report.channels in (2, 4) else "pixel"
        return f"Every {seen} is exactly as it was in the file."
    if report.mse == 0:
        return _without_error(report, losses)
    if losses.became:
        return _BECAME[losses.became]
    return "" if losses.changes else "On average, colors are as they were."


def summary(report: FileReport, losses: Losses) -> list[str]:
    """Say in a few sentences how much was lost, and in which part."""
    if report.lossless or report.mse == 0:
        return []
    return [*_where(losses), *_what_stayed(losses), *_how_far(losses)]


def _what_stayed(losses: Losses) -> list[str]:
    said = []
    if losses.clear >= 0.01:
        clear = write_percent(losses.clear)
        said.append(f"{clear} of the picture is fully transparent, as before.")
    if losses.background_share >= _COMMON:
        whole = "visible pixels" if losses.clear else "picture"
        called = "background" if losses.at_border else "most common color"
        said.append(
            f"The {called}, {write_color(losses.background)}, "
            f"{write_percent(losses.background_share)} of the {whole}, is unchanged."
        )
    return said


def change_words(change: Change) -> str:
    """Say what a color became: another one, or how it changed."""
    before, after = change.words
    if is_soft(change):
        dark = name_color(change.before).removeprefix("translucent ") in _SHADOWS
        became = "vanished" if after == "clear" else "became steps"
        return f"the soft {'shadow' if dark else 'edge'} {became}"
    where = "" if not change.thin else "at edges, " if change.edge else "in thin lines, "
    return f"{where}{before} became {after}"


def place_words(place: Place) -> str:
    """Say what happened in a place."""
    if place.change is None:
        return f"single pixels changed, by up to {place.worst} of 255 levels"
    return change_words(place.change)


def _where(losses: Losses) -> list[str]:
    if losses.where:
        if losses.where_share > 0.5:
            return [f"Most was lost in the {losses.where}."]
        return [f"More was lost in the {losses.where} than elsewhere."]
    if losses.where_share:
        marked = "" if losses.changes else _marked(len(losses.places))
        return [f"The loss is spread over the whole picture{marked}."]
    return []


def _marked(places: int) -> str:
    if not places:
        return ""
    numbers = ", ".join(str(number + 1) for number in range(places))
    return f", most of it at the place{'s' if places > 1 else ''} marked {numbers} in the picture"


def _how_far(losses: Losses) -> list[str]:
    if losses.worst_at is None:
        return []
    x, y = losses.worst_at
    count = losses.counts[losses.worst]
    off = f"off by {losses.worst} of 255 levels"
    if count == 1:
        return [f"The worst pixel is {off}: column {x}, row {y}, in the ring."]
    return [
        f"The worst {count:,} pixels are {off}; the first, in the ring, is at column {x}, row {y}."
    ]


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
