"""ProcessExecutor: steps made by a process for each device of the machine, or share of its CPU."""

from collections.abc import Mapping, Sequence

from style_transfer.devices import AUTO, CPU, VARIABLE, check_device, present
from style_transfer.runs import free_memory
from style_transfer.runs.device_process import DeviceProcess
from style_transfer.runs.worker_pool import SHARES_VARIABLE, WorkerPool, shares_of

SHARES = "2"  # processes that share the CPU, where no GPU computes


class ProcessExecutor(WorkerPool[DeviceProcess]):
    """Computes each call of a run by the process that has the fewest."""

    def __init__(self, devices: Sequence[str]) -> None:
        """Start a process for each of `devices`; several that are the CPU have a share of it each.

        Raises ValueError, one sentence, for a device that is not here.
        """
        for device in devices:
            check_device(device)
        self._devices = tuple(devices)
        super().__init__(len(devices), self._process)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "ProcessExecutor":
        """Return one of all GPUs, or of the CPU in shares, see SHARES_VARIABLE.

        The device of the environment takes precedence. Raises ValueError, one sentence, for a
        variable with a value that it cannot have.
        """
        shares = shares_of(environment.get(SHARES_VARIABLE, "").strip() or SHARES)
        named = environment.get(VARIABLE, "").strip().lower() or AUTO
        gpus = [each for each in present() if each != CPU]
        if named == AUTO:
            return cls(gpus or [CPU] * shares)
        return cls([CPU] * shares if named == CPU else [named])

    @property
    def device(self) -> str:
        """The name of the first device."""
        return self._devices[0]

    def available_memory(self) -> int | None:
        """Return the bytes that all runs together could have if they were on one device.

        That of the GPU with the least, or a share of the CPU's.
        """
        if self.device == CPU:
            free = free_memory.available_memory()
            return None if free is None else free // len(self._devices)
        known = [each.free_memory for each in self._workers]
        return min((each for each in known if each is not None), default=None)

    def _process(self, number: int) -> DeviceProcess:
        shares = self._devices.count(self._devices[number])
        return DeviceProcess(self._devices[number], (number, shares))
