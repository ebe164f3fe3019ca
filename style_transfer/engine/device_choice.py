"""Which device a process computes on: the one that is asked for, or the first that proves right."""

import logging
import os
import time
from collections.abc import Mapping
from functools import cache

import torch
from torch import Tensor

from style_transfer.devices import AUTO, CPU, VARIABLE, check_device, present
from style_transfer.engine.initial_image import initial_image
from style_transfer.engine.lbfgs import LBFGS, Memory
from style_transfer.engine.objective import Objective
from style_transfer.engine.pyramid import resize_clamped
from style_transfer.engine.styles import Styles
from style_transfer.engine.views import evaluated
from style_transfer.network import BACKENDS, VGG, BackendSet, load_network
from style_transfer.settings import Settings

# Of the norm of what the CPU computes. Convolutions in TF32 make the gradient differ by 2.4 % with
# the default settings and by 1.2 % with the paper's, a wrong operation by more than a tenth.
TOLERANCE = 0.1
_SIDE, _SMALL = 96, (64, 64)  # px, of the images of a check and of what is evaluated of them
# The statistics, layers and pooling by default, and those of the paper.
_CHECKED = {
    "default": Settings(),
    "paper's": Settings(
        style_layers={f"relu{block}_1": 1.0 for block in range(1, 6)},
        statistic="gram",
        pooling="average",
        motifs=0,
    ),
}
_log = logging.getLogger(__name__)


def default_device(environment: Mapping[str, str] = os.environ) -> str:
    """Return the device that the environment names, see `chosen_device`; by default AUTO."""
    return chosen_device(environment.get(VARIABLE, "").strip().lower() or AUTO)


def chosen_device(name: str = AUTO) -> str:
    """Return the name of a device that is here: `name`, or for AUTO the first that proves right.

    See `differences`; the log says which one was passed over, and what the check cost. It is made
    once in a process, and not where there is the CPU alone. Raises ValueError, one sentence, for a
    device that is not here.
    """
    if name == AUTO:
        return _first_right()
    check_device(name)
    return name


def default_size(device: str | None = None) -> int:
    """Return the longer side in px at which a run of default length takes a minute or two.

    On `device`, by default the `default_device`.
    """
    return 480 if (device or default_device()) == CPU else 1024


@cache
def _first_right() -> str:
    for name in present():
        if name == CPU or _is_right(name):
            return name
    return CPU


def _is_right(name: str) -> bool:
    """Return whether a device proves right, and log it."""
    began = time.perf_counter()
    try:
        found = differences(load_network(device=name))
    except Exception as error:  # drivers and operations that are not there raise anything
        words = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        _log.warning("%s is passed over, since a step there fails: %s", name, words)
        return False
    worst = max(found, key=lambda each: (found[each] != found[each], found[each]))
    seconds = time.perf_counter() - began
    if not found[worst] <= TOLERANCE:
        _log.warning(
            "%s is passed over, since its %s differs from the CPU's by %.0f %%.",
            name, worst, 100 * found[worst],
        )  # fmt: skip
        return False
    _log.info(
        "%s serves: its %s differs from the CPU's by %.1g %%, nothing by more (%.1f s to check).",
        name, worst, 100 * found[worst], seconds,
    )  # fmt: skip
    return True


def differences(network: VGG) -> dict[str, float]:
    """Return how far a step on the network's device is from the CPU's, by what is compared.

    Losses, gradient and next images, by the norm of the difference over that of the CPU's. The step
    has all that a run has: colours matched, resizing, the statistics by default and the paper's,
    both poolings, motifs, and the optimiser with a memory.
    """
    # Without the backends of the CPU, which would be measured first.
    reference = VGG(network.name, BackendSet({"torch": BACKENDS["torch"]}))
    found = dict[str, float]()
    for name, settings in _CHECKED.items():
        ours, theirs = _step(network, settings), _step(reference, settings)
        for part, wanted in theirs.items():
            error = (ours[part] - wanted).norm() / wanted.norm()
            found[f"{part} with the {name} settings"] = error.item()
    return found


def _step(network: VGG, settings: Settings) -> dict[str, Tensor]:
    """Return what a step gives, on the CPU."""
    photo, painting = (_blobs(seed).to(network.device) for seed in (1, 2))
    styles = Styles((painting,))
    start = initial_image("content", photo, styles, (_SIDE, _SIDE), 0, settings)
    objective = Objective(network, resize_clamped(photo, _SMALL), styles)
    evaluation, _ = evaluated(network, start, [objective.view(settings)])
    optimizer, gradient = LBFGS(), evaluation.gradient
    first, memory = optimizer.step(start, gradient, Memory())
    second, _ = optimizer.step(first, gradient / 2, memory)
    losses = torch.tensor([*evaluation.losses.values()])
    moves = {"colours": start - photo, "first step": first - start, "second step": second - first}
    return {"losses": losses} | {n: x.cpu() for n, x in (moves | {"gradient": gradient}).items()}


def _blobs(seed: int) -> Tensor:
    """Return a picture of soft blobs with a little noise, (1, 3, _SIDE, _SIDE)."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand((1, 3, 8, 8), generator=generator)
    noise = 0.1 * torch.rand((1, 3, _SIDE, _SIDE), generator=generator)
    even = torch.nn.functional.interpolate(coarse, size=(_SIDE, _SIDE), mode="bilinear")
    return (0.9 * even + noise).clamp(0, 1)
