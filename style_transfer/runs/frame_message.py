"""FrameMessage: a frame on its way from the process that made it to the one that shows it."""

from dataclasses import dataclass
from typing import Any

from style_transfer.engine import Frame, State, Stroke, StrokedContent, is_from_content
from style_transfer.images import from_jpeg, to_jpeg
from style_transfer.runs.executor import Job
from style_transfer.runs.history import LossHistory
from style_transfer.settings import Settings

QUALITY = 95  # of the JPEG; 120 kB at 1024 px, where the image takes 12 MB


@dataclass(frozen=True)
class FrameMessage:
    """A frame as plain data, without what the receiver has already."""

    step: int
    stage: int
    image: bytes  # JPEG of Frame.image
    losses: dict[str, float]
    settings: Settings
    objective: dict[str, Any] | None
    strokes: tuple[Stroke, ...]
    note: str
    pictures: int  # number of the content image and the styles, see `RunFolder`
    skipped: LossHistory  # of the steps since the last message
    saved: bool  # whether the state after this step is in the run's folder
    finished: bool  # whether all steps of its settings are made
    seconds: float  # since the call began
    place: str  # see `Execution`

    @classmethod
    def of(cls, frame: Frame, **rest: Any) -> "FrameMessage":
        """Return the message of a frame; `rest` are the fields from `pictures` on."""
        state = frame.state
        return cls(
            step=frame.step,
            stage=state.stage,
            image=to_jpeg(frame.image, QUALITY),
            losses=frame.losses,
            settings=frame.settings,
            objective=state.objective,
            strokes=state.strokes,
            note=frame.note,
            **rest,
        )

    def frame(self, job: Job, base: StrokedContent, state: State | None) -> Frame:
        """Return the frame; `job` and `base` have the content image and the styles of its step.

        Without the `state` after the step it is not `whole`.
        """
        image = from_jpeg(self.image)
        # The first one shows the starting image, which the state has at the size of its stage.
        if state is not None and state.image.shape == image.shape:
            image = state.image
        return Frame(
            step=self.step,
            image=image,
            losses=self.losses,
            settings=self.settings,
            state=state
            or State(self.step, self.stage, image, (), self.objective, strokes=self.strokes),
            content=job.content,
            from_content=is_from_content(job.init),
            strength=job.styles.strength_at(job.size),
            base=base,
            note=self.note,
            whole=state is not None,
            skipped=tuple(self.skipped),
        )
