"""Differences between results of whole runs: fast or torch's convolutions, and other machines.

    python -m benchmarks.agreement [--size 192] [--steps 60]

A run amplifies rounding errors, so that results of two machines differ. Each run here has a process
of its own: the fastest backends, torch's own convolutions, and the latter as another machine would
compute them, with one thread, or with the kernels of an older CPU. Prints the differences from
torch's own as JSON and a table: root mean square and 99th percentile, in 1/255, and the objective
reached.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

from benchmarks.contenders import ASSETS, PAIRS, table, with_torchs_convolutions
from style_transfer.engine import stylize
from style_transfer.images import open_image, to_tensor
from style_transfer.network import load_network
from style_transfer.settings import Settings

OLDER = {
    "ATEN_CPU_CAPABILITY": "default",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
    "NUMBA_CPU_NAME": "haswell",
}
RUNS: dict[str, tuple[str, dict[str, str], int]] = {  # convolutions, environment, threads
    "torch's own": ("direct", {}, 2),
    "fast": ("fast", {}, 2),
    "one thread": ("direct", {}, 1),
    "older CPU": ("direct", OLDER, 2),
    "fast, older CPU": ("fast", OLDER, 2),
}


def paint(convolutions: str, size: int, steps: int, file: Path) -> None:
    """Make a run and keep its picture and its last objective."""
    network = load_network() if convolutions == "fast" else with_torchs_convolutions()
    photo = to_tensor(open_image(ASSETS / "content" / PAIRS[0][0]), size)
    painting = to_tensor(open_image(ASSETS / "style" / PAIRS[0][1]))
    settings = Settings(steps=steps)
    *_, frame = stylize(photo, painting, lambda: settings, network=network)
    torch.save((frame.image, frame.losses["total"]), file)


def main() -> None:
    """Make all runs, and print how far they are from the first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--run", help="make this one alone, in this process")
    parser.add_argument("--to", type=Path, help="where to keep it")
    options = parser.parse_args()
    if options.run:
        convolutions, _, threads = RUNS[options.run]
        torch.set_num_threads(threads)
        paint(convolutions, options.size, options.steps, options.to)
        return
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (_, environment, _) in RUNS.items():
            file = Path(folder) / f"{len(rows)}.pt"
            command = [
                sys.executable,
                "-m",
                "benchmarks.agreement",
                "--run",
                name,
                "--to",
                str(file),
            ]
            command += ["--size", str(options.size), "--steps", str(options.steps)]
            subprocess.run(command, check=True, env=os.environ | environment)
            picture, loss = torch.load(file)
            if not rows:
                first = picture
            apart = 255 * (picture - first).abs()
            rows.append(
                {
                    "run": name,
                    "rms": apart.square().mean().sqrt().item(),
                    "99 %": apart.flatten().sort().values[int(0.99 * apart.numel())].item(),
                    "objective": loss,
                }
            )
            print(json.dumps(rows[-1]), flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
