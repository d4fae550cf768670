"""Draw the project's own sample pictures, all CC0-1.0, or refresh the manifest of all samples.

``make_samples.py [folder]`` draws the pictures into the folder (default: beside this file).
``make_samples.py [folder] --manifest`` measures every file that ``MANIFEST.csv`` names and
rewrites the measured columns; the text columns stay.
"""

import argparse
import csv
import hashlib
import heapq
import textwrap
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFilter, ImageFont

FloatArray = NDArray[np.float64]
Picture = Image.Image
Random = np.random.RandomState
Box = tuple[int, int, int, int]

PROSE = (
    "A picture rarely needs as many colors as it has. Most shades in a photograph stand so close "
    "together that the eye takes them for one. The art lies in choosing the few to carry: pick "
    "them by counting, and the small red lantern in the corner turns brown.",
    "The patient remedy begins with a guess and improves it. Each color joins the nearest of the "
    "chosen few, each of those moves to the middle of its followers, until nobody has to move.")
PLACES = "Aldermoor Brightholm Carrow Dunfell Eastmere Farrowby Glenhurst Hollin Inverley Jarle " \
    "Kestrel Larkfield Marwick Nethercott Orsett Penvale"
SPRITE_COLORS = ".#00000000 o#1d1a2b k#2c2438 w#fdfdf5 s#f4c79a t#d4925f h#7a4325 n#a8683a " \
    "y#f6cf4a g#cfe8f599 e#e4eaffa6 f#9aa9e0a6"  # letter and RGB or RGBA
SPRITE_RAMPS = (  # letters a, b and c: light, middle and dark shade of each hue
    "f0695c c8323c 84203a", "6fb4f2 3670c9 24428a", "9bd45e 4c9a45 2b6140", "c98be8 8a4fc0 543083",
    "ffe27a eba63a a8662b", "7fe3cf 35a79c 1f6670", "b4b8bf 868b96 5b5f6e", "ffb3cb e8729d a34478")
SPRITES = {  # left halves of 16 x 16 sprites, row by row; missing rows on top are empty
    "hero": ".....ooo ....ohhh ...ohhhh ...ohhss ...ohsss ...oskss ...ossss ....otss ...oobaa "
    "..osobaa ..osobbb ..oooyyy ....obbo ....onno ....oooo",
    "slime": ".....ooo ...ooaaa ..oaaaab ..oawabb .oawabbb .oabbwkb .oabbkkb .obbbbbb .obbbbbk "
    ".occbbbb ..occccc ...ooooo",
    "ghost": ".....fff ...ffeee ..feeeee ..feeeee .feeekke .feeekke .feeeeee .feeeeek .feeeeee "
    ".feeeeee .feeefee .ff.ffee .f...f.f",
    "mushroom": ".....ooo ...ooaaa ..oaaaww .oawwaww .oawwbaa oabbbbbb obbbwwbb ocbbwwbb oooccccc "
    "...oosss ....osks ....osss ....otss .....ooo",
    "potion": "......nn ......nn .....ooo ......og ......og .....ogg ....oggg ...oaaaa ..oawabb "
    "..oawbbb ..oabbbb ..obbbbb ...obbcc ....occc .....ooo",
    "gem": "....oooo ...oawaa ..oawaab .oaaaabb .obbbbbb .ocbbbbb ..ocbbbb ...ocbbb ....ocbb "
    ".....ocb ......oc .......o",
}


def write(draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int, color: str,
          anchor: str = "lm", halo: int = 0) -> None:
    """Write one line of text at an anchor point (default: left end, middle height)."""
    font = ImageFont.load_default(size=size)  # the font that is built into Pillow
    draw.text(at, text, color, font, anchor, stroke_width=halo, stroke_fill="#ffffff")


def ramp(values: FloatArray, colors: str, knots: tuple[float, ...] = ()) -> FloatArray:
    """Map values to RGB between colors that sit at the knots (default: evenly over 0..1)."""
    table = np.array([ImageColor.getrgb(f"#{color}") for color in colors.split()], dtype=float)
    knots = knots or tuple(np.linspace(0, 1, len(table)))
    return np.stack([np.interp(values, knots, table[:, c]) for c in range(3)], axis=-1)


