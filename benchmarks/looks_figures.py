"""Figures of the looks: at the same K, at an equal look, in smooth areas."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import report
from looks_curves import Hull, bytes_ratio, hull, log_bytes
from looks_rows import ALPHA_FOLDERS, FOLDERS, Row
from measure import Figure, Values, geometric_mean, mean, ratios, versus

PNGQUANT, FINE, UNDITHERED = "pngquant", "pngquant --nofs -s1", "ours none"
NOFS = "pngquant --nofs"
PEERS = (PNGQUANT, "libimagequant", "pillow", "imagemagick", "gifsicle", NOFS)
DITHERS = ("ours selective", "ours auto", UNDITHERED)
# Ours beside pngquant's default, by K: the difference of SSIMULACRA2 and the worst picture's (at
# least), the ratios of butteraugli and of bytes (at most)
Targets = tuple[float | None, float | None, float | None, float | None]
NO_TARGETS: Targets = (None, None, None, None)
TARGETS: dict[str, dict[int, Targets]] = {
    "ours selective": {
        16: (10, -1, 0.88, 0.93),
        64: (9, -1, 0.78, 0.94),
        256: (5, -0.5, 0.76, 0.96),
    },
    UNDITHERED: {
        16: (-4, None, None, 0.72),
        64: (2, None, None, 0.77),
        256: (3, None, None, 0.85),
    },
}
COMPARED = (16, 64, 256)  # at other K only means are shown
MAX_PNG, MAX_KMC = (-0.18, 0.01), (-0.54, -0.33)  # bytes at an equal look: mean, worst picture
MAX_SMOOTH = (0.9, 1.1)  # error in smooth areas, ours undithered / theirs: mean, worst picture
JUDGED_SMOOTH = (64, 128, 256)
BY_BYTES = {"png": "png", "png, oxipng": "oxipng", "kmc": "kmc"}  # ours, by column of a row

Rows = Mapping[str, Mapping[str, Row]]  # by picture and who
Table = Mapping[int, Rows]  # by K


def within(rows: Rows, folders: Sequence[str]) -> Rows:
    """Return the pictures of some folders."""
    return {name: row for name, row in rows.items() if name.partition("/")[0] in folders}


def values(rows: Rows, what: str, *who: str) -> Values:
    """Return one column of the pictures that all of them tried; without what they failed at."""
    return {
        picture: {n: v for n in who if (v := getattr(row[n], what)) is not None}
        for picture, row in rows.items()
        if all(name in row for name in who)
    }


def short(who: str) -> str:
    """Name what is ours by its dithering."""
    return who.removeprefix("ours ")


def worst_of(
    name: str, found: Mapping[str, float], target: float | None, at_least: bool
) -> Figure:
    """Judge the worst picture."""
    if not found:
        return Figure(name, None, target, at_least=at_least, detail="not measured")
    worst = (min if at_least else max)(found, key=lambda picture: found[picture])
    return Figure(name, found[worst], target, at_least=at_least, n=len(found), detail=worst)


def differences(
    name: str, values: Values, ours: str, theirs: str, target: float | None, worst: float | None
) -> Iterator[Figure]:
    """Judge the mean of ours - theirs, and the worst picture."""
    lost = [p for p, row in values.items() if theirs in row and ours not in row]
    found = {p: row[ours] - row[theirs] for p, row in values.items() if {ours, theirs} <= {*row}}
    if lost or not found:
        detail = f"ours failed: {', '.join(lost)}" if lost else "not measured"
        yield Figure(name, None, target, detail=detail, broken=bool(lost))
        return
    low = min(found, key=lambda picture: found[picture])
    means = (mean(values[picture][who] for picture in found) for who in (ours, theirs))
    detail = "worst {:.3g} ({}); mean {:.4g}, theirs {:.4g}".format(found[low], low, *means)
    yield Figure(name, mean(found.values()), target, "", True, len(found), detail)
    yield worst_of(f"{name}, worst", found, worst, at_least=True)._replace(unit="")


def looks_beside(
    title: str, rows: Rows, ours: str, theirs: str, targets: Targets = NO_TARGETS
) -> Iterator[Figure]:
    """Compare looks of two at the same K."""
    look, worst, butteraugli, _ = targets
    name = f"{title}, {short(ours)}, {theirs}: "
    found = values(rows, "ssimulacra2", ours, theirs)
    yield from differences(f"{name}SSIMULACRA2", found, ours, theirs, look, worst)
    found = values(rows, "butteraugli", ours, theirs)
    yield versus(f"{name}butteraugli", found, ours, theirs, butteraugli)


def beside(
    title: str, rows: Rows, ours: str, theirs: str, targets: Targets = NO_TARGETS
) -> Iterator[Figure]:
    """Compare looks and bytes of two at the same K."""
    yield from looks_beside(title, rows, ours, theirs, targets)
    found = values(rows, "oxipng", ours, theirs)
    name = f"{title}, {short(ours)}, {theirs}: bytes"
    yield versus(name, found, ours, theirs, targets[3], "bytes")


def signs(targets: Targets) -> Targets:
    """Return the targets beside other peers: as beside pngquant, but only better or not."""
    look, _, butteraugli, size = targets
    better = 0.0 if look is not None and look > 0 else None
    return better, None, butteraugli and 1.0, size and 1.0


def means(title: str, rows: Rows, parts: Mapping[str, Rows]) -> Iterator[Figure]:
    """Show everybody's mean look, by background too, and bytes, and what somebody cannot take."""
    for who in dict.fromkeys(who for row in rows.values() for who in row):
        own = [row[who] for row in rows.values() if who in row]
        seen = [row for row in own if row.ssimulacra2 is not None]
        name = f"{title}, {short(who)}: "
        for what in ("SSIMULACRA2", "butteraugli"):
            value = mean(getattr(row, what.lower()) for row in seen)
            each = {
                b: mean(getattr(part[r.picture][who], what.lower()) for r in seen)
                for b, part in parts.items()
            }
            detail = ", ".join(
                f"{background} {report.show(v, '')}" for background, v in each.items()
            )
            yield Figure(f"{name}{what}", value, unit="", n=len(seen), detail=detail)
        for form, size in {"PNG": "oxipng", "kmc": "kmc"}.items():
            bits = mean(8 * getattr(row, size) / row.pixels for row in seen if getattr(row, size))
            yield Figure(f"{name}bits a pixel, {form}", bits, unit="", n=len(seen))
        lost = [row.picture for row in own if row.ssimulacra2 is None]
        if lost:
            yield Figure(f"{name}not taken", len(lost), unit="", detail=", ".join(lost))


