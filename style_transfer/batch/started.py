"""A picture that is started: read, checked, and with its first frame."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path

from style_transfer.batch.checkpoints import Checkpoints
from style_transfer.batch.inputs import Inputs, read_inputs
from style_transfer.batch.planning import STREAM, PictureJob
from style_transfer.batch.request import Request
from style_transfer.batch.sources import Sources, source_name
from style_transfer.batch.writing import save_somewhere
from style_transfer.engine import (
    INITS,
    Frame,
    State,
    default_size,
    is_from_content,
    resize_clamped,
    stages,
    strokes_to_text,
)
from style_transfer.images import check_format, open_image, painted_size, size_of, to_tensor
from style_transfer.recipe import Recipe
from style_transfer.runs import CostModel, Estimate, Executor, Job, RunClock, RunMemory

Size = tuple[int, int]  # height, width
MeasureCost = Callable[[PictureJob, Size], CostModel]


class StartedPicture:
    """A picture whose first frame is there."""

    def __init__(
        self,
        job: PictureJob,
        request: Request,
        sources: Sources,
        executor: Executor,
        cost_model_of: MeasureCost,
    ) -> None:
        """Read and check all that is given. Raises ValueError or OSError for a mistake in it."""
        self._job, self._request = job, request
        self._size = request.size or default_size(executor.device)
        # Before a photo is enlarged, which may take more memory than there is.
        page, enlarge = request.page, request.enlarge
        shown = size_of(sources.open(job.photo), source_name(job.photo), page=page)
        sizes = [size_of(sources.open(file), source_name(file)) for file in job.styles]
        _plan(job, painted_size(shown, self._size, enlarge), sizes, executor)
        inputs = self._inputs = read_inputs(job, request, sources, executor.device)
        size = inputs.content.shape[-2], inputs.content.shape[-1]
        run = Job(
            inputs.content,
            inputs.styles,
            job.settings,
            init=request.init if isinstance(request.init, str) else INITS[0],
            optimizer=request.optimizer,
            seed=request.seed,
            network=request.network,
            strokes=request.strokes,
        )
        run.check(run.settings, run.styles)
        needed = _plan(job, size, run.style_sizes, executor)
        self.note = inputs.note
        cost_model = cost_model_of(job, size)
        self.estimate = Estimate.of(cost_model, size, run.style_sizes, job.settings, needed.block)
        self._checkpoints = _checkpoints(job, request, inputs)
        run = replace(run, block=needed.block, state=self._state())
        self._execution = executor.start(run)
        self.first, self.frames = self._start(run)
        self.clock = RunClock(cost_model.of_run(job.settings, needed.block), self.first)

    def stop(self) -> None:
        """Let the frames end after the step under way."""
        self._execution.stop()

    def checkpoint(self, frame: Frame) -> None:
        """Write a checkpoint if it is asked for, and time."""
        if self._checkpoints and frame.whole:
            self._checkpoints.offer(frame)

    def save(self, frame: Frame) -> tuple[Path | None, str]:
        """Write the picture; return where it is, and a sentence if that is elsewhere."""
        text = self._recipe(frame).to_json()
        return save_somewhere(frame.picture, self._job.output, text, self._inputs.export)

    def leave(self, frame: Frame, finished: bool) -> None:
        """Remove the checkpoint of a finished picture; write that of one to go on with."""
        if self._checkpoints and finished:
            self._checkpoints.remove()
        elif self._checkpoints and frame is not self.first and frame.whole:
            self._checkpoints.write(frame)

    def _state(self) -> State | None:
        """Return what to go on from, None for a run that begins with step 0."""
        state, init = self._checkpoints.load() if self._checkpoints else None, self._request.init
        if state is None and isinstance(init, Path):
            size = self._inputs.content.shape[-2], self._inputs.content.shape[-1]
            image = resize_clamped(to_tensor(open_image(init, str(init))), size)
            return State(0, len(stages(size)) - 1, image)
        # In a file they have no numbers.
        return state and replace(state, strokes=self._request.strokes[: len(state.strokes)])

    def _start(self, run: Job) -> tuple[Frame, Iterator[Frame]]:
        frames = (frame for frame in self._execution.frames() if frame is not None)
        if run.state is None:
            return next(frames), frames
        return _frame_of(run.state, self._inputs, self._job, self._request.init), frames

    def _recipe(self, frame: Frame) -> Recipe:
        job, request = self._job, self._request
        style, *more = (file.name for file in job.styles)
        return Recipe(
            photo="" if job.photo == STREAM else job.photo.name,
            style=style,
            more_styles=tuple(more),
            mask=request.mask.name if request.mask else "",
            size=self._size,
            enlarge=request.enlarge,
            seed=request.seed,
            init=request.init if isinstance(request.init, str) else INITS[0],
            optimizer=request.optimizer,
            network=request.network,
            step=frame.step,
            settings=frame.settings,
            strokes=frame.state.strokes,
        )


def _plan(
    job: PictureJob, size: Size, style_sizes: Collection[Size], executor: Executor
) -> RunMemory:
    """Return the memory that a picture of that size takes.

    Raises ValueError, one sentence, where there is less, or no such picture in the format of the
    output.
    """
    free = executor.available_memory()
    needed = RunMemory.within(free, size, style_sizes, job.settings.style_scale)
    if job.output != STREAM:
        check_format(job.output, size)
    return needed


def _frame_of(state: State, inputs: Inputs, job: PictureJob, init: str | Path) -> Frame:
    """Return what a run shows that begins with a state."""
    content = inputs.content.to(state.image.device)
    strength = inputs.styles.strength_at((content.shape[-2], content.shape[-1]))
    return Frame(
        step=state.step,
        image=state.image,
        losses={},
        settings=job.settings,
        state=state,
        content=content,
        from_content=is_from_content(init),
        strength=strength,
    )


def _checkpoints(job: PictureJob, request: Request, inputs: Inputs) -> Checkpoints | None:
    if not request.resume or job.output == STREAM:
        return None
    how = f"{request.init} {request.optimizer} {request.seed} {request.network}"
    if request.strokes:
        how += f" {strokes_to_text(request.strokes)}"
    return Checkpoints(job.output, inputs.content, inputs.styles, job.settings, how)
