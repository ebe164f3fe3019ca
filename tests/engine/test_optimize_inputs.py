"""What a run refuses to be made of, and what of its caller it does not depend on."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from style_transfer.engine.optimize import stylize
from style_transfer.engine.state import State
from style_transfer.engine.styles import Styles
from tests.comparison import same_frames
from tests.engine.runs import QUICK, run

BAD_IMAGES = {  # what they are, and what is said of them
    "no batch": (lambda image: image[0], "must be (1, 3, H, W), not (3, 32, 32)"),
    "opacity": (lambda image: image[:, [0, 1, 2, 0]], "(1, 3, H, W), not (1, 4, 32, 32)"),
    "two": (lambda image: image.repeat(2, 1, 1, 1), "(1, 3, H, W), not (2, 3, 32, 32)"),
    "small": (lambda image: image[..., :31], "must have 32 pixels a side or more, not 31 x 32"),
    "bytes": (lambda image: (image * 255).byte(), "of float32 in [0, 1], not of uint8"),
    "doubles": (lambda image: image.double(), "of float32 in [0, 1], not of float64"),
    "to 255": (lambda image: image * 0 + 255, "values from 0 to 1, not from 255 to 255"),
    "negative": (lambda image: image * 0 - 1, "values from 0 to 1, not from -1 to -1"),
    "no number": (lambda image: image * torch.nan, "values from 0 to 1, not from nan to nan"),
    "array": (lambda image: np.ones((1, 3, 32, 32)), "a tensor (1, 3, H, W), not ndarray"),
}


def refusal(*arguments, **options):
    with pytest.raises(ValueError, match=r" must |is not one of") as refused:
        run(*arguments, **options)
    return str(refused.value)


@pytest.mark.parametrize("kind", BAD_IMAGES)
def test_what_is_no_image_is_refused_in_a_sentence_that_says_what_one_is(photo, painting, kind):
    make, words = BAD_IMAGES[kind]
    bad = make(photo)
    for what, said in {
        "The content image": refusal(bad, painting),
        "Style image 2": refusal(photo, [painting, bad]),
        "The image to begin with": kind != "array" and refusal(photo, painting, init=bad),
    }.items():
        assert not said or (said.startswith(f"{what} must") and words in said)


def test_what_only_looks_like_a_choice_or_has_it_in_it_is_quoted_on_one_line(photo, painting):
    for wrong in (np.ones((1, 3, 32, 32)), [photo], ["content"]):
        said = refusal(photo, painting, init=wrong)
        assert said.endswith(" is not one of content, noise, style.")
        assert "\n" not in said
        assert len(said) < 200


@pytest.mark.parametrize("seed", [None, "1", True, 0.5, -1, 2**53, torch.tensor(1)], ids=repr)
def test_a_seed_is_a_whole_number(photo, painting, seed):
    assert refusal(photo, painting, init="noise", seed=seed).startswith("seed must be a ")


def test_a_seed_may_be_one_of_numpy(photo, painting):
    one, other = (run(photo, painting, init="noise", seed=kind(3)) for kind in (int, np.int64))
    assert same_frames(one, other)


def test_functions_that_return_something_else_are_named(photo, painting):
    words = "settings must be Settings or a function that returns them, not dict."
    with pytest.raises(ValueError, match=words):
        next(stylize(photo, painting, lambda: {"beta": 3}))
    assert refusal(photo, lambda: painting) == (
        "The function for styles must return Styles, not Tensor."
    )


def test_a_name_or_a_file_is_no_network_and_no_state(photo, painting):
    words = "network must be one of load_network(), not 'oxford-vgg19'."
    assert refusal(photo, painting, network="oxford-vgg19") == words
    words = "state must be the State of a frame, not 'run.safetensors'."
    assert refusal(photo, painting, state="run.safetensors") == words


def test_another_default_device_of_torch_is_refused(photo, painting):
    words = "Pictures are painted with torch's default device cpu, not meta; "
    with torch.device("meta"), pytest.raises(ValueError, match=words):
        next(stylize(photo, painting))


def test_what_is_no_style_is_refused_in_a_sentence(photo):
    for wrong, kind in ((None, "NoneType"), (5, "int"), ("painting.jpg", "str")):
        words = f"The style must be a tensor (1, 3, H, W), or several, not {kind}."
        assert refusal(photo, wrong) == words


def test_rounding_beyond_the_range_is_no_fault(photo, painting):
    assert run(photo * 1.001, painting - 0.001)[-1].step == QUICK.steps


def test_only_an_image_or_a_choice_is_begun_with(photo, painting, tmp_path):
    for wrong in (tmp_path / "picture.png", None, 5):
        assert "is not one of content, noise, style" in refusal(photo, painting, init=wrong)


def test_a_mask_of_another_type_is_refused(photo, painting):
    mask = torch.ones(1, 1, 32, 32)
    for kind in (torch.float64, torch.float16, torch.bool):
        name = str(kind).removeprefix("torch.")
        words = f"A mask must be of float32 in [0, 1], not of {name}."
        assert refusal(photo, Styles((painting,), mask.to(kind))) == words


def test_a_state_whose_image_is_damaged_is_refused(photo, painting):
    state = State(0, 0, photo * torch.nan)
    assert refusal(photo, painting, state=state).startswith("The image of a state must have values")


def test_a_frame_is_found_among_others(photo, painting):
    frames = run(photo, painting)
    assert [frames.index(frame) for frame in frames] == [*range(QUICK.steps + 1)]
    assert len({*frames, *frames}) == len(frames)
    assert replace(frames[1]) not in frames


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


def test_settings_that_never_change_need_no_function(photo, painting):
    assert same_frames([*stylize(photo, painting, QUICK)], run(photo, painting))


def test_other_settings_are_refused(photo, painting):
    with pytest.raises(ValueError, match=r"must be Settings or a function .*, not dict"):
        next(stylize(photo, painting, QUICK.as_dict()))


def test_other_numbers_than_float32_are_refused_before_a_picture_is_painted(photo, painting):
    with (
        torch.autocast("cpu", dtype=torch.bfloat16),
        pytest.raises(ValueError, match=r"not within torch.autocast to torch.bfloat16\.$"),
    ):
        next(stylize(photo, painting, QUICK))
    torch.set_default_dtype(torch.float64)
    try:
        with pytest.raises(ValueError, match=r"torch's default is torch.float64; call torch.set_"):
            next(stylize(photo, painting, QUICK))
    finally:
        torch.set_default_dtype(torch.float32)


def test_frames_hold_no_gradients_of_images_that_ask_for_them(photo, painting):
    photo, painting = photo.clone().requires_grad_(), painting.clone().requires_grad_()
    for init in ("content", "style", photo):
        for frame in run(photo, painting, init=init):
            assert not frame.image.requires_grad
            assert not frame.picture.requires_grad


@pytest.mark.parametrize("step", [-1, 1.5, "three"])
def test_a_step_that_no_run_begins_with_is_refused(photo, painting, step):
    assert "step must be a" in refusal(photo, painting, QUICK, step=step)
