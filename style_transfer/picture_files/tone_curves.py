"""Tone curves of ICC profiles: how bright the encoded values of a channel are."""

import struct
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

FIXED = 65536  # units of ICC's s15Fixed16Number
_COUNTS = (1, 3, 4, 5, 7)  # numbers of a parametric curve by its type


class Curve(Protocol):
    """The tone curve of a channel; arrays of numbers from 0 to 1."""

    def linear(self, values: np.ndarray) -> np.ndarray:
        """Return light of encoded values."""

    def encoded(self, light: np.ndarray) -> np.ndarray:
        """Return encoded values of light."""


@dataclass(frozen=True)
class Parametric:
    """(a x + b)^g + e from d on, c x + f below. ICC.1:2022, 10.18."""

    g: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 0.0
    f: float = 0.0

    def linear(self, values: np.ndarray) -> np.ndarray:
        power = np.maximum(self.a * values + self.b, 0) ** self.g + self.e
        return np.where(values >= self.d, power, self.c * values + self.f)

    def encoded(self, light: np.ndarray) -> np.ndarray:
        start = (self.a * self.d + self.b) ** self.g + self.e
        root = (np.maximum(light - self.e, 0) ** (1 / self.g) - self.b) / self.a
        below = (light - self.f) / self.c if self.c else np.zeros_like(light)
        return np.where(light >= start, root, below)


@dataclass(frozen=True, eq=False)
class _Table:
    levels: np.ndarray  # rising, at equal distances

    def linear(self, values: np.ndarray) -> np.ndarray:
        return np.interp(values, self._places, self.levels)

    def encoded(self, light: np.ndarray) -> np.ndarray:
        return np.interp(light, self.levels, self._places)

    @cached_property
    def _places(self) -> np.ndarray:
        return np.linspace(0, 1, len(self.levels))


def numbers(tag: bytes, count: int, at: int = 8) -> list[float]:
    """Return `count` fixed-point numbers of a tag, from the byte `at` on."""
    return [each / FIXED for each in struct.unpack_from(f">{count}i", tag, at)]


def tone_curve(tag: bytes) -> Curve:
    """Return the curve in a tag. Raises ValueError where it is none, or falls."""
    if tag[:4] == b"para":
        (kind,) = struct.unpack_from(">H", tag, 8)
        g, *rest = numbers(tag, _COUNTS[kind], 12)
        if kind in (1, 2):  # from -b / a on; below it the constant c, or 0
            a, b, *c = rest
            return Parametric(g, a, b, 0.0, -b / a, *(2 * c))
        return Parametric(g, *rest)
    if tag[:4] != b"curv":
        raise ValueError("no curve")
    (count,) = struct.unpack_from(">I", tag, 8)
    levels = struct.unpack_from(f">{count}H", tag, 12)
    if count < 2:
        return Parametric(levels[0] / 256 if levels else 1.0)
    if levels[-1] <= levels[0]:
        raise ValueError("a falling curve")
    return _Table(np.maximum.accumulate(np.array(levels) / 65535))
