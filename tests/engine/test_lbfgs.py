from functools import partial

import pytest
import torch

from style_transfer.engine import compact_direction, lbfgs, preconditioner
from style_transfer.engine.lbfgs import CELL_DECAY, LARGE_HISTORY, LBFGS
from style_transfer.engine.preconditioner import CELL, LARGE, cell_changes
from tests.engine.quadratic import SHAPE, path, quadratic, torchs_path


@pytest.mark.parametrize("history", [1, 3, 20])
def test_lbfgs_takes_the_steps_of_torch_lbfgs(history):
    value, gradient = quadratic()
    start = torch.zeros(SHAPE, dtype=torch.float64)
    first = gradient(start)
    # torch's first step is the gradient, divided by its sum where that is above 1.
    first_step = first.square().mean().sqrt().item() * min(1, 1 / first.abs().sum().item())
    ours = LBFGS(history=history, first_step=first_step, longest_step=1e9, preconditioned=False)
    theirs = partial(
        torch.optim.LBFGS,
        lr=1,
        max_iter=1,
        history_size=history,
        tolerance_grad=0,
        tolerance_change=-1,
    )
    for image, expected in zip(
        path(ours, gradient, start, 25), torchs_path(theirs, value, start, 25), strict=True
    ):
        torch.testing.assert_close(image, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_the_first_step_of_lbfgs_has_its_length_whatever_the_scale_of_the_gradient(scale):
    gradient = scale * torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))
    after, _ = LBFGS().step(torch.zeros(SHAPE), gradient, ())
    assert after.square().mean().sqrt().item() == pytest.approx(2 / 255)


def test_no_step_of_lbfgs_is_longer_than_the_longest():
    # A slope that hardly changes promises its minimum far away.
    optimizer = LBFGS()
    image, memory = torch.zeros(SHAPE), ()
    for slope in (1.0, 0.9999):
        last = image
        image, memory = optimizer.step(image, torch.full(SHAPE, slope), memory)
    length = (image - last).square().mean().sqrt().item()
    assert length == pytest.approx(optimizer.longest_step)


def test_lbfgs_keeps_no_more_pairs_than_its_history():
    _, gradient = quadratic()
    image, memory = torch.zeros(SHAPE, dtype=torch.float64), ()
    for _ in range(9):
        image, memory = LBFGS(history=3).step(image, gradient(image), memory)
    assert len(memory) == 3 + 2 * 3


def test_lbfgs_passes_over_a_change_that_is_no_guide_to_the_curvature():
    image, gradient = torch.zeros(SHAPE), torch.ones(SHAPE)
    image, memory = LBFGS().step(image, gradient, ())
    image, memory = LBFGS().step(image, 2 * gradient, memory)  # steeper downhill: concave
    assert len(memory) == 3
    assert image.isfinite().all()


def uneven():
    """A convex function that the right half of an image bends a hundred times as much as the left,
    and its gradient.
    """
    generator = torch.Generator().manual_seed(0)
    target = torch.rand((1, 3, 32, 32), generator=generator, dtype=torch.float64)
    bend = torch.ones_like(target)
    bend[..., 16:] = 100

    def value(image):
        return (bend * (image - target).square()).sum().item()

    return value, lambda image: 2 * bend * (image - target)


def test_each_place_is_moved_by_what_its_gradient_has_answered(monkeypatch):
    value, gradient = uneven()
    start = torch.full((1, 3, 32, 32), 0.5, dtype=torch.float64)
    *_, end = path(LBFGS(history=4), gradient, start, 25)
    monkeypatch.setattr(preconditioner, "MAX_CELL_RATIO", 1.0)  # all alike
    *_, alike = path(LBFGS(history=4), gradient, start, 25)
    assert value(end) < value(alike) / 2


def test_what_was_learnt_of_places_fades():
    _, gradient = uneven()
    image, memory, found = torch.full((1, 3, 32, 32), 0.5, dtype=torch.float64), (), []
    for _ in range(3):
        image, memory = LBFGS().step(image, gradient(image), memory)
        found.append(memory[2])
    assert (found[0] == 0).all()
    latest = cell_changes(image - memory[0], gradient(image) - memory[1])
    _, after = LBFGS().step(image, gradient(image), memory)
    torch.testing.assert_close(after[2], CELL_DECAY * found[2] + latest)


def test_what_was_learnt_of_a_place_that_is_masked_is_gone_and_the_rest_stays():
    _, gradient = uneven()
    image, memory = torch.full((1, 3, 32, 32), 0.5, dtype=torch.float64), ()
    for _ in range(4):
        image, memory = LBFGS().step(image, gradient(image), memory)
    area = torch.zeros(1, 1, 32, 32, dtype=torch.float64)
    area[..., : 2 * CELL, : 3 * CELL] = 1
    expected = memory[2].clone()
    expected[..., :2, :3] = 0
    assert torch.equal(LBFGS().masked(memory, area)[2], expected)


@pytest.mark.parametrize(("beside", "kept"), [(1.0, 2), (0.1, 0)])
def test_a_pair_that_was_mostly_of_a_masked_place_is_dropped(beside, kept):
    s, area = torch.full(SHAPE, beside), torch.zeros(1, 1, *SHAPE[-2:])
    s[..., :4], area[..., :4] = 1, 1
    memory = (s, s, torch.zeros(1, 2, 1, 2), s, 2 * s)
    assert len(LBFGS().masked(memory, area)[3:]) == kept


