"""Seconds to a picture: ours against plain L-BFGS with torch's convolutions, and against a peer.

    pip install pastiche==1.6.0
    python -m benchmarks.time_to_picture [--size 384] [--pairs 3] [--no-peer]

For each of three pairs of pictures, plain L-BFGS (one scale, textbook first Hessian) makes 50 and
100 steps. Ours is a whole run that was planned for so many steps; counted are the seconds until its
objective, at full size, is as low. In the end, since it leaves its memory behind, the peer paints
each pair as long as ours did, towards the same objective. Targets and all that a run prepares
count, reading files does not; with one thread it is CPU time. JSON lines, and a table.
"""

import argparse
import json
import statistics
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from benchmarks.contenders import ASSETS, PAIRS, clock, pastiche, table, with_torchs_convolutions
from style_transfer.engine import Objective, style_image_size, stylize
from style_transfer.engine.optimizers import LBFGS, Memory
from style_transfer.images import open_image, resize, to_tensor
from style_transfer.network import VGG, load_network
from style_transfer.settings import Settings

GOALS = {50: 100, 100: 160}  # plain steps -> steps that a run of ours is planned for
SETTINGS = Settings()


def plain(network: VGG, photo: Tensor, painting: Tensor) -> dict[int, tuple[float, float]]:
    """Return seconds and objective after each of GOALS steps of the textbook's method."""
    began, memory, image = clock(), Memory(), photo
    objective, optimizer, found = (
        Objective(network, photo, painting),
        LBFGS(preconditioned=False),
        {},
    )
    for step in range(max(GOALS) + 1):
        evaluation = objective.evaluate(image, SETTINGS)
        if step in GOALS:
            found[step] = clock() - began, evaluation.losses["total"]
        image, memory = optimizer.step(image, evaluation.gradient, memory)
        image = image.clamp(0, 1)
    return found


def ours(photo: Tensor, painting: Tensor, steps: int, goal: float) -> tuple[float, bool, Tensor]:
    """Return the seconds until a run of `steps` reaches the goal or ends, whether it does, and its
    picture.
    """
    began, settings = clock(), replace(SETTINGS, steps=steps)
    for frame in stylize(photo, painting, lambda: settings):
        full = frame.image.shape == photo.shape
        if full and frame.losses and frame.losses["total"] <= goal:
            return clock() - began, True, frame.image
    return clock() - began, False, frame.image


def peers(photo: Tensor, painting: Tensor, seconds: float) -> Tensor:
    """Return the peer's picture after so many seconds."""
    artist = pastiche(photo, painting, SETTINGS)
    began = clock()
    while clock() - began < seconds:
        artist.draw()
    mean = torch.tensor((103.939, 116.779, 123.68)).view(1, 3, 1, 1)  # it works in BGR less these
    return ((artist.pastiche.detach() + mean) / 255).flip(1).clamp(0, 1)


def open_pair(pair: tuple[str, str], size: int) -> tuple[Tensor, Tensor]:
    """Return a photo and a painting at the sizes at which they are looked at."""
    photo = to_tensor(open_image(ASSETS / "content" / pair[0]), size)
    painting = to_tensor(open_image(ASSETS / "style" / pair[1]))
    look = style_image_size((painting.shape[-2], painting.shape[-1]), max(photo.shape[-2:]), 1.0)
    return photo, resize(painting, look).clamp(0, 1)


def measure(photo: Tensor, painting: Tensor) -> tuple[dict[str, Any], Tensor, float]:
    """Return the times and ratios of one pair, the last picture and the seconds it took."""
    row: dict[str, Any] = {}
    for steps, (seconds, goal) in plain(with_torchs_convolutions(), photo, painting).items():
        spent, reached, picture = ours(photo, painting, GOALS[steps], goal)
        needed = spent if reached else float("inf")
        row |= {
            f"plain {steps}": seconds,
            f"ours {steps}": needed,
            f"ratio {steps}": needed / seconds,
        }
    return row, picture, spent


def errors(photo: Tensor, painting: Tensor, pictures: dict[str, Tensor]) -> dict[str, float]:
    """Return the errors of content and style of pictures by whom they are."""
    objective, row = Objective(load_network(), photo, painting), dict[str, float]()
    for name, each in pictures.items():
        losses = objective.evaluate(each, SETTINGS).losses
        row |= {f"{name} {term}": losses[term] for term in ("content", "style")}
    return row


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=384)
    parser.add_argument("--pairs", type=int, default=len(PAIRS), help="how many of them")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--no-peer", dest="peer", action="store_false")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    small = torch.rand(1, 3, 64, 64)
    next(iter(stylize(small, small, lambda: Settings(steps=1))))  # loads the network
    rows, painted = [], []
    for pair in PAIRS[: options.pairs]:
        photo, painting = open_pair(pair, options.size)
        row, picture, spent = measure(photo, painting)
        rows.append({"photo": pair[0]} | row)
        painted.append((photo, painting, picture, spent))
        print(json.dumps(rows[-1]), flush=True)
    for row, (photo, painting, picture, spent) in zip(rows, painted, strict=True):
        if options.peer:
            pictures = {"ours": picture, "peer": peers(photo, painting, spent)}
            row |= errors(photo, painting, pictures)
            print(json.dumps(row), flush=True)
    print(table(rows))
    for steps in GOALS:
        ratio = statistics.median(row[f"ratio {steps}"] for row in rows)
        print(f"median ratio to {steps} plain steps {ratio:.3f}")


if __name__ == "__main__":
    main()
