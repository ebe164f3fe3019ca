"""Is any layer slower than torch's own at some size? Convolutions at random sizes, by turns.

    python -m benchmarks.shapes [--shapes 40] [--rounds 9] [--seed 0] [--threads 2]

The layers take turns; the sides of their inputs are drawn between 5 and 700 px, evenly by their
logarithms, as far as an image of LARGEST pixels has them at that layer. A call is a convolution
with its ReLU, and the gradient of its input. The backend is the one that a run would choose. Where
ours seems slower, it is measured again with three times the rounds. Prints a JSON line a shape and
what is largest.

With AVX2 alone on a CPU that has more: ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2
MKL_ENABLE_INSTRUCTIONS=AVX2 OPENBLAS_CORETYPE=Haswell NUMBA_CPU_NAME=haswell.
"""

import argparse
import json
import math
import random
import statistics
from collections.abc import Callable

import torch

from benchmarks.contenders import clock, with_torchs_convolutions
from style_transfer.network import VGG

SIDES = 5, 700  # px
LARGEST = 2048**2  # px
DEEPEST = "relu5_1"
_SLOWER = 1.05  # ratio from which on it is measured again
_LEAST = 0.02  # s that are measured at once: shorter calls are made several times


def shape_of(layer: str, draw: random.Random) -> tuple[int, int]:
    """Return a random size (height, width) of the input of a layer."""
    most = LARGEST / 4 ** (int(layer[4]) - 1)
    low, high = map(math.log, SIDES)
    while True:
        height, width = (round(math.exp(draw.uniform(low, high))) for _ in range(2))
        if height * width <= most:
            return height, width


def caller(network: VGG, layer: str, size: tuple[int, int]) -> Callable[[], None]:
    """Return a function that computes a layer and the gradient of its input."""
    convolution = network.convolutions[layer]
    generator = torch.Generator().manual_seed(0)
    x = torch.rand((1, convolution.get_buffer("weight").shape[1], *size), generator=generator)
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_()
    gradient = torch.ones_like(convolution(x, network.timings, relu=True))

    def call() -> None:
        torch.autograd.grad(convolution(x, network.timings, relu=True), x, gradient)

    return call


def ratio(ours: Callable[[], None], torchs: Callable[[], None], rounds: int) -> float:
    """Return the median ratio of the times of two calls."""
    for call in (ours, torchs, ours):  # the first choose backends and touch memory
        call()
    count = math.ceil(_LEAST / max(_seconds(torchs, 1), 1e-5))
    found = [_seconds(ours, count) / _seconds(torchs, count) for _ in range(rounds)]
    return statistics.median(found)


def _seconds(call: Callable[[], None], count: int) -> float:
    """Return the time of so many calls."""
    began = clock()
    for _ in range(count):
        call()
    return clock() - began


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shapes", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    networks, draw = (VGG(), with_torchs_convolutions()), random.Random(options.seed)
    layers = networks[0].layers[: networks[0].layers.index(DEEPEST) + 1]
    ratios = []
    for number in range(options.shapes):
        layer = layers[number % len(layers)]
        size = shape_of(layer, draw)
        with networks[0].threads.running():  # as in a step
            ours, torchs = (caller(network, layer, size) for network in networks)
            found = ratio(ours, torchs, options.rounds)
            if found > _SLOWER:
                found = ratio(ours, torchs, 3 * options.rounds)
        ratios.append(found)
        print(json.dumps({"layer": layer, "size": size, "of torch": round(found, 3)}), flush=True)
    print(f"largest {max(ratios):.3f}, median {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
