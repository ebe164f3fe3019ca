"""RayWorker: an actor of a Ray cluster, as the process that asks it sees it."""

import itertools
import logging
import os
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import Any

from style_transfer.runs import broadcast
from style_transfer.runs.cost_model import CostModel
from style_transfer.runs.frame_message import FrameMessage
from style_transfer.runs.outcome import Outcome, UnavailableError
from style_transfer.runs.ray_actor import ENVIRONMENT, RayActor, Status
from style_transfer.runs.remote_execution import WorkerLostError
from style_transfer.runs.run_folder import RunFolder
from style_transfer.settings import Settings

CALLS = 64  # of one actor that are under way at once; others wait
PATIENCE = 600.0  # s that a call waits for its actor to have a place: autoscalers take minutes
_COST_PATIENCE = 60.0  # s; the same for a measurement, which somebody waits for
# Groups of the actor's methods, each with threads of its own; methods without one, such as its
# `cost_model`, have those of Ray's default group.
_PAINT, _STEER = "paint", "steer"

_calls = itertools.count(1)
_log = logging.getLogger(__name__)


class RayWorker:
    """An actor that Ray places on some node, now or when one has the resources that it takes.

    It is not restarted, since a restarted one would know nothing of its runs: another one is made.
    """

    def __init__(self, ray: Any, gpus: float, cpus: float) -> None:
        """Ask for an actor. `ray` is that package, which is initialised."""
        self._ray = ray
        known = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        actor = ray.remote(
            num_cpus=cpus,
            num_gpus=gpus,
            max_restarts=0,
            max_task_retries=0,
            concurrency_groups={_PAINT: CALLS, _STEER: 1},
            runtime_env={"env_vars": known},
        )(RayActor)
        self._actor = actor.remote(gpus, max(1, int(cpus)))
        self._asked = self._actor.status.remote()
        self._status: Status | None = None  # None until it has a place
        self._lock, self._load = threading.Lock(), 0
        self.has_ended = False

    @property
    def device(self) -> str:
        """The name of its device, which strangers may see, or that it has none yet."""
        return self._status.device if self._status else "starting"

    @property
    def load(self) -> int:
        """How many calls it has, and measurements."""
        return self._load

    @property
    def is_ready(self) -> bool:
        """Whether it has a place, and has imported all that it needs."""
        if self._status is None and not self.has_ended:
            ready, _ = self._ray.wait([self._asked], timeout=0)
            if ready:
                with suppress(WorkerLostError):
                    self._status = self._get(self._asked)
        return self._status is not None

    def status(self) -> Status | None:
        """Return how it is doing now, None where it does not tell at once."""
        if not self.is_ready or self.has_ended:
            return None
        answer = self._actor.status.options(concurrency_group=_STEER).remote()
        ready, _ = self._ray.wait([answer], timeout=broadcast.HEARTBEAT)
        with suppress(WorkerLostError):
            return self._get(answer) if ready else None
        return None

    def messages(self, folder: RunFolder) -> Generator[FrameMessage | Outcome | None, None, None]:
        """Begin a call, see `PoolWorker`."""
        self._count(1)  # now, not when the first message is asked for
        return self._messages(folder)

    def cost_model(self, network: str, settings: Settings, anew: bool) -> CostModel:
        """Return how long steps take there, see `PoolWorker`."""
        self._count(1)
        try:
            self._wait(_COST_PATIENCE)
            answer = self._get(self._actor.cost_model.remote(network, settings, anew))
        except UnavailableError as error:
            raise ValueError(str(error)) from None
        finally:
            self._count(-1)
        if isinstance(answer, ValueError):
            raise answer
        found: CostModel = answer
        return found

    def end(self) -> None:
        """End the actor."""
        self.has_ended = True
        self._ray.kill(self._actor)

    def _count(self, calls: int) -> None:
        with self._lock:
            self._load += calls

    def _messages(self, folder: RunFolder) -> Generator[FrameMessage | Outcome | None, None, None]:
        call = next(_calls)
        try:
            self._wait(PATIENCE, folder)
            if folder.stopped:
                return
            yield from self._paint(call, folder)
        finally:
            self._count(-1)

    def _wait(self, seconds: float, folder: RunFolder | None = None) -> None:
        """Wait until the actor has a place, or until a run wants nothing more of it."""
        until = time.monotonic() + seconds
        while not (self.is_ready or (folder and folder.stopped)):
            if self.has_ended:
                raise WorkerLostError
            if time.monotonic() > until:
                raise UnavailableError(
                    f"No machine of the cluster had a place within {seconds:g} seconds; "
                    "please try again later."
                )
            self._ray.wait([self._asked], timeout=broadcast.HEARTBEAT)

    def _paint(
        self, call: int, folder: RunFolder
    ) -> Generator[FrameMessage | Outcome | None, None, None]:
        steer = {"concurrency_group": _STEER}
        # Each waits for the one before: Ray runs first what comes first, which may be smaller.
        newest = self._actor.begin.options(**steer).remote(call)

        def send(name: str, data: bytes) -> None:
            nonlocal newest
            newest = self._actor.write.options(**steer).remote(call, name, data, newest)

        paint = self._actor.paint.options(num_returns="streaming", concurrency_group=_PAINT)
        try:
            with folder.mirrored(send):
                for item in self._as_they_come(paint.remote(call, newest)):
                    if item is None:
                        yield None
                        continue
                    message, state = self._get(item)
                    if state:
                        with suppress(OSError):  # a full disk: it goes on from an older one
                            folder.keep(state)
                    yield message
        finally:
            self._actor.end.options(**steer).remote(call, newest)

    def _as_they_come(self, answers: Iterator[Any]) -> Iterator[Any]:
        """Yield the answers of a streaming method, and None every HEARTBEAT seconds without one."""
        while True:
            ready, _ = self._ray.wait([answers], timeout=broadcast.HEARTBEAT)
            if ready and (answer := next(answers, None)) is None:
                return
            yield answer if ready else None

    def _get(self, answer: Any) -> Any:
        """Return an answer. Raises WorkerLostError where the actor, its node or the way is gone."""
        errors = self._ray.exceptions
        try:
            return self._ray.get(answer)
        except errors.RayTaskError:  # a fault in our code
            raise
        except errors.RayError as error:
            if not self.has_ended:
                place = self._status.node if self._status else "no machine yet"
                _log.warning("An actor on %s is lost: %s", place, error)
            self.end()
            raise WorkerLostError from None
