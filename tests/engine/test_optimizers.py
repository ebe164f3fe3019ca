from functools import partial

import pytest
import torch

from style_transfer.engine.optimizers import OPTIMIZERS, Adam
from tests.engine.quadratic import SHAPE, path, quadratic, torchs_path

every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)


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


def test_what_adam_knows_of_an_area_is_gone_and_the_rest_stays():
    _, gradient = quadratic()
    image, memory = torch.zeros(SHAPE, dtype=torch.float64), ()
    for _ in range(4):
        image, memory = Adam().step(image, gradient(image), memory)
    area = torch.zeros(1, 1, *SHAPE[-2:], dtype=torch.float64)
    area[..., 0] = 1
    assert Adam().masked((), area) == ()
    *means, count = Adam().masked(memory, area)
    assert count == 4
    assert all(torch.equal(now, was * (1 - area)) for now, was in zip(means, memory, strict=False))


@every_optimizer
def test_without_a_gradient_the_image_stays(optimizer):
    image, memory = torch.rand(SHAPE), ()
    for _ in range(3):
        after, memory = optimizer.step(image, torch.zeros(SHAPE), memory)
        assert torch.equal(after, image)


def test_no_step_of_adam_is_longer_than_a_gradient_that_underflows_allows():
    gradient = torch.full(SHAPE, 1e-30)  # its square is 0 in float32
    after, _ = Adam().step(torch.zeros(SHAPE), gradient, ())
    assert after.abs().max() <= Adam().rate


def test_an_optimizer_knows_its_own_memory_and_that_of_no_other():
    _, gradient = quadratic()
    for name, optimizer in OPTIMIZERS.items():
        image, memory = torch.zeros(SHAPE, dtype=torch.float64), ()
        for _ in range(4):
            assert optimizer.owns(memory)
            image, memory = optimizer.step(image, gradient(image), memory)
            assert {other for other, each in OPTIMIZERS.items() if each.owns(memory)} == {name}
        assert optimizer.owns(optimizer.masked(memory, torch.ones_like(image[:, :1])))
