"""All that is to be found out on a machine with a GPU, in one go and within limits of time.

    python -m benchmarks.gpu [--device cuda] [-o gpu.json] [--only steps run] [--limit 1.0]

Parts, each a process of its own that is ended after its limit. What a part has printed when it is
ended counts; the JSON file is written anew after each. `--limit` multiplies the limits.

    agreement   how far a step is from the CPU's
    steps       their milliseconds and peak memory by size, for the preset "Lecture" and the default
                settings, by recorded graphs and without; the longest one after a moved layer
    run         seconds of 100 steps at 512 px from the call to the picture, and what was estimated
    objective   what 100 steps reach by TF32 and float32, recorded and not, from starts a hair apart
    crowd       eight runs by turns: milliseconds of a step, recordings, memory
    video       how many frames a second are handed out, and when they show a moved knob
    peer        the same steps by pastiche, where it is installed
    tests       those that are marked `every_device`
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
from itertools import pairwise
from pathlib import Path
from typing import Any

from style_transfer import runtime

SIZES, STEPS, ROUNDS = (256, 512, 1024, 2048), 100, 20
WARM_UP = 44  # steps: all coarse ones, and until L-BFGS has all of its history
LIMITS = {  # s
    "agreement": 60, "steps": 120, "run": 60, "objective": 60, "crowd": 60, "video": 60, "peer": 90,
    "tests": 240,
}  # fmt: skip


def agreement(options: argparse.Namespace) -> None:
    """Print how far a step on the device is from the CPU's."""
    from style_transfer.engine import differences
    from style_transfer.network import load_network

    _tell(differences(load_network(device=options.device)))


def steps(options: argparse.Namespace) -> None:
    """Print time and peak memory of a run's steps by size and settings, with and without graphs."""
    from benchmarks.contenders import LECTURE
    from style_transfer.devices import peak_memory
    from style_transfer.engine import stylize
    from style_transfer.engine.step_graphs import graphs
    from style_transfer.network import load_network
    from style_transfer.settings import Settings

    network = load_network(device=options.device)
    for side in options.sizes:
        for name, settings in (("lecture", LECTURE), ("default", Settings())):
            for graphs.enabled in options.graphs:
                graphs.forget()
                with peak_memory(options.device) as peak:
                    made = replace(settings, steps=WARM_UP + options.rounds)
                    pictures = _pictures(options, side)
                    frames = stylize(*pictures, lambda s=made: s, network=network)
                    moments = [time.perf_counter() for frame in frames if frame.step >= WARM_UP]
                times = [1000 * (after - before) for before, after in pairwise(moments)]
                row = {"side": side, "settings": name, "graphs": graphs.enabled}
                if side == options.run_size:
                    row |= _after_a_moved_layer(pictures, settings, network)
                row |= {"ms": statistics.median(times), "mean, ms": statistics.fmean(times)}
                memory = None if peak.bytes is None else peak.bytes / 1e9
                _tell(row | {"slowest, ms": max(times), "peak, GB": memory})


def _after_a_moved_layer(pictures: Any, settings: Any, network: Any) -> dict[str, float]:
    """Return the milliseconds of the longest step after a layer was taken away."""
    from style_transfer.engine import stylize

    now, moments = [replace(settings, steps=WARM_UP + 12)], list[float]()
    for frame in stylize(*pictures, lambda: now[0], network=network):
        if frame.step == WARM_UP:
            fewer = dict(list(settings.style_layers.items())[:-1])
            now[0] = replace(now[0], style_layers=fewer)
        if frame.step >= WARM_UP:
            moments.append(time.perf_counter())
    longest = max(after - before for before, after in pairwise(moments))
    return {"longest after a moved layer, ms": 1000 * longest}


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


def objective(options: argparse.Namespace) -> None:
    """Print what is reached from three starts a hair apart, by each kind of arithmetic."""
    import torch

    from benchmarks.contenders import LECTURE
    from style_transfer.engine import stylize
    from style_transfer.engine.step_graphs import graphs
    from style_transfer.network import load_network
    from style_transfer.settings import Settings

    network = load_network(device=options.device)
    photo, style = _pictures(options, 256)
    for name, settings in (("lecture", LECTURE), ("default", Settings())):
        settings = replace(settings, steps=options.steps)
        for recorded, short in ((1, True), (0, True), (1, False)):
            graphs.enabled, torch.backends.cudnn.allow_tf32 = bool(recorded), short
            graphs.forget()
            totals = []
            for start in range(3):
                image = (photo + start * 1e-5).clamp(0, 1)
                *_, last = stylize(image, style, lambda s=settings: s, network=network)
                totals.append(last.losses["total"])
            _tell({"settings": name, "graphs": recorded, "TF32": short, "totals": totals})


