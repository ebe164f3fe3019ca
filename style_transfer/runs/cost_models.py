"""The cost models of an executor, each measured when it is first asked for."""

import threading
import time
from dataclasses import replace

from style_transfer.network import VGG
from style_transfer.runs.cost_model import CostModel, what_costs
from style_transfer.runs.cost_store import CostStore
from style_transfer.runs.scheduler import Scheduler
from style_transfer.settings import Settings

SHARE = 0.2  # of the time, at most, in which a device measures while runs make steps on it


class CostModels:
    """Measures on the device of a scheduler, which it shares with runs.

    Each choice of layers costs otherwise, so that somebody who tries one after the other could
    measure for ever. So one is measured at a time, and seldom while there are runs; whoever asks
    meanwhile gets the cost model of other settings.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler, self._store = scheduler, CostStore()
        self._models: dict[tuple[VGG, str], CostModel] = {}  # by what costs of settings
        self._firsts: dict[VGG, CostModel] = {}  # those measured first
        self._measuring = threading.Lock()
        self._next_at, self._turns = 0.0, 0  # when runs were computed since the last measurement

    def get(self, network: VGG, settings: Settings, *, anew: bool = False) -> CostModel:
        """Return the cost model of a network with these settings, see `Executor.cost_model`."""
        key, other = (network, what_costs(settings)), self._firsts.get(network)
        if key in self._models and not anew:
            return self._models[key]
        if not self._measuring.acquire(blocking=anew or not other) and other:
            return other
        try:
            if anew or key not in self._models:  # as it may be by now
                if other and not anew and self._is_too_soon:
                    return other
                self._models[key] = self._measure(network, settings, anew)
                self._firsts.setdefault(network, self._models[key])
            return self._models[key]
        finally:
            self._measuring.release()

    @property
    def _is_too_soon(self) -> bool:
        return self._scheduler.turns > self._turns and time.monotonic() < self._next_at

    def _measure(self, network: VGG, settings: Settings, anew: bool) -> CostModel:
        began = time.monotonic()
        # By turns with the steps of runs: none disturbs the other, and no run halts for long.
        found = self._store.cost_model(network, settings, self._scheduler, anew=anew)
        ended = time.monotonic()
        self._turns = self._scheduler.turns
        self._next_at = ended + (ended - began) * (1 / SHARE - 1)
        return replace(found, settings=settings)  # which tell it from one of others
