r"""Flicker: how much painted frames differ where nothing but motion happened.

    python -m benchmarks.flicker [--size 128] [--frames 24] [--steps 60]
    python -m benchmarks.flicker --clips "panned photo" --size 192 --frames 4 --steps 40 \
        -o docs/films/strip.jpg

Paints a moving square and a panned photo as films, and each of their frames by itself, and prints
the mean difference between a frame and the one before moved along the flow, in places without
occlusion, of the film over that of the frames. `-o` writes some of the frames side by side.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.samples import JPEG_QUALITY, photo, style
from style_transfer.engine import MultiscaleObjective, Styles, stylize
from style_transfer.film import (
    TEMPORAL_WEIGHT,
    Before,
    Beginning,
    FramePainter,
    confidence,
    flow_between,
    moved,
)
from style_transfer.images import resize, to_pil
from style_transfer.network import VGG, load_network
from style_transfer.settings import Settings

STEP = 3  # px that things move from a frame to the next
SHOWN = 4  # frames of each row that `-o` writes


def moving_square(count: int, side: int) -> list[Tensor]:
    """Return frames (1, 3, side, side) of a patterned square that moves over a meadow of waves."""
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    waves = 0.5 + 0.15 * torch.sin(rows / 3.1 + 2 * torch.sin(columns / 7.3))
    ground = torch.stack([0.6 * waves, waves, 0.5 * waves]).unsqueeze(0)
    wide = side // 3
    square = torch.stack([torch.full((wide, wide), level) for level in (0.85, 0.4, 0.15)])
    stripes = 0.12 * torch.sin((rows + 2 * columns)[:wide, :wide] / 4.0)
    square = (square + stripes).clamp(0, 1)
    frames = []
    for number in range(count):
        frame = ground.clone()
        left = 2 + STEP * number % (side - wide - 4)
        frame[0, :, wide : 2 * wide, left : left + wide] = square
        frames.append(frame)
    return frames


def panned_photo(count: int, side: int) -> list[Tensor]:
    """Return frames (1, 3, side, side) of a camera that turns over a landscape."""
    wide = side + STEP * (count - 1)
    whole = photo("colosseum", 2 * max(side, wide))
    height, width = whole.shape[-2:]
    scale = max(side / height, wide / width)
    whole = resize(whole, (round(height * scale), round(width * scale))).clamp(0, 1)
    top = (whole.shape[-2] - side) // 2
    return [
        whole[..., top : top + side, STEP * n : STEP * n + side].contiguous() for n in range(count)
    ]


CLIPS: dict[str, Callable[[int, int], list[Tensor]]] = {
    "moving square": moving_square,
    "panned photo": panned_photo,
}


def painted_film(
    contents: Sequence[Tensor],
    painting: Tensor,
    settings: Settings,
    network: VGG,
    temporal: float = TEMPORAL_WEIGHT,
) -> list[Tensor]:
    """Return the frames painted as a film."""
    styles, beginning = Styles.of(painting), Beginning("content", "lbfgs", 0)
    painter = FramePainter(network, styles, beginning, temporal, MultiscaleObjective)
    frames, before = list[Tensor](), None
    for content in contents:
        *_, last = painter.paint(content, before, settings)
        frames.append(last.picture)
        before = Before(content, last.image)
    return frames


def painted_alone(
    contents: Sequence[Tensor], painting: Tensor, settings: Settings, network: VGG
) -> list[Tensor]:
    """Return the frames painted each by itself."""
    frames = []
    for content in contents:
        *_, last = stylize(content, painting, lambda: settings, network=network)
        frames.append(last.picture)
    return frames


def flicker(frames: Sequence[Tensor], contents: Sequence[Tensor]) -> float:
    """Return the mean difference of frames from those before, moved, where the flow is certain."""
    total, count = 0.0, 0.0
    pairs = zip(pairwise(frames), pairwise(contents), strict=True)
    for (before, frame), (content_before, content) in pairs:
        flow, back = flow_between(content, content_before), flow_between(content_before, content)
        certain = confidence(content, content_before, flow, back)
        total += (certain * (frame - moved(before, flow)).abs().mean(1, keepdim=True)).sum().item()
        count += certain.sum().item()
    return total / count


def main() -> None:
    """Paint, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in (("size", 128), ("frames", 24), ("steps", 60)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--temporal", type=float, default=TEMPORAL_WEIGHT)
    parser.add_argument("--style", default="mont_sainte_victoire")
    parser.add_argument("--clips", nargs="+", choices=CLIPS, default=[*CLIPS])
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    painting, network = style(options.style), load_network()
    settings, rows = Settings(steps=options.steps), list[list[Tensor]]()
    for name in options.clips:
        contents = CLIPS[name](options.frames, options.size)
        began = time.perf_counter()
        alone = painted_alone(contents, painting, settings, network)
        between = time.perf_counter()
        film = painted_film(contents, painting, settings, network, options.temporal)
        times = round(between - began, 1), round(time.perf_counter() - between, 1)
        found = flicker(film, contents), flicker(alone, contents)
        result = {"clip": name, "film": found[0], "alone": found[1], "ratio": found[0] / found[1]}
        print(json.dumps({n: v if isinstance(v, str) else round(v, 4) for n, v in result.items()}))
        print(json.dumps({"seconds of the film": times[1], "of frames alone": times[0]}))
        rows += [contents, film]
    if options.output:
        picked = [n * (options.frames - 1) // (SHOWN - 1) for n in range(SHOWN)]
        strips = [torch.cat([row[n].cpu() for n in picked], -1) for row in rows]
        to_pil(torch.cat(strips, -2)).save(options.output, quality=JPEG_QUALITY)


if __name__ == "__main__":
    main()
