from functools import partial
from itertools import pairwise

import pytest
import torch

from style_transfer.engine.pyramid import (
    MIN_LONGER_SIDE,
    move_to_size,
    remaining_steps,
    resize_clamped,
    stage_index,
    stages,
)
from style_transfer.images import MIN_SIDE, resize

SIZES = [
    (height, width)
    for height in (*range(32, 2000, 53), 64, 191, 192, 193, 384, 1024, 2000)
    for width in (*range(32, 2000, 47), 64, 191, 192, 193, 384, 1024, 2000)
]


def test_every_run_ends_at_the_size_asked_for_and_grows_on_the_way():
    for size in SIZES:
        plan = stages(size)
        assert plan[-1].size == size
        assert sum(stage.share for stage in plan) == pytest.approx(1)
        assert all(stage.share > 0 for stage in plan)
        for coarse, fine in pairwise(plan):
            assert min(coarse.size) >= MIN_SIDE
            assert max(coarse.size) >= MIN_LONGER_SIDE
            for side, double in zip(coarse.size, fine.size, strict=True):
                # half, but for the rounding of both; a short side is not rounded below MIN_SIDE
                assert abs(double - 2 * side) <= 2


def test_a_run_begins_as_small_as_allowed():
    for size in SIZES:
        height, width = stages(size)[0].size
        assert max(height, width) // 2 < MIN_LONGER_SIDE or min(height, width) // 2 < MIN_SIDE


def test_the_stages_of_the_default_size():
    assert [stage.size for stage in stages((256, 384))] == [(64, 96), (128, 192), (256, 384)]


@pytest.mark.parametrize("size", [(64, 64), (192, 64), (384, 256), (1024, 900), (2000, 2000)])
def test_steps_go_through_every_stage_once_and_in_order(size):
    plan = stages(size)
    for steps in range(1, 200):
        indices = [stage_index(plan, step, steps) for step in range(1, steps + 1)]
        assert indices == sorted(indices)
        assert set(indices) <= set(range(len(plan)))
        if steps >= 4 * len(plan):  # fewer may be less than one for a stage
            assert set(indices) == set(range(len(plan)))


@pytest.mark.parametrize(
    ("steps", "expected"), [(4, [1, 1, 2]), (40, [10, 10, 20]), (100, [12, 12, 76])]
)
def test_a_stage_has_its_share_of_few_steps_and_the_finest_what_is_left_of_many(steps, expected):
    plan = stages((384, 384))
    indices = [stage_index(plan, step, steps) for step in range(1, steps + 1)]
    assert [indices.count(index) for index in range(3)] == expected


def test_the_finest_size_has_as_many_steps_however_many_coarser_ones_there_are():
    for steps in range(8, 200):
        left = {
            remaining_steps(stages((side, side)), 0, steps)[-1] for side in (192, 384, 768, 1536)
        }
        assert max(left) - min(left) <= 1


def test_more_steps_lead_to_no_later_stage():
    plan = stages((2000, 1500))
    for step in range(1, 60):
        indices = [stage_index(plan, step, steps) for steps in range(step, 200)]
        assert indices == sorted(indices, reverse=True)


def test_the_remaining_steps_are_listed_by_stage():
    plan = stages((192, 64))  # 96 x 32 for half of the steps
    assert remaining_steps(plan, 0, 8) == [4, 4]
    assert remaining_steps(plan, 3, 8) == [1, 4]
    assert remaining_steps(plan, 7, 8) == [0, 1]
    assert remaining_steps(plan, 8, 8) == [0, 0]
    assert remaining_steps(plan, 9, 8) == [0, 0]
    assert remaining_steps(plan, 0, 8, stage=1) == [0, 8]  # a run never goes back


def test_an_unchanged_content_image_is_itself_at_every_size(photo):
    coarse = resize_clamped(photo, (24, 24))
    assert torch.equal(move_to_size(coarse, (32, 32), partial(resize_clamped, photo)), photo)


def test_a_change_of_the_content_image_is_resized_and_its_detail_is_not(photo):
    photo = 0.2 + 0.5 * photo
    coarse = resize_clamped(photo, (24, 24))
    torch.testing.assert_close(
        move_to_size(coarse + 0.1, (32, 32), partial(resize_clamped, photo)), photo + 0.1
    )


def test_an_image_that_began_as_another_is_resized_as_a_whole(photo):
    coarse = resize_clamped(photo, (24, 24))
    assert torch.equal(move_to_size(coarse, (32, 32), None), resize_clamped(coarse, (32, 32)))


def test_an_enlarged_edge_stays_between_black_and_white():
    edge = torch.zeros(1, 3, 32, 32)
    edge[..., 16:] = 1
    assert resize(edge, (96, 96)).max() > 1
    found = resize_clamped(edge, (96, 96))
    assert (found.min(), found.max()) == (0, 1)
