"""The frozen network: an image goes in, activations by layer name come out."""

import copy
from collections.abc import Collection, Iterator
from functools import cache

import torch
from torch import Tensor, nn

from style_transfer.checks import one_of
from style_transfer.devices import CPU, check_device
from style_transfer.network.backends import BackendSet
from style_transfer.network.convolution import Convolution
from style_transfer.network.geometry import LayerGeometry, layer_geometry
from style_transfer.network.networks import NETWORKS, PIXELS, SPECS, check_layers
from style_transfer.network.patches import PATCH_CHANNELS, pixel_patches
from style_transfer.network.pooling import POOLINGS, pool
from style_transfer.network.thread_pool import ThreadPool
from style_transfer.network.timing_cache import TimingCache
from style_transfer.network.timing_store import TimingStore
from style_transfer.network.weights import WeightsUnavailableError


class VGG(nn.Module):
    """The convolutions of a VGG, frozen (Simonyan and Zisserman 2014).

    Its pooling is chosen at each call: the maximum follows Simonyan and Zisserman, the average
    Gatys et al. 2015. The first convolution repeats the pixels at the border; differs from the
    papers because zeros there paint a frame around the picture.

    Its convolutions choose their backends by `timings`, measured when a layer's shape is first met,
    and share `threads`, which last from one call to the next inside `threads.running()`.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, name: str = NETWORKS[0], backends: BackendSet | None = None) -> None:
        """Load the weights of one of NETWORKS. Raises ValueError where they cannot be had."""
        super().__init__()
        one_of("network", name, NETWORKS)
        spec = SPECS[name]
        self.name, self.layers = name, spec.layers
        self.timings, self.threads = TimingCache(), ThreadPool()
        self.timing_store: TimingStore | None = None  # where `remember_timings` writes them
        self.register_buffer("mean", torch.tensor(spec.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(spec.std).view(1, 3, 1, 1))
        try:
            weights = spec.load_weights()
        except WeightsUnavailableError as error:
            raise ValueError(
                f"{name} cannot be had ({error}); {NETWORKS[0]} needs no download."
            ) from error
        self.convolutions, backends = nn.ModuleDict(), backends or BackendSet()
        for layer, (weight, bias) in zip(self.layers, weights, strict=True):
            padding = "replicate" if layer == self.layers[0] else "zeros"
            self.convolutions[layer] = Convolution(weight, bias, padding, backends, self.threads)

    def with_timings(self, timings: TimingCache) -> "VGG":
        """Return a network with timings of its own that shares all else, weights included.

        Shapes that `timings` lack are measured and added to them alone, and not to those on disk.
        """
        view = copy.copy(self)
        view.timings, view.timing_store = timings, None
        return view

    def remember_timings(self) -> None:
        """Write what has been measured to disk, for later processes, if it is of this machine."""
        if self.timing_store:
            self.timing_store.save(self.timings)

    def forward(
        self, image: Tensor, layers: Collection[str], pooling: str = POOLINGS[0]
    ) -> dict[str, Tensor]:
        """Return the activations (1, C, h, w) of `layers` for a (1, 3, H, W) RGB image in [0, 1].

        Computes no further than the deepest of them. `pooling` is one of POOLINGS. Raises
        ValueError for an unknown layer or pooling.
        """
        return dict(self.activations(image, layers, pooling=pooling))

    def activations(
        self,
        image: Tensor,
        layers: Collection[str],
        approximate: bool = False,
        pooling: str = POOLINGS[0],
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield names and activations of `layers` as they are computed, from shallow to deep.

        A loss that the caller computes of one before taking the next has its gradient computed in
        that order, too: large images need half the memory that way. For activations without
        gradients `approximate` values may do, see `Convolution`. `pooling` is one of POOLINGS.
        """
        check_layers(self.name, layers)
        one_of("pooling", pooling, POOLINGS)
        if PIXELS in layers:
            yield PIXELS, pixel_patches(image)
        left = set(layers) - {PIXELS}
        x = (image - self.mean) / self.std
        for layer, following in zip(self.layers, (*self.layers[1:], ""), strict=True):
            if not left:
                break
            ends_block, wanted = following.endswith("_1"), layer in left
            fused = pooling if ends_block and not wanted else None
            x = self.convolutions[layer](
                x, self.timings, relu=True, approximate=approximate, pooling=fused
            )
            if wanted:
                left.remove(layer)
                yield layer, x
            if ends_block and left and not fused:
                x = pool(x, pooling, self.threads)

    def multiplications(self, pixels: int, layers: Collection[str]) -> dict[str, float]:
        """Return the number of multiplications of each convolution needed for `layers`."""
        left, counts, area = set(layers) - {PIXELS}, dict[str, float](), float(pixels)
        if PIXELS in layers:
            counts[PIXELS] = area * PATCH_CHANNELS**2
        for layer, convolution in self.convolutions.items():
            if not left:
                break
            if layer.endswith("_1") and layer != self.layers[0]:
                area /= 4
            counts[layer] = area * convolution.get_buffer("weight").numel()
            left -= {layer}
        return counts

    def geometry(self, layer: str) -> LayerGeometry:
        """Return where the positions of a layer, which the network has, lie in the image."""
        check_layers(self.name, [layer])
        return layer_geometry(self.layers, layer)

    @property
    def device(self) -> torch.device:
        """Where the weights are, and images must be."""
        return self.mean.device


def load_network(name: str = NETWORKS[0], device: str | torch.device = CPU) -> VGG:
    """Return the network on a device, torch's or its name, kept for the life of the process.

    Raises ValueError where its weights cannot be had, or for a device that is not here; which one
    to take `engine.chosen_device` tells.
    """
    check_device(str(device))
    return _load(name, str(device))


@cache
@torch.inference_mode(False)  # or the weights would serve in inference mode alone ever after
def _load(name: str, device: str) -> VGG:
    network = VGG(name).to(device)
    network.timing_store = TimingStore()
    network.timings = network.timing_store.load()
    return network
