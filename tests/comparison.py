"""Equality of what two runs made: bit for bit on the CPU, to rounding elsewhere.

GPUs add in an order that differs from call to call, and an optimiser lets the difference grow.
"""

import pytest
import torch
from torch import Tensor


def same_image(one: Tensor, other: Tensor) -> bool:
    if one.device.type == "cuda":
        return one.shape == other.shape and torch.allclose(one, other, rtol=0, atol=0.01)
    return torch.equal(one, other)


def same_frames(ours: list, theirs: list) -> bool:
    """Whether frames have the same steps, images, losses and notes."""
    rounding = 0.01 if any(frame.image.device.type == "cuda" for frame in ours) else 0
    return [frame.step for frame in ours] == [frame.step for frame in theirs] and all(
        same_image(a.image, b.image)
        and a.losses == pytest.approx(b.losses, rel=rounding, abs=0)
        and a.note == b.note
        for a, b in zip(ours, theirs, strict=True)
    )
