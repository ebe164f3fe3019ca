"""stylize(): the optimisation, a generator that reads its settings before each step."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from style_transfer.checks import one_of
from style_transfer.engine.evaluator import Evaluation
from style_transfer.engine.masks import composite
from style_transfer.engine.multiscale import MultiscaleObjective
from style_transfer.engine.optimizers import OPTIMIZERS, Optimizer
from style_transfer.engine.pyramid import stage_index, stages, upsample_change
from style_transfer.engine.state import State
from style_transfer.engine.styles import Styles
from style_transfer.images import keep_colors, resize
from style_transfer.network import VGG, default_device, load_network
from style_transfer.runtime import retain_freed_blocks
from style_transfer.settings import Settings

INITS = ("content", "noise", "style")
MAX_SETBACKS = 3  # without two good steps in a row; a fresh optimiser that fails so often is lost
MAX_LOSS_RATIO = (
    20.0  # a loss that grows so much in one step has left the range where L-BFGS's model holds
)


@dataclass(frozen=True)
class Frame:
    """The picture after a step, the settings that made it, and the losses that it started from."""

    step: int
    image: Tensor  # (1, 3, h, w) RGB in [0, 1], at the size of its stage, painted all over
    losses: dict[str, float]  # of the image before the step, see Evaluation; none at step 0
    settings: Settings
    state: State  # to continue from here
    content: Tensor  # (1, 3, H, W), at the size asked for
    from_content: bool  # whether the image is a change of the photo, not of noise or a painting
    strength: Tensor | None = None  # (1, 1, H, W), how much of the image lies on the photo; None: 1
    note: str = ""  # what went out of the ordinary, in one sentence

    @property
    def picture(self) -> Tensor:
        """What there is to see, (1, 3, H, W), with as many of the photo's colours as asked for."""
        return keep_colors(self.stylized, self.content, self.settings.keep_colors)

    def with_colors(self, kept: float) -> "Frame":
        """Return the frame with so many of the photo's colours, which takes no step."""
        if kept == self.settings.keep_colors:
            return self
        return replace(self, settings=replace(self.settings, keep_colors=kept))

    @property
    def stylized(self) -> Tensor:
        """The picture in the painting's colours: a coarse one has the photo's detail."""
        photo = self.content if self.from_content else None
        return composite(
            _enter(_size(self.content), self.image, photo), self.content, self.strength
        )


def default_size() -> int:
    """Return the longer side in px that a run of default length paints in about a minute."""
    return 480 if default_device() == "cpu" else 1024


Style = Tensor | Sequence[Tensor] | Styles


class DivergedError(ArithmeticError):
    """The losses are no finite numbers, however often a run goes back and starts afresh."""


def stylize(
    content: Tensor,
    style: Style | Callable[[], Styles],
    read_settings: Callable[[], Settings] = Settings,
    *,
    network: VGG | None = None,
    init: str | Tensor = "content",
    step: int = 0,
    optimizer: str = "lbfgs",
    seed: int = 0,
    state: State | None = None,
) -> Iterator[Frame]:
    """Yield the photo `content` as it turns into a picture in the style of `style`.

    Both are (1, 3, H, W) RGB in [0, 1]; the picture gets the photo's size. `style` may also be
    several paintings, Styles, which say where each of them goes, or a function that returns Styles
    and is called before each step. The first frame is the starting image, step 0: the photo, noise
    made from `seed`, or the (first) style. `init` may also be a picture (1, 3, h, w) of such a run;
    it is the first frame, at the photo's size, and counts as `step`, which tells the scale to go on
    at. `read_settings` is called before each step, and the run ends when it has made their `steps`.
    With the `state` of a frame, the same pictures and the same arguments, it goes on after that
    frame as if it had never stopped.

    Gatys, Ecker and Bethge 2015, coarse to fine. Raises ValueError for an unknown choice, a mask
    of other proportions than the photo, or styles of which none has a weight, and DivergedError
    where no finite loss can be reached.
    """
    if isinstance(init, str):
        one_of("init", init, INITS)
    one_of("optimizer", optimizer, OPTIMIZERS)
    network = network or load_network()
    content = content.to(network.device)
    plan, read_styles = stages(_size(content)), style if callable(style) else _always(style)
    styles = read_styles()
    changed = content if isinstance(init, Tensor) or init == "content" else None
    frame = partial(Frame, content=content, from_content=changed is not None)
    strength = _strength(styles, content)
    if state is None:
        settings = read_settings()
        stage = stage_index(plan, step + 1, settings.steps)
        image = _first_image(init, content, styles.images[0], plan[stage].size, seed)
        image_at_stage = _enter(plan[stage].size, image, changed)
        state = State(step, stage, image_at_stage, timings=network.timings)
        yield frame(step, image, {}, settings, state, strength=strength)
    else:  # the saved run's backends, so that it goes on bit for bit, and other runs' as they are
        network = network.with_timings(network.timings.updated(state.timings))
        state = replace(state, timings=network.timings)
    state = state.to(content.device)
    if state.stage >= len(plan) or _size(state.image) != plan[state.stage].size:
        raise ValueError("This state belongs to a photo of another size.")
    objective = None
    while state.step < (settings := read_settings()).steps:
        stage = max(state.stage, stage_index(plan, state.step + 1, settings.steps))
        if stage != state.stage:
            image = _enter(plan[stage].size, state.image, changed)
            state = State(state.step, stage, image, timings=network.timings)
            objective = None
        if (newest := read_styles()) is not styles:
            styles, strength = newest, _strength(newest, content)
            if objective is not None:
                objective.styles = styles
        if objective is None:
            retain_freed_blocks(plan[stage].size)
            objective = MultiscaleObjective(network, _photo_at(content, plan[stage].size), styles)
        with network.threads.running():
            evaluation = objective.evaluate(state.image, settings)
        aim = {"styles": styles.fingerprint} | settings.objective
        if evaluation.stale_layers:
            aim["stale_layers"] = evaluation.stale_layers
        if aim != state.objective:
            state = replace(state, objective=aim, memory=(), loss=None)
        state, note = _step(state, evaluation, settings, OPTIMIZERS[optimizer])
        losses = evaluation.losses
        yield frame(state.step, state.image, losses, settings, state, strength=strength, note=note)


