"""The networks that can be chosen, as data: architecture, normalisation and where weights are.

To add a bundled network, put its files into assets and list it in `SPECS`.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from style_transfer import assets
from style_transfer.network.weights import Weights, bundled_weights, torchvision_weights

_OXFORD_MEAN = tuple(value / 255 for value in (123.68, 116.779, 103.939))
_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # torchvision's


@dataclass(frozen=True)
class NetworkSpec:
    """A VGG (Simonyan and Zisserman 2014). It takes (RGB in [0, 1] - mean) / std."""

    blocks: tuple[int | str, ...]  # output channels of each convolution, "M" for pooling
    mean: tuple[float, ...]
    std: tuple[float, ...]
    load_weights: Callable[[], Weights]

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the activations after each convolution, from shallow to deep."""
        names, block, number = list[str](), 1, 0
        for entry in self.blocks:
            block, number = (block + 1, 0) if entry == "M" else (block, number + 1)
            if number:
                names.append(f"relu{block}_{number}")
        return tuple(names)


_VGG16: tuple[int | str, ...] = (
    *(64, 64, "M"),
    *(128, 128, "M"),
    *(256, 256, 256, "M"),
    *(512, 512, 512, "M"),
    *(512, 512, 512, "M"),
)
_VGG19: tuple[int | str, ...] = (
    *(64, 64, "M"),
    *(128, 128, "M"),
    *(256, 256, 256, 256, "M"),
    *(512, 512, 512, 512, "M"),
    *(512, 512, 512, 512, "M"),
)

SPECS = {
    "oxford-vgg19": NetworkSpec(
        _VGG19,
        _OXFORD_MEAN,
        (1 / 255,) * 3,  # trained on 0..255 less the mean
        partial(
            bundled_weights,
            assets.path("vgg19"),
            {
                "block1.safetensors": (
                    "2e2bfdcf9e5b0ec496073e8eb2aac81e55187a1a14d5de4a7a06b92a1c994e5c"
                ),
                "block2.safetensors": (
                    "af68f5423cfa023dda1ac7658b5ffae4dbdfe5f64e3e089c8f2f81723524d291"
                ),
                "block3.safetensors": (
                    "3b8fc3407c68b66a6532922e041097200b6ed79bff35675bc4c216f0e6e31c07"
                ),
                "block4.safetensors": (
                    "f60d8fb1b80c35d26168d84df21d6512b6f8eeded94e4b0a101e4ed9775cf6d0"
                ),
                "block5.safetensors": (
                    "819c74138e5132c5b51c8f5aba330b8c584228a55b678422c1299fffd3fa49ee"
                ),
            },
        ),
    ),
    "torchvision-vgg19": NetworkSpec(
        _VGG19,
        _IMAGENET_MEAN,
        _IMAGENET_STD,
        partial(torchvision_weights, "VGG19_Weights.IMAGENET1K_V1"),
    ),
    "torchvision-vgg16": NetworkSpec(
        _VGG16,
        _IMAGENET_MEAN,
        _IMAGENET_STD,
        partial(torchvision_weights, "VGG16_Weights.IMAGENET1K_V1"),
    ),
}

NETWORKS = tuple(SPECS)  # the first is the default, and bundled
LAYERS = SPECS[NETWORKS[0]].layers  # VGG-16 lacks relu3_4, 4_4 and 5_4
PIXELS = "pixels"  # the layer before the first convolution, which every network has


def check_layers(network: str, layers: Collection[str]) -> None:
    """Raise ValueError, one sentence, where the network of that name lacks one of `layers`."""
    _check_known(network, layers, (PIXELS, *SPECS[network].layers))


def check_content_layer(network: str, layer: str) -> None:
    """Raise ValueError, one sentence, where the network of that name lacks a layer, or it has no
    features, as PIXELS.
    """
    _check_known(network, [layer], SPECS[network].layers)


def _check_known(network: str, layers: Collection[str], known: Collection[str]) -> None:
    for layer in layers:
        if layer not in known:
            raise ValueError(f"{network} has no layer {layer!r}; it has {', '.join(known)}.")
