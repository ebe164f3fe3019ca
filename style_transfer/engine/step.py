"""One step of a run: downhill, or back to the last good image where the losses are not finite."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from style_transfer.engine.evaluator import Evaluation
from style_transfer.engine.optimizers import Optimizer
from style_transfer.engine.state import State
from style_transfer.engine.touch import HEALING, released
from style_transfer.settings import Settings

MAX_SETBACKS = 3  # without two good steps in a row; after that shorter steps will not help
SHORTER = 0.25  # factor of a step's length for each of these; in full it would diverge again
LAST_TOUCH_LIMIT = 32 / 255  # root mean square; above, steps where strokes are are not limited
MAX_LOSS_RATIO = 20.0  # of a step's loss to that before; above, L-BFGS's quadratic model is wrong


class DivergedError(ArithmeticError):
    """The losses are not finite, even after going back and restarting the optimiser."""


def with_objective(state: State, objective: dict[str, Any]) -> State:
    """Return the state, without the optimiser's memory if that is of another objective.

    `objective` is plain data that names what is optimised; equal data, equal objective.
    """
    if objective == state.objective:
        return state
    same_goal = _without_stale(objective) == _without_stale(state.objective)
    reach = state.reach if same_goal else None
    return replace(state, objective=objective, memory=(), loss=None, reach=reach)


def _without_stale(objective: dict[str, Any] | None) -> dict[str, Any]:
    """Return what names an objective, whether or not all targets of it are known already."""
    return {name: each for name, each in (objective or {}).items() if name != "stale_layers"}


@dataclass(frozen=True)
class Attempt:
    """A step that is made before its losses are known; `settled` says whether it counts."""

    before: State  # what it is made from, but for the loss
    after: State  # what it leads to, but for the loss and what depends on it
    evaluation: Evaluation
    settings: Settings

    def settled(self, last: State) -> tuple[State, str]:
        """Return the state after the step, and a note on what went wrong in it, "" if nothing.

        `last` is the settled state that it was made from. Raises DivergedError for a loss that is
        not finite after MAX_SETBACKS steps back.
        """
        known = last.loss if self.before.objective == last.objective else None
        before = replace(self.before, loss=known, setbacks=last.setbacks)
        loss, settings = self.evaluation.losses["total"], self.settings
        # A relative loss of 1 is large for any image. Below it a rise is harmless, whatever its
        # ratio: the loss starts near 0 where the settings ask for little change of the photo.
        large = settings.alpha + settings.beta * (1 + settings.motifs) + settings.tv
        exploded = known is not None and loss > MAX_LOSS_RATIO * known + large
        # Where short steps explode as well, the loss jumps at that image, and falls from there on.
        if not self.evaluation.finite or (exploded and before.setbacks < MAX_SETBACKS):
            return _go_back(before, loss)
        # An image that was gone back to proves nothing; only the step after it does.
        setbacks = before.setbacks if known is None else 0
        return replace(self.after, loss=loss, setbacks=setbacks), ""


def attempt_step(
    state: State, evaluation: Evaluation, settings: Settings, optimizer: Optimizer
) -> Attempt:
    """Return the step from a state `with_objective`, without waiting for the losses."""
    if state.reach is not None and state.step >= state.strokes[-1].step + HEALING:
        state = released(state, optimizer)
    gradient, reach = evaluation.gradient, state.reach
    gradient = gradient if reach is None else gradient * reach
    image, memory = optimizer.step(state.image, gradient, state.memory)
    if state.setbacks:
        image = torch.lerp(state.image, image, SHORTER**state.setbacks)
    # Differs from the paper, which clamps the final image only: what no screen can show would be
    # lost then, while the optimiser makes up for a limit that it meets on the way.
    image = _limited(state, image).clamp(0, 1)
    after = replace(state, image=image, memory=memory, good=state.image, loss=None)
    # As `settled` will have it, for a step that is made before the losses of this one are read.
    setbacks = 0 if state.memory else state.setbacks
    after = _after_step(replace(after, matches=evaluation.matches, setbacks=setbacks))
    return Attempt(state, replace(after, step=state.step + 1), evaluation, settings)


def _go_back(state: State, loss: float) -> tuple[State, str]:
    if state.setbacks == MAX_SETBACKS:
        raise DivergedError(
            f"The run diverged at step {state.step + 1}: its loss is {loss:.3g}. "
            "Smaller weights help."
        )
    good = state.image if state.good is None else state.good
    note = f"Step {state.step + 1} went astray (loss {loss:.3g}); back to the last good picture."
    # Also without matches: features that are no numbers match anything.
    state = replace(
        state, image=good, memory=(), matches={}, loss=None, setbacks=state.setbacks + 1
    )
    return replace(state, step=state.step + 1), note


def _limited(state: State, image: Tensor) -> Tensor:
    """Return the optimiser's next image, closer to the last one where strokes were made, and the
    last one beyond the reach of steps."""
    if state.touched is None and state.reach is None:
        return image
    step = image - state.image
    if state.reach is not None:  # the optimiser's own limits are of the whole picture
        step = step * state.reach
        step = step * _share(step, state.reach, LAST_TOUCH_LIMIT)
    if state.touched is not None:
        share = _share(step, state.touched, state.touch_limit)
        step = step * (1 - state.touched * (1 - share))
    return state.image + step


def _share(step: Tensor, area: Tensor, limit: float) -> Tensor:
    """Return how much of a step may be done, 0-d in [0, 1], for its root mean square in an area."""
    size = ((area * step.square()).sum() / (3 * area.sum()).clamp_min(1e-6)).sqrt()
    return (limit / size.clamp_min(1e-12)).clamp_max(1)


def _after_step(state: State) -> State:
    """Return the state that lets the next step be twice as long where strokes were made."""
    if state.touched is None:
        return state
    limit = 2 * state.touch_limit
    if limit > LAST_TOUCH_LIMIT:
        return replace(state, touched=None, touch_limit=0.0)
    return replace(state, touch_limit=limit)
