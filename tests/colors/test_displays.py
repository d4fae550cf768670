"""What displays of few bits show."""

import numpy as np
import pytest

from codec.colors.displays import as_shown, shows_greys
from codec.options import PALETTE_DEPTHS

EVERY = np.arange(256, dtype=np.uint8)


def levels(bits: int) -> list[int]:
    """All levels, by writing their bits again and again."""
    return [int((f"{level:0{bits}b}" * 8)[:8], 2) for level in range(1 << bits)]


@pytest.mark.parametrize("depth", PALETTE_DEPTHS)
def test_every_channel_is_at_its_nearest_level(depth: str) -> None:
    colors = np.stack([EVERY, EVERY[::-1], np.roll(EVERY, 99), EVERY], axis=1)

    shown = as_shown(colors, depth)

    for channel, bits in enumerate(map(int, depth)):
        known = np.array(levels(bits))
        assert set(shown[:, channel].tolist()) == set(known.tolist())
        wide = colors[:, channel].astype(int)
        nearest = np.abs(wide[:, None] - known).min(axis=1)
        assert (np.abs(wide - shown[:, channel]) == nearest).all()
    assert (shown[:, 3] == colors[:, 3]).all()
    assert (as_shown(shown, depth) == shown).all()


def test_a_tie_goes_to_the_lower_level() -> None:
    # 4 bits: 17 apart, so there is none; 5 bits: 0 and 8 are.
    assert as_shown(np.array([[4, 4, 4]], np.uint8), "565").tolist() == [[0, 4, 0]]


def test_grey_stays_grey_where_channels_have_the_same_levels() -> None:
    grey = EVERY[:, None]
    for depth in PALETTE_DEPTHS:
        shown = as_shown(np.repeat(grey, 3, axis=1), depth)
        assert shows_greys(depth) is bool((shown == shown[:, :1]).all())
        if shows_greys(depth):
            assert (as_shown(grey, depth) == shown[:, :1]).all()
    assert shows_greys(None)
    assert as_shown(grey, None) is grey
