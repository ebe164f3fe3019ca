"""Short runs for the tests of the engine."""

from dataclasses import replace

import pytest

from style_transfer.devices import runs_ahead
from style_transfer.engine.optimize import INITS, stylize
from style_transfer.engine.optimizers import OPTIMIZERS
from tests.conftest import LECTURE

# Shallow layers, for speed: what is tested here does not depend on the depth.
QUICK = replace(LECTURE, content_layer="relu2_1", style_layers=["relu1_1", "relu2_1"], steps=8)


every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS)


every_init = pytest.mark.parametrize("init", INITS)


def run(photo, painting, settings=QUICK, **options):
    """All frames of a run."""
    return list(stylize(photo, painting, lambda: settings, **options))


def begun_ahead(device):
    """How many steps a device has begun when a frame is shown, after the frame's own."""
    return int(runs_ahead(device))


def steered(photo, painting, changes):
    """All frames of a run with the settings `changes[n]` from the time on when frame n is seen."""
    frames = []

    def read_settings():
        made = max(0, len(frames) - 1)
        return changes[max(step for step in changes if step <= made)]

    for frame in stylize(photo, painting, read_settings):
        frames.append(frame)
    return frames
