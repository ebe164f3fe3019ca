"""What it costs a run that a page shows it: the same run with and without a page, alternating.

    python -m benchmarks.watching [--size 480] [--steps 100] [--preset lecture] [--rounds 3]

By default it is the run that the page proposes. Both write checkpoints, as every run of the page
does. Prints one JSON line a round and the median ratio. The browser draws on the same cores.
"""

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from style_transfer.engine import Styles, default_size
from style_transfer.images import open_image, to_tensor
from style_transfer.links import to_query
from style_transfer.presets import PRESETS, preset_values
from style_transfer.recipe import Recipe
from style_transfer.runs import Job, Limits, Run, RunService
from style_transfer.settings import Settings
from style_transfer.ui.page import build
from style_transfer.ui.panels.inputs import FIRST_STYLE, PHOTOS
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.run_inputs import RunInputs
from style_transfer.ui.session.sessions import Sessions
from style_transfer.ui.session.timeline import Timeline


def alone(size: int, settings: Settings) -> float:
    """Return the seconds from the first to the last step of a run without a page."""
    content, style = to_tensor(open_image(PHOTOS[0]), size), to_tensor(open_image(FIRST_STYLE))
    with tempfile.TemporaryDirectory() as folder:
        inputs = RunInputs(content, Styles.of(style), PHOTOS[0], Recipe())
        record = RunRecord("alone", inputs, Timeline(Path(folder) / "previews"))
        service = RunService(Limits(), Path(folder) / "kept")
        record.checkpoint = service.checkpoints.create("a" * 64, inputs.tensors)
        job = Job(content, inputs.styles, settings)
        run = service.start(job, on_frame=record.write_checkpoint)
        record.follow(run)
        result = seconds(run)
        run.join()
        record.remove_checkpoint()
    return result


def watched(browser: Browser, url: str, sessions: Sessions, size: int, settings: Settings) -> float:
    """Return the seconds of the same run while a page shows it."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{url}?{to_query(settings)}")
    page.wait_for_selector("#start")
    page.wait_for_timeout(2000)  # Gradio draws the page before it listens
    for name, value in (("size", size), ("steps", settings.steps)):
        number = page.locator(f"#{name} input[type=number]")
        number.fill(str(value))
        number.press("Tab")
    page.locator("#start").click()
    while not (runs := [each.run for each in sessions.all() if each.run]):
        page.wait_for_timeout(20)
    result = seconds(runs[0])
    page.close()
    while sessions.all():
        time.sleep(0.1)
    return result


def seconds(run: Run) -> float:
    """Return how long a run takes from its first step to its last."""
    while not run.losses:
        time.sleep(0.01)
    began = time.perf_counter()
    for _ in run.frames():  # the least work of a watcher, without which a run would end
        pass
    return time.perf_counter() - began


def main() -> None:
    """Measure alternately, so that a machine whose speed drifts does so for both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    proposed = (("size", default_size()), ("steps", Settings().steps), ("rounds", 3))
    for name, value in proposed:
        parser.add_argument(f"--{name}", type=int, default=value)
    names = {name.lower(): name for name in PRESETS}
    parser.add_argument("--preset", choices=names, help="by default none")
    options = parser.parse_args()
    values = preset_values(names[options.preset]) if options.preset else {}
    settings = Settings(**values | {"steps": options.steps})
    served = build(RunService.from_environment(os.environ))
    served.blocks.launch(**served.launch_options, prevent_thread_lock=True, quiet=True)
    url, sessions = served.blocks.local_url, served.context.sessions
    alone(options.size, replace(settings, steps=4))  # measures the convolutions
    ratios = []
    with sync_playwright() as driver:
        path = shutil.which("chromium")
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for number in range(options.rounds):
            first = alone(options.size, settings) if number % 2 else None
            with_page = watched(browser, url, sessions, options.size, settings)
            without = first or alone(options.size, settings)
            ratios.append(with_page / without)
            row = {"watched": with_page, "alone": without, "ratio": ratios[-1]}
            print(json.dumps(row), flush=True)
        browser.close()
    print(f"median ratio {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
