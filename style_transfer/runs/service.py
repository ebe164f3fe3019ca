"""RunService: all that the runs of one process share, made once and handed down."""

import itertools
import math
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from weakref import WeakSet

from style_transfer.images import MIN_SIDE, painted_size
from style_transfer.recipe import MAX_SIZE
from style_transfer.runs.admission import AdmissionQueue
from style_transfer.runs.checkpoint_store import CheckpointStore, checkpoint_root
from style_transfer.runs.estimate import Estimate
from style_transfer.runs.executor import Executor, Job
from style_transfer.runs.executors import executor_of
from style_transfer.runs.limits import OWN_MACHINE, Limits
from style_transfer.runs.memory import BLOCK_SIDES, RunMemory, Size
from style_transfer.runs.outcome import Budget, Outcome
from style_transfer.runs.reservations import MemoryReservations, Reservation
from style_transfer.runs.run import Run
from style_transfer.runs.scheduler import Scheduler
from style_transfer.runs.steering import Lasting
from style_transfer.runs.thread_executor import ThreadExecutor
from style_transfer.settings import Settings

LAST_STEP = 120.0  # s; the longest that the step under way of a stopped run is waited for


class RunService:
    """Starts runs, within the limits of this machine.

    Its parts may be used directly: `limits`, `scheduler`, `executor`, `admission`, `checkpoints`,
    `memory`.
    """

    def __init__(
        self,
        limits: Limits,
        checkpoint_folder: Path,
        make_executor: Callable[[Scheduler], Executor] = ThreadExecutor,
    ) -> None:
        self.limits = limits
        self.scheduler = Scheduler()
        self.executor = make_executor(self.scheduler)
        self.admission = AdmissionQueue(limits.runs, limits.waiting, limits.visitor_runs)
        self.checkpoints = CheckpointStore(checkpoint_folder, limits)
        self.memory = MemoryReservations(self.executor.available_memory)
        self._numbers = itertools.count(1)
        self._reserved: dict[int, Reservation] = {}  # by the number of the run, while it lasts
        self._runs, self._lock = WeakSet[Run](), threading.Lock()  # the latter of the former
        self.ended = Counter[str]()  # how many runs, by the word of their outcome
        self._ended: Outcome | None = None  # since `end_all`

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "RunService":
        """Return the service that `environment` describes.

        Without a word on where runs are computed it is this process, or ZeroGPU where that is here.

        Raises ValueError, one sentence, for a variable with a value that it cannot have.
        """
        limits, folder = Limits.read(environment), checkpoint_root(environment)
        return cls(limits, folder, lambda scheduler: executor_of(environment, scheduler))

    @property
    def under_way(self) -> int:
        """How many runs have started and not ended."""
        return len(self._reserved)

    @property
    def load(self) -> list[tuple[str, int]]:
        """The name of each device, with the number of runs there."""
        return self.executor.load(self.under_way)

    @property
    def is_ready(self) -> bool:
        """Whether another run would be taken, be it to wait."""
        return not self._ended and not self.admission.is_full

    def estimate(self, size: Size, style_sizes: Collection[Size], settings: Settings) -> Estimate:
        """Return time and memory of a run whose picture has `size` (height, width).

        As of the default network: another one may have to be downloaded first. Raises ValueError,
        one sentence, where the memory is not free.
        """
        needed = RunMemory.fitting(size, style_sizes, settings.style_scale, self.memory.fits)
        self.memory.check(size, needed)
        cost_model = self.executor.cost_model(settings=settings)
        expected = Estimate.of(cost_model, size, style_sizes, settings, needed.block)
        return replace(expected, quota=self.executor.quota_seconds(size, settings))

    def largest_side(
        self,
        photo: Size,
        style_sizes: Collection[Size],
        style_scale: float,
        *,
        enlarge: bool,
        visitor: str = OWN_MACHINE,
    ) -> int:
        """Return the longest side in px that a picture of a photo of this size can have now."""

        def is_too_large(side: int) -> bool:
            size = painted_size(photo, side, enlarge)
            needed = RunMemory.of(size, style_sizes, style_scale, BLOCK_SIDES[-1])
            most = self.limits.pixels_of(visitor)
            return math.prod(size) > most or not self.memory.has_room(needed)

        sides = range(MIN_SIDE, MAX_SIZE if enlarge else max(photo) + 1)
        return max(MIN_SIDE, bisect_left(sides, True, key=is_too_large) + MIN_SIDE - 1)

    def start(
        self,
        job: Job,
        *,
        preview_every: int = 1,
        lasting: Lasting | None = None,
        on_frame: Callable[[Run], None] | None = None,
        after: Run | None = None,
        visitor: str = OWN_MACHINE,
    ) -> Run:
        """Return a run of `job`, started; for the other arguments see `Run`.

        Its memory is reserved until it ends; a change that needs more than is free is refused.
        Where there is not enough, the end of `after` is waited for, a run that was stopped to make
        room. No limit of pixels and seconds holds for OWN_MACHINE. Raises ValueError, one
        sentence, for a job beyond the limits, without enough memory, or that cannot be computed.
        """
        if self._ended:
            raise ValueError(str(self._ended.error))
        self._check_limits(job, visitor)
        if after and not self.memory.fits(_memory(job)):
            after.join(LAST_STEP)
        needed = self._fitting(job)
        job = replace(job, block=needed.block)
        number, reservation = next(self._numbers), self.memory.reserve(job.size, needed)
        self._reserved[number] = reservation
        try:
            run = Run(
                job,
                self.executor,
                number=number,
                preview_every=preview_every,
                lasting=replace(lasting or Lasting(), at_most=self.limits.steps),
                budget=Budget(self.limits.seconds_of(visitor), self.limits.paused),
                on_change=partial(self._check_change, reservation, visitor),
                on_frame=on_frame,
                on_end=self._count_end,
            )
            with self._lock:
                self._runs.add(run)
            if self._ended:  # meanwhile
                run.abandon(self._ended)
            return run
        except BaseException:
            self._reserved.pop(number).release()
            raise

    def _count_end(self, run: Run) -> None:
        self._reserved.pop(run.number).release()
        if run.outcome:
            self.ended[run.outcome.word] += 1

    def check(self, job: Job, visitor: str = OWN_MACHINE) -> None:
        """Raise ValueError, one sentence, for a job that `start` would refuse now."""
        job.check(job.settings, job.styles)
        self._check_limits(job, visitor)
        self.memory.check(job.size, self._fitting(job))

    def _check_limits(self, job: Job, visitor: str) -> None:
        self.limits.check_size(*job.size, visitor)
        self.limits.check_steps(max(job.settings.steps, job.state.step + 1 if job.state else 0))

    def _fitting(self, job: Job) -> RunMemory:
        """Return what a job takes that is evaluated in blocks where it would not fit as a whole."""
        scale = job.settings.style_scale
        return RunMemory.fitting(job.size, job.style_sizes, scale, self.memory.fits)

    def _check_change(self, reservation: Reservation, visitor: str, job: Job) -> None:
        """Reserve what `job` needs with other settings or pictures. Raises ValueError."""
        self.limits.check_size(*job.size, visitor)
        reservation.change(_memory(job))

    def end_all(self, outcome: Outcome) -> None:
        """End all runs for this reason, steps under way included, and start no others."""
        self._ended = outcome
        with self._lock:  # a run that begins meanwhile looks itself
            runs = list(self._runs)
        for run in runs:
            run.abandon(outcome)


def _memory(job: Job) -> RunMemory:
    return RunMemory.of(job.size, job.style_sizes, job.settings.style_scale, job.block)
