"""Cost models on disk, so that a run of another process begins without measuring."""

import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from style_transfer.checks import is_number
from style_transfer.network import VGG, MachineFile
from style_transfer.runs.cost_model import NOT_SHARED, CostModel, what_costs
from style_transfer.settings import Settings


class CostStore:
    """The cost models of this machine, by network, device, and what costs of the settings."""

    def __init__(self, folder: Path | None = None) -> None:
        """Take the folder, by default that of a `MachineFile`."""
        self._file = MachineFile("costs", folder)

    def cost_model(
        self,
        network: VGG,
        settings: Settings,
        device: AbstractContextManager[Any] = NOT_SHARED,
        *,
        anew: bool = False,
    ) -> CostModel:
        """Return the cost model that is on disk; without one, or `anew`, measure it on `device`.

        Other processes may have kept the machine busy when a model was measured, so that one that
        lives long measures `anew` when it begins.
        """
        shared = network.timing_store is not None  # others compute by timings of their own
        key = f"{network.name} {network.device} {what_costs(settings)}"
        if shared and not anew and (known := _parsed(self._file.read()).get(key)):
            return known
        found = CostModel.measure(network, settings, device)
        network.remember_timings()
        if shared:
            self._file.update(lambda others: _as_data(_parsed(others) | {key: found}))
        return found


def _as_data(models: dict[str, CostModel]) -> dict[str, tuple[float, ...]]:
    return {key: (each.seconds_per_step, each.seconds_per_pixel) for key, each in models.items()}


def _parsed(data: object) -> dict[str, CostModel]:
    """Return the models in what was read; what is damaged is left out."""
    pairs = data.items() if isinstance(data, dict) else ()
    return {key: CostModel(*each) for key, each in pairs if _is_model(each)}


def _is_model(data: object) -> bool:
    if not isinstance(data, list | tuple) or len(data) != 2 or not any(data):
        return False
    return all(is_number(n) and 0 <= n <= sys.float_info.max for n in data)
