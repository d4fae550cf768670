"""Bytes before encoding."""

import math

import numpy as np
import pytest

from codec.encoder.prediction import (
    Power,
    count_neighbors,
    entropy_bytes,
    log2,
    merge_neighbors,
)


def test_logarithms_are_right() -> None:
    values = [1e-9, 0.3, 0.5, 0.999999, 1.0, 1.5, 3.0, 255.0, 1e18]
    assert log2(values) == pytest.approx([math.log2(value) for value in values], abs=1e-9)


def test_neighbors_are_those_to_the_right_and_below() -> None:
    labels = np.random.RandomState(0).randint(0, 5, (7, 9)).astype(np.uint8)
    expected = np.zeros((256, 256), dtype=int)
    for row in range(7):
        for column in range(9):
            if column < 8:
                expected[labels[row, column], labels[row, column + 1]] += 1
            if row < 6:
                expected[labels[row, column], labels[row + 1, column]] += 1
    counts = count_neighbors(labels)
    assert (counts == expected).all()
    # Merged as labels are.
    groups = np.array([0, 1, 0, 2, 1])
    merged = count_neighbors(groups[labels].astype(np.uint8))[:3, :3]
    assert (merge_neighbors(counts, groups) == merged).all()


def test_entropies_are_those_of_the_next_label() -> None:
    assert entropy_bytes(np.array([[7]])) == 0
    # 16 pairs in both directions, each after a label with four equally likely ones: 2 bits.
    assert entropy_bytes(np.full((4, 4), 2)) == 32 * 2 / 2 / 8


def test_bytes_are_a_power_through_what_is_known() -> None:
    power = Power(100, 3, exponent=1.0)
    power.learn(999.0, 10, 100 + 30 + 500)
    assert power.fits(1999.0, 10, 1130.01)
    assert not power.fits(1999.0, 10, 1129)
    power.learn(3999.0, 10, 100 + 30 + 8000)  # four times as much, 16 times the bytes
    assert power.fits(1999.0, 10, 2130.01)
    assert not power.fits(1999.0, 10, 2129)
