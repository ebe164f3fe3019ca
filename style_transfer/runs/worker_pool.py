"""WorkerPool: an executor whose steps are made by several workers, each on a device or share."""

import threading
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

from style_transfer.devices import CPU
from style_transfer.network import NETWORKS
from style_transfer.runs.cost_model import CostModel, what_costs
from style_transfer.runs.executor import Job
from style_transfer.runs.frame_message import FrameMessage
from style_transfer.runs.limits import PREFIX
from style_transfer.runs.memory import Size
from style_transfer.runs.outcome import Outcome, UnavailableError
from style_transfer.runs.remote_execution import FRUITLESS_CALLS, RemoteExecution, WorkerLostError
from style_transfer.runs.run_folder import RunFolder
from style_transfer.runs.scheduler import StepRate
from style_transfer.settings import Settings

SHARES_VARIABLE = f"{PREFIX}SHARES"  # how many workers there are, where no GPUs decide
MOST_SHARES = 64


class PoolWorker(Protocol):
    """What makes the steps of any number of runs in turn."""

    @property
    def device(self) -> str:
        """The name of its device for those who watch."""
        ...

    @property
    def load(self) -> int:
        """How many runs it has, and measurements."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether it could make a step at once."""
        ...

    @property
    def has_ended(self) -> bool:
        """Whether it makes no further step, so that another one is to take its place."""
        ...

    def messages(self, folder: RunFolder) -> Generator[FrameMessage | Outcome | None, None, None]:
        """Begin a call at once, and yield what `Caller.call` does.

        Raises WorkerLostError, and UnavailableError where no place can be had.
        """
        ...

    def cost_model(self, network: str, settings: Settings, anew: bool) -> CostModel:
        """Return how long steps take there: see `Executor.cost_model`. Raises WorkerLostError."""
        ...

    def end(self) -> None:
        """End it, whatever it is doing; a second time does nothing."""
        ...


Worker = TypeVar("Worker", bound=PoolWorker)


class WorkerPool(Generic[Worker]):
    """Computes each call of a run by the worker that has the fewest; a dead one is replaced."""

    def __init__(self, count: int, make: Callable[[int], Worker]) -> None:
        """Make the workers, each from its number below `count`."""
        self._make, self._rate = make, StepRate()
        self._lock, self._measuring = threading.Lock(), threading.Lock()
        self._workers = [make(number) for number in range(count)]
        self._runs = Counter[Worker]()  # how many each has
        self._cost_models = dict[tuple[str, str], CostModel]()
        self._has_ended = False

    @property
    def local_device(self) -> str:
        """The CPU: GPUs are for the workers to touch."""
        return CPU

    @property
    def steps_per_second(self) -> float:
        """How many steps all runs together make, over the last seconds."""
        return self._rate.per_second

    def load(self, runs: int) -> list[tuple[str, int]]:
        """Return the device of each worker with the number of its runs."""
        return [(each.device, self._runs[each]) for each in self._workers]

    def start(self, job: Job) -> RemoteExecution:
        """Return the execution of a job."""
        return RemoteExecution(job, self)

    def cost_model(
        self,
        network: str = NETWORKS[0],
        settings: Settings | None = None,
        *,
        anew: bool = False,
    ) -> CostModel:
        """Return how long steps take on the first worker that is free: `Executor.cost_model`."""
        settings = settings or Settings()
        key = network, what_costs(settings)
        if not anew and (known := self._cost_models.get(key)):
            return known
        with self._measuring:
            for _ in range(FRUITLESS_CALLS):
                if key in self._cost_models and not anew:
                    return self._cost_models[key]
                with suppress(WorkerLostError):  # then another one is asked
                    with self._lock:
                        worker = self._least_loaded()
                    found = worker.cost_model(network, settings, anew)
                    if what_costs(found.settings) == what_costs(settings):
                        self._cost_models[key] = found
                    return found
        raise ValueError("What computes runs has died several times; please try again later.")

    def quota_seconds(self, size: Size, settings: Settings) -> None:
        """Return None: whoever has a place may use it."""

    def call(
        self, job: Job, folder: RunFolder
    ) -> Generator[FrameMessage | Outcome | None, None, None]:
        """Yield the messages of one call, see `Caller`."""
        before = job.state.step if job.state else job.step
        with self._lock:
            worker = self._least_loaded()
            messages = worker.messages(folder)
            self._runs[worker] += 1
        try:
            for item in messages:
                if isinstance(item, FrameMessage):
                    self._rate.add(max(0, item.step - before))
                    before = item.step
                yield item
        finally:
            with self._lock:
                self._runs -= Counter([worker])  # one with none is not kept

    def end(self) -> None:
        """End all workers; none takes their places."""
        with self._lock:
            self._has_ended = True
        for each in self._workers:
            each.end()

    def _least_loaded(self) -> Worker:
        if self._has_ended:
            raise UnavailableError("The processes that paint have been ended.")
        for number, worker in enumerate(self._workers):
            if worker.has_ended:
                self._workers[number] = self._make(number)
        return min(self._workers, key=lambda each: (not each.is_ready, each.load))


def shares_of(text: str) -> int:
    """Return a number of workers from its text. Raises ValueError, one sentence."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST_SHARES:
        raise ValueError(f"{SHARES_VARIABLE} must be from 1 to {MOST_SHARES}, not {text!r}.")
    return int(text)
