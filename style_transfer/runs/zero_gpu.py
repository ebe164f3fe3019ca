"""ZeroGpuExecutor: steps made by workers that a Hugging Face Space lends a GPU for some seconds.

ZeroGPU gives a GPU to a function for a duration that is asked for beforehand, in a forked process,
and counts the seconds against the visitor's quota of the day. So a run holds a GPU only while it
makes steps: it asks for what these will take, lets go of it where it is paused or rests, and goes
on in another call where the time did not suffice. This process never touches a GPU.
"""

import math
import re
import statistics
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path

import torch

from style_transfer.devices import CPU, VARIABLE
from style_transfer.engine import stages
from style_transfer.network import NETWORKS
from style_transfer.runs import worker
from style_transfer.runs.cost_model import CostModel
from style_transfer.runs.executor import Job
from style_transfer.runs.frame_message import FrameMessage
from style_transfer.runs.memory import Size
from style_transfer.runs.outcome import Outcome, UnavailableError
from style_transfer.runs.remote_execution import RemoteExecution, WorkerLostError
from style_transfer.runs.run_folder import RunFolder
from style_transfer.runs.scheduler import Scheduler, StepRate
from style_transfer.runs.thread_executor import ThreadExecutor
from style_transfer.settings import Settings

PLATFORM_VARIABLE = "SPACES_ZERO_GPU"  # which the platform sets
# Until a call has been timed. From an H200's 20 ms at 512 px and 67 ms at 2048 px by the ratio of
# arithmetic, TF32, to half of an RTX Pro 6000; two evaluations a step, so half of the former each.
EXPECTED = CostModel(seconds_per_step=0.01, seconds_per_pixel=4.5e-8)
EXPECTED_START = 1.0  # s to the first step, until a call has been timed: a worker is begun anew
MARGIN = 1.0  # s of the duration beside steps and saving the state: for what the platform does
RESERVE = 1.1  # of the time that steps are expected to take
SHORTEST = 10  # s that a continued run asks for: knobs that are moved meanwhile make it longer
LONGEST = 60  # s that one call asks for; longer runs make several
_TIMED_CALLS = 5  # the newest ones, by whose median the time of the next is judged
_FEWEST_STEPS = 10  # of a call that tells how fast steps are


def is_zero_gpu(environment: Mapping[str, str]) -> bool:
    """Return whether this is a Space that lends GPUs call by call."""
    return environment.get(PLATFORM_VARIABLE, "").lower() in ("1", "t", "true")


class ZeroGpuExecutor:
    """Computes each run in calls of its own, each with a GPU to itself for some seconds.

    Must be made before the page is launched, or the platform finds nothing to lend a GPU to.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Raises ValueError, one sentence, where the platform or its package is missing."""
        if not is_zero_gpu(environment):
            raise ValueError("ZeroGPU is a platform of Hugging Face Spaces, and not here.")
        try:
            import spaces
        except ModuleNotFoundError as error:
            raise ValueError(f"ZeroGPU needs {error.name}; install spaces.") from None
        self.device = environment.get(VARIABLE, "").strip() or "cuda"
        self._paint = spaces.GPU(duration=_duration)(_paint)
        self._rate = StepRate()
        self._ratios = deque[float](maxlen=_TIMED_CALLS)  # of true to expected time
        self._starts = deque[float](maxlen=_TIMED_CALLS)  # seconds to the first step
        self._lock = threading.Lock()

    @property
    def local_device(self) -> str:
        """The CPU: GPUs are for others to touch."""
        return CPU

    @property
    def steps_per_second(self) -> float:
        """How many steps all runs of this process together make, over the last seconds."""
        return self._rate.per_second

    def load(self, runs: int) -> list[tuple[str, int]]:
        """Return the device with all runs that are under way."""
        return [(self.device, runs)]

    def available_memory(self) -> int | None:
        """Return None: each run has a GPU to itself, of a size that the platform does not tell."""
        return None

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
        """Return what calls have told of the time of steps; before the first, what is expected."""
        with self._lock:
            ratio = statistics.median(self._ratios) if self._ratios else 1.0
        return _expected(settings or Settings(), ratio)

    def quota_seconds(self, size: Size, settings: Settings) -> int:
        """Return the seconds that a run asks for, all calls together."""
        model = self.cost_model(settings=settings)
        return self._asked(model.run_seconds(size, settings.steps))

    def end(self) -> None:
        """Do nothing: the platform ends its workers."""

    def call(self, job: Job, folder: RunFolder) -> Generator[FrameMessage | Outcome, None, None]:
        """Yield the messages of one call, see `Caller`."""
        seconds, before = self._duration(job), job.state.step if job.state else job.step
        first: FrameMessage | None = None  # after which a worker that was begun anew is warm
        last: FrameMessage | None = None
        try:
            for item in self._paint(str(folder.path), seconds, self.device, _Granted()):
                if isinstance(item, FrameMessage):
                    self._rate.add(max(0, item.step - before))
                    if first is None and item.step > before:
                        first = item
                    before, last = item.step, item
                yield item
        except Exception as error:
            raise _translated(error) from None
        if first and last and last.step - first.step >= _FEWEST_STEPS:
            made = (first.step, first.stage), (last.step, last.stage)
            steps = max(last.step, last.settings.steps)  # the former of a run made shorter
            expected = _expected(job.settings).seconds_between(stages(job.size), *made, steps)
            with self._lock:
                self._ratios.append((last.seconds - first.seconds) / expected)
                self._starts.append(first.seconds)

    def _duration(self, job: Job) -> int:
        """Return the seconds that the next call of a job asks for."""
        state, steps = job.state, job.settings.steps
        at = (state.step, steps, state.stage) if state else (job.step, steps)
        model = self.cost_model(settings=job.settings)
        seconds = self._asked(model.remaining_seconds(stages(job.size), *at))
        return min(LONGEST, max(SHORTEST, seconds) if state else seconds)

    def _asked(self, seconds: float) -> int:
        """Return what steps that are expected to take so many seconds ask for.

        Most workers are used again, or most begin anew, as the platform has it.
        """
        with self._lock:
            start = statistics.median_low(self._starts) if self._starts else EXPECTED_START
        return math.ceil(RESERVE * seconds + start + MARGIN)


