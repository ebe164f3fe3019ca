"""ThreadExecutor: steps made in this process, by the thread that asks for the frames."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from platform import node

from style_transfer.engine import (
    EvaluatorFactory,
    Frame,
    MultiscaleObjective,
    Stroke,
    default_device,
    due,
    in_blocks,
    stylize,
)
from style_transfer.network import NETWORKS, VGG, load_network
from style_transfer.runs import free_memory
from style_transfer.runs.cost_model import CostModel
from style_transfer.runs.cost_models import CostModels
from style_transfer.runs.executor import Job
from style_transfer.runs.scheduler import Scheduler, StepRate
from style_transfer.runs.steered_execution import SteeredExecution
from style_transfer.settings import Settings


class ThreadExecutor:
    """Computes jobs on one device, where one step at a time is made.

    By default that is this process's `default_device`.
    """

    def __init__(self, scheduler: Scheduler, device: str | None = None) -> None:
        self._scheduler, self._device, self._rate = scheduler, device, StepRate()
        self._cost_models = CostModels(scheduler)
        self._loading = threading.Lock()  # or two threads would load a network twice

    @property
    def device(self) -> str:
        """The name of the device, as torch names it: "cpu" or "cuda:1"."""
        return self._device or default_device()

    @property
    def local_device(self) -> str:
        """The name of the device: other threads may take turns."""
        return self.device

    @property
    def steps_per_second(self) -> float:
        """How many steps all runs of this process together make, over the last seconds."""
        return self._rate.per_second

    def load(self, runs: int) -> list[tuple[str, int]]:
        """Return the device with all runs that are under way."""
        return [(self.device, runs)]

    def available_memory(self) -> int | None:
        """Return the bytes that runs can have on the device, None where that is unknown."""
        return free_memory.available_memory(self.device)

    def start(self, job: Job) -> "ThreadExecution":
        """Return the execution of a job. Raises ValueError where its network cannot be had."""
        with self._loading:
            network = load_network(job.network, self.device)
        evaluator = in_blocks(job.block) if job.block else MultiscaleObjective
        return ThreadExecution(job, network, self._scheduler, evaluator, self._rate)

    def cost_model(
        self,
        network: str = NETWORKS[0],
        settings: Settings | None = None,
        *,
        anew: bool = False,
    ) -> CostModel:
        """Return how long steps take here: see `Executor.cost_model`."""
        with self._loading:
            loaded = load_network(network, self.device)
        return self._cost_models.get(loaded, settings or Settings(), anew=anew)

    def quota_seconds(self, size: tuple[int, int], settings: Settings) -> None:
        """Return None: whoever has a place may use it."""

    def end(self) -> None:
        """Do nothing: this process goes on."""


class ThreadExecution(SteeredExecution):
    """A job whose steps are made by the thread that iterates over `frames`."""

    def __init__(
        self,
        job: Job,
        network: VGG,
        scheduler: Scheduler,
        evaluator: EvaluatorFactory,
        rate: StepRate,
    ) -> None:
        super().__init__(job)
        self._job, self._network, self._scheduler = job, network, scheduler
        self._evaluator, self._rate = evaluator, rate
        self._read_job = self._newest  # for the last step
        self.place = f"{network.device} of {node()}"
        self._read_for = job.state.step if job.state else job.step  # step of the last reading
        self._next = self._read_for + (job.state is not None)  # step of the next frame
        self._begun = -1  # newest step begun: a device that works ahead begins it a frame earlier
        self._done = [*job.strokes_done]

    def frames(self) -> Iterator[Frame | None]:
        """Yield each frame; None at least every HEARTBEAT seconds while paused."""
        job = self._job
        self._job = replace(job, state=None)  # whose memory would be held for the whole run
        frames = self._stylize(job)
        # The first frame of a new run is made without a step, hence without the device.
        device: AbstractContextManager[None] = self._scheduler if job.state else nullcontext()
        del job
        while not self._stopped:
            if self._is_idle:
                self._wait()
                yield None
                continue
            with device:
                if self._stopped or self._is_idle:  # since it waited for its turn
                    continue
                frame = next(frames, None)
            if frame is None:
                return
            self._next, device = frame.step + 1, self._scheduler
            self._rate.add(bool(frame.losses))  # not for the first image, nor for strokes
            yield frame
            newest = self._newest  # seen without waiting for the device again
            if frame.step >= newest.settings.steps and not self._new_strokes(newest, frame.step):
                self._network.remember_timings()
                return

    def update(self, job: Job) -> int:
        """Use settings, styles, content and strokes of `job` for all further steps.

        Return the number of the first step that will.
        """
        with self._changed:
            self._newest = replace(job, state=None)
            self._changed.notify_all()
            return self._read_for + 1

    def _stylize(self, job: Job) -> Iterator[Frame]:
        return stylize(
            lambda: self._read_job.content,
            lambda: self._read_job.styles,
            self._read,
            network=self._network,
            evaluator=self._evaluator,
            init=job.init,
            step=job.step,
            optimizer=job.optimizer,
            seed=job.seed,
            state=job.state,
            init_strokes=job.init_strokes,
            take_strokes=self._take_strokes,
        )

    def _read(self) -> Settings:
        """Return the settings for the next step, and fix its pictures, which go with them."""
        with self._changed:
            self._read_for = self._next + (self._begun >= self._next)
            self._read_job = self._newest
            return self._read_job.settings

    def _take_strokes(self, step: int) -> list[Stroke]:
        """Return the strokes to be done after `step`, and take note of them."""
        with self._changed:
            strokes = self._new_strokes(self._read_job, step)
            self._done += strokes
            # After strokes, and where there is no further step, the next one reads anew.
            is_begun = not strokes and step < self._read_job.settings.steps
            self._begun = self._read_for = step + is_begun
            return strokes

    def _new_strokes(self, job: Job, step: int) -> list[Stroke]:
        return due(job.strokes, self._done, step)

    @property
    def _has_strokes(self) -> bool:
        return bool(self._new_strokes(self._newest, self._next - 1))
