"""What the default settings cost: a step with them, relative to one with the paper's objective.

    python -m benchmarks.settings_cost [--sizes 256 512] [--rounds 8]

All make steps alternately in one process. A step is all that a run does in it: both evaluations of
a large picture, and the optimiser's. Prints one JSON line a size, with the median seconds and the
median ratios to the preset "Lecture", and a table.
"""

import argparse
import json
import statistics
from collections.abc import Callable

from torch import Tensor

from benchmarks.contenders import ASSETS, LECTURE, clock, table
from style_transfer.engine import NO_MATCHES, MultiscaleObjective
from style_transfer.engine.lbfgs import LBFGS, Memory
from style_transfer.images import open_image, to_tensor
from style_transfer.network import load_network
from style_transfer.runtime import retain_freed_blocks
from style_transfer.settings import Settings

PHOTO, STYLE = ASSETS / "content" / "raccoon.jpg", ASSETS / "style" / "breaking_waves.jpg"
SETTINGS = {"lecture": LECTURE, "without motifs": Settings(motifs=0), "default": Settings()}
ROUNDS = 8  # in which the matches of motifs are all renewed once


def stepper(
    photo: Tensor, style: Tensor, settings: Settings, device: str = "cpu"
) -> Callable[[], None]:
    """Return a function that makes one step of a run in its last stage, on a device."""
    network, optimizer = load_network(device=device), LBFGS()
    objective = MultiscaleObjective(network, photo, style)
    image, memory, matches = photo, Memory(), NO_MATCHES

    def step() -> None:
        nonlocal image, memory, matches
        with network.threads.running():
            evaluation = objective.evaluate(image, settings, matches)
        matches = evaluation.matches
        image, memory = optimizer.step(image, evaluation.gradient, memory)
        image = image.clamp(0, 1)

    return step


def measure(side: int, rounds: int) -> dict[str, float]:
    """Return the median seconds of a step by its settings, and the ratios to the lecture's."""
    photo, style = (to_tensor(open_image(file), side) for file in (PHOTO, STYLE))
    retain_freed_blocks((side, side))
    steps = {name: stepper(photo, style, settings) for name, settings in SETTINGS.items()}
    times: dict[str, list[float]] = {name: [] for name in steps}
    for round_ in range(rounds + 2):  # the first two make targets and choose backends
        for name, step in steps.items():
            began = clock()
            step()
            if round_ >= 2:
                times[name].append(clock() - began)
    result = {name: statistics.median(each) for name, each in times.items()}
    for name in list(steps)[1:]:
        ratios = [one / other for one, other in zip(times[name], times["lecture"], strict=True)]
        result[f"{name} of lecture"] = statistics.median(ratios)
    return result


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    rows = []
    for side in options.sizes:
        rows.append({"side": side} | measure(side, options.rounds))
        print(json.dumps(rows[-1]), flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
