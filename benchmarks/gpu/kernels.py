"""What a device does in a step: its kernels, and how long those of each kind take."""

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch.profiler import ProfilerActivity, profile

from benchmarks.contenders import LECTURE
from benchmarks.gpu.common import WARM_UP, pictures, tell
from style_transfer.devices import synchronize
from style_transfer.engine import stylize
from style_transfer.engine.step_graphs import graphs
from style_transfer.network import load_network
from style_transfer.settings import Settings

STEPS, LISTED = 4, 25  # steps that are looked at; kinds of kernels that are told
LEAST_WAIT = 60  # microseconds
_KINDS = ("kernel", "gpu_memcpy", "gpu_memset")
_NAME = 90  # characters that tell kinds apart


def kernels(options: argparse.Namespace) -> None:
    """Print the number of kernels of a step, the time from first to last, and the longest kinds.

    And before which kinds a stream stands still. Times of kernels that run beside each other
    overlap, and to watch makes all of them longer.
    """
    network = load_network(device=options.device)
    for side in options.sizes:
        for name, settings in (("lecture", LECTURE), ("default", Settings())):
            graphs.forget()
            made = replace(settings, steps=WARM_UP + STEPS)
            frames = stylize(*pictures(options, side), lambda s=made: s, network=network)
            for _ in range(WARM_UP + 1):
                next(frames)
            events = list(_kernels(frames, options.device))
            row = {"side": side, "settings": name, "kernels a step": len(events) / STEPS}
            tell(row | ({"ms": _span(events) / STEPS} if events else {}))
            for kind in (*_longest(events), *_waits(events)):
                tell({"side": side, "settings": name} | kind)


def _kernels(frames: Iterable[object], device: str) -> Iterable[dict[str, Any]]:
    """Yield what a profiler sees of the kernels that the rest of a run's frames take."""
    synchronize(device)
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as watched:
        for _ in frames:
            pass
        synchronize(device)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "trace.json")
        watched.export_chrome_trace(str(file))
        events = json.loads(file.read_text())["traceEvents"]
    yield from (event for event in events if event.get("cat") in _KINDS)


def _span(events: list[dict[str, Any]]) -> float:
    """Return the milliseconds from the begin of the first to the end of the last."""
    began = min(event["ts"] for event in events)
    return (max(event["ts"] + event["dur"] for event in events) - began) / 1000


def _longest(events: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    times, counts = Counter[str](), Counter[str]()
    for event in events:
        times[event["name"][:_NAME]] += event["dur"]
        counts[event["name"][:_NAME]] += 1
    for name, total in times.most_common(LISTED):
        yield {"kind": name, "a step": counts[name] / STEPS, "ms a step": total / STEPS / 1000}


def _waits(events: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Yield before which kinds streams stand still, and for how long."""
    times, counts, last = Counter[str](), Counter[str](), dict[int, float]()
    for event in sorted(events, key=lambda event: event["ts"]):
        stream, kind = event["args"]["stream"], event["name"][:_NAME]
        wait = event["ts"] - last.get(stream, event["ts"])
        last[stream] = event["ts"] + event["dur"]
        if wait > LEAST_WAIT:
            times[kind] += wait
            counts[kind] += 1
    for kind, total in times.most_common(LISTED):
        yield {"before": kind, "waits a step": counts[kind] / STEPS, "ms": total / STEPS / 1000}
