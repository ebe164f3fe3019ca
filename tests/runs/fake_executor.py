"""FakeExecutor: an executor whose steps cost nothing and are made when the test allows them."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import torch

from style_transfer.engine import OPTIMIZERS, Frame, State, due
from style_transfer.runs import CostModel

WAIT = 0.05  # s; after so long without a frame it yields None
FOREVER = 10**9  # steps


class FakeExecution:
    """A job whose frames are a grey image, with losses that fall with the step."""

    place = "cpu of here"

    def __init__(self, job, allowed):
        self.block = job.block  # and not the job, whose state would be held
        self.settings, self.styles, self._content = job.settings, job.styles, job.content
        self._changed = threading.Condition()
        self._allowed, self._paused, self._stopped = allowed, False, False
        self._error = None
        self._next = job.state.step + 1 if job.state else job.step
        self._strokes, self._init_strokes = job.strokes, job.init_strokes
        self._state = job.state

    def allow(self, frames):
        """Let so many more frames be made."""
        with self._changed:
            self._allowed += frames
            self._changed.notify_all()

    def fail(self, error):
        """Raise this in the next step."""
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def frames(self) -> Iterator[Frame | None]:
        while True:
            with self._changed:
                self._changed.wait_for(self._ready, WAIT)
                if self._stopped:
                    return
                if self._error:
                    raise self._error
                frame = self._make() if self._ready() else None
            yield frame
            if frame and frame.step >= self.settings.steps and not self._new_strokes():
                return

    def update(self, job):
        with self._changed:
            self.settings, self.styles, self._content = job.settings, job.styles, job.content
            self._strokes = job.strokes
            self._changed.notify_all()
            return self._next

    def pause(self):
        self._set("_paused", True)

    def resume(self):
        self._set("_paused", False)

    def stop(self):
        self._set("_stopped", True)

    def _set(self, name, value):
        with self._changed:
            setattr(self, name, value)
            self._changed.notify_all()

    def _ready(self):
        may_step = self._allowed > 0 and not self._paused
        return self._stopped or self._error or self._new_strokes() or may_step

    def _new_strokes(self):
        done = self._state.strokes if self._state else self._init_strokes
        return due(self._strokes, done, self._next - 1)

    def _make(self):
        if self._state and (strokes := self._new_strokes()):
            made = (replace(each, step=self._state.step) for each in strokes)
            self._state = replace(self._state, strokes=(*self._state.strokes, *made))
            return self._frame({})
        step, content = self._next, self._content
        self._next, self._allowed = step + 1, self._allowed - 1
        image = torch.full_like(content, 0.5)
        _, memory = OPTIMIZERS["lbfgs"].step(image, torch.ones_like(image), ())
        strokes = self._state.strokes if self._state else self._init_strokes
        objective = {"styles": self.styles.fingerprint} if step else None
        self._state = State(step, 0, image, memory, objective, strokes=strokes)
        return self._frame(dict.fromkeys(("content", "style", "total"), 1 / step) if step else {})

    def _frame(self, losses):
        state, content = self._state, self._content
        return Frame(state.step, state.image, losses, self.settings, state, content, True)


class FakeExecutor:
    """Keeps its executions, oldest first; each begins with `allowed` frames to make."""

    steps_per_second = 0.0

    def __init__(self, _scheduler=None, allowed=FOREVER, device="cpu"):
        self.device = self.local_device = device
        self.executions = []
        self.allowed = allowed

    def load(self, runs):
        return [(self.device, runs)]

    def available_memory(self):
        return None

    def start(self, job):
        self.executions.append(FakeExecution(job, self.allowed))
        return self.executions[-1]

    def cost_model(self, *_, **__):
        return CostModel(seconds_per_step=0.01, seconds_per_pixel=1e-6)

    def quota_seconds(self, size, settings):
        return None

    def end(self):
        pass