def same_k(table: Table) -> Iterator[Figure]:
    """Compare with every peer at the same K; opaque pictures."""
    for k, all_rows in table.items():
        rows, title = within(all_rows, FOLDERS), f"K={k}"
        yield from means(title, rows, {})
        for ours in DITHERS if k in COMPARED else ():
            for theirs in PEERS:
                targets = TARGETS.get(ours, {}).get(k, NO_TARGETS)
                targets = targets if theirs == PNGQUANT else signs(targets)
                targets = NO_TARGETS if theirs == NOFS else targets
                yield from beside(title, rows, ours, theirs, targets)


def with_alpha(table: Table, by_background: Mapping[str, Table]) -> Iterator[Figure]:
    """Show means, and compare with pngquant on every background; pictures with alpha."""
    for k, all_rows in table.items():
        rows = within(all_rows, ALPHA_FOLDERS)
        parts = {name: part[k] for name, part in by_background.items()}
        yield from means(f"K={k}", rows, parts)
        for ours in DITHERS if k in COMPARED and rows else ():
            yield from beside(f"K={k}", rows, ours, PNGQUANT)
            for background, part in parts.items():
                own = {name: part[name] for name in rows if name in part}
                yield from looks_beside(f"K={k}, on {background}", own, ours, PNGQUANT)


File = tuple[float, float]  # bytes, look


def files(table: Table, picture: str, program: str, what: str) -> dict[tuple[int, str], File]:
    """Return bytes and look of a program's files of a picture, by K and who."""
    return {
        (k, who): (size, row.ssimulacra2)
        for k, rows in table.items()
        for who, row in rows.get(picture, {}).items()
        if who.partition(" ")[0] == program
        and row.ssimulacra2 is not None
        and (size := getattr(row, what))
    }


