"""The words and numbers that users may choose, free of imports.

The command line must show its help in a few hundredths of a second, which NumPy alone would take;
so what it offers stands here, and the modules that carry it out build their tables on it.
"""

FORMAT_NAMES = ("pair", "npz", "png", "kmc")
ENGINE_NAMES = ("native", "sklearn")
EFFORTS = ("fast", "default", "best")
COLOR_SPACES = ("rgb", "oklab", "lab")
DITHER_KINDS = ("none", "fs", "ordered")
CODEBOOK_SOURCES = ("kmeans", "random", "first-pixels", "median-cut")
