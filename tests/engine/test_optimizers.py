from functools import partial

import pytest
import torch

from style_transfer.engine import optimizers
from style_transfer.engine.optimizers import CELL, LBFGS, MAX_CELL_RATIO, OPTIMIZERS, Adam

SHAPE = (1, 3, 4, 4)
SIZE = 48  # of SHAPE
every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)


def quadratic():
    """A convex function of an image, and its gradient."""
    generator = torch.Generator().manual_seed(0)
    root = torch.randn((SIZE, SIZE), generator=generator, dtype=torch.float64)
    hessian = root @ root.T / SIZE + 0.1 * torch.eye(SIZE)
    target = torch.randn(SIZE, generator=generator, dtype=torch.float64)

    def value(image):
        away = image.flatten() - target
        return away @ hessian @ away / 2

    return value, lambda image: (hessian @ (image.flatten() - target)).view_as(image)


def path(optimizer, gradient, image, steps):
    """Every image on the way."""
    memory = ()
    for _ in range(steps):
        image, memory = optimizer.step(image, gradient(image), memory)
        yield image


def torchs_path(optimizer, value, image, steps):
    """The same, with an optimiser class of torch."""
    image = image.clone().requires_grad_()
    stepper = optimizer([image])

    def closure():
        stepper.zero_grad()
        loss = value(image)
        loss.backward()
        return loss

    for _ in range(steps):
        stepper.step(closure)
        yield image.detach().clone()


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


def test_adam_takes_the_steps_of_torch_adam():
    value, gradient = quadratic()
    start = torch.zeros(SHAPE, dtype=torch.float64)
    theirs = partial(torch.optim.Adam, lr=0.03, betas=(0.9, 0.99), eps=1e-150)
    ours = Adam(rate=0.03, decay=(0.9, 0.99))
    for image, expected in zip(
        path(ours, gradient, start, 50), torchs_path(theirs, value, start, 50), strict=True
    ):
        torch.testing.assert_close(image, expected)


@every_optimizer
def test_an_optimizer_goes_downhill(optimizer):
    value, gradient = quadratic()
    start = torch.zeros(SHAPE, dtype=torch.float64)
    *_, end = path(optimizer, gradient, start, 40)
    assert value(end) < value(start) / 4


@every_optimizer
def test_an_optimizer_never_writes_to_what_it_was_given(optimizer):
    _, gradient = quadratic()
    image, memory = torch.zeros(SHAPE, dtype=torch.float64), ()
    for _ in range(25):  # longer than the history, so that the oldest pair goes
        given = (image, gradient(image), *memory)
        copies = [tensor.clone() for tensor in given]
        image, memory = optimizer.step(given[0], given[1], memory)
        assert all(torch.equal(a, b) for a, b in zip(given, copies, strict=True))


@every_optimizer
def test_without_a_gradient_the_image_stays(optimizer):
    image, memory = torch.rand(SHAPE), ()
    for _ in range(3):
        after, memory = optimizer.step(image, torch.zeros(SHAPE), memory)
        assert torch.equal(after, image)


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


def test_no_step_of_adam_is_longer_than_a_gradient_that_underflows_allows():
    gradient = torch.full(SHAPE, 1e-30)  # its square is 0 in float32
    after, _ = Adam().step(torch.zeros(SHAPE), gradient, ())
    assert after.abs().max() <= Adam().rate


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
    monkeypatch.setattr(optimizers, "MAX_CELL_RATIO", 1.0)  # all alike
    *_, alike = path(LBFGS(history=4), gradient, start, 25)
    assert value(end) < value(alike) / 2


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (4, 5)])
def test_a_place_is_moved_within_limits_and_like_the_others_where_nothing_changed(size):
    generator = torch.Generator().manual_seed(0)
    image, changes = torch.zeros((1, 3, *size)), [-(-side // CELL) for side in size]
    rested = optimizers._scales(torch.zeros(1, 2, *changes), image)
    assert rested.shape == (1, 1, *size)
    torch.testing.assert_close(rested, torch.ones_like(rested))
    wild = 10 ** torch.empty(1, 2, *changes).uniform_(-12, 12, generator=generator)
    scales = optimizers._scales(wild, image)
    assert (
        1 / MAX_CELL_RATIO**0.5 - 1e-6 <= scales.min() <= scales.max() <= MAX_CELL_RATIO**0.5 + 1e-6
    )


def test_what_was_learnt_of_places_fades():
    _, gradient = uneven()
    image, memory, found = torch.full((1, 3, 32, 32), 0.5, dtype=torch.float64), (), []
    for _ in range(3):
        image, memory = LBFGS().step(image, gradient(image), memory)
        found.append(memory[2])
    assert (found[0] == 0).all()
    latest = optimizers._changes(image - memory[0], gradient(image) - memory[1])
    _, after = LBFGS().step(image, gradient(image), memory)
    torch.testing.assert_close(after[2], optimizers.CELL_DECAY * found[2] + latest)


def test_of_a_large_image_fewer_pairs_are_kept_in_16_bits_and_lead_nearly_as_far(monkeypatch):
    value, gradient = quadratic()
    start = torch.zeros(SHAPE)

    def end(large):
        monkeypatch.setattr(optimizers, "LARGE", large)
        image, memory = start, ()
        for _ in range(12):
            image, memory = LBFGS().step(image, gradient(image.double()).float(), memory)
        return value(image.double()), memory

    (usual, memory), (found, small) = end(optimizers.LARGE), end(0)
    assert len(memory) == 3 + 2 * 11
    assert len(small) == 3 + 2 * optimizers.LARGE_HISTORY
    assert {each.dtype for each in small[3:]} == {torch.bfloat16}
    begun = value(start.double())
    assert begun - found > 0.9 * (begun - usual) > 0


def test_the_first_steps_of_a_large_image_are_those_of_another(monkeypatch):
    _, gradient = quadratic()
    gradient_of = [gradient(torch.full(SHAPE, each).double()).float() for each in (0.0, 0.01)]
    found = []
    for large in (optimizers.LARGE, 0):
        monkeypatch.setattr(optimizers, "LARGE", large)
        image, memory = torch.zeros(SHAPE), ()
        for each in gradient_of:
            image, memory = LBFGS().step(image, each, memory)
        masked = LBFGS().masked(memory, torch.full((1, 1, 4, 4), 0.1))
        assert [each.dtype for each in masked] == [each.dtype for each in memory]
        found.append(image)
    torch.testing.assert_close(found[1], found[0], rtol=0.02, atol=1e-4)
