"""Peak memory of a run by size, above that of the interpreter with its imports.

    python -m benchmarks.memory [--sizes 256 512 1024] [--steps 24]

Each size has a process of its own, which makes `--steps` steps at full size (L-BFGS keeps 12 pairs
of images, so that fewer would not show the peak). Prints one JSON line a size, and a table with the
seconds of a step and how often they grow from size to size.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from typing import Any

MIB = 1024  # KiB, as the system counts


def measure(side: int, steps: int) -> dict[str, Any]:
    """Return peak and speed of a square run, in this process."""
    from benchmarks.contenders import ASSETS, PAIRS
    from style_transfer.engine import stylize
    from style_transfer.images import open_image, to_tensor
    from style_transfer.settings import Settings

    before = _resident()
    photo, style_image = (
        to_tensor(open_image(ASSETS / folder / file).resize((side, side)))
        for folder, file in zip(("content", "style"), PAIRS[0], strict=True)
    )
    # From a step of a long run on, so that all steps are at full size.
    settings, first, seconds = Settings(steps=10 * steps), 9 * steps, []
    frames = stylize(photo, style_image, lambda: settings, init=photo, step=first)
    next(frames)
    for _ in range(steps):
        began = time.perf_counter()
        next(frames)
        seconds.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "side": side,
        "peak, MiB": round((peak - before) / MIB),
        "imports, MiB": round(before / MIB),
        "step, s": statistics.median(seconds[2:]),
    }


def _resident() -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def main() -> None:
    """Measure each size in a process of its own, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--here", action="store_true", help="in this process, the first size only")
    options = parser.parse_args()
    if options.here:
        print(json.dumps(measure(options.sizes[0], options.steps)))
        return
    from benchmarks.contenders import table

    rows: list[dict[str, Any]] = []
    for side in options.sizes:
        command = [sys.executable, "-m", "benchmarks.memory", "--here"]
        command += ["--sizes", str(side), "--steps", str(options.steps)]
        line = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        row = json.loads(line)
        grown = row["step, s"] / rows[-1]["step, s"] if rows else float("nan")
        rows.append(row | {"grown": grown})
        print(line, end="", flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
