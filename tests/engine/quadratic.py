"""A convex function to go downhill on, and the images on the way."""

import torch

SHAPE = (1, 3, 4, 8)  # two cells of the preconditioner
SIZE = 96  # of SHAPE


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
