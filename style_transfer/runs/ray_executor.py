"""RayExecutor: steps made by the actors of a Ray cluster, on this machine and on others."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from style_transfer.devices import CPU
from style_transfer.runs.limits import PREFIX
from style_transfer.runs.ray_worker import RayWorker
from style_transfer.runs.worker_pool import MOST_SHARES, SHARES_VARIABLE, WorkerPool, shares_of

# What an actor takes of its node; GPUs may be parts of one.
GPUS_VARIABLE, CPUS_VARIABLE = f"{PREFIX}RAY_GPUS", f"{PREFIX}RAY_CPUS"
MOST = 1024.0
_TOLD_EVERY = 2.0  # s; how much memory is free


class RayExecutor(WorkerPool[RayWorker]):
    """Computes each call of a run by the actor that has the fewest; a lost one is replaced.

    Connects to the cluster that RAY_ADDRESS names, to one that was started on this machine, or
    starts one here. Ray, and its autoscaler, decide where the actors are.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Ask for the actors, as the environment says.

        Raises ValueError, one sentence, without the package or the cluster, and for a variable with
        a value that it cannot have.
        """
        gpus = _number(environment, GPUS_VARIABLE)
        cpus = _number(environment, CPUS_VARIABLE)
        shares = environment.get(SHARES_VARIABLE, "").strip()
        count = shares_of(shares) if shares else None
        ray, self._is_ours = _connected()
        there = ray.cluster_resources()
        if gpus is None:
            gpus = 1.0 if there.get("GPU") else 0.0
        cpus = 1.0 if cpus is None else cpus
        self.device = "cuda" if gpus else CPU
        self._part = min(1.0, gpus)
        self._free: int | None = None  # bytes, as of
        self._told = 0.0  # by the monotonic clock
        self._asking = threading.Lock()
        if count is None:
            taken = {"GPU": gpus, "CPU": cpus}
            fitting = [there.get(name, 0) / each for name, each in taken.items() if each]
            count = min(MOST_SHARES, max(1, int(min(fitting, default=1))))
        self._ray = ray
        super().__init__(count, lambda _: RayWorker(ray, gpus, cpus))

    def available_memory(self) -> int | None:
        """Return the bytes that all runs together could have if they were with one actor.

        That of the one with the least: its part of a GPU, or of the memory of its node.
        """
        with self._asking:
            if time.monotonic() >= self._told + _TOLD_EVERY:
                self._free, self._told = self._least(), time.monotonic()
            return self._free

    def end(self) -> None:
        """End all actors, and the connection to the cluster where it was made here."""
        super().end()
        if self._is_ours:
            self._ray.shutdown()

    def _least(self) -> int | None:
        known = [each for worker in list(self._workers) if (each := worker.status())]
        on = Counter(each.node for each in known)
        parts = [
            int(each.free * self._part) if self._part else each.free // on[each.node]
            for each in known
            if each.free is not None
        ]
        return min(parts, default=None)


def _number(environment: Mapping[str, str], name: str) -> float | None:
    """Return the value of a variable, None without one. Raises ValueError, one sentence."""
    text = environment.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= MOST:
        raise ValueError(f"{name} must be a number from 0 to {MOST:g}, not {text!r}.")
    return value


def _connected() -> tuple[Any, bool]:
    """Return the package, connected to a cluster, and whether that was made here.

    Raises ValueError, one sentence.
    """
    try:
        import ray
    except ModuleNotFoundError as error:
        raise ValueError(f"Ray needs {error.name}; install ray.") from None
    if ray.is_initialized():
        return ray, False
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(include_dashboard=False, logging_level="WARNING")
    except (ConnectionError, RuntimeError) as error:
        raise ValueError(f"The Ray cluster cannot be reached: {error}") from None
    finally:  # Ray's own handler ends the process without saving anything
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)
    return ray, True
