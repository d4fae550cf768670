"""The words and numbers that users may choose, free of imports.

The command line must show its help in a few hundredths of a second, which NumPy alone would take;
so what it offers stands here, and the modules that carry it out build their tables on it.
"""

FORM_NAMES = ("pair", "npz", "png", "kmc")
ENGINE_NAMES = ("native", "sklearn")
EFFORTS = ("fast", "default", "best")
COLOR_SPACES = ("rgb", "oklab", "lab")
DITHER_KINDS = ("none", "fs", "ordered")
CODEBOOK_SOURCES = ("kmeans", "random", "first-pixels", "median-cut")

MAX_CODEBOOK_SIZE = 256
MAX_SEED = 2**32 - 1
MAX_SIDE = 65_535
MAX_PIXELS = 89_478_485
