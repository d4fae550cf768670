"""Measure squared error and bytes beside other quantizers and coders.

``python benchmarks/quality.py DATA [SECTION...] [--limit N] [--colors K...] [--peers NAME...]``
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import measure
import peers
import pictures
from measure import Figure, Settings, column, geometric_mean, mean, share, timed, versus
from peers import OURS, QUANTIZERS, Coded, Run, installed

import codec
from codec.colors.histogram import count_colors
from codec.colors.pixels import as_channels

JUDGED = ("libimagequant", "pngquant", "sklearn")  # whose squared error is a target
MAX_ERROR = 0.95  # ours / theirs, geometric mean over the pictures
MAX_PAIR_BYTES = 1.02  # our pair / pngquant's file, mean over a folder
MAX_PNG, MAX_MORE = 1.02, 64  # our PNG over oxipng's, and bytes more with best effort
KINDS = {  # folders of what is coded
    "photographs": ("kodak", "cq100"),
    "flat": ("screenshots", "maps", "charts", "pixelart_rgba"),
    "others": ("art", "palette_input"),
    "screenshots": ("screenshots",),
    "maps": ("maps",),
    "charts": ("charts",),
    "pixel art": ("pixelart_rgba",),
}
CODERS = ("oxipng", "cwebp", "cjxl")
FORMATS = ("kmc", "kmc-fast", "pair", "npz", "png")  # of ours, at --effort best or else fast
MAX_BYTES = {  # .kmc / theirs, geometric mean over the files
    "photographs": {"oxipng": 0.68, "cwebp": 0.75, "cjxl": 0.82},
    "flat": {"oxipng": 0.55, "cwebp": 0.70, "cjxl": 0.65},
}
MIN_SHARE = 0.97  # of the files where .kmc is smaller
SPEED_COLORS = 256
MIN_SPEED = {  # Mpx/s of one core, both ways
    ("kmc", "photographs"): 0.7,
    ("kmc", "screenshots"): 3.0,
    ("kmc-fast", "photographs"): 3.0,
    ("kmc-fast", "screenshots"): 10.0,
}
SAMPLE = Path(__file__).parent.parent / "samples" / "red_eyed_tree_frog.png"


def error(settings: Settings) -> Iterator[Figure]:
    """Squared error, and bytes of the pair, beside other quantizers at every K.

    squared error: sum over R, G, B, mean over the pixels; of opaque pictures, which every codec
    got decoded. bytes: label PNG and codebook / the peer's file; libraries write none. seconds:
    from decoded pixels to the written file, one run; programs also start and read a PNG. Ratios
    are ours / theirs: geometric means, but for bytes the mean.
    """
    asked = settings.peers or [name for name in QUANTIZERS if name != "opencv"]
    quantizers = {n: q for n, q in QUANTIZERS.items() if n in (OURS, *asked) and installed(n)}
    peers.run_all(quantizers, pictures.noise(), 8)
    runs: dict[int, dict[str, dict[str, Run]]] = {k: {} for k in settings.colors}
    folders = settings.folders or pictures.EVERYTHING
    for picture in pictures.read_all(pictures.files(settings.data, folders, settings.limit)):
        for k in settings.colors:
            runs[k][picture.name] = peers.run_all(quantizers, picture, k)
    for k, rows in runs.items():
        errors, sizes = column(rows, "error"), column(rows, "size_bytes")
        for name in dict.fromkeys([OURS, *JUDGED, *quantizers]):
            own, title = [row[name] for row in errors.values() if name in row], f"K={k}, {name}: "
            yield Figure(f"{title}mean squared error", mean(own), unit="", n=len(own))
            if name != OURS:
                target = MAX_ERROR if name in JUDGED else None
                yield versus(f"{title}squared error", errors, OURS, name, target)
                most = f"{title}squared error at most theirs on"
                yield share(most, errors, OURS, name, target and 1.0)
                yield versus(f"{title}seconds", column(rows, "seconds"), OURS, name, unit="s")
                yield versus(f"{title}bytes of the pair", sizes, OURS, name, None, "bytes", mean)
        for folder in folders:
            inside = {name: row for name, row in rows.items() if name.startswith(f"{folder}/")}
            title, own_sizes = f"{folder}, K={k}, pngquant: ", column(inside, "size_bytes")
            yield versus(f"{title}squared error", column(inside, "error"), OURS, "pngquant")
            name = f"{title}bytes of the pair"
            yield versus(name, own_sizes, OURS, "pngquant", MAX_PAIR_BYTES, "bytes", mean)


class File(NamedTuple):
    """A picture of K colors to be coded."""

    folder: str
    picture: str
    n_colors: int
    pixels: int


Files = Mapping[File, Mapping[str, Coded]]


def code(indexed: codec.IndexedImage, name: str) -> Coded:
    """Encode and decode with a format of ours; the least seconds count."""
    spent = []
    for _ in range(2 if "kmc" in name else 1):
        format_name, _, fast = name.partition("-")
        content, encoding = timed(peers.encode, format_name, indexed, fast or "best")
        decoded, decoding = timed(peers.decode, format_name, content)
        spent.append((encoding, decoding))
    if not (codec.decompress(decoded) == codec.decompress(indexed)).all():
        raise RuntimeError(f"{name} changed the picture")
    return Coded(sum(map(len, content)), *map(min, zip(*spent, strict=True)))


def by_file(files: Files, what: str) -> measure.Values:
    """Return bytes or seconds by the file's name and by coder."""
    return column({f"{f.folder}/{f.picture} {f.n_colors}": row for f, row in files.items()}, what)