def _always(style: Style) -> Callable[[], Styles]:
    styles = Styles.of(style)
    return lambda: styles


def _strength(styles: Styles, photo: Tensor) -> Tensor | None:
    """Return how much of the painting lies on each pixel of the photo; check that it fits."""
    styles.check(photo)
    strength = styles.strength_at(_size(photo))
    return None if strength is None else strength.to(photo.device)


def _step(
    state: State, evaluation: Evaluation, settings: Settings, optimizer: Optimizer
) -> tuple[State, str]:
    """Return the state one step on: downhill, or back to the last good image."""
    loss = evaluation.losses["total"]
    # A relative loss of 1 is as far off as an image can well be: what rises from nearly 0 to less,
    # as it does where the photo is to be hardly changed, can be made up for.
    far = settings.alpha + settings.beta + settings.tv
    risen = state.loss is not None and loss > MAX_LOSS_RATIO * state.loss + far
    if evaluation.finite and not risen:
        image, memory = optimizer.step(state.image, evaluation.gradient, state.memory)
        # Differs from the paper because what a screen cannot show would be lost in the end: the
        # optimiser makes up for it only if it meets the limits on the way.
        image = image.clamp(0, 1)
        # The image that a setback went back to is good by itself; only its successor shows more.
        setbacks = state.setbacks if state.loss is None else 0
        state = replace(state, image=image, memory=memory, good=state.image, loss=loss)
        return replace(state, step=state.step + 1, setbacks=setbacks), ""
    if state.setbacks == MAX_SETBACKS:
        raise DivergedError(
            f"The run diverged at step {state.step + 1}: its loss is {loss}. Smaller weights help."
        )
    good = state.image if state.good is None else state.good
    state = replace(state, image=good, memory=(), loss=None, setbacks=state.setbacks + 1)
    note = f"Step {state.step + 1} went astray (loss {loss:.3g}); back to the last good picture."
    return replace(state, step=state.step + 1), note


def _first_image(
    init: str | Tensor, content: Tensor, style: Tensor, size: tuple[int, int], seed: int
) -> Tensor:
    if isinstance(init, Tensor):  # at full size, whatever the scale: nobody should see it change
        return _photo_at(init.to(content.device), _size(content))
    if init == "noise":
        noise = torch.randn((1, 3, *size), generator=torch.Generator().manual_seed(seed))
        return (0.5 + 0.1 * noise).clamp(0, 1).to(content.device)
    return _photo_at(content if init == "content" else style.to(content.device), size)


def _enter(size: tuple[int, int], image: Tensor, photo: Tensor | None) -> Tensor:
    """Return `image` at `size`, as a change of `photo` where the run began with the photo."""
    if _size(image) == size:
        return image
    if photo is None:
        return _photo_at(image, size)
    return upsample_change(image, _photo_at(photo, _size(image)), _photo_at(photo, size)).clamp(
        0, 1
    )


def _photo_at(photo: Tensor, size: tuple[int, int]) -> Tensor:
    return resize(photo, size).clamp(0, 1)  # the filter overshoots at edges


def _size(image: Tensor) -> tuple[int, int]:
    return image.shape[-2], image.shape[-1]