def to_image(pixels: FloatArray) -> Picture:
    """Round and clip an array of 0..255 values to an 8-bit picture."""
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


def noise(rng: Random, shape: tuple[int, int], cell: int, octaves: int) -> FloatArray:
    """Return fractal value noise of about -1..1, its coarsest octave ``cell`` pixels wide."""
    total = np.zeros(shape)
    for octave in range(octaves):
        step = cell >> octave
        lattice = rng.uniform(-1, 1, (shape[0] // step + 3, shape[1] // step + 3))
        image = Image.fromarray(lattice.astype(np.float32))
        image = image.resize((image.width * step, image.height * step), Image.Resampling.BICUBIC)
        total += np.asarray(image)[step:, step:][: shape[0], : shape[1]] / 2**octave
    return total


def card(image: Picture, box: Box, radius: int, fill: str | Picture, shadow: int = 0) -> None:
    """Put a rounded rectangle, filled with a picture or 1-2 colors, on a soft shadow."""
    width, height = box[2] - box[0], box[3] - box[1]
    mask = Image.new("L", (width * 4, height * 4))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, width * 4 - 1, height * 4 - 1), radius * 4, 255)
    mask = mask.reduce(4)
    if shadow:
        soft = Image.new("L", image.size)
        soft.paste(64, (box[0], box[1] + shadow // 2), mask)
        image.paste("#101828", mask=soft.filter(ImageFilter.GaussianBlur(shadow)))
    if isinstance(fill, str):
        fill = to_image(ramp(np.linspace(0, 1, height)[:, None].repeat(width, axis=1), fill))
    image.paste(fill, box[:2], mask)


def landscape(width: int, height: int) -> Picture:
    """Return a smooth landscape with a low sun and three ranges of hills."""
    y, x = np.mgrid[0:height, 0:width] / height
    pixels = ramp(y, "3f6fb5 9cc3e6 fbdcae f3b27a", (0, 0.35, 0.6, 1))
    sun = 1.2 * np.exp(-((np.hypot(x - 1.15, y - 0.42) / 0.18) ** 2))[..., None]
    pixels += np.minimum(sun, 1) * (np.array((255, 244, 214)) - pixels)
    ridges = noise(Random(5), (3, width), width // 3, 5)
    for layer, colors in enumerate(("8f9cc0 b9a9b5", "56709a 7f8fa6", "22423f 4c6b4c")):
        ridge = 0.55 + 0.13 * layer + (0.09 + 0.02 * layer) * ridges[layer]
        cover = np.clip((y - ridge) * height, 0, 1)[..., None]
        pixels += cover * (ramp(y, colors, (ridge.min(), 1)) - pixels)
    return to_image(pixels)


def make_page() -> Picture:
    """Draw a screenshot-like page: title bar, sidebar, cards, thumbnail, table, buttons."""
    image = Image.new("RGB", (1200, 800), "#f3f5f9")
    draw = ImageDraw.Draw(image)
    draw.rectangle((-1, 44, 230, 800), "#ffffff", "#dde2ea")
    for box, radius, fill, shadow in (
        ((0, 0, 1200, 44), 0, "4a5468 384153", 0), ((380, 9, 820, 35), 13, "2b3242 323a4c", 0),
        ((18, 16, 30, 28), 6, "ed6a5e", 0), ((40, 16, 52, 28), 6, "f5bf4f", 0),
        ((62, 16, 74, 28), 6, "62c554", 0), ((12, 154, 218, 190), 8, "e6eefd", 0),
        ((956, 72, 1060, 108), 8, "ffffff f4f6fa", 3), ((858, 142, 1176, 420), 14, "ffffff", 8),
        ((1072, 72, 1176, 108), 8, "5a92f7 2f66dd", 5), ((258, 142, 842, 240), 12, "ffffff", 8),
        ((258, 258, 842, 420), 12, "ffffff", 8), ((258, 438, 1176, 784), 12, "ffffff", 8)):
        card(image, box, radius, fill, shadow)
    card(image, (868, 152, 1166, 338), 10, landscape(298, 186))
    write(draw, (600, 22), "walks.example/library/northern-coast", 14, "#c6cedd", "mm")
    write(draw, (24, 78), "Wayfinder", 24, "#1f2a44")
    write(draw, (258, 84), "Northern coast, day by day", 32, "#18213a")
    write(draw, (258, 116), "14 routes, 212 photographs, last changed on Tuesday", 15, "#6b758a")
    write(draw, (1008, 90), "Export", 15, "#36415a", "mm")
    write(draw, (1124, 90), "New route", 15, "#ffffff", "mm")
    write(draw, (874, 362), "Evening above the bay", 18, "#18213a")
    write(draw, (874, 390), "Ridge path, looking west at 20:41", 13, "#6b758a")
    hues = ("5b8def", "f08a5d", "3fb68b", "b06ad9", "2fa4c7", "8b95a7")
    places = ("Overview", "Library", "Routes", "Photos", "Weather", "Archive")
    for y, name, hue in zip(range(130, 341, 42), places, hues, strict=True):
        card(image, (24, y - 9, 42, y + 9), 5, hue)
        card(image, (30, y - 3, 36, y + 3), 3, "ffffff")
        write(draw, (54, y), name, 16, "#46506a")
    facts = (("Distance", "186.4 km"), ("Climb", "4 310 m"), ("Moving time", "51:20"))
    for x, (name, value), hue in zip((282, 482, 682), facts, hues, strict=False):
        write(draw, (x, 164), name, 14, "#6b758a")
        write(draw, (x, 194), value, 28, "#18213a")
        card(image, (x, 218, x + 120, 224), 3, hue)
    for i, line in enumerate(("Notes", *textwrap.wrap(" ".join(PROSE), 84))):
        write(draw, (276, 280 + 19 * i + 8 * (i > 0)), line, 13 if i else 20, "#3b455c")
    states = ("Done d9f2e3 1d7a4a", "Planned e2ebfd 2457bd", "Closed fde3e1 b3342c")
    routes = ("Harbor to lighthouse", "Seven bridges loop", "Old quarry and back", "Heron marsh",
              "Cliff path, north half", "Cliff path, south half", "East ridge", "Ferry road")
    rng = Random(11)
    for x, head in ((278, "Route"), (560, "Length"), (690, "Climb"), (840, "Effort")):
        write(draw, (x, 458), head, 13, "#7a8499")
    for y, name in zip(range(495, 784, 37), routes, strict=True):
        length, effort = rng.uniform(4, 24), rng.uniform(20, 180)
        draw.line((259, y - 19, 1174, y - 19), "#e9edf3")
        write(draw, (278, y), name, 15, "#1f2a44")
        write(draw, (560, y), f"{length:.1f} km", 14, "#4c566d")
        write(draw, (690, y), f"{length * effort / 5:.0f} m", 14, "#4c566d")
        card(image, (840, y - 4, 1020, y + 4), 4, "e8ecf3")
        card(image, (840, y - 4, 840 + int(effort), y + 4), 4, "7fd1ae 3fa57c")
        state, back, front = states[rng.randint(3)].split()
        card(image, (1060, y - 12, 1136, y + 12), 12, back)
        write(draw, (1098, y), state, 13, f"#{front}", "mm")
    return image


def make_chart() -> Picture:
    """Draw line, bar and bubble charts with translucent fills, at three times the size."""
    rng = Random(23)
    image = Image.new("RGB", (3000, 2100), "#ffffff")
    draw = ImageDraw.Draw(image, "RGBA")
    write(draw, (150, 90), "Energy on the grid: a year in four sources", 72, "#151a28")
    write(draw, (2880, 2050), "Invented figures, for illustration only", 32, "#8a91a0", "rm")
    for left, top, right, bottom, title, across, up in (
        (210, 300, 2880, 1080, "Daily output (GWh)", "J F M A M J J A S O N D", "0 20 40 60 80"),
        (210, 1340, 1380, 1920, "Share by quarter (%)", "Q1 Q2 Q3 Q4", "0 20 40 60"),
        (1660, 1340, 2880, 1920, "Price against load", "30 40 50 60 70", "0 50 100 150")):
        write(draw, (left, top - 42), title, 48, "#222838")
        for label, y in zip(up.split(), np.linspace(bottom, top, len(up.split())), strict=True):
            draw.line((left, y, right, y), "#e3e6ec", 3)
            write(draw, (left - 18, y), label, 34, "#5c6475", "rm")
        for i, label in enumerate(across.split()):
            tick = left + (right - left) * (i + 0.5) / len(across.split())
            draw.line((tick, bottom, tick, bottom + 12), "#5c6475", 3)
            write(draw, (tick, bottom + 36), label, 34, "#5c6475", "mm")
        draw.line((left, top, left, bottom, right, bottom), "#5c6475", 4)
    draw.rounded_rectangle((1050, 322, 2040, 408), 18, "#ffffffd8", "#cfd4dd", 3)
    t = np.linspace(0, 1, 1200)
    x, hues = 210 + 2670 * t, ("#2a6fbb", "#e07b39", "#3f9b6c", "#a44a8f")
    bases = (46 + 18 * np.cos(6.28 * t), 34 - 26 * np.cos(6.28 * t),
             26 + 14 * np.exp(-(((t - 0.38) / 0.13) ** 2)), 12 + 3 * np.sin(9 * t))
    for i, (base, hue) in enumerate(zip(bases, hues, strict=True)):
        value = base + 5 * noise(rng, (1, 1200), 150, 4)[0]
        spread = 5 + 2.5 * noise(rng, (1, 1200), 200, 2)[0]
        low, middle, high = (1080 - 780 * (value + k * spread) / 80 for k in (-1, 0, 1))
        outline = np.concatenate([np.c_[x, low], np.c_[x, high][::-1]])
        draw.polygon(outline.ravel().tolist(), f"{hue}30")
        draw.line(np.c_[x, middle].ravel().tolist(), hue, 9, joint="curve")
        for k in range(50, 1200, 100):
            draw.circle((x[k], middle[k]), 15, "#ffffff", hue, 7)
        draw.line((1080 + 240 * i, 366, 1140 + 240 * i, 366), hue, 10)
        write(draw, (1152 + 240 * i, 366), ("Wind", "Solar", "Hydro", "Biomass")[i], 36, "#2b3244")
        for quarter in range(4):
            height = 580 * (value[quarter * 300 : quarter * 300 + 300].mean() / 2 + 4) / 60
            left = 251 + 292 * quarter + 54 * i
            draw.rectangle((left, 1920 - height, left + 48, 1917), f"{hue}c8", hue, 4)
    for load, scatter in zip(rng.uniform(0.05, 0.95, 150), rng.normal(0, 45, 150), strict=True):
        hue, radius = hues[rng.randint(4)], min(10 + rng.gamma(2, 9), 60)
        at = (1660 + 1220 * load, 1833 - 320 * load**1.5 - scatter * (0.6 + load))
        draw.circle(at, radius, f"{hue}70", f"{hue}d0", 3)
    fit = np.c_[1660 + 1220 * t, 1833 - 320 * t**1.5][30:1170]
    draw.line(fit.ravel().tolist(), "#222838", 7, joint="curve")
    return image.resize((1000, 700), Image.Resampling.LANCZOS)


def sprite(name: str, hue: int, lift: int, glow: bool) -> Picture:
    """Return one 16 x 16 sprite, raised by ``lift`` pixels, with a shadow or a glow."""
    colors = dict(pair.split("#") for pair in SPRITE_COLORS.split())
    colors |= dict(zip("abc", SPRITE_RAMPS[hue].split(), strict=True))
    cell, under = Image.new("RGBA", (16, 16)), Image.new("RGBA", (16, 16))
    for y, row in enumerate(reversed(SPRITES[name].split()), start=1 + lift):
        for x, key in enumerate(row + row[::-1].replace("a", "b")):
            cell.putpixel((x, 16 - y), ImageColor.getcolor(f"#{colors[key]}", "RGBA"))
    solid = cell.getchannel("A").point([0] + [255] * 255)
    if glow:
        under.paste("#fff2a83c", mask=solid.filter(ImageFilter.MaxFilter(5)))
        under.paste("#fff2a896", mask=solid.filter(ImageFilter.MaxFilter(3)))
    elif lift:
        ImageDraw.Draw(under).ellipse((3, 13, 12, 15), "#0a081464")
    under.paste(cell, mask=solid)
    return under


def make_sprites() -> Picture:
    """Draw a sheet of sprites and ground tiles, with stray color under alpha 0."""
    sheet = Image.new("RGBA", (256, 128))
    names = ("hero", "hero", "slime", "slime", "ghost", "mushroom", "potion", "gem")
    for strip, column in product(range(8), range(8)):
        hue = column // 4 + strip % 2 * 2 if strip < 4 else column
        cell = sprite(names[strip], hue, int(column % 4 == 1), strip > 5 and column % 2 == 1)
        sheet.paste(cell, (128 * (strip % 2) + 16 * column, 16 * (strip // 2)))
    pixels = np.array(sheet)
    for i, hue in enumerate((2, 4, 5, 6)):  # grass, sand, water and stone
        shades = [ImageColor.getcolor(f"#{color}", "RGBA") for color in SPRITE_RAMPS[hue].split()]
        grain = np.digitize(noise(Random(hue), (32, 64), 5, 2), (-0.3, 0.35))
        pixels[64:96, 64 * i : 64 * i + 64] = np.array(shades)[grain]
    pixels[96:, :128, :3] = pixels[:32, :128, :3]  # sprites that were erased, not removed
    pixels[96:, 192:] = (255, 0, 255, 0)
    return Image.fromarray(pixels)


def make_gradient() -> Picture:
    """Draw twelve smooth gradients: linear, diagonal, radial and off-center radial."""
    y, x = (np.mgrid[0:128, 0:128] + 0.5) / 128
    shapes = (x, (x + y) / 2, np.hypot(x - 0.5, y - 0.5) * 1.42, np.hypot(x - 0.2, y - 0.1) / 1.2)
    colors = "ff512f f09819/0b486b 3fb8af f4f1bb/fff7c2 ff9a5a 7a1e5c/e8fbff 2f80ed 0a1038/" \
        "000000 ffffff/1d976c 93f9b9/f8cdda 1d2b64/fdfbfb d8d3e0/654ea3 eaafc8/" \
        "ff0000 ffff00 00ff00 00ffff 0000ff ff00ff/c0f2a5 128a5b 03261b/3a1c71 d76d77 ffaf7b"
    panels = [ramp(shapes[i % 4], color) for i, color in enumerate(colors.split("/"))]
    return to_image(np.vstack([np.hstack(panels[i : i + 4]) for i in (0, 4, 8)]))


def make_scan() -> Picture:
    """Draw a gray scanned page: blurred print, a halftone figure, paper tone and grain."""
    rng = Random(7)
    page = Image.new("L", (1600, 2000), 255)
    draw = ImageDraw.Draw(page)
    picture = np.asarray(landscape(1000, 720).convert("L")) / 255
    y, x = np.mgrid[0:720, 0:1000] * 0.5
    dots = 0.5 + 0.25 * (np.cos(x + y) + np.cos(x - y)) < picture * 0.9 + 0.05
    page.paste(Image.fromarray(dots), (320, 670))
    write(draw, (210, 150), "12", 30, "#000000")
    write(draw, (1430, 150), "THE COLOR BOX", 26, "#000000", "rm")
    write(draw, (820, 290), "II. Of Choosing Sixteen", 60, "#000000", "mm")
    write(draw, (820, 1430), "Fig. 3. A view told in dots of a single ink.", 28, "#000000", "mm")
    for top, text in zip((420, 1540), PROSE, strict=True):
        for i, line in enumerate(textwrap.wrap(text, 76)):
            write(draw, (210, top + 56 * i), line, 34, "#000000", "ls")
    page = page.rotate(0.6, Image.Resampling.BICUBIC, fillcolor=255)
    page = page.filter(ImageFilter.GaussianBlur(1.3)).resize((800, 1000), Image.Resampling.BOX)
    ink = (1 - np.asarray(page) / 255) * (0.93 + 0.1 * noise(rng, (1000, 800), 64, 5))
    x = np.arange(800)
    paper = 230 + 4 * noise(rng, ink.shape, 256, 7) - 95 * np.exp(-x / 38)  # binding on the left
    paper -= 30 * np.exp((x - 800) / 6) + 20 * (noise(rng, ink.shape, 8, 2) > 1.28)  # edge, specks
    paper -= 9 - np.asarray(page.filter(ImageFilter.GaussianBlur(2)))[:, ::-1] / 28  # other side
    return to_image(paper - ink * (paper - 42) + rng.normal(0, 1.5, ink.shape))


def route(cost: FloatArray, roots: list[int], goals: list[int]) -> list[list[tuple[float, ...]]]:
    """Return smooth lines along the cheapest ways over a grid from the goals to any root."""
    rows, columns = cost.shape
    flat, after, lines = cost.ravel().tolist(), list(range(cost.size)), []
    heap, seen = [(0.0, root, root) for root in roots], set()
    while heap:
        total, cell, origin = heapq.heappop(heap)
        if cell not in seen:
            seen.add(cell)
            after[cell] = origin
            for dy, dx in product((-1, 0, 1), (-1, 0, 1)):
                y, x = cell // columns + dy, cell % columns + dx
                if 0 <= y < rows and 0 <= x < columns and flat[y * columns + x] < np.inf:
                    step = flat[y * columns + x] * (1.41 if dx and dy else 1.0)
                    heapq.heappush(heap, (total + step, y * columns + x, cell))
    for cell in goals:
        cells = [cell]
        while after[cells[-1]] != cells[-1]:
            cells.append(after[cells[-1]])
        points = np.array([divmod(c, columns)[::-1] for c in cells]).repeat(5, axis=0) * 12.0 + 6
        sums = np.cumsum(np.pad(points, ((18, 17), (0, 0)), "edge"), axis=0)
        lines.append([tuple(point) for point in (sums[35:] - sums[:-35]) / 35])
    return lines


def make_map() -> Picture:
    """Draw a map: shaded relief, coast, rivers, roads with casings, labels, a legend."""
    rng = Random(8)
    y, x = np.mgrid[0:800, 0:1000] / 1000
    ridges = 1 - 2 * np.abs(noise(rng, y.shape, 300, 6))
    land = noise(rng, y.shape, 230, 7) * 0.3 + 0.9 * (x - 0.42) + 0.45 * (0.5 - y)
    height = land + np.clip(land, 0, 0.5) * ridges * 0.9
    slope_y, slope_x = np.gradient(height)
    steep = np.hypot(slope_x, slope_y) + 1e-5
    shade = (1.2 + 40 * (slope_x + slope_y)) / np.sqrt(1 + (40 * steep) ** 2) / 1.2
    light = np.where(height > 0, 0.55 + 0.45 * np.clip(shade, 0, 1.6), 1)[..., None]
    woods = np.clip(noise(rng, y.shape, 120, 6) * 6 - 1, 0, 0.5) * (height > 0) * (height < 0.3)
    contour = np.clip(1.2 - np.abs(height * 10 % 1 - 0.5) / steep / 10, 0, 0.3) * (height > 0.05)
    coast = np.clip(1.6 - np.abs(height) / steep, 0, 0.85)
    tints = "6b9fc6 a9cfe6 cfe6f2 b5cf9c d3dcaa ead9a8 cda983 a98672 f6f4f2"
    pixels = light * ramp(height, tints, (-0.5, -0.1, -1e-6, 0, 0.15, 0.3, 0.5, 0.7, 0.95))
    for cover, rgb in ((woods, (110, 160, 100)), (contour, (140, 95, 60)), (coast, (50, 98, 140))):
        pixels += cover[..., None] * (np.array(rgb) * light - pixels)
    image, layer = to_image(pixels), Image.new("RGBA", (3000, 2400), "#3f7fb800")
    draw = ImageDraw.Draw(layer)
    coarse = height[2::4, 2::4]  # rivers and roads are laid out on cells of 4 x 4 pixels
    uphill = np.exp(np.clip(coarse, 0, 1) * 9) + rng.gamma(1, 1, coarse.shape)
    springs = rng.permutation(np.flatnonzero(coarse > 0.3))[:40].tolist()
    for line in route(uphill, np.flatnonzero(coarse < 0).tolist(), springs):
        for i, point in enumerate(line):
            draw.circle(point, min(1.5 + i / 70, 7), "#3f7fb8")
    towns: list[int] = []
    for spot in rng.permutation(np.flatnonzero((coarse > 0.02) & (coarse < 0.3))).tolist():
        near = any(np.hypot(spot // 250 - t // 250, spot % 250 - t % 250) < 32 for t in towns)
        if 12 < spot // 250 < 188 and 12 < spot % 250 < 215 and not near and len(towns) < 16:
            towns.append(spot)
    cost = np.where(coarse > 0, 1 + 150 * np.hypot(*np.gradient(coarse)), np.inf)
    roads = route(cost, towns[:1], towns)
    styles = (16, 11, "#7d756b"), (16, 6, "#ffffff"), (7, 16, "#6b5a4a"), (7, 10, "#ffd36b")
    for count, width, color in styles:
        for line in roads[:count]:
            draw.line(line, color, width, "curve")
    layer = layer.resize(image.size, Image.Resampling.LANCZOS)
    image.paste(layer, mask=layer)
    card(image, (24, 612, 234, 776), 8, "ffffff f7f5ee", 5)
    draw = ImageDraw.Draw(image)
    for i, (name, town) in enumerate(zip(PLACES.split(), towns, strict=True)):
        left, top = town % 250 * 4 + 2, town // 250 * 4 + 2
        draw.circle((left, top), 4, "#ffffff", "#222222", 2)
        write(draw, (left + 9, top - 7), name, 18 if i < 7 else 14, "#222222", halo=2)
    write(draw, (190, 330), "S o u n d   o f   M e r r o w", 22, "#38688f", "mm")
    write(draw, (40, 644), "The Selwick Coast", 20, "#333333")
    for y, name, edge, fill in ((684, "Main road", "#6b5a4a", "#ffd36b"),
                                (716, "Minor road", "#7d756b", "#ffffff"),
                                (748, "River", "#3f7fb8", "#3f7fb8")):
        draw.rectangle((40, y - 2, 84, y + 2), fill, edge)
        write(draw, (96, y), name, 15, "#333333")
    return image


def refresh_manifest(path: Path) -> None:
    """Measure every file that the manifest names and rewrite its measured columns."""
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    for row in rows:
        row["sha256"] = hashlib.sha256((path.parent / row["file"]).read_bytes()).hexdigest()
        with Image.open(path.parent / row["file"]) as image:
            row["width"], row["height"] = map(str, image.size)
            row["channels"] = str(len(image.getbands()))
            row["unique_colors"] = str(len(image.getcolors(image.width * image.height) or ()))
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Draw the sample pictures.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent)
    parser.add_argument("--manifest", action="store_true", help="refresh MANIFEST.csv instead")
    arguments = parser.parse_args()
    if arguments.manifest:
        refresh_manifest(arguments.folder / "MANIFEST.csv")
        return
    for make in (make_page, make_chart, make_sprites, make_map, make_gradient, make_scan):
        make().save(arguments.folder / f"{make.__name__[5:]}.png", optimize=True)


if __name__ == "__main__":
    main()
