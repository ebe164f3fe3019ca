"""ProcessExecutor: steps made by a process for each device of the machine, or share of its CPU."""

import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress

from style_transfer.devices import AUTO, CPU, VARIABLE, check_device, present
from style_transfer.network import NETWORKS
from style_transfer.runs import memory
from style_transfer.runs.cost_model import CostModel, what_costs
from style_transfer.runs.device_process import DeviceProcess
from style_transfer.runs.executor import Job
from style_transfer.runs.frame_message import FrameMessage
from style_transfer.runs.limits import PREFIX
from style_transfer.runs.outcome import Outcome
from style_transfer.runs.remote_execution import FRUITLESS_CALLS, RemoteExecution, WorkerLostError
from style_transfer.runs.run_folder import RunFolder
from style_transfer.settings import Settings

SHARES_VARIABLE = f"{PREFIX}SHARES"  # processes that share the CPU, where no GPU computes
SHARES, MOST_SHARES = 2, 64


class ProcessExecutor:
    """Computes each call of a run by the process that has the fewest; a dead one is replaced."""

    def __init__(self, devices: Sequence[str]) -> None:
        """Start a process for each of `devices`; several that are the CPU have a share of it each.

        Raises ValueError, one sentence, for a device that is not here.
        """
        for device in devices:
            check_device(device)
        self._devices = tuple(devices)
        self._lock, self._measuring = threading.Lock(), threading.Lock()
        self._processes = [self._process(number) for number in range(len(devices))]
        self._cost_models = dict[tuple[str, str], CostModel]()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "ProcessExecutor":
        """Return one of all GPUs, or of the CPU in shares, see SHARES_VARIABLE.

        The device of the environment takes precedence. Raises ValueError, one sentence, for a
        variable with a value that it cannot have.
        """
        text = environment.get(SHARES_VARIABLE, "").strip() or str(SHARES)
        if not text.isdecimal() or not 1 <= int(text) <= MOST_SHARES:
            raise ValueError(f"{SHARES_VARIABLE} must be from 1 to {MOST_SHARES}, not {text!r}.")
        named = environment.get(VARIABLE, "").strip().lower() or AUTO
        gpus = [each for each in present() if each != CPU]
        if named == AUTO:
            return cls(gpus or [CPU] * int(text))
        return cls([CPU] * int(text) if named == CPU else [named])

    @property
    def device(self) -> str:
        """The name of the first device."""
        return self._devices[0]

    @property
    def local_device(self) -> str:
        """The CPU: GPUs are for others to touch."""
        return CPU

    @property
    def steps_per_second(self) -> float:
        """How many steps all runs together make, over the last seconds."""
        return sum(each.rate.per_second for each in self._processes)

    def load(self, runs: int) -> list[tuple[str, int]]:
        """Return each device with the number of its runs."""
        return [(each.device, each.load) for each in self._processes]

    @property
    def processes(self) -> list[int]:
        """The numbers of the processes, in the order of the devices."""
        return [each.pid for each in self._processes]

    def available_memory(self) -> int | None:
        """Return the bytes that all runs together could have if they were on one device.

        That of the GPU with the least, or a share of the CPU's.
        """
        if self.device == CPU:
            free = memory.available_memory()
            return None if free is None else free // len(self._processes)
        known = [each.free_memory for each in self._processes]
        return min((each for each in known if each is not None), default=None)

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
        """Return how long steps take on the first device: see `Executor.cost_model`."""
        settings = settings or Settings()
        key = network, what_costs(settings)
        with self._measuring:
            for _ in range(FRUITLESS_CALLS):
                if key in self._cost_models and not anew:
                    break
                with suppress(WorkerLostError):  # then another one is asked
                    found = self._next().ask("cost", network, settings, anew)
                    self._cost_models[key], anew = found, False
        return self._cost_models[key]

    def quota_seconds(self, size: memory.Size, steps: int) -> None:
        """Return None: whoever has a place may use it."""

    def call(self, job: Job, folder: RunFolder) -> Generator[FrameMessage | Outcome, None, None]:
        """Yield the messages of one call, see `Caller`."""
        with self._lock:
            messages = self._least_loaded().messages(folder.path)
        yield from messages

    def end(self) -> None:
        """End all processes."""
        for each in self._processes:
            each.end()

    def _next(self) -> DeviceProcess:
        with self._lock:
            return self._least_loaded()

    def _least_loaded(self) -> DeviceProcess:
        for number, process in enumerate(self._processes):
            if process.has_ended:
                self._processes[number] = self._process(number)
        return min(self._processes, key=lambda each: each.load)

    def _process(self, number: int) -> DeviceProcess:
        shares = self._devices.count(self._devices[number])
        return DeviceProcess(self._devices[number], (number, shares))
