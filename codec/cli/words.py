"""What the library says, in the words of the command: options in place of arguments."""

import re

# Arguments of functions, by the option that stands for them.
_OPTIONS = {
    "keep and palette_depth": "--keep and --palette-depth",
    "max_pixels": "--max-pixels",
    "first_frame=True": "--first-frame",
    "scale_range=True": "--scale-range",
    "keep_profile": "--keep-metadata",
    "keep_order": "--keep-order",
    "force=True": "--force",
    "n_colors": "-k",
    "tune='psnr'": "--tune psnr",
    "rate_distortion": "--rate-distortion",
    "dither_strength": "--dither-strength",
    "palette_depth": "--palette-depth",
    "color_space": "--color-space",
    "max_bytes": "--max-bytes",
    "max_error": "--max-error",
    "min_psnr": "--min-psnr",
    "min_ssim": "--min-ssim",
    "min_ssimulacra2": "--min-ssimulacra2",
}
_KNOWN = re.compile("|".join(rf"(?<![\w/.-]){name}(?!\w|[./-]\w)" for name in _OPTIONS))
# What the library leaves to whoever called it.
_CURES = {
    "it already exists": "--force replaces it",
    "it is a symbolic link": "--force writes where it points",
}


def in_words_of_the_command(text: str) -> str:
    """Say an error or a notice as who types commands can use it."""
    said = _KNOWN.sub(lambda found: _OPTIONS[found[0]], text)
    for end, cure in _CURES.items():
        if said.endswith(end):
            return f"{said} ({cure})"
    return said
