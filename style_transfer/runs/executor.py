"""The executor seam: where and how a run is computed.

A `Run` gives its `Job` to an `Executor` and follows the `Execution` that it gets. Nothing else
needs to know whether the steps are made by a thread of this process, by another process or by
another machine. `thread_executor.py` is the implementation for this process; further ones are
listed in `executors.EXECUTORS`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from style_transfer.engine import Frame, State, Stroke, Styles
from style_transfer.network import NETWORKS, check_content_layer, check_layers
from style_transfer.runs.cost_model import CostModel
from style_transfer.settings import Settings


@dataclass(frozen=True, eq=False)
class Job:
    """What a run computes, as plain data that can be sent to another process; see `stylize`."""

    content: Tensor  # (1, 3, H, W)
    styles: Styles
    settings: Settings  # to begin with
    init: str | Tensor = "content"
    step: int = 0  # the step that `init` counts as
    optimizer: str = "lbfgs"
    seed: int = 0
    state: State | None = None  # to continue from
    network: str = NETWORKS[0]
    block: int | None = None  # px, side of the blocks in which steps are made; None: as a whole
    strokes: tuple[Stroke, ...] = ()  # on the picture, by number; its state has had the first ones
    init_strokes: tuple[Stroke, ...] = ()  # that `init` has had

    @property
    def strokes_done(self) -> tuple[Stroke, ...]:
        """The strokes in the picture that it begins with."""
        return self.state.strokes if self.state else self.init_strokes

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the picture."""
        return self.content.shape[-2], self.content.shape[-1]

    @property
    def style_sizes(self) -> list[tuple[int, int]]:
        """Height and width of each style image."""
        return [(each.shape[-2], each.shape[-1]) for each in self.styles.images]

    def check(self, settings: Settings, styles: Styles) -> None:
        """Raise ValueError, one sentence, where this job cannot go on with these.

        For a layer that the network lacks, a mask of other proportions than the content image, and
        where no style has a weight above 0.
        """
        check_content_layer(self.network, settings.content_layer)
        check_layers(self.network, settings.style_layers)
        styles.check(self.content)
        settings.check_styles(len(styles.images))


class Execution(Protocol):
    """A job under way.

    `frames` is consumed by one thread. The other methods return at once and may be called by any
    thread at any time, also after the end.
    """

    @property
    def place(self) -> str:
        """The device and the machine that made the newest step, "cuda of node-2"."""
        ...

    def frames(self) -> Iterator[Frame | None]:
        """Yield each frame; None at least every `broadcast.HEARTBEAT` seconds while paused.

        The frames carry the state from which the job can be continued, the last one always; an
        implementation for which that is dear may leave the optimiser's memory out of the others.
        Ends after the last step, and soon after stop(). Raises what went wrong in a step.
        """
        ...

    def update(self, job: Job) -> int:
        """Use settings, styles, content and strokes of `job` for all further steps.

        Strokes with higher numbers than those of the newest state are done before the next step,
        also while paused, and make a frame without losses.
        Return the number of the first step that will. Another content image may have another size:
        the picture goes on from what it is.
        """
        ...

    def pause(self) -> None:
        """Make no further step until resume(); the step under way is finished."""
        ...

    def resume(self) -> None:
        """Go on after pause()."""
        ...

    def stop(self) -> None:
        """End after the step under way."""
        ...


class Executor(Protocol):
    """A place where jobs are computed."""

    @property
    def device(self) -> str:
        """The name of the device, as torch names it: "cpu" or "cuda:1"."""
        ...

    @property
    def local_device(self) -> str:
        """The name of the device on which this process itself may compute something beside."""
        ...

    @property
    def steps_per_second(self) -> float:
        """How many steps all runs there together make, over the last seconds."""
        ...

    def load(self, runs: int) -> list[tuple[str, int]]:
        """Return the name of each device with the number of its runs, of so many under way."""
        ...

    def available_memory(self) -> int | None:
        """Return the bytes that runs can have there now, None where that is unknown."""
        ...

    def start(self, job: Job) -> Execution:
        """Return the execution of a job; it makes no step before `frames` is iterated.

        Raises ValueError, one sentence, where the job's network cannot be had.
        """
        ...

    def cost_model(
        self,
        network: str = NETWORKS[0],
        settings: Settings | None = None,
        *,
        anew: bool = False,
    ) -> CostModel:
        """Return how long steps of these settings take here, the default ones without.

        Measured where no process has done so for this network and all that matters of the settings,
        and `anew` if asked to; that of other settings where runs would be held up by measuring.
        Raises ValueError, one sentence, where the network cannot be had.
        """
        ...

    def quota_seconds(self, size: tuple[int, int], settings: Settings) -> int | None:
        """Return the seconds of a visitor's quota that a run at `size` (height, width) asks for.

        None where visitors have none.
        """
        ...

    def end(self) -> None:
        """End all processes that compute, runs under way included; nothing can be started then."""
        ...
