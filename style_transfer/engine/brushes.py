"""Brushes: what each kind of stroke does to the pixels of an image.

Pure functions of images (1, 3, H, W) in [0, 1] and strokes; the results are not clamped.
"""

import math
from collections.abc import Iterator
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from style_transfer.engine.box_blur import box_blur
from style_transfer.engine.pyramid import image_size
from style_transfer.engine.strokes import Stroke

LONGEST_PUSH = 0.25  # of the radius, by one dab of a smear; from 0.65 on the paint would fold


def brushed(image: Tensor, stroke: Stroke, photo: Tensor) -> Tensor:
    """Return `image` after a stroke that is no undo; `photo` (1, 3, H, W) has its size."""
    if stroke.kind == "smear":
        field = _smear_field(stroke, image_size(image))
        moved = field.any(-1).unsqueeze(1).to(image.device)  # elsewhere not even a rounding differs
        return torch.where(moved, _sampled(image, field), image)
    mask = stroke_mask(stroke, image_size(image)).to(image.device)
    if stroke.kind == "wipe":
        return torch.lerp(image, photo, mask)
    if stroke.kind == "clone":
        height, width = image_size(image)
        x, y = stroke.offset
        field = torch.tensor([x * width, y * height]).view(1, 1, 1, 2)
        return torch.lerp(image, _sampled(image, field.expand(1, height, width, 2)), mask)
    # The colour goes in place of the mean around, so that the texture is there to grow from.
    color = image.new_tensor(stroke.color).view(1, 3, 1, 1)
    return image + mask * (color - _blurred(image, radius_in(stroke, image_size(image))))


def radius_in(stroke: Stroke, size: tuple[int, int]) -> float:
    """Return the radius of a stroke in pixels, in an image of `size` (height, width)."""
    return max(1.0, stroke.radius * max(size))


def stroke_mask(stroke: Stroke, size: tuple[int, int]) -> Tensor:
    """Return how strongly a stroke acts at each pixel, (1, 1, H, W) in [0, 1].

    It falls off as (1 - d^2)^2 from the line to the radius, and goes with the pressure.
    """
    radius, mask = radius_in(stroke, size), torch.zeros(1, 1, *size)
    for rows, columns, distance, pressure in _segments(stroke, size, radius):
        weight = (1 - (distance / radius).square()).clamp_min(0).square() * pressure
        part = mask[0, 0, rows, columns]
        torch.maximum(part, stroke.strength * weight, out=part)
    return mask


def stroke_cover(stroke: Stroke, size: tuple[int, int]) -> Tensor:
    """Return how far a stroke covers each pixel, (1, 1, H, W) in [0, 1].

    Wholly up to half the radius, and not at all beyond it; less where the pressure is less.
    """
    radius, mask = radius_in(stroke, size), torch.zeros(1, 1, *size)
    for rows, columns, distance, pressure in _segments(stroke, size, radius):
        nearness = (2 * (1 - distance / radius)).clamp(0, 1)
        cover = stroke.strength * pressure * nearness.square() * (3 - 2 * nearness)
        part = mask[0, 0, rows, columns]
        torch.maximum(part, cover, out=part)
    return mask


def surroundings(stroke: Stroke, size: tuple[int, int], margin: float) -> Tensor:
    """Return 1 where a stroke reaches, falling to 0 over `margin` px around, (1, 1, H, W)."""
    radius, mask = radius_in(stroke, size), torch.zeros(1, 1, *size)
    for rows, columns, distance, _ in _segments(stroke, size, radius + margin):
        nearness = ((radius + margin - distance) / margin).clamp(0, 1)
        part = mask[0, 0, rows, columns]
        torch.maximum(part, nearness.square() * (3 - 2 * nearness), out=part)
    return mask


def _pixels(stroke: Stroke, size: tuple[int, int]) -> list[tuple[float, float, float]]:
    """Return the points with x and y in pixels, where pixel centres have whole numbers."""
    height, width = size
    return [(x * width - 0.5, y * height - 0.5, pressure) for x, y, pressure in stroke.points]


