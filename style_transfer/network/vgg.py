"""The frozen network: an image goes in, activations by layer name come out."""

import hashlib
import pickle
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load as load_safetensors
from torch import Tensor, nn
from torchvision.models import VGG16_Weights, VGG19_Weights
from torchvision.models.vgg import cfgs

from style_transfer import assets
from style_transfer.network.convolution import Convolution

WEIGHTS_FOLDER = assets.path("vgg19")
_SHA256 = {  # of the bundled files
    "block1.safetensors": "2e2bfdcf9e5b0ec496073e8eb2aac81e55187a1a14d5de4a7a06b92a1c994e5c",
    "block2.safetensors": "af68f5423cfa023dda1ac7658b5ffae4dbdfe5f64e3e089c8f2f81723524d291",
    "block3.safetensors": "3b8fc3407c68b66a6532922e041097200b6ed79bff35675bc4c216f0e6e31c07",
    "block4.safetensors": "f60d8fb1b80c35d26168d84df21d6512b6f8eeded94e4b0a101e4ed9775cf6d0",
    "block5.safetensors": "819c74138e5132c5b51c8f5aba330b8c584228a55b678422c1299fffd3fa49ee",
}
# A network takes (RGB in [0, 1] - mean) / std. Oxford's was trained on 0..255 less the mean.
_OXFORD = torch.tensor((123.68, 116.779, 103.939)) / 255, torch.full((3,), 1 / 255)
_TORCHVISION = torch.tensor((0.485, 0.456, 0.406)), torch.tensor((0.229, 0.224, 0.225))

NETWORKS = ("oxford-vgg19", "torchvision-vgg19", "torchvision-vgg16")  # the first is bundled
POOLINGS = ("average", "max")
_ARCHITECTURES = {"vgg19": cfgs["E"], "vgg16": cfgs["D"]}


def _layer_names(network: str) -> tuple[str, ...]:
    names, block, number = [], 1, 0
    for entry in _ARCHITECTURES[network.split("-")[1]]:  # channels of a convolution, or "M" to pool
        block, number = (block + 1, 0) if entry == "M" else (block, number + 1)
        if number:
            names.append(f"relu{block}_{number}")
    return tuple(names)


def check_layers(network: str, layers: Collection[str]) -> None:
    """Raise ValueError, one sentence, where the network of that name lacks one of `layers`."""
    known = _layer_names(network)
    for layer in layers:
        if layer not in known:
            raise ValueError(f"{network} has no layer {layer!r}; it has {', '.join(known)}.")


LAYERS = _layer_names("oxford-vgg19")  # from shallow to deep; VGG-16 lacks relu3_4, 4_4 and 5_4


