"""Runs as the page has them: several beside each other, and one that is watched and steered."""

import argparse
import io
import statistics
import tempfile
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from benchmarks.contenders import LECTURE
from benchmarks.gpu.common import WARM_UP, pictures, tell
from style_transfer.devices import peak_memory
from style_transfer.engine import Styles, stylize
from style_transfer.engine.step_graphs import graphs
from style_transfer.images import to_pil
from style_transfer.network import load_network
from style_transfer.runs import Limits, RunService
from style_transfer.runs.executor import Job
from style_transfer.settings import Settings


def crowd(options: argparse.Namespace) -> None:
    """Print the cost of a step, the recordings and the memory of eight runs by turns."""
    network = load_network(device=options.device)
    photo, style = pictures(options, options.run_size)
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
            tell(row | {"recordings": len(graphs), "peak, GB": memory})


def video(options: argparse.Namespace) -> None:
    """Print how many frames a second are handed out as JPEG, and when they show a moved beta."""
    photo, style = pictures(options, options.run_size, "cpu")
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
    tell(row | {"beta to its frame, s": statistics.median(delays or [0.0]), "at worst, s": worst})
