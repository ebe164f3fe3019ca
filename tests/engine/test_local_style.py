"""Parts of the picture that are painted like a place of a painting."""

import math
from dataclasses import replace

import pytest
import torch

from style_transfer.engine import style_pass
from style_transfer.engine.brushes import stroke_cover, surroundings
from style_transfer.engine.guidance import Guidance, with_regions
from style_transfer.engine.local_style import (
    MAX_LOCAL_STYLES,
    changed_strokes,
    check_places,
    local_styles,
)
from style_transfer.engine.objective import Objective
from style_transfer.engine.optimizers import OPTIMIZERS
from style_transfer.engine.state import State
from style_transfer.engine.stroked_content import StrokedContent
from style_transfer.engine.strokes import Stroke
from style_transfer.engine.style_image import place_in, place_mask
from style_transfer.engine.target_cache import StyleSource
from style_transfer.engine.targets import Targets
from style_transfer.engine.touch import with_stroke
from style_transfer.losses import STATISTICS, Places, nearest_places, neighbour_distance
from style_transfer.settings import Settings
from tests.comparison import same_frames
from tests.conftest import smooth_picture
from tests.engine.runs import QUICK, every_optimizer, run

SIZE = 64
LEFT, RIGHT = (0.25, 0.5, 0.2), (0.75, 0.5, 0.2)  # places in the painting of two halves
LIKE = Stroke("like", ((0.3, 0.3, 1.0), (0.7, 0.3, 1.0)), 0.3, place=LEFT)
UNLIKE = Stroke("unlike", place=LEFT)
SETTINGS = Settings(
    content_layer="relu2_1",
    style_layers=["relu1_1", "relu2_1", "relu3_1"],
    beta=20.0,
    style_scale=1.0,
    motifs=0.0,
    steps=12,
)