def _expected(settings: Settings, ratio: float = 1.0) -> CostModel:
    """Return what steps with these settings take, on a device that takes so much longer."""
    step, pixel = EXPECTED.seconds_per_step * ratio, EXPECTED.seconds_per_pixel * ratio
    return CostModel(step, pixel, settings=settings)


class _Granted:
    """The moment at which a GPU was granted: a call's arguments are pickled right after."""

    def __init__(self, at: float = 0.0) -> None:
        self.at = at  # s, of the clock that all processes of a machine share

    def __reduce__(self) -> tuple[type, tuple[float]]:
        return _Granted, (time.monotonic(),)


def _duration(path: str, seconds: int, device: str, granted: _Granted) -> int:
    """Return what the platform is asked for, from the arguments of `_paint`."""
    return seconds


def _paint(
    path: str, seconds: int, device: str, granted: _Granted
) -> Iterator[FrameMessage | Outcome]:
    """Yield the messages of a run, in a process that has a GPU for so many seconds."""
    torch.set_num_threads(1)  # the threads that this process was forked with are dead: others hang
    until = granted.at + seconds - MARGIN
    start = ThreadExecutor(Scheduler(), device=device).start
    yield from worker.messages(Path(path), start, lambda: until - time.monotonic())


def _translated(error: Exception) -> Exception:
    """Return an error of the platform as one of ours; any other as it is.

    They are known by their titles alone.
    """
    title, words = str(getattr(error, "title", "")), str(getattr(error, "message", ""))
    if title == "ZeroGPU worker error":
        return WorkerLostError(words)
    # Of a visitor without a token a full queue is told under the title of the quota.
    if title == "ZeroGPU quota exceeded" and not words.startswith("No GPU was available"):
        wait = re.search(r"Try again in (?:(\d+) days?, )?(\d+):(\d+)", words)
        when = " tomorrow"
        if wait:
            days, hours, minutes = (int(each or 0) for each in wait.groups())
            hours += 24 * days
            in_hours = f" in {hours + (minutes >= 30)} h"
            when = in_hours if hours else f" in {minutes + 1} min"
        return UnavailableError(
            f"Your GPU time of the day is used up. Try again{when}, sign in to Hugging Face for "
            "more, or choose a smaller size or fewer steps."
        )
    if title == "ZeroGPU pending credits exceeded":
        return UnavailableError("Other runs hold all your GPU time; let one of them end first.")
    if title == "ZeroGPU illegal duration":
        return UnavailableError(
            "That takes more GPU time than is given; choose a smaller size or fewer steps."
        )
    if words == "Expired ZeroGPU proxy token":
        return UnavailableError("Your sign-in at Hugging Face has expired; reload the page.")
    if title.startswith("ZeroGPU"):
        return UnavailableError("No GPU was free within a minute; please try again.")
    if "closed by visitor" in str(error):
        return UnavailableError("The visitor left before a GPU was free.")
    return error
