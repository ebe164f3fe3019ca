"""Whole runs: their time, and what they reach by each kind of arithmetic."""

import argparse
import time
from dataclasses import replace

import torch

from benchmarks.contenders import LECTURE
from benchmarks.gpu.common import pictures, tell
from style_transfer.devices import peak_memory
from style_transfer.engine import stylize
from style_transfer.engine.step_graphs import graphs
from style_transfer.network import load_network
from style_transfer.runs import CostModel
from style_transfer.settings import Settings


def run(options: argparse.Namespace) -> None:
    """Print the seconds of a run from the call to the picture, the second of two alike."""
    photo, style = pictures(options, options.run_size)
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
            tell(row | {"estimated": estimate, "total": last.losses["total"], "peak, GB": memory})


def objective(options: argparse.Namespace) -> None:
    """Print what is reached from three starts a hair apart, by each kind of arithmetic."""
    network = load_network(device=options.device)
    photo, style = pictures(options, 256)
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
            tell({"settings": name, "graphs": recorded, "TF32": short, "totals": totals})