def equal_look(table: Table) -> Iterator[Figure]:
    """Compare hulls, and judge where the default lies on our own."""
    names = dict.fromkeys(picture for rows in table.values() for picture in rows)
    for kind, folders in {"": FOLDERS, "alpha, ": ALPHA_FOLDERS}.items():
        kept = [name for name in names if name.partition("/")[0] in folders]
        for form, what in BY_BYTES.items():
            own = {name: hull(files(table, name, "ours", what).values()) for name in kept}
            for theirs in dict.fromkeys(who.partition(" ")[0] for who in PEERS):
                other = {
                    name: hull(files(table, name, theirs, "oxipng").values()) for name in kept
                }
                judged = not kind and theirs == PNGQUANT and form != "png, oxipng"
                targets = (MAX_KMC if what == "kmc" else MAX_PNG) if judged else (None, None)
                name = f"{kind}{form}, {theirs}: bytes at an equal look"
                yield from rates(name, own, other, *targets)
            for k in table:
                name = f"{kind}K={k}, auto, {form}: bytes over our hull"
                yield above_hull(name, table[k], own, what)


def rates(
    name: str,
    ours: Mapping[str, Hull],
    theirs: Mapping[str, Hull],
    target: float | None,
    worst: float | None,
) -> Iterator[Figure]:
    """Judge bytes at an equal look: the mean, and the worst picture."""
    every = {p: bytes_ratio(ours[p], theirs[p]) for p in ours if ours[p] and theirs[p]}
    found = {picture: ratio - 1 for picture, ratio in every.items() if ratio is not None}
    average = geometric_mean(1 + more for more in found.values())
    apart = [picture for picture, ratio in every.items() if ratio is None]
    low = max(found, key=lambda picture: found[picture], default="")
    detail = f"worst {100 * found[low]:.3g} % ({low})" if found else "not measured"
    detail += f"; no look in common: {', '.join(apart)}" if apart else ""
    value = None if average is None else average - 1
    yield Figure(name, value, target, "%", n=len(found), detail=detail)
    if worst is not None:
        yield worst_of(f"{name}, worst", found, worst, at_least=False)._replace(unit="%")


def above_hull(name: str, rows: Rows, hulls: Mapping[str, Hull], what: str) -> Figure:
    """Tell how far the default is from the best that we have."""
    found = {}
    for picture, points in hulls.items():
        row = rows.get(picture, {}).get("ours auto")
        if row is not None and row.ssimulacra2 is not None:
            least = math.exp(log_bytes(points, row.ssimulacra2))
            found[picture] = getattr(row, what) / least
    average = geometric_mean(found.values())
    worst = max(found, key=lambda picture: found[picture], default="")
    detail = f"worst {found[worst]:.3g} ({worst})" if found else "not measured"
    return Figure(name, average, n=len(found), detail=detail)


def smooth(table: Table) -> Iterator[Figure]:
    """Compare the error where bands would show; opaque pictures, undithered."""
    for k, rows in table.items():
        found = values(within(rows, FOLDERS), "smooth", UNDITHERED, FINE)
        target, worst = MAX_SMOOTH if k in JUDGED_SMOOTH else (None, None)
        name = f"K={k}, {FINE}: squared error in smooth areas"
        yield versus(name, found, UNDITHERED, FINE, target)
        if worst is not None:
            each = ratios(found, UNDITHERED, FINE)
            yield worst_of(f"{name}, worst", each, worst, at_least=False)


def curves(table: Table) -> dict[str, list[File]]:
    """Return mean bytes a pixel and mean look of everybody by K, of the pictures that all have."""
    everybody = dict.fromkeys(
        who for rows in table.values() for row in rows.values() for who in row
    )
    tried = [{p for p, row in rows.items() if {*everybody} <= {*row}} for rows in table.values()]
    common = sorted(p for p in set.intersection(*tried) if p.partition("/")[0] in FOLDERS)
    found: dict[str, list[File]] = {}
    for who in everybody if common else ():
        for what in ("oxipng", "kmc") if who.startswith("ours") else ("oxipng",):
            points = []
            for rows in table.values():
                own = [rows[picture][who] for picture in common]
                own = [row for row in own if row.ssimulacra2 is not None]
                size = mean(getattr(row, what) / row.pixels for row in own)
                look = mean(row.ssimulacra2 or 0.0 for row in own)
                points += [] if size is None or look is None else [(size, look)]
            found[f"{who}, {'kmc' if what == 'kmc' else 'PNG'}"] = points
    return found
