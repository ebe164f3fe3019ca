"""What is held of a stroke stays, where the content loss would pull it back."""

from dataclasses import replace

import pytest
import torch

from style_transfer.engine.stroked_content import StrokedContent
from style_transfer.engine.strokes import Stroke
from tests.engine.runs import QUICK, run

ACROSS = Stroke("smear", ((0.4, 0.5, 1.0), (0.75, 0.5, 1.0)), 0.2)


@pytest.fixture
def edge():
    """A photo, (1, 3, 48, 48), dark at the left and bright at the right."""
    photo = torch.full((1, 3, 48, 48), 0.1)
    photo[..., 24:] = 0.9
    return photo


def smeared_share(image):
    """How dark the place is to which the edge was smeared: 1 as at the left, 0 as at the right."""
    return (0.9 - image[..., 21:27, 27:34].mean().item()) / 0.8


def test_a_stroke_is_held_as_far_as_it_says(edge):
    size = (48, 48)
    done = StrokedContent(edge).at(size, [ACROSS])
    halfway = StrokedContent(edge).held(size, [replace(ACROSS, hold=0.5)])
    torch.testing.assert_close(halfway, torch.lerp(edge, done, 0.5))
    assert torch.equal(StrokedContent(edge).held(size, [ACROSS]), done)
    assert torch.equal(StrokedContent(edge).held(size, [replace(ACROSS, hold=0.0)]), edge)


@pytest.mark.parametrize(("hold", "low", "high"), [(1.0, 0.8, 1.2), (0.0, -0.2, 0.2)])
def test_a_smeared_edge_stays_where_it_is_held_and_goes_back_elsewhere(edge, hold, low, high):
    left = {2: [replace(ACROSS, hold=hold)]}
    settings = replace(QUICK, content_layer="relu1_1", beta=0.0, steps=52)
    frames = run(edge, edge, settings, take_strokes=lambda step: left.pop(step, ()))
    touched = next(frame for frame in frames if frame.state.strokes)
    assert smeared_share(touched.image) > 0.8
    assert low < smeared_share(frames[-1].image) < high


def test_an_undone_stroke_is_held_by_nothing(edge):
    left = {2: [ACROSS], 4: [Stroke("undo")]}
    settings = replace(QUICK, content_layer="relu1_1", beta=0.0, steps=20)
    frames = run(edge, edge, settings, take_strokes=lambda step: left.pop(step, ()))
    assert abs(smeared_share(frames[-1].image)) < 0.05