def of_kind(files: Files, kind: str, k: int | None) -> Files:
    """Return the files of one kind of picture, at one K or at all."""
    wanted = [f for f in files if f.folder in KINDS[kind] and k in (None, f.n_colors)]
    return {f: files[f] for f in wanted}


def speeds(files: Files, name: str, title: str, target: float | None = None) -> Iterator[Figure]:
    """Make the figures of a coder's speed, both ways."""
    for way in ("encode", "decode"):
        spent = {f: getattr(row[name], way) for f, row in files.items() if name in row}
        value = sum(f.pixels for f in spent) / sum(spent.values()) / 1e6 if spent else None
        each = geometric_mean(f.pixels / seconds / 1e6 for f, seconds in spent.items())
        detail = f"geometric mean {each:.3g}" if each else "not measured"
        full = f"{name}, {title}: {way}"
        yield Figure(full, value, target, "Mpx/s", True, len(spent), detail)


def judge(files: Files) -> Iterator[Figure]:
    """Make the figures of every kind of picture, of all files, and of speed."""
    others = [("kmc", name) for name in (*CODERS, "pair", "npz", "png")]
    colors = sorted({f.n_colors for f in files})
    every = [(kind, k) for kind in KINDS for k in (colors if len(KINDS[kind]) > 1 else [])]
    for kind, k in (*every, *((kind, None) for kind in KINDS)):
        own, title = of_kind(files, kind, k), f"{kind}: " if k is None else f"{kind}, K={k}: "
        targets = {} if k else MAX_BYTES.get(kind, {})
        for one, other in (*others, ("kmc-fast", "kmc")):
            name, sizes = f"{title}{one} / {other}", by_file(own, "size_bytes")
            figure = versus(name, sizes, one, other, targets.get(other), "bytes")
            yield figure._replace(n=len({f.picture for f in own}))
    for name in CODERS:
        title, sizes = f"kmc smaller than {name}, share of files", by_file(files, "size_bytes")
        yield share(title, sizes, "kmc", name, MIN_SHARE, lower=True)
    title = "kmc encodes no slower than cjxl, share of files"
    yield share(title, by_file(files, "encode"), "kmc", "cjxl", 1.0)
    for (name, kind), target in MIN_SPEED.items():
        own = of_kind(files, kind, SPEED_COLORS)
        yield from speeds(own, name, f"{kind}, K={SPEED_COLORS}", target)
    for name in (*FORMATS, *CODERS):
        yield from speeds(files, name, "all files")