@pytest.fixture(scope="module")
def halves():
    """A painting, (1, 3, 64, 64), of stripes: level ones at the left, upright ones at the right."""
    rows, columns = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    stripes = torch.where(columns < SIZE // 2, rows, columns) // 3 % 2
    return stripes.float().expand(1, 3, -1, -1) * 0.6 + 0.2


def strokes_at(strokes):
    left = dict(strokes)
    return lambda step: left.pop(step, ())


def distances_to_halves(network, image, painting, stroke):
    """The mean distance of what a stroke covers from the nearest places of either half."""
    found, layer = [], "relu2_1"
    features = network(image, [layer])[layer][0].detach()
    places = network(painting, [layer])[layer][0]
    size = features.shape[-2:]
    within = torch.nn.functional.adaptive_avg_pool2d(stroke_cover(stroke, image.shape[-2:]), size)
    rows = features.flatten(1)[:, within.flatten() > 0.9]
    margin = 3  # positions about the border see both halves
    for half in (slice(0, size[1] // 2 - margin), slice(size[1] // 2 + margin, size[1])):
        inside = torch.zeros(size, dtype=torch.bool)
        inside[:, half] = True
        own = Places.of(places, inside.flatten())
        found.append(neighbour_distance(rows, own, nearest_places(rows.T, own)).item())
    return found


@pytest.mark.parametrize(
    "statistic",
    [
        name if name in ("gram", "wasserstein") else pytest.param(name, marks=pytest.mark.slow)
        for name in STATISTICS
    ],
)
def test_what_is_brushed_over_becomes_like_the_place_that_was_picked(network, halves, statistic):
    photo = smooth_picture(1, SIZE, SIZE)
    settings, found = replace(SETTINGS, statistic=statistic), []
    for place in (LEFT, RIGHT):
        like = replace(LIKE, place=place)
        frames = run(photo, halves, settings, take_strokes=strokes_at({3: [like]}))
        found.append(distances_to_halves(network, frames[-1].image, halves, like))
    (left_to_left, left_to_right), (right_to_left, right_to_right) = found
    assert left_to_left < left_to_right
    assert right_to_right < right_to_left


@every_optimizer
def test_the_optimiser_forgets_what_is_painted_anew_and_nothing_else(photo, painting, optimizer):
    state = run(photo, painting, optimizer=optimizer)[-1].state
    like = replace(LIKE, radius=0.1)
    touched = with_stroke(state, like, StrokedContent(photo), OPTIMIZERS[optimizer])
    area = surroundings(like, (32, 32), 6.0)
    assert torch.equal(touched.image, state.image)
    assert torch.equal(touched.good, state.good)
    assert touched.loss is None
    assert touched.before == state.before
    whole = [each for each in touched.memory if each.shape == state.image.shape]
    assert len(whole) >= 2
    for tensor in whole:
        assert (tensor * area.ge(1)).abs().max() == 0
        assert (tensor * area.eq(0)).abs().max() > 0
    undone = with_stroke(touched, Stroke("undo"), StrokedContent(photo), OPTIMIZERS[optimizer])
    assert torch.equal(undone.image, state.image)
    assert local_styles(undone.strokes) == ()


def test_a_run_goes_on_from_its_state_as_if_it_had_not_been_interrupted(photo, painting, tmp_path):
    settings, strokes = replace(QUICK, steps=6, motifs=0.2), {2: [LIKE], 4: [UNLIKE]}
    whole = run(photo, painting, settings, take_strokes=strokes_at(strokes))
    whole[4].state.save(tmp_path / "run.state")
    state = State.load(tmp_path / "run.state")
    assert state.strokes == (replace(LIKE, step=2),)
    later = strokes_at({4: [UNLIKE]})
    rest = run(photo, painting, settings, state=state, take_strokes=later)
    assert same_frames(rest, whole[5:])


def test_strokes_of_one_place_are_one_local_style_until_it_is_removed():
    more, other = replace(LIKE, number=2), replace(LIKE, style=2, number=3)
    (one, two) = local_styles([LIKE, Stroke("wipe", LIKE.points), other, more])
    assert (one.style, one.place, one.strokes) == (1, LEFT, (LIKE, more))
    assert two.strokes == (other,)
    assert local_styles([LIKE, other, more, UNLIKE]) == (two,)
    assert len(local_styles([LIKE, other, more, UNLIKE, Stroke("undo")])) == 2
    assert set(changed_strokes([LIKE, other], [LIKE, other, UNLIKE])) == {LIKE}
    assert changed_strokes([LIKE], [LIKE, Stroke("wipe", LIKE.points)]) == ()


def test_more_places_than_a_picture_may_have_are_refused():
    likes = [replace(LIKE, place=(n / 10, 0.5, 0.1)) for n in range(MAX_LOCAL_STYLES + 1)]
    check_places(likes[1:])
    check_places([*likes, Stroke("undo")])
    with pytest.raises(ValueError, match=f"at most {MAX_LOCAL_STYLES} places, not 9"):
        check_places(likes)


@pytest.mark.parametrize("has_weights", [False, True])
def test_regions_and_the_styles_beside_them_share_the_picture(has_weights):
    weight_map = torch.rand(1, 1, 8, 8) if has_weights else None
    covered = weight_map.mean().item() if has_weights else 1.0
    guidance = [Guidance(share * covered, weight_map) for share in (0.25, 0.75)]
    regions = [stroke_cover(replace(LIKE, points=((x, 0.5, 1),)), (8, 8)) for x in (0.4, 0.6)]
    beside, own = with_regions(guidance, regions, weight_map)
    assert beside[0].mask is beside[1].mask
    assert sum(each.share for each in (*beside, *own)) == pytest.approx(covered, rel=1e-5)
    assert beside[1].share == pytest.approx(3 * beside[0].share, rel=1e-5)
    whole = beside[0].mask + own[0].mask + own[1].mask
    torch.testing.assert_close(whole, torch.ones(1, 1, 8, 8) if weight_map is None else weight_map)
    assert with_regions(guidance, [], weight_map) == (guidance, [])


def test_a_part_that_is_painted_like_a_place_has_the_gradient_of_its_losses(network, painting):
    photo, image = smooth_picture(1), smooth_picture(2)
    objective = Objective(network, photo, painting)
    settings = replace(QUICK, motifs=0.0)
    plain = objective.evaluate(image, settings)
    objective.local_styles = local_styles([LIKE])
    evaluation = objective.evaluate(image, settings)
    along = evaluation.gradient - plain.gradient
    step = 1e-3 * along / along.square().mean().sqrt()
    up, down = (objective.evaluate(image + sign * step, settings).losses for sign in (1, -1))
    assert up["total"] - down["total"] == pytest.approx(
        2 * (evaluation.gradient * step).sum().item(), rel=0.02
    )
    assert "style 2" not in evaluation.losses
    objective.local_styles = local_styles([replace(LIKE, style=3)])  # of a style that is not there
    assert torch.equal(objective.evaluate(image, settings).gradient, plain.gradient)


@pytest.mark.parametrize("in_blocks", [False, True])
def test_motifs_of_a_place_are_taken_from_within_seven_tenths_of_its_radius(
    network, monkeypatch, in_blocks
):
    if in_blocks:
        monkeypatch.setattr(style_pass, "LARGEST_STYLE", 0)
    targets = Targets(network, smooth_picture(1, 128, 128))
    settings = replace(QUICK, motifs=0.5)
    source = StyleSource(smooth_picture(2, 128, 128), (0.5, 0.5, 0.25))
    targets.style(source, settings)
    found = targets.places(source, settings)["relu3_1"].features  # of 32 x 32 positions
    assert len(found) == pytest.approx(math.pi * (0.7 * 0.25 * 32) ** 2, rel=0.1)


def test_a_place_is_found_again_where_a_frame_is_left_out():
    framed = torch.nn.functional.pad(smooth_picture(1, 60, 60), (20, 20, 20, 20), value=1.0)
    for settings in (QUICK, replace(QUICK, crop_frame=True)):
        place = place_in(framed, (0.25, 0.75), 0.1, settings)
        mask = place_mask(framed, place, (100, 100), settings)
        row, column = divmod(int(mask.argmax()), 100)
        assert abs(row - 75) <= 1
        assert abs(column - 25) <= 1
        assert mask[0, 0, :, 60:].max() == 0
        # A tenth of 100 px on either side; of the 60 px that are painted more, shown as large.
        width = 20 * (100 / 60 if settings.crop_frame else 1)
        assert (mask[0, 0, row] > 0).sum().item() == pytest.approx(width, abs=2)
    x, y, _ = place_in(framed, (0.0, 0.0), 0.1, replace(QUICK, crop_frame=True))
    assert 0.15 < x < 0.3
    assert 0.15 < y < 0.3
    corner = place_mask(framed, (0.0, 0.0, 0.1), (100, 100), replace(QUICK, crop_frame=True))
    assert corner.argmax() == 0
