"""Measure all parts, each in a process of its own, and write what was found."""

import argparse
import json
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks import gpu
from style_transfer import runtime

SIZES, STEPS, ROUNDS = (256, 512, 1024, 2048), 100, 20
PARTS = {  # the module and the limit in seconds of each
    "agreement": ("steps", 60), "steps": ("steps", 120), "kernels": ("kernels", 90),
    "alternatives": ("alternatives", 90), "run": ("runs", 60), "objective": ("runs", 60),
    "crowd": ("service", 60), "video": ("service", 60), "peer": ("peer", 90),
    "tests": ("device_tests", 240),
}  # fmt: skip


def _run_part(name: str, options: argparse.Namespace) -> None:
    module, _ = PARTS[name]
    getattr(import_module(f"benchmarks.gpu.{module}"), name)(options)


def _finished(name: str, limit: float) -> dict[str, Any]:
    """Return what a part printed in a process of its own."""
    command, began = [sys.executable, "-m", "benchmarks.gpu", *sys.argv[1:]], time.perf_counter()
    with subprocess.Popen([*command, "--part", name], stdout=subprocess.PIPE, text=True) as process:
        try:
            printed, code = process.communicate(timeout=limit)[0], process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            printed, code = process.communicate()[0], None
    rows = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return {"code": code, "seconds": time.perf_counter() - began, "rows": rows}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.gpu",
        description=gpu.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--device", default="auto")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--run-size", type=int, default=512)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--workers", type=int, default=0, help="of the tests, by pytest-xdist")
    parser.add_argument("--graphs", type=int, nargs="+", default=[1, 0])
    parser.add_argument("--limit", type=float, default=1.0)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("-o", "--output", type=Path, default=Path("gpu.json"))
    parser.add_argument("--part", choices=PARTS, help="this one, in this process")
    return parser.parse_args()


def main() -> None:
    """Measure the parts that are asked for."""
    options = _options()
    runtime.configure()
    from style_transfer.devices import AUTO, present

    if options.device == AUTO:
        options.device = present()[0]
    if options.part:
        _run_part(options.part, options)
        return
    import torch

    module = torch.get_device_module(options.device)
    name = getattr(module, "get_device_name", lambda _: options.device)(options.device)
    found: dict[str, Any] = {"device": name, "torch": torch.__version__, "parts": {}}
    for part in options.only:
        found["parts"][part] = _finished(part, options.limit * PARTS[part][1])
        options.output.write_text(json.dumps(found, indent=1) + "\n")
        print(part, json.dumps(found["parts"][part]), flush=True)


if __name__ == "__main__":
    main()