def test_of_a_large_image_fewer_pairs_are_kept_in_16_bits_and_lead_nearly_as_far(monkeypatch):
    value, gradient = quadratic()
    start = torch.zeros(SHAPE)

    def end(large):
        monkeypatch.setattr(lbfgs, "LARGE", large)
        image, memory = start, ()
        for _ in range(12):
            image, memory = LBFGS().step(image, gradient(image.double()).float(), memory)
        return value(image.double()), memory

    (usual, memory), (found, small) = end(LARGE), end(0)
    assert len(memory) == 3 + 2 * 11
    assert len(small) == 3 + 2 * LARGE_HISTORY
    assert {each.dtype for each in small[3:]} == {torch.bfloat16}
    begun = value(start.double())
    assert begun - found > 0.9 * (begun - usual) > 0


def test_the_first_steps_of_a_large_image_are_those_of_another(monkeypatch):
    _, gradient = quadratic()
    gradient_of = [gradient(torch.full(SHAPE, each).double()).float() for each in (0.0, 0.01)]
    found = []
    for large in (LARGE, 0):
        monkeypatch.setattr(lbfgs, "LARGE", large)
        image, memory = torch.zeros(SHAPE), ()
        for each in gradient_of:
            image, memory = LBFGS().step(image, each, memory)
        masked = LBFGS().masked(memory, torch.full((1, 1, 4, 4), 0.1))
        assert [each.dtype for each in masked] == [each.dtype for each in memory]
        found.append(image)
    torch.testing.assert_close(found[1], found[0], rtol=0.02, atol=1e-4)


@pytest.fixture
def ahead(monkeypatch):
    """Let the CPU be a device that works off calls later."""
    monkeypatch.setattr(lbfgs, "runs_ahead", lambda _: True)


@pytest.mark.parametrize("preconditioned", [False, True])
@pytest.mark.parametrize("history", [1, 3, 20])
@pytest.mark.parametrize("blocks", [4, 5, 256])  # of 96 numbers: all, all but 1, and none of them
def test_without_waiting_for_the_device_it_takes_the_same_steps(
    blocks, history, preconditioned, ahead, monkeypatch
):
    monkeypatch.setattr(compact_direction, "_BLOCKS", blocks)
    _, gradient = quadratic()
    start = torch.zeros(SHAPE, dtype=torch.float64)
    optimizer = LBFGS(history=history, preconditioned=preconditioned)
    ours = list(path(optimizer, gradient, start, 25))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lbfgs, "runs_ahead", lambda _: False)
        theirs = list(path(optimizer, gradient, start, 25))
    # Rounding grows from step to step, as it does between any two machines.
    for image, expected in zip(ours, theirs, strict=True):
        torch.testing.assert_close(image, expected, rtol=1e-6, atol=1e-8)


def test_without_waiting_a_change_that_is_no_guide_counts_as_absent(ahead):
    image, gradient = torch.zeros(SHAPE), torch.ones(SHAPE)
    image, memory = LBFGS().step(image, gradient, ())
    after, memory = LBFGS().step(image, 2 * gradient, memory)  # steeper downhill: concave
    length = (after - image).square().mean().sqrt().item()
    assert length == pytest.approx(LBFGS().first_step)
    assert not memory[3].any()
    assert not memory[4].any()


def test_without_waiting_an_image_without_a_gradient_stays(ahead):
    image, memory = torch.rand(SHAPE), ()
    for _ in range(3):
        after, memory = LBFGS().step(image, torch.zeros(SHAPE), memory)
        assert torch.equal(after, image)


def test_without_waiting_memory_and_longest_step_have_their_limits(ahead):
    _, gradient = quadratic()
    image, memory = torch.zeros(SHAPE, dtype=torch.float64), ()
    for _ in range(9):
        last = image
        image, memory = LBFGS(history=3, longest_step=1e-3).step(image, gradient(image), memory)
        assert (image - last).square().mean().sqrt() < 8e-3
    assert len(memory) == 3 + 2 * 3


def test_a_pair_that_counts_as_absent_is_left_out_where_the_run_goes_on_elsewhere(monkeypatch):
    _, gradient = quadratic()
    image, memory = torch.zeros(SHAPE, dtype=torch.float64), ()
    for _ in range(4):
        image, memory = LBFGS().step(image, gradient(image), memory)
    nothing = torch.zeros_like(image)
    expected, _ = LBFGS().step(image, gradient(image), memory)
    found, _ = LBFGS().step(image, gradient(image), (*memory[:3], nothing, nothing, *memory[3:]))
    torch.testing.assert_close(found, expected)
    begun = LBFGS().step(image, gradient(image), ())[1]
    first, _ = LBFGS().step(image, gradient(image), (*begun, nothing, nothing))
    assert (first - image).square().mean().sqrt().item() == pytest.approx(LBFGS().first_step)


@pytest.mark.parametrize("share", [1 / 64, 0.25, 1.0])
def test_steps_are_as_long_where_an_image_is_painted_as_in_one_that_is_painted_all_over(share):
    # A slope that hardly changes promises its minimum far away; beside the part there is none.
    optimizer, side = LBFGS(preconditioned=False), round(64 * share**0.5)
    image, memory, lengths = torch.zeros((1, 3, 64, 64)), (), []
    for slope in (1.0, 0.9999):
        gradient = torch.zeros_like(image)
        gradient[..., :side, :side] = slope
        last = image
        image, memory = optimizer.within(share).step(image, gradient, memory)
        lengths.append((image - last)[..., :side, :side].square().mean().sqrt().item())
    assert lengths == pytest.approx([optimizer.first_step, optimizer.longest_step])