def crowd(options: argparse.Namespace) -> None:
    """Print the cost of a step, the recordings and the memory of eight runs by turns."""
    from benchmarks.contenders import LECTURE
    from style_transfer.devices import peak_memory
    from style_transfer.engine import stylize
    from style_transfer.engine.step_graphs import graphs
    from style_transfer.network import load_network
    from style_transfer.settings import Settings

    network = load_network(device=options.device)
    photo, style = _pictures(options, options.run_size)
    for name, settings in (("lecture", LECTURE), ("default", Settings())):
        made = replace(settings, steps=WARM_UP + options.rounds)
        for visitors in (1, 8):
            graphs.forget()
            with peak_memory(options.device) as peak:
                runs = [
                    stylize(photo.roll(40 * n, -1), style, lambda s=made: s, network=network)
                    for n in range(visitors)
                ]
                moments = [
                    time.perf_counter()
                    for turn in zip(*runs, strict=True)
                    if turn[0].step >= WARM_UP
                ]
            each = [1000 * (b - a) / visitors for a, b in pairwise(moments)]
            memory = None if peak.bytes is None else peak.bytes / 1e9
            row = {"settings": name, "visitors": visitors, "ms": statistics.median(each)}
            _tell(row | {"recordings": len(graphs), "peak, GB": memory})


def video(options: argparse.Namespace) -> None:
    """Print how many frames a second are handed out as JPEG, and when they show a moved beta."""
    import io
    import tempfile

    from style_transfer.engine import Styles
    from style_transfer.images import to_pil
    from style_transfer.runs import Limits, RunService
    from style_transfer.runs.executor import Job
    from style_transfer.settings import Settings

    photo, style = _pictures(options, options.run_size, "cpu")
    with tempfile.TemporaryDirectory() as folder:
        service = RunService(Limits(), Path(folder))
        job = Job(photo, Styles((style,)), Settings(steps=4000), init="content")
        run, handed, delays, moved = service.start(job), list[float](), list[float](), 0.0
        beta = job.settings.beta
        for frame in run.frames():
            if frame is None:
                continue
            to_pil(frame.picture).save(io.BytesIO(), "jpeg", quality=85)  # as the page is given it
            now = time.perf_counter()
            handed.append(now)
            if moved and frame.settings.beta == beta:
                delays.append(now - moved)
                moved = 0.0
            if len(handed) % 20 == 0 and len(delays) < 10 and not moved:
                beta += 1
                moved = time.perf_counter()
                run.settings = replace(run.settings, beta=beta)
            if now - handed[0] > 6:
                break
        step = run.frame.step if run.frame else 0
        run.stop()
        run.join(30)
    seconds = handed[-1] - handed[0]
    row = {"frames a second": len(handed) / seconds, "steps a second": step / seconds}
    worst = max(delays, default=0.0)
    _tell(row | {"beta to its frame, s": statistics.median(delays or [0.0]), "at worst, s": worst})


def peer(options: argparse.Namespace) -> None:
    """Print the time of pastiche's steps."""
    from benchmarks.contenders import LECTURE, pastiche

    if find_spec("pastiche") is None:
        _tell({"skipped": "pip install pastiche==1.6.0"})
        return
    for side in options.sizes:
        artist = pastiche(*_pictures(options, side, "cpu"), LECTURE, options.device)
        _tell({"side": side, "ms": statistics.median(_times(artist.draw, options))})


def tests(options: argparse.Namespace) -> None:
    """Print each test that fails, and how many pass."""
    import pytest

    class Reporter:
        passed = 0

        def pytest_runtest_logreport(self, report: Any) -> None:
            if report.failed:
                _tell({"failed": report.nodeid, "words": str(report.longrepr)[-300:]})
            self.passed += report.passed and report.when == "call"

    reporter = Reporter()
    workers = ["-n", str(options.workers)] if options.workers else []
    code = pytest.main(
        # Warnings are of the machine's libraries, and no failures.
        ["-q", "-m", "every_device", "-k", "accelerator", "-W", "default", *workers],
        [reporter],
    )
    _tell({"code": int(code), "passed": reporter.passed})


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "agreement": agreement, "steps": steps, "run": run, "objective": objective, "crowd": crowd,
    "video": video, "peer": peer, "tests": tests,
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
    parser.add_argument("--workers", type=int, default=0, help="of the tests, by pytest-xdist")
    parser.add_argument("--graphs", type=int, nargs="+", default=[1, 0])
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
