"""What of its caller a run does not depend on."""

import pytest
import torch

from style_transfer.engine.state import State
from tests.comparison import same_frames
from tests.engine.runs import run


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_a_run_needs_no_gradients_of_its_caller(photo, painting, mode, tmp_path):
    whole = run(photo, painting)
    with mode():
        one, other = photo.clone(), painting.clone()
        frames = run(one, other)
        frames[4].state.save(tmp_path / "state")
        rest = run(one, other, state=State.load(tmp_path / "state"))
    assert same_frames(frames, whole)
    assert same_frames(rest, whole[5:])
    assert not frames[-1].picture.is_inference()


def test_frames_hold_no_gradients_of_images_that_ask_for_them(photo, painting):
    photo, painting = photo.clone().requires_grad_(), painting.clone().requires_grad_()
    for init in ("content", "style", photo):
        for frame in run(photo, painting, init=init):
            assert not frame.image.requires_grad
            assert not frame.picture.requires_grad
