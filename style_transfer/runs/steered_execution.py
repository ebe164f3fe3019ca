"""SteeredExecution: what all executions have in common: the newest job, and the flags beside it."""

import threading
from dataclasses import replace

from style_transfer.runs import broadcast
from style_transfer.runs.executor import Job


class SteeredExecution:
    """An execution that is paused, resumed and stopped by any thread, see `Execution`."""

    def __init__(self, job: Job) -> None:
        self._changed = threading.Condition()  # guards the fields below, and more of a subclass
        self._newest = replace(job, state=None)  # whose memory would be held for the whole run
        self._paused = self._stopped = False

    def pause(self) -> None:
        """Make no further step until resume(); the step under way is finished."""
        self._set(paused=True)

    def resume(self) -> None:
        """Go on after pause()."""
        self._set(paused=False)

    def stop(self) -> None:
        """End after the step under way."""
        self._set(stopped=True)

    def _set(self, **flags: bool) -> None:
        with self._changed:
            for name, value in flags.items():
                setattr(self, f"_{name}", value)
            self._pass_on()
            self._changed.notify_all()

    def _pass_on(self) -> None:
        """Tell whoever makes steps elsewhere of a change; called with `_changed` held."""

    @property
    def _has_strokes(self) -> bool:
        """Whether there are strokes that are not in the picture yet."""
        raise NotImplementedError

    @property
    def _is_idle(self) -> bool:
        return self._paused and not self._stopped and not self._has_strokes

    def _wait(self) -> None:
        """Wait for something to do, at most HEARTBEAT seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_idle, broadcast.HEARTBEAT)
