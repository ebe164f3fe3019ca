"""Tone curves are read as ICC.1:2022 says, and undone exactly."""

import struct

import numpy as np
import pytest

from style_transfer.picture_files.tone_curves import FIXED, tone_curve

VALUES = np.linspace(0, 1, 65)
G, A, B, C, D, E, F = 2.5, 0.875, 0.125, 0.0625, 0.25, 0.03125, 0.015625  # exact in fixed point
# What the numbers of a type mean: light from a value on, and below it. ICC.1:2022, table 68.
MEANINGS = [
    ((G,), 0.0, lambda x: x**G, None),
    ((G, A, -B), B / A, lambda x: (A * x - B) ** G, lambda x: 0 * x),
    ((G, A, -B, E), B / A, lambda x: (A * x - B) ** G + E, lambda x: 0 * x + E),
    ((G, A, B, C, D), D, lambda x: (A * x + B) ** G, lambda x: C * x),
    ((G, A, B, C, D, E, F), D, lambda x: (A * x + B) ** G + E, lambda x: C * x + F),
]


def parametric(kind, numbers):
    fixed = [round(number * FIXED) for number in numbers]
    return b"para" + bytes(4) + struct.pack(f">HH{len(fixed)}i", kind, 0, *fixed)


def table(*levels):
    return b"curv" + bytes(4) + struct.pack(f">I{len(levels)}H", len(levels), *levels)


@pytest.mark.parametrize("kind", range(5))
def test_the_numbers_of_a_parametric_curve_mean_what_its_type_says(kind):
    numbers, start, above, below = MEANINGS[kind]
    curve, is_above = tone_curve(parametric(kind, numbers)), start <= VALUES
    light = curve.linear(VALUES)
    assert light[is_above] == pytest.approx(above(VALUES[is_above]))
    assert curve.encoded(light[is_above]) == pytest.approx(VALUES[is_above])
    if below:
        assert light[~is_above] == pytest.approx(below(VALUES[~is_above]))


def test_a_table_without_levels_is_the_identity_and_one_level_is_an_exponent():
    assert tone_curve(table()).linear(VALUES) == pytest.approx(VALUES)
    assert tone_curve(table(round(1.75 * 256))).linear(VALUES) == pytest.approx(VALUES**1.75)


@pytest.mark.parametrize("levels", [(0, 65535), (0, 1000, 65535), (5000, 4000, 65535)])
def test_levels_are_joined_by_straight_lines_that_never_fall(levels):
    light = tone_curve(table(*levels)).linear(VALUES)
    rising = np.maximum.accumulate(levels) / 65535
    assert light == pytest.approx(np.interp(VALUES, np.linspace(0, 1, len(levels)), rising))


@pytest.mark.parametrize("tag", [table(9, 9), table(65535, 0), b"mft2" + bytes(20)])
def test_what_is_no_rising_curve_is_refused(tag):
    with pytest.raises(ValueError, match="curve"):
        tone_curve(tag)
