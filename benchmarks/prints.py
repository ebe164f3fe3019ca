"""A print: memory, time and seams of steps at the last scale of a picture larger than the memory.

    python -m benchmarks.prints [--size 4096] [--memory 6] [--steps 2] [-o print.jpg]

The run goes on from a picture of that size, as with --init, and L-BFGS has all the pairs that it
keeps. `--memory` are the GB that the plan may take; the blocks follow. Prints what was forecast
beside what was measured: the peak above the interpreter with its imports, the seconds, and whether
what the steps changed is rougher along the borders of blocks than along lines elsewhere. Reads
Linux's /proc.
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.large import memory
from benchmarks.samples import photo, style
from style_transfer import runtime
from style_transfer.engine import Frame, State, Styles, in_blocks, stages, stylize
from style_transfer.engine.blocks import blocks_of
from style_transfer.engine.lbfgs import LARGE_HISTORY, LBFGS
from style_transfer.engine.preconditioner import CELL, LARGE
from style_transfer.images import save
from style_transfer.network import load_network
from style_transfer.runs import CostStore, RunMemory
from style_transfer.settings import Settings

SHIFT = 16  # px; lines that pooling treats as it does the borders of blocks


def roughness(image: Tensor, lines: Sequence[Sequence[int]], shift: int = 0) -> float:
    """Return the mean squared second difference across lines, of (1, 3, H, W).

    `lines` are rows and columns before which a line lies, all moved by `shift` px.
    """
    found = []
    for dim, places in zip((-2, -1), lines, strict=True):
        for place in places:
            before, here, after = (image.select(dim, place + shift + n) for n in (-1, 0, 1))
            found.append((before - 2 * here + after).square().mean().item())
    return statistics.fmean(found)


def seams(image: Tensor, size: tuple[int, int], block: int) -> dict[str, float]:
    """Return the roughness along the borders of blocks, and mean and spread of that elsewhere.

    "midway" is that of the lines in the middle between borders: where the photo was enlarged from a
    JPEG, the edges of its own squares show as well, and may lie at all of these or at none.
    """
    blocks = blocks_of(size, block, [])
    lines = [sorted({each.place[dim] for each in blocks} - {0}) for dim in (0, 1)]
    width = min(b - a for each in lines for a, b in zip([0, *each], each, strict=False))
    elsewhere = [
        roughness(image, lines, sign * shift)
        for shift in range(2 * SHIFT, width // 2, SHIFT)
        for sign in (-1, 1)
    ]
    return {
        "borders": roughness(image, lines),
        "midway": roughness(image, lines, -width // 2),
        "elsewhere": statistics.fmean(elsewhere),
        "spread": statistics.stdev(elsewhere),
    }


def begun(content: Tensor, styles: Styles, settings: Settings, steps: int) -> State:
    """Return a state in the last stage, `steps` before the end, with all pairs of L-BFGS."""
    height, width = content.shape[-2:]
    large = height * width > LARGE
    cells = torch.ones((1, 2, -(-height // CELL), -(-width // CELL)))
    pairs = list[Tensor]()
    for seed in range(LARGE_HISTORY if large else LBFGS().history):
        noise = torch.randn(content.shape, generator=torch.Generator().manual_seed(seed))
        noise = noise.bfloat16() if large else noise
        pairs += [0.01 * noise, 1e-9 * noise]
    objective = {"styles": styles.fingerprint} | settings.objective
    image, before = content.clone(), content.clone()
    memory = before, torch.zeros_like(content), cells, *pairs
    stage = len(stages((height, width))) - 1
    return State(
        settings.steps - steps, stage, image, memory=memory, objective=objective, good=before
    )


def timed(frames: Iterator[Frame]) -> Iterator[tuple[Frame, float]]:
    """Yield what comes and the seconds that it took."""
    began = time.perf_counter()
    for each in frames:
        yield each, time.perf_counter() - began
        began = time.perf_counter()


def main() -> None:
    """Make the steps, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in (("size", 4096), ("memory", 6), ("steps", 2)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("-o", "--output", type=Path, default=Path("print.jpg"))
    options = parser.parse_args()
    runtime.configure()
    before, settings = memory("VmRSS"), Settings(steps=100)
    network = load_network(device="cpu")
    content, painting = photo("dune", options.size), style("breaking_waves")
    size, style_size = ((each.shape[-2], each.shape[-1]) for each in (content, painting))
    plan = RunMemory.fitting(
        size, [style_size], settings.style_scale, lambda p: p.total <= options.memory * 10**9
    )
    assert plan.block, "a picture that is made as a whole"
    told = f"{size[1]} x {size[0]} px in blocks of {plan.block} px"
    print(f"{told}: {plan.total / 1e9:.2f} GB", flush=True)
    model = replace(CostStore().cost_model(network, settings), block=plan.block)
    styles, frame = Styles.of(painting), None
    frames = stylize(
        content,
        styles,
        lambda: settings,
        network=network,
        state=begun(content, styles, settings, options.steps),
        evaluator=in_blocks(plan.block),
    )
    for frame, seconds in timed(frames):
        row = {"step": frame.step, "seconds": seconds, "forecast": model.step_seconds(size)}
        row |= {"GB": (memory("VmHWM") - before) / 1e9, "pairs": len(frame.state.memory) // 2 - 1}
        print(json.dumps({name: round(value, 2) for name, value in row.items()}), flush=True)
    assert frame
    print(json.dumps(seams(frame.image - content, size, plan.block)))
    save(frame.picture, options.output)


if __name__ == "__main__":
    main()
