"""Stepper: the steps of one optimisation, each from a state to the next one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from torch import Tensor

from style_transfer.engine.content_change import with_content
from style_transfer.engine.evaluator import Evaluation, EvaluatorFactory, StepEvaluator
from style_transfer.engine.frame import Frame
from style_transfer.engine.initial_image import initial_image
from style_transfer.engine.local_style import local_styles
from style_transfer.engine.optimizers import Optimizer
from style_transfer.engine.photo_detail import calmed
from style_transfer.engine.pyramid import (
    image_size,
    resize_clamped,
    stage_index,
    stages,
)
from style_transfer.engine.state import State
from style_transfer.engine.step import Attempt, attempt_step, with_objective
from style_transfer.engine.stroked_content import StrokedContent
from style_transfer.engine.strokes import Stroke, in_effect
from style_transfer.engine.styles import Styles
from style_transfer.engine.touch import moved_to_size, with_stroke
from style_transfer.images import check_image
from style_transfer.network import VGG
from style_transfer.runtime import retain_freed_blocks
from style_transfer.settings import Settings

T = TypeVar("T")
Style = Tensor | Sequence[Tensor] | Styles
Content = Tensor | Callable[[], Tensor]


class Stepper:
    """Makes the steps of one optimisation.

    It has what an optimisation has beside its `State`: the content image, the styles, and the
    evaluator of the stage.
    """

    def __init__(
        self,
        network: VGG,
        content: Content,
        style: Style | Callable[[], Styles],
        from_content: bool,
        evaluator: EvaluatorFactory,
    ) -> None:
        self._network, self._make_evaluator = network, evaluator
        self._from_content = from_content
        self._read_content = content if callable(content) else _constant(content)
        self._read_styles = style if callable(style) else _constant(Styles.of(style))
        self._evaluator: StepEvaluator | None = None  # of the current stage, from its first step on
        self._held: tuple[Stroke, ...] = ()  # strokes that `_evaluator` knows of
        self._use_content(self._read_content())

    def start(
        self,
        init: str | Tensor,
        step: int,
        seed: int,
        settings: Settings,
        strokes: tuple[Stroke, ...],
    ) -> tuple[Tensor, State]:
        """Return the starting image, and the state at `step` that has it at the stage's size.

        Raises ValueError where none of several styles has a weight.
        """
        settings.check_styles(len(self._styles.images))
        stage = stage_index(self._stages, step + 1, settings.steps)
        size = self._stages[stage].size
        image = initial_image(init, self._content, self._styles, size, seed, settings)
        begun = State(step, stage, image, strokes=strokes)
        return image, self._in_stage(begun, stage, settings)

    def resume(self, state: State) -> State:
        """Return a saved state on the run's device. Raises ValueError for one of another size."""
        check_image("The image of a state", state.image)
        size = image_size(state.image)
        if state.stage >= len(self._stages) or size != self._stages[state.stage].size:
            raise ValueError("This state belongs to a photo of another size.")
        # Bit for bit the same needs the same backends; those of other runs stay as they are.
        timings = self._network.timings.updated(state.timings)
        self._network = self._network.with_timings(timings)
        return replace(state.to(self._content.device), timings=timings)

    def follow_content(self, state: State, settings: Settings) -> State:
        """Return the state with which to go on with the newest content image."""
        if (newest := self._read_content()) is self._content_read:
            return state
        before = image_size(self._content)
        self._use_content(newest)
        return with_content(
            state, before, self._content, self._from_content, self._styles, settings
        )

    def touch(self, state: State, strokes: Sequence[Stroke], optimizer: Optimizer) -> State:
        """Return the state after strokes, one after the other."""
        for stroke in strokes:
            state = with_stroke(state, stroke, self._stroked, optimizer)
        return state

    def enter_stage(self, state: State, settings: Settings) -> State:
        """Return the state in the stage of the next step, never a coarser one than before."""
        stage = max(state.stage, stage_index(self._stages, state.step + 1, settings.steps))
        if stage == state.stage:
            return state
        self._evaluator = None
        return self._in_stage(state, stage, settings)

    def stays(self, state: State, settings: Settings) -> bool:
        """Return whether the next step has the content and the stage of the one before."""
        stage = stage_index(self._stages, state.step + 1, settings.steps)
        return self._read_content() is self._content_read and stage <= state.stage

    def attempt(self, state: State, settings: Settings, optimizer: Optimizer) -> Attempt:
        """Return the step from a state, made without waiting for its losses."""
        evaluation = self._evaluate(state, settings)
        state = with_objective(state, self._objective(evaluation, settings))
        return attempt_step(state, evaluation, settings, optimizer.within(self._painted_share))

    def settle(self, attempt: Attempt, last: State) -> tuple[State, Frame]:
        """Return the state after a step from `last`, and its frame. Raises DivergedError."""
        state, note = attempt.settled(last)
        losses = dict(attempt.evaluation.losses)
        return state, self.frame(state, attempt.settings, losses=losses, note=note)

    def _evaluate(self, state: State, settings: Settings) -> Evaluation:
        """Return losses and gradient of the state's image, against the newest styles."""
        if (newest := self._read_styles()) is not self._styles:
            self._use_styles(newest)
            if self._evaluator:
                self._evaluator.styles = newest
        if self._evaluator is None:
            size = self._stages[state.stage].size
            retain_freed_blocks(size)
            content = resize_clamped(self._content, size)
            self._evaluator = self._make_evaluator(self._network, content, self._styles)
            self._held = ()
        if (held := in_effect(state.strokes)) != self._held:
            # A change where the strokes are, in what the optimiser has forgotten there.
            target = self._stroked.held(self._stages[state.stage].size, held)
            self._evaluator.content_target, self._held = target, held
            self._evaluator.local_styles = local_styles(held)
        with self._network.threads.running():
            return self._evaluator.evaluate(state.image, settings, state.matches)

    def _objective(self, evaluation: Evaluation, settings: Settings) -> dict[str, object]:
        """Return what was evaluated, as plain data to compare with that of another step."""
        objective = {"styles": self._styles.fingerprint} | settings.objective
        stale = evaluation.stale_layers
        return objective | {"stale_layers": stale} if stale else objective

    def frame(
        self,
        state: State,
        settings: Settings,
        *,
        image: Tensor | None = None,
        losses: dict[str, float] | None = None,
        note: str = "",
    ) -> Frame:
        """Return the frame of a state; its image is that of the state unless it is given."""
        return Frame(
            step=state.step,
            image=state.image if image is None else image,
            losses=losses or {},
            settings=settings,
            state=state,
            content=self._content,
            from_content=self._from_content,
            strength=self._strength,
            base=self._stroked,
            note=note,
        )

    def _use_content(self, content: Tensor) -> None:
        """Go on with a content image (1, 3, H, W), which may be on another device than the network.

        Raises ValueError where it is no image, or a mask of the styles has other proportions.
        """
        check_image("The content image", content)
        self._content_read = content
        # As it is, where it can be: callers compare images by identity first.
        plain = content.detach() if content.requires_grad else content
        self._content = plain.to(self._network.device)
        self._stages, self._stroked = stages(image_size(content)), StrokedContent(self._content)
        self._use_styles(self._read_styles())
        self._evaluator = None

    def _use_styles(self, styles: Styles) -> None:
        """Go on with styles, whose masks cover the content image.

        Raises ValueError for what is no image or mask, and for a mask of other proportions.
        """
        if not isinstance(styles, Styles):
            kind = type(styles).__name__
            raise ValueError(f"The function for styles must return Styles, not {kind}.")
        styles.check_tensors()
        styles.check(self._content)
        strength = styles.strength_at(image_size(self._content))
        self._styles = styles
        self._strength = None if strength is None else strength.to(self._content.device)
        self._painted_share = 1.0 if strength is None else (strength > 0).float().mean().item()

    def _in_stage(self, state: State, stage: int, settings: Settings) -> State:
        """Return the state that begins a stage, from one with an image of any size."""
        size, timings = self._stages[stage].size, self._network.timings
        base = None
        if self._from_content:
            whole, old = self._stroked.sized(state.strokes), image_size(state.image)
            base = calmed(whole, old, size, self._styles, settings)
        moved = moved_to_size(state, size, base)
        return replace(moved, stage=stage, timings=timings)


def _constant(value: T) -> Callable[[], T]:
    return lambda: value
