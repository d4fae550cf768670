"""What `codec.compress` may be told."""

import pytest
from cli_tools import few_colors, many_colors

import codec
from codec import compressor
from codec.codebook.training import Training, train_codebook
from codec.errors import ParameterError


@pytest.mark.parametrize(
    "wrong",
    [
        {"dither": "floyd"},
        {"dither": None},
        {"dither_strength": 1.5},
        {"dither_strength": -0.1},
        {"dither_strength": float("nan")},
        {"dither_strength": "1"},
        {"dither_strength": True},
        {"effort": "most"},
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

    monkeypatch.setattr(compressor, "train_codebook", spy)
    for effort in ("fast", "default", "best"):
        codec.compress(many_colors(), 8, effort=effort)
    assert given == ["fast", "default", "best"]