class VGG(nn.Module):
    """The convolutions of a VGG, frozen (Simonyan and Zisserman 2014).

    Average pooling follows Gatys et al. 2015, who found its pictures more pleasing. The first
    convolution repeats the pixels at the border; differs from the paper because zeros there paint
    a frame around the picture.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, name: str = NETWORKS[0], pooling: str = "average") -> None:
        """Load the weights of one of NETWORKS. Raises ValueError where they cannot be had."""
        super().__init__()
        if name not in NETWORKS:
            raise ValueError(f"network {name!r} is not one of {', '.join(NETWORKS)}.")
        if pooling not in POOLINGS:
            raise ValueError(f"pooling {pooling!r} is not one of {', '.join(POOLINGS)}.")
        self.name, self.layers = name, _layer_names(name)
        self.pooling = pooling
        mean, std = _OXFORD if name.startswith("oxford") else _TORCHVISION
        self.register_buffer("mean", mean.view(1, 3, 1, 1))
        self.register_buffer("std", std.view(1, 3, 1, 1))
        self.convolutions = nn.ModuleDict()
        for layer, (weight, bias) in zip(self.layers, _weights(name), strict=True):
            padding = "replicate" if layer == self.layers[0] else "zeros"
            self.convolutions[layer] = Convolution(weight, bias, padding)

    def forward(self, image: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Return the activations (1, C, h, w) of `layers` for a (1, 3, H, W) RGB image in [0, 1].

        Computes no further than the deepest of them. Raises ValueError for an unknown layer.
        """
        return dict(self.activations(image, layers))

    def activations(
        self, image: Tensor, layers: Collection[str], rough: bool = False
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield names and activations of `layers` as they come, from shallow to deep.

        What is made of one before the next is asked for has its gradient computed in that order,
        too: large pictures need half the memory that way. For what has no gradient, `rough` values
        may do, see `Convolution`.
        """
        self.check(layers)
        left, averages = set(layers), self.pooling == "average"
        x = (image - self.mean) / self.std
        for layer, following in zip(self.layers, (*self.layers[1:], ""), strict=True):
            if not left:
                break
            last, asked = following.endswith("_1"), layer in left  # last of its block
            joined = last and averages and not asked
            x = self.convolutions[layer](x, relu=True, rough=rough, pool=joined)
            if asked:
                left.remove(layer)
                yield layer, x
            if last and left and not joined:
                x = F.avg_pool2d(x, 2) if averages else F.max_pool2d(x, 2)

    def multiplications(self, pixels: int, layers: Collection[str]) -> dict[str, float]:
        """Return how many each convolution on the way to `layers` takes, for so many pixels."""
        left, counts, area = set(layers), dict[str, float](), float(pixels)
        for layer, convolution in self.convolutions.items():
            if not left:
                break
            if layer.endswith("_1") and layer != self.layers[0]:
                area /= 4
            counts[layer] = area * convolution.get_buffer("weight").numel()
            left -= {layer}
        return counts

    @property
    def device(self) -> torch.device:
        """Where the weights lie, and pictures must."""
        return self.mean.device

    def check(self, layers: Collection[str]) -> None:
        """Raise ValueError, one sentence, where the network lacks one of `layers`."""
        check_layers(self.name, layers)


def default_device() -> str:
    """Return the fastest device at hand."""
    return "cuda" if torch.cuda.is_available() else "cpu"


@cache
def load_network(name: str = NETWORKS[0], pooling: str = "average") -> VGG:
    """Return the network on the fastest device, kept for the life of the process."""
    return VGG(name, pooling).to(default_device())


def _weights(name: str) -> list[tuple[Tensor, Tensor]]:
    """Return (weight, bias) of each convolution, from shallow to deep."""
    if name.startswith("oxford"):
        return _bundled_weights(WEIGHTS_FOLDER)
    choice = VGG19_Weights.IMAGENET1K_V1 if name.endswith("19") else VGG16_Weights.IMAGENET1K_V1
    try:
        state = choice.get_state_dict(progress=True, check_hash=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        # no connection, no room, an altered file
        raise ValueError(
            f"{name} cannot be had ({error}); {NETWORKS[0]} needs no download."
        ) from error
    features = [value for key, value in state.items() if key.startswith("features.")]
    return list(zip(features[::2], features[1::2], strict=True))


def _bundled_weights(folder: Path) -> list[tuple[Tensor, Tensor]]:
    """Return the weights in `folder`, stored with 8 bits each: weight = palette[index]."""
    layers: list[tuple[Tensor, Tensor]] = []
    for file, digest in _SHA256.items():
        try:
            data = (folder / file).read_bytes()
        except OSError as error:
            raise ValueError(f"The network's file {folder / file} cannot be read.") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise ValueError(f"The network's file {folder / file} is damaged; fetch it again.")
        tensors = load_safetensors(data)
        for conv in sorted(key.split(".")[0] for key in tensors if key.endswith(".index")):
            index = tensors[f"{conv}.index"]
            weight = tensors[f"{conv}.palette"][index.int()]  # uint8 would be taken as a mask
            layers.append((weight, tensors[f"{conv}.bias"]))
    return layers
