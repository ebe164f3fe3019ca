"""What the measures see of an image: moments, samples and content of its activations."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from style_transfer.images import MIN_SIDE, to_tensor
from style_transfer.network import VGG, check_layers

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")  # whatever a run compares
CONTENT_LAYER = "relu4_2"
NOVELTY_LAYERS = ("relu2_1", "relu3_1", "relu4_1")


@dataclass(frozen=True)
class Moments:
    """Mean (C, 1) and covariance (C, C) of a layer's activations."""

    mean: Tensor
    covariance: Tensor

    @classmethod
    def of(cls, activations: Tensor) -> "Moments":
        """Return those of (C, n) activations."""
        mean = activations.mean(1, keepdim=True)
        centred = activations - mean
        return cls(mean, centred @ centred.T / activations.shape[1])


@dataclass(frozen=True)
class View:
    """An image as the measures see it at one size."""

    moments: dict[str, Moments]  # by layer
    samples: dict[str, Tensor]  # activations (C, n) at some positions, by layer
    content: Tensor  # activations (C, H W) of CONTENT_LAYER

    @classmethod
    def of(cls, network: VGG, image: Image.Image, positions: int) -> "View":
        """Return the view of an image with samples of at most so many positions."""
        moments, samples = dict[str, Moments](), dict[str, Tensor]()
        generator = torch.Generator().manual_seed(0)
        for layer, found in activations(network, image, {*STYLE_LAYERS, CONTENT_LAYER}):
            if layer in STYLE_LAYERS:
                moments[layer] = Moments.of(found)
            if layer in NOVELTY_LAYERS:
                chosen = torch.randperm(found.shape[1], generator=generator)[:positions]
                samples[layer] = found[:, chosen.to(found.device)]
            if layer == CONTENT_LAYER:
                content = found
        return cls(moments, samples, content)


def activations(
    network: VGG, image: Image.Image, layers: Collection[str]
) -> Iterator[tuple[str, Tensor]]:
    """Yield names and activations (C, H W) of `layers`, from shallow to deep.

    Differs from `VGG.activations`: max pooling, mirrored borders and torch's own convolutions, so
    that no choice of a run changes how its picture is measured.
    """
    check_layers(network.name, layers)
    left = set(layers)
    x = (to_tensor(image).to(network.device) - network.mean) / network.std
    for layer, convolution in network.convolutions.items():
        if not left:
            break
        if layer.endswith("_1") and layer != network.layers[0]:
            x = F.max_pool2d(x, 2)
        weight, bias = (convolution.get_buffer(name) for name in ("weight", "bias"))
        x = F.conv2d(F.pad(x, (1, 1, 1, 1), "reflect"), weight, bias).relu_()
        if layer in left:
            left.remove(layer)
            yield layer, x[0].flatten(1)


def reduced(image: Image.Image, reduction: int) -> Image.Image:
    """Return an image with both sides divided by `reduction`."""
    return resized(image, (image.width // reduction, image.height // reduction))


def resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return an image with (width, height) of `size`, each side at least MIN_SIDE."""
    width, height = (max(MIN_SIDE, side) for side in size)
    return image.resize((width, height), Image.Resampling.LANCZOS)
