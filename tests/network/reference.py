"""Inputs of convolutions for tests, and what a result is compared with."""

import torch
import torch.nn.functional as F

# With tiles cut to one pixel, and less than a tile.
SIZES = [(16, 16), (33, 47), (37, 32), (13, 5), (6, 25), (1, 1)]


def image(channels, height, width, seed=0):
    return torch.randn(1, channels, height, width, generator=torch.Generator().manual_seed(seed))


def filters(outs, ins):
    """Weight (outs, ins, 3, 3) and bias (outs,), so that results are of the size of the inputs."""
    generator = torch.Generator().manual_seed(ins * outs)
    weight = torch.randn(outs, ins, 3, 3, generator=generator) / (9 * ins) ** 0.5
    return weight, torch.randn(outs, generator=generator)


def error(value, reference):
    """Return the largest error relative to the largest value."""
    return ((value - reference).abs().max() / reference.abs().max()).item()


def float64_gradient(x, weight, gradient, padding):
    """Return the gradient of x by torch in float64."""
    x = x.double().requires_grad_()
    F.conv2d(x, weight.double(), padding=padding).backward(gradient.double())
    return x.grad
