"""The kinds of executors, by the names that people give them."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from style_transfer.checks import one_of
from style_transfer.engine import default_device
from style_transfer.runs.executor import Executor
from style_transfer.runs.limits import PREFIX
from style_transfer.runs.process_executor import ProcessExecutor
from style_transfer.runs.ray_executor import RayExecutor
from style_transfer.runs.scheduler import Scheduler
from style_transfer.runs.thread_executor import ThreadExecutor
from style_transfer.runs.zero_gpu import ZeroGpuExecutor, is_zero_gpu


def _thread_executor(scheduler: Scheduler, environment: Mapping[str, str]) -> ThreadExecutor:
    """Return one on a device that has proved right at once, so that no visitor waits for it."""
    return ThreadExecutor(scheduler, device=default_device(environment))


# What makes each kind, from the scheduler of this process and the environment.
EXECUTORS: dict[str, Callable[[Scheduler, Mapping[str, str]], Executor]] = {
    "thread": _thread_executor,
    "process": lambda _, environment: ProcessExecutor.from_environment(environment),
    "ray": lambda _, environment: RayExecutor(environment),
    "zerogpu": lambda _, environment: ZeroGpuExecutor(environment),
}
EXECUTOR_VARIABLE = f"{PREFIX}EXECUTOR"  # names one of them


def executor_of(environment: Mapping[str, str], scheduler: Scheduler) -> Executor:
    """Return the executor that `environment` names, by default ZeroGPU where that is here.

    Raises ValueError, one sentence, for a variable with a value that it cannot have.
    """
    default = "zerogpu" if is_zero_gpu(environment) else next(iter(EXECUTORS))
    name = environment.get(EXECUTOR_VARIABLE, "").strip() or default
    one_of(EXECUTOR_VARIABLE, name, EXECUTORS)
    return EXECUTORS[name](scheduler, environment)


@contextmanager
def open_executor(
    name: str | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[Executor]:
    """Give the executor of a name, one of EXECUTORS, and end it afterwards.

    The environment, by default that of the process, says the rest, and the name where it is None.
    Raises ValueError, one sentence, where it cannot be had.
    """
    environment = dict(os.environ if environment is None else environment)
    if name is not None:
        environment[EXECUTOR_VARIABLE] = name
    executor = executor_of(environment, Scheduler())
    try:
        yield executor
    finally:
        executor.end()
