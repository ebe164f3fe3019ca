"""KeptRecord: the part of a run of the page that is kept on disk, to go on from there."""

from dataclasses import replace

from style_transfer.engine import Frame, State, equal_images
from style_transfer.recipe import Recipe
from style_transfer.runs import CheckpointWriter, LossHistory, Run
from style_transfer.ui.session.rest import Rest
from style_transfer.ui.session.run_inputs import RunInputs


class KeptRecord:
    """A run with its inputs, and its checkpoint while it may have to be recovered."""

    def __init__(self, inputs: RunInputs, losses: LossHistory) -> None:
        """Begin without a run; `losses` are of steps that were made before."""
        self.inputs = inputs  # of the next step
        self._former: tuple[RunInputs, ...] = ()  # of before, which frames may still show
        self.run: Run | None = None  # None also once another run has replaced it
        self.rest: Rest | None = None  # where no run makes steps any more
        self.last_frame: Frame | None = None
        self.checkpoint: CheckpointWriter | None = None
        self.preview_every = inputs.recipe.preview_every
        self._earlier_losses = losses  # of the runs that `run` continues
        self._kept: State | None = None  # of a run of another process that this one goes on from

    @property
    def losses(self) -> LossHistory:
        """Step and losses of each step made."""
        return self._earlier_losses + (self.run.losses if self.run else [])

    @property
    def rests(self) -> bool:
        """Whether no step is made until something is changed."""
        return self.rest is not None and self.rest.wakes

    @property
    def state(self) -> State | None:
        """What the run can be continued from; without the optimiser's memory after `detach`."""
        if self.run and self.run.state:
            return self.run.state
        if self._kept:
            return self._kept
        return self.last_frame.state if self.last_frame else None

    @property
    def resting_bytes(self) -> int:
        """What it keeps in memory at rest for the optimiser to go on with, in bytes."""
        return self.state.memory_bytes if self.rests and self.state else 0

    def put_away(self) -> None:
        """Let what the optimiser goes on with lie on disk alone, until `fetch`."""
        if self.rests and self.state:
            self._use_state(self.state.without_memory())

    def fetch(self) -> None:
        """Read what was put away; where that cannot be, the optimiser begins anew."""
        if self.rests and self.checkpoint and self.state and not self.state.memory:
            state = self.checkpoint.read_state()
            if state and state.step == self.state.step:
                # On disk they have no numbers, and would be done again.
                self._use_state(replace(state, strokes=self.state.strokes))

    def _use_state(self, state: State) -> None:
        if self.run:
            self.run.state = state
        else:
            self._kept = state

    def inputs_of(self, frame: Frame) -> RunInputs:
        """Return the newest inputs with the content image that `frame` was painted from."""
        return self._inputs_with_content_of(frame)[0]

    def painted_from(self, frame: Frame) -> RunInputs:
        """Return the newest inputs with the content image and the styles of `frame`."""
        known, objective = self._inputs_with_content_of(frame), frame.state.objective or {}
        styles = objective.get("styles")  # unknown before the first step
        return next((each for each in known if each.styles.fingerprint == styles), known[0])

    def _inputs_with_content_of(self, frame: Frame) -> list[RunInputs]:
        """Return the inputs with the content image of `frame`, the newest first."""
        known = self.inputs, *reversed(self._former)
        return [each for each in known if equal_images(each.content, frame.content)] or [known[0]]

    def use_inputs(self, inputs: RunInputs) -> None:
        """Take note of the inputs of the next step."""
        if inputs is not self.inputs:
            self._former = (*self._former, self.inputs)
        self.inputs = inputs

    def write_checkpoint(self, run: Run, now: bool = False, with_memory: bool = True) -> None:
        """Write the newest state of `run` where it is due, or `now`.

        Its optimiser may begin anew, without the memory that takes longest to write.
        """
        if run is not self.run:  # the first step may come before `follow`: kept as if it rested
            return
        # Other threads may set them to None.
        checkpoint, state, frame = self.checkpoint, run.state, run.frame
        if checkpoint and state and frame and (checkpoint.is_due() or now):
            inputs = self.inputs_of(frame)  # a change may not have come to `state` yet
            checkpoint.pictures = inputs.tensors
            recipe = replace(self._as_changed(inputs.recipe), settings=run.planned)
            kept = state if with_memory else state.without_memory()
            losses = self._earlier_losses + run.losses
            checkpoint.write(kept, losses, recipe, rests=self.rests)

    def remove_checkpoint(self) -> None:
        """Delete the checkpoint of a run that has ended as its visitor saw."""
        if self.checkpoint:
            self.checkpoint.remove()
        self.checkpoint = None

    def release_checkpoint(self) -> None:
        """Let the run be continued from its checkpoint, by a server that is started later."""
        if self.checkpoint:
            self.checkpoint.release()
        self.checkpoint = None

    def leave_checkpoint(self) -> None:
        """Leave the checkpoint to a visitor who has closed the page, and may come back."""
        checkpoint = self.checkpoint
        run = self.run
        # At rest it was written, with what may have been put away since.
        if checkpoint and run and run.state and (run.state.memory or not self.rests):
            self.write_checkpoint(run, now=True)
        if checkpoint and (run or self.rests):
            checkpoint.leave()
        self.checkpoint = None

    def _as_changed(self, recipe: Recipe) -> Recipe:
        """Return a recipe of the inputs with what was changed of it during the run."""
        every = self.run.preview_every if self.run else self.preview_every
        return replace(recipe, preview_every=every)
