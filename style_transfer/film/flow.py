"""Optical flow: where each place of a frame was in the frame before, and whether that is certain.

By dense inverse search, Kroeger et al. 2016, as OpenCV has it.
"""

import numpy as np
import torch
from torch import Tensor

_SMALLEST_SIDE = 256  # px; smaller frames are enlarged, since patches of 8 px are searched
# Ruder et al. 2016, equations 5 and 6: squared px, and shares of the squared flow.
_OCCLUDED, _OCCLUDED_SHARE = 0.5, 0.01
_BOUNDARY, _BOUNDARY_SHARE = 0.002, 0.01
# Mean difference of colours between a place and where it was, in [0, 1]. Differs from Ruder et al.:
# two frames of plain colours, before and after a cut, have the same flow both ways, none.
_OTHER_COLOUR = 0.1

Flow = np.ndarray  # (H, W, 2) float32: px across and down


def flow_between(frame: Tensor, other: Tensor) -> Flow:
    """Return the flow from a frame (1, 3, H, W) in [0, 1] to another of the same size.

    What is at x, y in the frame is at (x, y) + flow[y, x] in the other.
    """
    import cv2  # an extra

    height, width = frame.shape[-2:]
    enlarged = max(1, -(-_SMALLEST_SIDE // min(height, width)))
    size = width * enlarged, height * enlarged
    greys = [
        cv2.resize(_grey(each), size, interpolation=cv2.INTER_CUBIC) for each in (frame, other)
    ]
    preset = cv2.DISOPTICAL_FLOW_PRESET_MEDIUM
    search = cv2.DISOpticalFlow_create(preset)  # type: ignore[attr-defined]  # its types lack it
    search.setFinestScale(0)  # the size of the frames; others are of half of it
    flow: Flow = search.calc(greys[0], greys[1], None)
    flow = cv2.resize(flow, (width, height), interpolation=cv2.INTER_AREA)
    return flow / np.float32(enlarged)


def moved(image: Tensor, flow: Flow) -> Tensor:
    """Return an image (1, 3, H, W) with what is at (x, y) + flow[y, x] moved to x, y; in [0, 1]."""
    pixels = image[0].permute(1, 2, 0).cpu().contiguous().numpy()
    result = torch.from_numpy(_sampled(pixels, flow)).permute(2, 0, 1).unsqueeze(0)
    return result.clamp(0, 1).contiguous().to(image.device)


def confidence(frame: Tensor, before: Tensor, flow: Flow, back: Flow) -> Tensor:
    """Return where the flow from a frame to the one before it can be vouched for, (1, 1, H, W).

    1 where it can; 0 at places that were occluded or outside in the frame before, where the flow
    `back` to the frame does not lead back, at boundaries of motion, and where colours differ.
    Frames are (1, 3, H, W) in [0, 1].
    """
    height, width = flow.shape[:2]
    x, y = _places(flow)
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    returned = _sampled(back, flow)
    lengths = _squared(flow) + _squared(returned)
    occluded = _squared(flow + returned) > _OCCLUDED_SHARE * lengths + _OCCLUDED
    slopes = [np.gradient(flow[..., part], axis=axis) for part in (0, 1) for axis in (0, 1)]
    steepness = sum(slope**2 for slope in slopes)
    boundary = steepness > _BOUNDARY_SHARE * _squared(flow) + _BOUNDARY
    certain = torch.from_numpy(inside & ~occluded & ~boundary).to(frame.device)
    alike = (frame - moved(before, flow)).abs().mean(1, keepdim=True) < _OTHER_COLOUR
    return (certain & alike).float()


def _grey(frame: Tensor) -> np.ndarray:
    """Return (H, W) uint8."""
    weights = frame.new_tensor([0.299, 0.587, 0.114]).view(3, 1, 1)  # ITU-R BT.601
    grey: np.ndarray = (frame[0] * weights).sum(0).mul(255).round().byte().cpu().numpy()
    return grey


def _sampled(values: np.ndarray, flow: Flow) -> np.ndarray:
    """Return values (H, W, C) float32 from where the flow leads; outside, those of the border."""
    import cv2

    # Cubic: with linear interpolation a picture that is moved again and again gets blurred.
    x, y = _places(flow)
    result: np.ndarray = cv2.remap(values, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return result


def _places(flow: Flow) -> tuple[np.ndarray, np.ndarray]:
    height, width = flow.shape[:2]
    down, across = np.mgrid[:height, :width].astype(np.float32)
    return across + flow[..., 0], down + flow[..., 1]


def _squared(flow: Flow) -> np.ndarray:
    return np.square(flow).sum(-1)
