"""Figures of the rates: against plain k-means, against pngquant, at an equal quality."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from looks_figures import worst_of
from measure import Figure, geometric_mean
from rate_curves import (
    ART,
    CLASSES,
    CLEAN,
    PHOTOGRAPHS,
    SOFT,
    Curve,
    class_of,
    curve,
    rate,
    worst_point,
)
from rate_metrics import METRICS, PSNR, SSIMULACRA2
from rate_peers import FORMATS, OURS, PLAIN, TUNES, parsed
from rate_rows import Row, Table

PSNR_TUNE, VISUAL_TUNE = "psnr none", "visual none"
VISUAL = [tune for tune in TUNES if tune.startswith("visual")]
# Our bytes less plain ones at an equal quality, by format, metric and classes: the mean, and the
# worst picture
Target = tuple[float | None, float | None]
TARGETS: dict[tuple[str, str], dict[tuple[str, ...], Target]] = {
    ("kmc", PSNR): {
        (PHOTOGRAPHS, ART): (-0.32, -0.14),
        (SOFT,): (-0.12, None),
        (CLEAN,): (0.0, None),
    },
    ("kmc", SSIMULACRA2): {(PHOTOGRAPHS, ART): (-0.30, None), (SOFT,): (-0.12, None)},
    **{
        (form, PSNR): {(PHOTOGRAPHS,): (-0.10, 0.0), (ART, SOFT): (-0.15, 0.0), (CLEAN,): (0, 0)}
        for form in ("pair", "png")
    },
}
MAX_WORST_POINT = 0.002
MAX_BESIDE_PNGQUANT = {"png": -0.28, "kmc": -0.65}

Rates = Mapping[str, float]  # by picture


def is_plain(row: Row) -> bool:
    """Tell whether labels are simply the nearest, or dithered."""
    return row.who in OURS and parsed(row.setting)[1] == PLAIN


def beside_plain(
    table: Table, form: str, metric: str
) -> tuple[dict[str, Curve], dict[str, Sequence[Row]]]:
    """Return our curve of each picture, and its plain files; without those that have no others."""
    who = f"ours {VISUAL_TUNE if metric == SSIMULACRA2 else PSNR_TUNE} {form}"
    rows = {picture: found[who] for picture, found in table.items() if who in found}
    rows = {picture: own for picture, own in rows.items() if not all(map(is_plain, own))}
    plain: dict[str, Sequence[Row]]
    plain = {picture: [row for row in own if is_plain(row)] for picture, own in rows.items()}
    return {picture: curve(own, metric) for picture, own in rows.items()}, plain


def averaged(name: str, found: Rates, target: float | None) -> Figure:
    """Judge the geometric mean of rates."""
    average = geometric_mean(1 + more for more in found.values())
    worst = max(found, key=lambda picture: found[picture], default="")
    detail = f"worst {100 * found[worst]:.4g} % ({worst})" if found else "not measured"
    value = None if average is None else average - 1
    return Figure(name, value, target, "%", n=len(found) or None, detail=detail)


def judged(name: str, found: Rates, targets: Target) -> Iterator[Figure]:
    """Judge the mean, and the worst picture where it has a target."""
    yield averaged(name, found, targets[0])
    if targets[1] is not None:
        worst = worst_of(f"{name}, worst", found, targets[1], at_least=False)
        yield worst._replace(unit="%")


def rates(table: Table) -> Iterator[Figure]:
    """Compare labels chosen for their bytes with plain ones over K, each format and metric."""
    classes = {picture: class_of(next(iter(f.values()))[0]) for picture, f in table.items()}
    for form in FORMATS:
        for metric in METRICS:
            curves, plain = beside_plain(table, form, metric)
            if not curves and (form, metric) not in TARGETS:
                continue
            each = {p: rate(own, curve(plain[p], metric)) for p, own in curves.items()}
            known = {picture: more for picture, more in each.items() if more is not None}
            targets = dict(TARGETS.get((form, metric), {}))
            rest = [c for c in CLASSES if not any(c in kept for kept in targets)]
            for kept in (*targets, *((name,) for name in rest)):
                found = {p: more for p, more in known.items() if classes[p] in kept}
                name = f"{form}, {metric}, {' and '.join(kept)}"
                yield from judged(name, found, targets.get(kept, (None, None)))
            if metric == PSNR:
                yield from worst_points(form, table, curves, plain)
            for picture, more in known.items():
                own, other = curves[picture], curve(plain[picture], metric)
                detail = f"{classes[picture]}; {span(own)}, plain {span(other)}"
                name = f"{form}, {metric}, {picture}"
                yield Figure(name, more, unit="%", detail=detail)


def worst_points(
    form: str, table: Table, curves: Mapping[str, Curve], plain: Mapping[str, Sequence[Row]]
) -> Iterator[Figure]:
    """Judge the worst place of any picture; by the way, where ours has no plain file among it."""
    for more, target in {"": MAX_WORST_POINT, ", without plain files of ours": None}.items():
        found = {}
        for picture, own in curves.items():
            rows = [r for r in table[picture][f"ours {PSNR_TUNE} {form}"] if not is_plain(r)]
            excess = worst_point(curve(rows, PSNR) if more else own, curve(plain[picture], PSNR))
            if excess is not None:
                found[picture] = excess
        worst = worst_of(f"{form}, psnr, worst point{more}", found, target, at_least=False)
        yield worst._replace(unit="%")


def span(found: Curve) -> str:
    """Say from where to where a curve goes."""
    if not found.hull:
        return f"lossless {found.lossless}"
    ends = [found.hull[i] for i in (0, -1)]
    sizes = [found.bytes_at(end.look) or 0 for end in ends]
    return "{:.0f} to {:.0f} bytes, {:.4g} to {:.4g}".format(*sizes, *(e.look for e in ends))


def beside_pngquant(table: Table) -> Iterator[Figure]:
    """Compare with pngquant + oxipng at an equal look, each with its best settings."""
    for form, target in MAX_BESIDE_PNGQUANT.items():
        found = {}
        for picture, by_who in table.items():
            own = [r for tune in VISUAL for r in by_who.get(f"ours {tune} {form}", ())]
            theirs = by_who.get("pngquant", ())
            more = rate(curve(own, SSIMULACRA2), curve(theirs, SSIMULACRA2))
            if more is not None:
                found[picture] = more
        yield averaged(f"{form}, pngquant + oxipng: bytes at an equal look", found, target)
        folders = dict.fromkeys(picture.partition("/")[0] for picture in found)
        for name in folders:
            part = {p: more for p, more in found.items() if p.startswith(f"{name}/")}
            yield averaged(f"{form}, pngquant + oxipng, {name}", part, None)