def _segments(
    stroke: Stroke, size: tuple[int, int], reach: float
) -> Iterator[tuple[slice, slice, Tensor, Tensor]]:
    """Yield rows, columns, distance to the line and pressure around each part of a stroke."""
    points = _pixels(stroke, size)
    for (x0, y0, p0), (x1, y1, p1) in zip(points, points[1:] or points, strict=False):
        rows = _window(min(y0, y1) - reach, max(y0, y1) + reach, size[0])
        columns = _window(min(x0, x1) - reach, max(x0, x1) + reach, size[1])
        if rows.start >= rows.stop or columns.start >= columns.stop:
            continue
        y = torch.arange(rows.start, rows.stop).unsqueeze(1) - y0
        x = torch.arange(columns.start, columns.stop).unsqueeze(0) - x0
        dx, dy = x1 - x0, y1 - y0
        length = dx * dx + dy * dy
        along = ((x * dx + y * dy) / length).clamp(0, 1) if length else torch.zeros(1, 1)
        distance = torch.hypot(x - along * dx, y - along * dy)
        yield rows, columns, distance, p0 + along * (p1 - p0)


def _window(low: float, high: float, side: int) -> slice:
    return slice(max(0, math.floor(low)), min(side, math.ceil(high) + 1))


def _smear_field(stroke: Stroke, size: tuple[int, int]) -> Tensor:
    """Return from where each pixel gets its paint, as an offset x, y in px, (1, H, W, 2).

    Offsets add up and the image is sampled once: repeated sampling would blur it.
    """
    field, radius = torch.zeros(*size, 2), radius_in(stroke, size)
    for x, y, dx, dy, pressure in _pushes(stroke, size, radius):
        rows = _window(y - radius, y + radius, size[0])
        columns = _window(x - radius, x + radius, size[1])
        if rows.start >= rows.stop or columns.start >= columns.stop:
            continue
        down = torch.arange(rows.start, rows.stop).unsqueeze(1).float()
        across = torch.arange(columns.start, columns.stop).unsqueeze(0).float()
        distance = ((across - x).square() + (down - y).square()) / radius**2
        weight = (1 - distance).clamp_min(0).square() * (stroke.strength * pressure)
        push = torch.stack((weight * dx, weight * dy), -1)
        # The window and what lies a push beyond it, from where its paint may come.
        reach = math.ceil(radius * LONGEST_PUSH) + 1
        wide_rows = _window(rows.start - reach, rows.stop + reach, size[0])
        wide_columns = _window(columns.start - reach, columns.stop + reach, size[1])
        origin = torch.tensor([columns.start - wide_columns.start, rows.start - wide_rows.start])
        grid = torch.stack(torch.broadcast_tensors(across - across[0, 0], down - down[0, 0]), -1)
        around = field[wide_rows, wide_columns].permute(2, 0, 1).unsqueeze(0)
        moved = _at(around, (grid + origin - push).unsqueeze(0))[0].permute(1, 2, 0)
        field[rows, columns] = moved - push
    return field.unsqueeze(0)


def _pushes(
    stroke: Stroke, size: tuple[int, int], radius: float
) -> Iterator[tuple[float, float, float, float, float]]:
    """Yield place, movement and pressure of each dab of a smear, in px."""
    points = _pixels(stroke, size)
    for (x0, y0, p0), (x1, y1, p1) in pairwise(points):
        count = math.ceil(math.hypot(x1 - x0, y1 - y0) / (radius * LONGEST_PUSH))
        for number in range(1, count + 1):
            part = number / count
            x, y = x0 + part * (x1 - x0), y0 + part * (y1 - y0)
            yield x, y, (x1 - x0) / count, (y1 - y0) / count, p0 + part * (p1 - p0)


def _sampled(image: Tensor, field: Tensor) -> Tensor:
    """Return an image sampled at the offsets of `field` (1, H, W, 2), in px."""
    height, width = image_size(image)
    grid = torch.stack(torch.meshgrid(torch.arange(width), torch.arange(height), indexing="xy"), -1)
    return _at(image, (grid + field).to(image.device))


def _at(image: Tensor, places: Tensor) -> Tensor:
    """Return (1, C, h, w): an image at `places` (1, h, w, 2) in px, its border repeated."""
    height, width = image_size(image)
    scale = places.new_tensor([2 / max(width - 1, 1), 2 / max(height - 1, 1)])
    return F.grid_sample(image, places * scale - 1, padding_mode="border", align_corners=True)


def _blurred(image: Tensor, radius: float) -> Tensor:
    """Return the mean within about `radius` px of each pixel, in rows and columns."""
    return box_blur(image, min(round(radius), (min(image_size(image)) - 1) // 2))
