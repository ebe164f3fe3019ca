"""Steps of a run: how far they are from the CPU's, their time, and their memory."""

import argparse
import statistics
import time
from dataclasses import replace
from itertools import pairwise

from torch import Tensor

from benchmarks.contenders import LECTURE
from benchmarks.gpu.common import WARM_UP, pictures, tell
from style_transfer.devices import peak_memory
from style_transfer.engine import differences, stylize
from style_transfer.engine.step_graphs import graphs
from style_transfer.network import VGG, load_network
from style_transfer.settings import Settings


def agreement(options: argparse.Namespace) -> None:
    """Print how far a step on the device is from the CPU's, and whether runs are repeatable."""
    network = load_network(device=options.device)
    tell(differences(network))
    both = pictures(options, 256)
    for name, settings in (("lecture", LECTURE), ("default", Settings())):
        images = dict[str, Tensor]()
        for run in ("recorded", "recorded again", "call by call", "call by call again"):
            graphs.enabled = run.startswith("recorded")
            graphs.forget()
            made = replace(settings, steps=12)
            *_, last = stylize(*both, lambda s=made: s, network=network)
            images[run] = last.image
        for one, other in pairwise(images):
            away = (images[one] - images[other]).abs().max().item()
            tell({"settings": name, "runs": [one, other], "largest difference": away})


def steps(options: argparse.Namespace) -> None:
    """Print time and peak memory of a run's steps by size and settings, with and without graphs."""
    network = load_network(device=options.device)
    for side in options.sizes:
        for name, settings in (("lecture", LECTURE), ("default", Settings())):
            for graphs.enabled in options.graphs:
                graphs.forget()
                with peak_memory(options.device) as peak:
                    made = replace(settings, steps=WARM_UP + options.rounds)
                    both = pictures(options, side)
                    frames = stylize(*both, lambda s=made: s, network=network)
                    moments = [time.perf_counter() for frame in frames if frame.step >= WARM_UP]
                times = [1000 * (after - before) for before, after in pairwise(moments)]
                row = {"side": side, "settings": name, "graphs": graphs.enabled}
                if side == options.run_size:
                    row |= _after_a_moved_layer(both, settings, network)
                row |= {"ms": statistics.median(times), "mean, ms": statistics.fmean(times)}
                memory = None if peak.bytes is None else peak.bytes / 1e9
                tell(row | {"slowest, ms": max(times), "peak, GB": memory})


def _after_a_moved_layer(both: list[Tensor], settings: Settings, network: VGG) -> dict[str, float]:
    """Return the milliseconds of the longest step after a layer was taken away."""
    now, moments = [replace(settings, steps=WARM_UP + 12)], list[float]()
    for frame in stylize(*both, lambda: now[0], network=network):
        if frame.step == WARM_UP:
            fewer = dict(list(settings.style_layers.items())[:-1])
            now[0] = replace(now[0], style_layers=fewer)
        if frame.step >= WARM_UP:
            moments.append(time.perf_counter())
    longest = max(after - before for before, after in pairwise(moments))
    return {"longest after a moved layer, ms": 1000 * longest}