def dense(settings: Settings) -> Iterator[Figure]:
    """Bytes of the dense file beside lossless coders, for the same labels.

    bytes of .kmc / bytes of the other, geometric means; over n pictures at all K or at one.
    kmc-fast: --effort fast; oxipng: the PNG by pngquant, then oxipng -o 4; cwebp: -lossless -z 9;
    cjxl: -d 0 -e 9. Mpx/s: all pixels together, one core; ours encode and decode in this process,
    the others are programs, with their start.
    """
    os.environ["KMCODEC_THREADS"] = "1"
    coders = [n for n in CODERS if n in (settings.peers or CODERS) and installed(n)]
    folders = settings.folders or [f for k in ("flat", "others", "photographs") for f in KINDS[k]]
    files: dict[File, dict[str, Coded]] = {}
    for picture in pictures.read_all(pictures.files(settings.data, folders, settings.limit)):
        for k in settings.colors:
            indexed = peers.compress(picture.pixels, k)
            coded = {name: code(indexed, name) for name in FORMATS}
            coded |= peers.code_all(indexed, coders)
            measure.say(f"K={k}: {', '.join(f'{n} {c.size_bytes}' for n, c in coded.items())}")
            folder, _, name = picture.name.partition("/")
            files[File(folder, name, k, picture.n_pixels)] = coded
    yield from judge(files)


def lossy(settings: Settings) -> Iterator[Figure]:
    """Bytes of a photograph beside JPEG and AVIF, at the PSNR that K colors give.

    red_eyed_tree_frog.png; JPEG and AVIF by Pillow at the least quality whose squared error is at
    most that of K colors. JPEG: 4:2:0, optimized; AVIF: 4:4:4, default speed.
    """
    picture = pictures.read(SAMPLE)
    for k in settings.colors:
        run = peers.run(peers.to_pair, picture, k)
        error = run.error or math.nan
        yield Figure(f"K={k}: PSNR", 10 * math.log10(3 * 255**2 / error), unit="dB")
        yield Figure(f"K={k}: pair", run.size_bytes, unit="bytes")
        for name in peers.LOSSY:
            yield Figure(f"K={k}: {name}", peers.lossy_bytes(picture, name, error), unit="bytes")


def png(settings: Settings) -> Iterator[Figure]:
    """Bytes of the indexed PNG beside ``oxipng -o 4`` of the same file, where nothing is lost.

    PNGs of at most 256 colors; ours has a seal of 53 bytes. best: bytes more than oxipng's;
    default: ratio.
    """
    import oxipng

    folders = settings.folders or ("gray", "palette_input", "pixelart_rgba", "screenshots")
    for path in pictures.files(settings.data, folders, settings.limit):
        picture = pictures.read(path) if path.suffix == ".png" else None
        if picture is None or len(count_colors(as_channels(picture.pixels))) > 256:
            continue
        theirs, sizes = len(oxipng.optimize_from_memory(path.read_bytes(), level=4)), {}
        for effort in ("default", "best"):
            indexed = peers.compress(picture.pixels, 256, effort=effort)
            sizes[effort] = len(peers.encode("png", indexed, effort)[0])
        detail = f"oxipng {theirs} bytes"
        ratio = sizes["default"] / theirs
        yield Figure(f"{picture.name}: default", ratio, MAX_PNG, detail=detail)
        more = sizes["best"] - theirs
        yield Figure(f"{picture.name}: best", more, MAX_MORE, "bytes", detail=detail)


SECTIONS: dict[str, measure.Section] = {
    "error": error,
    "dense": dense,
    "lossy": lossy,
    "png": png,
}
NAMED = ", ".join(name for name in (*QUANTIZERS, *CODERS) if name != OURS)
OPTIONS: measure.Options = {
    "--colors": {"type": int, "nargs": "+", "metavar": "K", "help": "default: 16 64 256"},
    "--folders": {"nargs": "+", "metavar": "NAME", "help": "those of DATA that count"},
    "--peers": {"nargs": "+", "metavar": "NAME", "help": f"of {NAMED}; default: all but opencv"},
}

if __name__ == "__main__":
    sys.exit(measure.main(__doc__, SECTIONS, OPTIONS, peers.about))
