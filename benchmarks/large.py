"""A large picture: does a run start, stay within the memory estimated, and stop with a picture?

    python -m benchmarks.large [--size 2048] [--last 3] [--steps 100] [-o picture.jpg]

Goes through all stages of a run of so many steps, stops it after the first `--last` steps of the
finest one, and prints estimates beside measurements. Reads Linux's /proc.
"""

import argparse
import json
import time
from pathlib import Path

from benchmarks.samples import photo, style
from style_transfer.engine import Styles, remaining_steps, stages
from style_transfer.images import save
from style_transfer.runs import Estimate, Job, RunMemory, RunService
from style_transfer.settings import Settings


def memory(name: str) -> int:
    """Return the bytes of VmRSS (now) or VmHWM (peak), as Linux names them."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith(name)))


def main() -> None:
    """Run, stop and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in (("size", 2048), ("last", 3), ("steps", 100)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("-o", "--output", type=Path, default=Path("large.jpg"))
    options = parser.parse_args()
    content, style_image = photo("colosseum", options.size), style("breaking_waves")
    service = RunService.from_environment({})
    size, style_size = ((each.shape[-2], each.shape[-1]) for each in (content, style_image))
    settings, before = Settings(steps=options.steps), memory("VmRSS")
    plan, cost_model = stages(size), service.executor.cost_model(settings=settings)
    print(f"{size[1]} x {size[0]} pixels: {Estimate.of(cost_model, size, [style_size], settings)}")
    until = options.steps - remaining_steps(plan, 0, options.steps)[-1] + options.last
    began, last = time.perf_counter(), 0
    run = service.start(Job(content, Styles.of(style_image), settings))
    for frame in run.frames():
        if frame and frame.step > last:
            last, seconds = frame.step, round(time.perf_counter() - began, 1)
            row = {"step": last, "height": frame.image.shape[-2], "seconds": seconds}
            print(json.dumps(row), flush=True)
            if frame.step >= until:
                run.stop()
    run.join()
    assert run.frame is not None
    save(run.frame.picture, options.output)
    estimate = cost_model.remaining_seconds(plan, 0, options.steps)
    estimate -= cost_model.remaining_seconds(plan, run.frame.step, options.steps, len(plan) - 1)
    result = {"seconds": time.perf_counter() - began, "seconds estimate": estimate}
    result["GB"] = (memory("VmHWM") - before) / 1e9
    result["GB estimated"] = RunMemory.of(size, [style_size]).total / 1e9
    print(json.dumps({name: round(value, 2) for name, value in result.items()}))


if __name__ == "__main__":
    main()
