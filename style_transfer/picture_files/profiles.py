"""Colour spaces of RGB pictures: ICC profiles of three curves and a matrix, read and written.

Profiles of greys, of one curve, are read.
"""

import struct
from dataclasses import dataclass

import numpy as np

from style_transfer.picture_files.tone_curves import FIXED, Curve, Parametric, numbers, tone_curve

_D50 = (0.9642, 1.0, 0.8249)  # white of ICC's connection space
_FROM_D65 = (  # Bradford's adaptation of that white
    *(1.047882, 0.022918, -0.050217),
    *(0.029587, 0.990479, -0.017059),
    *(-0.009232, 0.015076, 0.751678),
)
_PROBES = np.stack(np.meshgrid(*[np.linspace(0, 1, 5)] * 3), -1).reshape(25, 5, 3)
_LEVELS = np.linspace(0, 1, 65536)
_ROUNDING = 0.004  # a level of 8 bits


@dataclass(frozen=True, eq=False)
class ColourSpace:
    """An RGB colour space: tone curves, and the matrix from linear RGB to XYZ by D50."""

    name: str
    matrix: np.ndarray  # (3, 3), a column for each channel
    curves: tuple[Curve, Curve, Curve]
    profile: bytes | None  # None: sRGB, which every program takes for granted

    def to_srgb(self, values: np.ndarray) -> np.ndarray:
        """Return (H, W, 3) in [0, 1] as sRGB; colours that it lacks are clipped."""
        return _converted(values, self, SRGB)

    def from_srgb(self, values: np.ndarray) -> np.ndarray:
        """Return sRGB (H, W, 3) in [0, 1] in this space."""
        return _converted(values, SRGB, self)

    @classmethod
    def of_profile(cls, data: bytes) -> "ColourSpace | None":
        """Return the space of an ICC profile, None where it is not of curves and a matrix.

        It is SRGB itself where they differ by rounding: there are many profiles of that space.
        """
        try:
            if data[16:20] != b"RGB ":
                return None
            tags = dict(_tags(data))
            columns = [numbers(tags[f"{c}XYZ"], 3) for c in "rgb"]
            curves = [tone_curve(tags[f"{c}TRC"]) for c in "rgb"]
            matrix = np.array(columns).T
            np.linalg.inv(matrix)
        except (KeyError, ValueError, IndexError, struct.error, np.linalg.LinAlgError):
            return None
        space = cls("the photo's profile", matrix, (curves[0], curves[1], curves[2]), data)
        return SRGB if np.abs(space.to_srgb(_PROBES) - _PROBES).max() < _ROUNDING else space


def greys_to_srgb(values: np.ndarray, profile: bytes) -> np.ndarray:
    """Return greys in [0, 1] as those of sRGB; as they are where the profile is none of greys.

    By a table of the levels of 16 bits, since curves in float64 would take 40 bytes a pixel.
    """
    try:
        if profile[16:20] != b"GRAY":
            return values
        light = tone_curve(dict(_tags(profile))["kTRC"]).linear(_LEVELS)
    except (KeyError, ValueError, IndexError, struct.error):
        return values
    if profile[20:24] == b"Lab ":
        light = _LIGHTNESS.linear(light)
    shown = _TONE_OF_SRGB.encoded(np.clip(light, 0, 1)).astype(np.float32)
    places = values * np.float32(65535)
    return shown[np.rint(places, out=places).astype(np.uint16)]


def _converted(values: np.ndarray, source: ColourSpace, target: ColourSpace) -> np.ndarray:
    if source is target:
        return values
    light = np.stack([c.linear(values[..., n]) for n, c in enumerate(source.curves)], -1)
    light = np.clip(light @ (np.linalg.inv(target.matrix) @ source.matrix).T, 0, 1)
    encoded = [c.encoded(light[..., n]) for n, c in enumerate(target.curves)]
    return np.clip(np.stack(encoded, -1), 0, 1).astype(np.float32)


def _tags(data: bytes) -> list[tuple[str, bytes]]:
    (count,) = struct.unpack_from(">I", data, 128)
    entries = [struct.unpack_from(">4sII", data, 132 + 12 * n) for n in range(min(count, 100))]
    return [(name.decode("latin-1"), data[at : at + size]) for name, at, size in entries]


def _standard(name: str, columns: tuple[tuple[float, ...], ...], curve: Parametric) -> ColourSpace:
    profile = _profile(name, columns, curve)
    return ColourSpace(name, np.array(columns).T, (curve, curve, curve), profile)


def _profile(name: str, columns: tuple[tuple[float, ...], ...], curve: Parametric) -> bytes:
    """Return an ICC profile of version 4."""

    def fixed(kind: bytes, *numbers: float) -> bytes:
        return kind + bytes(4) + struct.pack(f">{len(numbers)}i", *_rounded(numbers))

    def text(words: str) -> bytes:
        data = words.encode("utf-16-be")
        return b"mluc" + bytes(4) + struct.pack(">II4sII", 1, 12, b"enUS", len(data), 28) + data

    numbers = (curve.g, curve.a, curve.b, curve.c, curve.d)
    tone = struct.pack(">HH5i", 3, 0, *_rounded(numbers))
    tags = {b"desc": text(name), b"cprt": text("No copyright"), b"wtpt": fixed(b"XYZ ", *_D50)}
    tags[b"chad"] = fixed(b"sf32", *_FROM_D65)
    for channel, column in zip((b"r", b"g", b"b"), columns, strict=True):
        tags[channel + b"XYZ"] = fixed(b"XYZ ", *column)
        tags[channel + b"TRC"] = b"para" + bytes(4) + tone
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        body += bytes(-len(body) % 4)
        table += struct.pack(">4sII", tag, start + len(body), len(data))
        body += data
    head = struct.pack(
        ">I4x4s4s4s4s", start + len(body), b"\x04\x30\0\0", b"mntr", b"RGB ", b"XYZ "
    )
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp")
    head = head.ljust(68, b"\0") + struct.pack(">3i", *_rounded(_D50))
    return head.ljust(128, b"\0") + table + body


def _rounded(numbers: tuple[float, ...]) -> list[int]:
    return [round(number * FIXED) for number in numbers]


_LIGHTNESS = Parametric(3.0, 1 / 1.16, 0.16 / 1.16, 27 / 243.89, 0.08)  # light of CIE's L* / 100
_TONE_OF_SRGB = Parametric(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
# Columns: XYZ of red, green and blue, adapted from D65 to D50.
SRGB = ColourSpace(
    "sRGB",
    np.array(
        ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
    ).T,
    (_TONE_OF_SRGB, _TONE_OF_SRGB, _TONE_OF_SRGB),
    None,
)
COLOUR_SPACES = {  # by the name that the command line has for them
    "srgb": SRGB,
    "display-p3": _standard(
        "Display P3",
        ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)),
        _TONE_OF_SRGB,
    ),
    "adobe-rgb": _standard(
        "Compatible with Adobe RGB (1998)",
        ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)),
        Parametric(563 / 256),
    ),
}
