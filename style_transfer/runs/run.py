"""Run: one stylize() in a thread of its own, steered and watched from outside."""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

from torch import Tensor

from style_transfer.engine import Frame, Style, Styles, stages, stylize
from style_transfer.network.vgg import VGG, load_network
from style_transfer.runs.broadcast import HEARTBEAT, News
from style_transfer.runs.cost_model import Clock
from style_transfer.runs.history import Changes
from style_transfer.runs.outcome import (
    FINISHED,
    PATIENCE,
    STOPPED,
    UNWATCHED,
    Budget,
    Ending,
    ending_of,
)
from style_transfer.runs.scheduler import DEVICE
from style_transfer.settings import Settings

THREAD_NAME = "run"

_log = logging.getLogger(__name__)
_numbers = itertools.count(1)


class Run:
    """A picture that forms in a thread of its own.

    Assign to `settings` to steer it, to `styles` to replace paintings and masks; iterate over
    `frames()` to watch it. It ends by itself when its steps are made, when its budget is used up,
    and when nobody has watched it for PATIENCE seconds.
    """

    def __init__(
        self,
        content: Tensor,
        style: Style,
        settings: Settings,
        *,
        network: VGG | None = None,
        preview_every: int = 1,
        budget: Budget | None = None,
        keep: Callable[["Run"], None] | None = None,
        **options: Any,
    ) -> None:
        """Begin. Takes what `stylize` takes; every `preview_every`-th frame is shown.

        `keep` is called after each frame, in the run's thread and while others make their steps.
        """
        self.network = network or load_network()
        self.changes = Changes()
        self.history: list[tuple[int, dict[str, float]]] = []  # step and losses, of each step made
        self.ending: Ending | None = None
        self._options = options | {"network": self.network}
        self._content, self._styles, self._settings = content, Styles.of(style), settings
        self._read_for = 0  # the step that the settings were last read for
        self._preview_every = preview_every
        self._size = content.shape[-2], content.shape[-1]
        self._plan = stages(self._size)
        self._clock: Clock | None = None  # from the first frame on
        self._stage = -1  # of the newest frame
        self._paused = self._stopping = False
        self._news, self._budget, self._keep = News(), budget or Budget(), keep
        self._styles.check(content)
        self.settings = settings
        self._thread = threading.Thread(target=self._work, name=THREAD_NAME, daemon=True)
        self._thread.start()

    @property
    def settings(self) -> Settings:
        """What the next step aims at.

        Raises ValueError for a layer that the network lacks, and where no style has a weight.
        """
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self.network.check([settings.content_layer, *settings.style_layers])
        settings.shares(len(self._styles.images))
        with self._news.changed:
            self.changes.note(self._read_for + 1, self._settings, settings)
            self._settings = settings
            if self.frame:
                self._news.frame = self.frame.with_colors(settings.keep_colors)
            self._news.tell()

    @property
    def styles(self) -> Styles:
        """The paintings, and where each goes, from the next step on.

        Raises ValueError for a mask of other proportions than the photo, and where none has a
        weight.
        """
        return self._styles

    @styles.setter
    def styles(self, styles: Styles) -> None:
        styles.check(self._content)
        self._settings.shares(len(styles.images))
        with self._news.changed:
            told = self._styles.describe_change(styles)
            self.changes.note(self._read_for + 1, self._settings, self._settings, told)
            self._styles = styles
            self._news.tell()

    @property
    def preview_every(self) -> int:
        """How many steps lie between two frames that are shown."""
        return self._preview_every

    @preview_every.setter
    def preview_every(self, steps: int) -> None:
        with self._news.changed:
            if steps != self._preview_every:
                told = f"a preview every {steps} steps"
                self.changes.note(self._read_for + 1, self._settings, self._settings, told)
            self._preview_every = steps

    @property
    def frame(self) -> Frame | None:
        """The newest frame, or None before the first."""
        return self._news.frame

    @property
    def paused(self) -> bool:
        """Whether the run waits for resume()."""
        return self._paused and not self.ended

    @property
    def ended(self) -> bool:
        """Whether no further step will be made."""
        return self._news.ended

    @property
    def error(self) -> Exception | None:
        """What ended the run, if not its steps or stop(); its text is a sentence."""
        return self.ending.error if self.ending else None

    @property
    def steps_per_second(self) -> float:
        """The speed of the last steps, with the turns of others between; 0 before the first."""
        return self._clock.steps_per_second if self._clock else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take at the present speed; None before the first frame."""
        frame, clock = self.frame, self._clock
        if frame is None or clock is None:
            return None
        return clock.seconds_left(self._plan, frame.step, self.settings.steps, frame.state.stage)

    def pause(self) -> None:
        """Make no further step until resume(); the step under way is finished."""
        self._set(paused=True)

    def resume(self) -> None:
        """Go on after pause()."""
        self._set(paused=False)

    def stop(self) -> None:
        """End after the step under way. Returns at once; the newest frame stays."""
        self._set(stopping=True)

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the thread to end; return whether it has."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def frames(self) -> Iterator[Frame | None]:
        """Yield the newest frame whenever there is one, and at least every HEARTBEAT seconds.

        Frames that nobody fetched in time are left out. Ends with the last frame of the run.
        """
        return self._news.frames()

    def _work(self) -> None:
        number, began = next(_numbers), time.monotonic()
        height, width = self._size
        _log.info("Run %d begins: %d x %d, %d steps.", number, width, height, self.settings.steps)
        ending = FINISHED
        try:
            ending = self._make_steps()
        except BaseException as error:  # whatever it is, those who watch must hear of the end
            ending = ending_of(error, self._read_for)
            if ending.word == "fault":
                _log.exception("Run %d met a fault of the program.", number)
        finally:
            with self._news.changed:
                self.ending, self._news.ended = ending, True
                self._news.tell()
            step = self.frame.step if self.frame else 0
            words = number, time.monotonic() - began, width, height, step, ending.word
            _log.info("Run %d ends after %.1f s: %d x %d, step %d, %s.", *words)

    def _make_steps(self) -> Ending:
        frames = stylize(self._content, lambda: self._styles, self._read, **self._options)
        idle = self._options.get("state") is None  # the first frame takes no step, nor a turn
        while not (ending := self._reason_to_end()):
            began = time.perf_counter()  # the turns of others belong to the time that a run takes
            with nullcontext() if idle and self.frame is None else DEVICE:
                frame = next(frames, None)
            if frame is None:
                return FINISHED
            self._publish(frame, time.perf_counter() - began)
            if self._keep:
                self._keep(self)
            if frame.step >= self.settings.steps:  # so that it need not wait for a turn to see this
                return FINISHED
            if self._clock is None:  # the picture first, then how long it will take
                with DEVICE:
                    self._clock = Clock(self.network)
        return ending

    def _read(self) -> Settings:
        with self._news.changed:
            before = self.frame or self._options.get("state")
            self._read_for = before.step + 1 if before else 0
            return self._settings

    def _publish(self, frame: Frame, seconds: float) -> None:
        with self._news.changed:
            self._news.frame = frame.with_colors(self._settings.keep_colors)
            if frame.losses:
                self.history.append((frame.step, frame.losses))
            if self._clock and frame.losses:
                size = frame.image.shape[-2], frame.image.shape[-1]
                self._clock.add(seconds, size, entered=frame.state.stage != self._stage)
            self._stage = frame.state.stage
            if frame.step % self._preview_every == 0:
                self._news.tell()

    def _reason_to_end(self) -> Ending | None:
        """Wait while the run is paused; return why it should end, or None to make a step."""
        with self._news.changed:
            while True:
                if self._stopping:
                    return STOPPED
                if time.monotonic() - self._news.seen >= PATIENCE:
                    return UNWATCHED
                if ending := self._budget.spend(self._paused):
                    return ending
                if not self._paused:
                    return None
                self._news.changed.wait(HEARTBEAT)

    def _set(self, **flags: bool) -> None:
        with self._news.changed:
            for name, value in flags.items():
                setattr(self, f"_{name}", value)
            self._news.tell()
