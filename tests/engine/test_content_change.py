"""Another photo, or the photo at another size, while a run goes on."""

from dataclasses import replace
from itertools import islice

import pytest
import torch

from style_transfer.engine import State, Stroke, Styles, equal_images, stylize, with_content
from style_transfer.images import resize
from style_transfer.settings import Settings
from tests.conftest import smooth_picture
from tests.engine.runs import begun_ahead

SETTINGS = Settings(
    steps=60, style_layers=["relu1_1"], content_layer="relu2_1", statistic="gram", motifs=0
)


WANTED = Styles((smooth_picture(5),)), SETTINGS


def photo_of(side):
    return resize(smooth_picture(1, 128, 192), (side * 2 // 3, side)).clamp(0, 1)


class Changing:
    """A run whose content image is assigned to."""

    def __init__(self, content, painting, **options):
        self.content = content
        styles = Styles((painting,))
        self.frames = stylize(lambda: self.content, lambda: styles, lambda: SETTINGS, **options)

    def make(self, count):
        return list(islice(self.frames, count))


@pytest.mark.integration
@pytest.mark.every_device
def test_the_next_frame_has_the_new_size_larger_and_smaller(painting, device):
    run = Changing(photo_of(96), painting)
    before = run.make(50)[-1].picture  # in the finest stage
    for side in (192, 72, 96):
        run.content = photo_of(side)
        *_, frame = run.make(1 + begun_ahead(device))
        assert frame.picture.shape == frame.image.shape == run.content.shape
        there = resize(before, frame.picture.shape[-2:])
        assert distance(frame.picture, there) < 0.03  # from what it is
        before = frame.picture
    steps = [frame.step for frame in run.make(3)]
    first = 53 + 3 * begun_ahead(device)
    assert steps == [first, first + 1, first + 2]


def test_a_run_in_a_coarse_stage_goes_on_as_coarse(painting):
    run = Changing(photo_of(192), painting)
    assert run.make(4)[-1].image.shape[-1] == 96
    run.content = photo_of(384)
    (frame,) = run.make(1)
    assert frame.image.shape[-1] == 96
    assert frame.picture.shape[-1] == 384
    run.content = photo_of(96)
    (frame,) = run.make(1)
    assert frame.image.shape[-1] == 96
    assert frame.step == 5


@pytest.mark.integration
def test_the_paint_follows_another_photo_and_no_negative_of_the_old_one_is_seen(painting):
    old, new = photo_of(96), 1 - photo_of(96).flip(-1)
    run = Changing(old, painting)
    before = run.make(30)[-1]
    run.content = new
    first, *_, last = run.make(25)
    assert distance(first.picture, before.picture) < 0.03
    assert last.losses["content"] < 0.5 * first.losses["content"]
    assert distance(last.picture, new) < 0.8 * distance(first.picture, new)
    assert correlation(last.picture - new, old) > -0.2  # a negative has nearly -1


def state_with_a_stroke(image, stage=0):
    """A state that heals from a stroke at rest, which can be undone."""
    strokes = (Stroke("wipe", ((0.5, 0.5, 1.0),), at_rest=True, number=1),)
    everywhere = torch.ones_like(image[:, :1])
    options = {"strokes": strokes, "before": (image[:, :, :9, :9],), "touch_limit": 0.1}
    options |= {"reach": everywhere, "touched": everywhere, "good": image, "loss": 1.0}
    return State(7, stage, image, (image,), {"beta": 5}, **options)


def test_another_photo_at_the_same_size_leaves_the_picture_and_its_strokes_alone():
    state = state_with_a_stroke(smooth_picture(2))
    changed = with_content(state, (48, 48), smooth_picture(3), True, *WANTED)
    assert (changed.step, changed.strokes) == (7, state.strokes)
    assert changed.image is state.image
    assert (changed.memory, changed.good, changed.loss, changed.reach) == ((), None, None, None)
    assert (changed.touched is state.touched, changed.touch_limit) == (True, 0.1)
    assert changed.before == ()  # which would bring back what was painted of the other photo


def test_strokes_go_along_to_a_photo_of_another_size():
    state = state_with_a_stroke(photo_of(96))
    changed = with_content(state, (64, 96), photo_of(144), False, *WANTED)
    assert torch.equal(changed.image, resize(state.image, (96, 144)).clamp(0, 1))
    assert (changed.step, changed.strokes, changed.before) == (7, state.strokes, ())
    assert changed.timings is state.timings


def test_a_coarse_stage_goes_on_at_the_size_that_is_at_least_as_fine():
    state = state_with_a_stroke(photo_of(192), 1)
    for side, stage, longer_side in ((768, 1, 192), (400, 1, 200), (260, 1, 260), (128, 0, 128)):
        changed = with_content(state, (256, 384), photo_of(side), True, *WANTED)
        assert (changed.stage, changed.image.shape[-1]) == (stage, longer_side)
    changed = with_content(state, (128, 192), photo_of(384), True, *WANTED)
    assert (changed.stage, changed.image.shape[-1]) == (2, 384)  # the finest stage stays it


def test_a_larger_picture_has_no_grain_of_the_photo_that_its_painting_lacks():
    grain = 0.1 * torch.randn((1, 3, 128, 192), generator=torch.Generator().manual_seed(0))
    photo, plain = (photo_of(192) + grain).clamp(0, 1), Styles((torch.full((1, 3, 64, 64), 0.5),))
    state = State(30, 0, resize(photo, (64, 96)).clamp(0, 1))

    def fine_detail(settings):
        image = with_content(state, (64, 96), photo, True, plain, settings).image
        return (image - resize(resize(image, (64, 96)), (128, 192))).std()

    assert fine_detail(SETTINGS) < 0.2 * fine_detail(replace(SETTINGS, beta=0))


def test_images_are_equal_by_their_pixels():
    image = smooth_picture(2)
    assert equal_images(image, image)
    assert equal_images(image, image.clone())
    assert not equal_images(image, smooth_picture(3))
    assert not equal_images(image, image[..., :-1])


@pytest.mark.integration
def test_a_run_continues_from_a_state_that_was_moved_to_another_size(painting):
    state = Changing(photo_of(96), painting).make(40)[-1].state
    content = photo_of(144)
    state = with_content(state, (64, 96), content, True, *WANTED)
    (frame,) = Changing(content, painting, state=state).make(1)
    assert frame.step == 40
    assert frame.picture.shape == content.shape


def distance(one, other):
    return float((one - other).abs().mean())


def correlation(one, other):
    one, other = (each.flatten() - each.mean() for each in (one, other))
    return float(torch.dot(one, other) / (one.norm() * other.norm()))
