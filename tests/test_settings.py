"""What `codec.compress` may be told."""

import inspect
from dataclasses import replace
from typing import Any, Literal, get_args, get_origin

import pytest
from cli_tools import few_colors, many_colors

import codec
from codec import options
from codec.codebook.training import Training, train_codebook
from codec.encoder import steps
from codec.errors import ParameterError
from codec.formats.registry import FORMATS, LARGE_FORMATS
from codec.settings import CompressSettings


@pytest.mark.parametrize(
    "wrong",
    [
        {"dither": "floyd"},
        {"dither": ""},
        {"color_space": "hsv"},
        {"tune": "loud"},
        {"tune": None},
        {"tune": ["visual"]},
        {"dither_strength": 1.5},
        {"dither_strength": -0.1},
        {"dither_strength": float("nan")},
        {"dither_strength": "1"},
        {"dither_strength": True},
        {"dither_strength": 0.5, "max_bytes": 1000},
        {"dither_strength": 0.0, "auto": True},
        {"dither_strength": 0.5, "rate_distortion": 1},
        {"effort": "most"},
        {"max_bytes": 0},
        {"max_bytes": 3.5},
        {"max_bytes": True},
        {"min_psnr": "40"},
        {"min_psnr": float("nan")},
        {"min_ssim": 1.1},
        {"min_ssimulacra2": 101},
        {"max_error": 256},
        {"max_error": 9, "keep": "#f00"},
        {"max_error": 9, "palette_depth": "565"},
        {"rate_distortion": -1},
        {"auto": True, "min_psnr": 30},
        {"dither": "fs", "max_bytes": 1000},
        {"codebook_from": "random", "max_bytes": 1000},
        {"rate_distortion": 1, "max_error": 9},
        {"format": "bmp"},
    ],
)
def test_wrong_settings_are_named(wrong: dict[str, object]) -> None:
    with pytest.raises(ParameterError) as caught:
        codec.compress(few_colors(), **wrong)  # type: ignore[arg-type]
    assert caught.value.reason == next(iter(wrong))


def test_efforts_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []

    def spy(*arguments: object, **options: object) -> Training:
        given.append(options["effort"])
        return train_codebook(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(steps, "train_codebook", spy)
    for effort in ("fast", "default", "best"):
        codec.compress(many_colors(), 8, effort=effort)
    assert given == ["fast", "default", "best"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"tune": "visual"}, ("oklab", "auto")),
        ({"tune": "psnr"}, ("rgb", "none")),
        ({"tune": "psnr", "color_space": None, "dither": None}, ("rgb", "none")),
        ({"tune": "psnr", "color_space": "oklab"}, ("oklab", "none")),
        ({"tune": "psnr", "dither": "auto"}, ("rgb", "auto")),
        ({"tune": "visual", "color_space": "lab"}, ("lab", "auto")),
        ({"tune": "visual", "color_space": "rgb", "dither": "none"}, ("rgb", "none")),
    ],
    ids=str,
)
def test_the_tune_says_what_is_not_given(given: dict[str, Any], words: tuple[str, str]) -> None:
    settings = CompressSettings(**given)

    assert (settings.color_space, settings.dither) == words
    # Another K or codebook, as in a sweep, changes neither.
    assert replace(settings, n_colors=9) == CompressSettings(9, **given)


def test_what_is_given_overrides_the_tune() -> None:
    """Single parts of it, and nothing else."""
    pixels = many_colors()

    def compressed(**options: Any) -> bytes:
        return codec.decompress(codec.compress(pixels, 12, tune="psnr", **options)).tobytes()

    assert compressed() == compressed(color_space="rgb", dither="none")
    assert compressed() != compressed(color_space="oklab")
    assert compressed() != compressed(dither="fs")
    assert compressed() != compressed(dither="ordered")


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("engine", ("auto", *options.ENGINE_NAMES)),
        ("effort", tuple(options.EFFORTS)),
        ("tune", options.TUNES),
        ("color_space", options.COLOR_SPACES),
        ("dither", options.DITHER_KINDS),
        ("codebook_from", options.CODEBOOK_SOURCES),
        ("palette_depth", options.PALETTE_DEPTHS),
        ("format", tuple(FORMATS)),
    ],
)
def test_type_checkers_know_the_words_that_are_taken(name: str, accepted: tuple[str, ...]) -> None:
    for function in (codec.compress, codec.train, codec.sweep, codec.chunks.compress_chunked,
                     codec.dask.compress_files, codec.ColorQuantizer, codec.save):  # fmt: skip
        parameter = inspect.signature(function).parameters.get(name)
        if parameter is None:
            continue
        kinds = (parameter.annotation, *get_args(parameter.annotation))
        words = [word for kind in kinds if get_origin(kind) is Literal for word in get_args(kind)]
        large = tuple(LARGE_FORMATS) if words[-1] in LARGE_FORMATS else ()
        assert sorted(words) == sorted({*accepted, *large}), function
