"""Where places were in the frame before, and where that is certain."""

import numpy as np
import pytest
import torch

pytest.importorskip("cv2")

from style_transfer.film.flow import confidence, flow_between, moved
from style_transfer.images import to_tensor
from tests.film.clips import pictures

STEP = 3


@pytest.fixture(scope="module")
def two():
    """A frame and the one before it: the square has moved by STEP px to the right."""
    before, frame = (to_tensor(each) for each in pictures(2, step=STEP))
    return frame, before


def test_the_flow_of_a_moving_square_leads_back_to_where_it_was(two):
    flow = flow_between(*two)
    left, top, side = 4 + STEP, 21, 21
    inside = flow[top + 5 : top + side - 5, left + 5 : left + side - 5]
    assert np.abs(inside - (-STEP, 0)).mean() < 0.1
    assert np.abs(flow[:12]).mean() < 0.1


def test_what_was_moved_by_the_flow_is_the_frame_where_that_is_certain(two):
    frame, before = two
    flow, back = flow_between(frame, before), flow_between(before, frame)
    certain = confidence(frame, before, flow, back)
    assert set(certain.unique().tolist()) == {0.0, 1.0}
    difference = (moved(before, flow) - frame).abs().mean(1, keepdim=True)
    assert certain.mean() > 0.6
    assert (certain * difference).sum() / certain.sum() < 0.02


def test_what_the_square_uncovers_is_free(two):
    frame, before = two
    certain = confidence(frame, before, flow_between(frame, before), flow_between(before, frame))
    uncovered = certain[..., 23:40, 4 : 4 + STEP]
    assert uncovered.mean() < 0.6 < 0.9 < certain[..., :12, :].mean()


def test_moving_by_whole_pixels_is_exact_and_the_border_is_repeated(two):
    image = two[0]
    flow = np.zeros((*image.shape[-2:], 2), np.float32)
    assert torch.equal(moved(image, flow), image)
    flow[..., 0] = 2
    shifted = moved(image, flow)
    torch.testing.assert_close(shifted[..., :-2], image[..., 2:])
    torch.testing.assert_close(shifted[..., -1], image[..., -1])


def test_nothing_is_certain_of_another_scene_even_where_both_are_plain():
    dark, bright = torch.full((1, 3, 64, 64), 0.1), torch.full((1, 3, 64, 64), 0.8)
    flow, back = flow_between(bright, dark), flow_between(dark, bright)
    assert confidence(bright, dark, flow, back).sum() == 0


@pytest.mark.parametrize("size", [(32, 32), (33, 640), (47, 71)])
def test_frames_of_any_size_have_a_flow(size):
    frame = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0))
    assert flow_between(frame, frame).shape == (*size, 2)
