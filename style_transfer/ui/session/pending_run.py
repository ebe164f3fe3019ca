"""PendingRun: a run that was started and waits for its turn, with what it will begin with."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from style_transfer.engine import State, resize_clamped, stages
from style_transfer.runs import CheckpointWriter, Job
from style_transfer.settings import Settings
from style_transfer.ui.session.run_inputs import RunInputs


class PendingRun:
    """What was chosen for a run that does not paint yet. It is steered as one that does, so that
    the page shows no values but those that the run will begin with."""

    def __init__(
        self,
        inputs: RunInputs,
        settings: Settings,
        preview_every: int,
        steps_after_change: int,
        moves: float,
    ) -> None:
        """Begin with what its visitor submitted, after so many `moves` of the knobs."""
        self.inputs, self.settings = inputs, settings
        self.preview_every, self.steps_after_change = preview_every, steps_after_change
        self.moves = moves
        self.checkpoint: CheckpointWriter | None = None  # of a run that begins anew

    def steer(self, settings: Settings) -> None:
        """Use these settings. Raises ValueError, one sentence, where that cannot be."""
        self.inputs.job(settings).check(settings, self.inputs.styles)
        self.settings = settings

    def change_inputs(self, inputs: RunInputs, check: Callable[[Job], None], **knobs: Any) -> None:
        """Use other pictures, and these values of knobs that go with them.

        Raises what `check` raises for the job that they make; then nothing is changed.
        """
        settings = replace(self.settings, **knobs)
        check(inputs.job(settings))
        self.inputs, self.settings = inputs, settings

    def leave(self) -> None:
        """Keep it for a visitor whose page has gone, and who may come back, as of no step."""
        if self.checkpoint:
            content = self.inputs.content
            first = stages((content.shape[-2], content.shape[-1]))[0]
            recipe = replace(
                self.inputs.recipe, settings=self.settings, preview_every=self.preview_every
            )
            self.checkpoint.pictures = self.inputs.tensors
            self.checkpoint.write(State(0, 0, resize_clamped(content, first.size)), [], recipe)
            self.checkpoint.leave()
