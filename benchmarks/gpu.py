"""All that is to be found out on a machine with a GPU, in one go and within limits of time.

    python -m benchmarks.gpu [--device cuda] [-o gpu.json] [--only steps run] [--limit 1.0]

Parts, each a process of its own that is ended after its limit: `agreement` with the CPU of a step;
`steps`, their milliseconds and peak memory by size, for the preset "Lecture" and the default
settings; `run`, the seconds of 100 steps at 512 px from the call to the picture, warm, and what was
estimated; `peer`, the same steps by pastiche where it is installed; `tests`, those that are marked
`every_device`. What a part has printed when it is ended counts. Writes one JSON file, after each
part anew; `--limit` multiplies the limits.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from style_transfer import runtime

SIZES, STEPS, ROUNDS = (256, 512, 1024, 2048), 100, 20
LIMITS = {"agreement": 60, "steps": 120, "run": 60, "peer": 90, "tests": 240}  # s


def agreement(options: argparse.Namespace) -> None:
    """Print how far a step on the device is from the CPU's."""
    from style_transfer.engine import differences
    from style_transfer.network import load_network

    _tell(differences(load_network(device=options.device)))


def steps(options: argparse.Namespace) -> None:
    """Print time and peak memory of steps by size and settings."""
    from benchmarks.contenders import LECTURE
    from benchmarks.settings_cost import stepper
    from style_transfer.devices import peak_memory
    from style_transfer.settings import Settings

    for side in options.sizes:
        for name, settings in (("lecture", LECTURE), ("default", Settings())):
            with peak_memory(options.device) as peak:
                step = stepper(*_pictures(options, side), settings, options.device)
                times = _times(step, options)
            row = {"side": side, "settings": name, "ms": statistics.median(times)}
            memory = None if peak.bytes is None else peak.bytes / 1e9
            _tell(row | {"slowest, ms": max(times), "peak, GB": memory})


def run(options: argparse.Namespace) -> None:
    """Print the seconds of a run from the call to the picture, the second of two alike."""
    from benchmarks.contenders import LECTURE
    from style_transfer.devices import peak_memory
    from style_transfer.engine import stylize
    from style_transfer.network import load_network
    from style_transfer.runs import CostModel
    from style_transfer.settings import Settings

    photo, style = _pictures(options, options.run_size)
    network = load_network(device=options.device)
    size = photo.shape[-2], photo.shape[-1]
    for name, settings in (("lecture", LECTURE), ("default", Settings())):
        settings = replace(settings, steps=options.steps)
        estimate = CostModel.measure(network, settings).run_seconds(size, options.steps)
        for state in ("first", "warm"):
            began = time.perf_counter()
            with peak_memory(options.device) as peak:
                *_, last = stylize(photo, style, lambda s=settings: s, network=network)
                last.image.cpu()
            row = {"run": state, "settings": name, "seconds": time.perf_counter() - began}
            memory = None if peak.bytes is None else peak.bytes / 1e9
            _tell(row | {"estimated": estimate, "total": last.losses["total"], "peak, GB": memory})


def peer(options: argparse.Namespace) -> None:
    """Print the time of pastiche's steps."""
    from benchmarks.contenders import LECTURE, pastiche

    if find_spec("pastiche") is None:
        _tell({"skipped": "pip install pastiche==1.6.0"})
        return
    for side in options.sizes:
        artist = pastiche(*_pictures(options, side, "cpu"), LECTURE, options.device)
        _tell({"side": side, "ms": statistics.median(_times(artist.draw, options))})


def tests(_: argparse.Namespace) -> None:
    """Print each test that fails, and how many pass."""
    import pytest

    class Reporter:
        passed = 0

        def pytest_runtest_logreport(self, report: Any) -> None:
            if report.failed:
                _tell({"failed": report.nodeid, "words": str(report.longrepr)[-300:]})
            self.passed += report.passed and report.when == "call"

    reporter = Reporter()
    code = pytest.main(["-q", "-m", "every_device", "-p", "no:cacheprovider"], [reporter])
    _tell({"code": int(code), "passed": reporter.passed})


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "agreement": agreement, "steps": steps, "run": run, "peer": peer, "tests": tests,
}  # fmt: skip


def _tell(row: dict[str, Any]) -> None:
    print(json.dumps(row), flush=True)


def _pictures(options: argparse.Namespace, side: int, device: str | None = None) -> Any:
    from benchmarks.settings_cost import PHOTO, STYLE
    from style_transfer.images import open_image, to_tensor

    squares = [open_image(file).resize((side, side)) for file in (PHOTO, STYLE)]
    return [to_tensor(each).to(device or options.device) for each in squares]


def _times(step: Callable[[], object], options: argparse.Namespace) -> list[float]:
    """Return the milliseconds of steps, but for the first five, which prepare."""
    from style_transfer.devices import synchronize

    times = []
    for number in range(options.rounds + 5):
        began = time.perf_counter()
        step()
        synchronize(options.device)
        if number >= 5:
            times.append(1000 * (time.perf_counter() - began))
    return times


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


def main() -> None:
    """Measure all parts, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--run-size", type=int, default=512)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--limit", type=float, default=1.0)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("-o", "--output", type=Path, default=Path("gpu.json"))
    parser.add_argument("--part", choices=PARTS, help="this one, in this process")
    options = parser.parse_args()
    runtime.configure()
    from style_transfer.devices import AUTO, present

    if options.device == AUTO:
        options.device = present()[0]
    if options.part:
        PARTS[options.part](options)
        return
    import torch

    module = torch.get_device_module(options.device)
    name = getattr(module, "get_device_name", lambda _: options.device)(options.device)
    found: dict[str, Any] = {"device": name, "torch": torch.__version__, "parts": {}}
    for part in options.only:
        found["parts"][part] = _finished(part, options.limit * LIMITS[part])
        options.output.write_text(json.dumps(found, indent=1) + "\n")
        print(part, json.dumps(found["parts"][part]), flush=True)


if __name__ == "__main__":
    main()
