"""stylize(): the optimisation as a generator that reads its settings before each step."""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from style_transfer.checks import one_of, quoted, whole_number
from style_transfer.devices import check_defaults, runs_ahead
from style_transfer.engine.device_choice import default_device
from style_transfer.engine.evaluator import EvaluatorFactory
from style_transfer.engine.frame import Frame
from style_transfer.engine.initial_image import INITS, MAX_SEED, is_from_content
from style_transfer.engine.multiscale import MultiscaleObjective
from style_transfer.engine.optimizers import OPTIMIZERS
from style_transfer.engine.state import State
from style_transfer.engine.stepper import Content, Stepper, Style
from style_transfer.engine.strokes import Stroke
from style_transfer.engine.styles import Styles
from style_transfer.images import check_image
from style_transfer.network import VGG, load_network
from style_transfer.settings import Settings


@torch.inference_mode(False)  # for each step: where the caller has it on, there are no gradients
def stylize(
    content: Content,
    style: Style | Callable[[], Styles],
    settings: Settings | Callable[[], Settings] = Settings,
    *,
    network: VGG | None = None,
    init: str | Tensor = "content",
    step: int = 0,
    optimizer: str = "lbfgs",
    seed: int = 0,
    state: State | None = None,
    evaluator: EvaluatorFactory = MultiscaleObjective,
    init_strokes: Sequence[Stroke] = (),
    take_strokes: Callable[[int], Sequence[Stroke]] = lambda _: (),
) -> Iterator[Frame]:
    """Yield a frame with the starting image, then one after each step of the optimisation.

    `content` and each style image are (1, 3, H, W) RGB of float32 in [0, 1]; the result has the
    size of `content`. `style` is one style image, several, Styles with masks, or a function that
    returns Styles and is called before each step; so may `content` be a function, whose image may
    change its size, and the picture goes on from what it is. Where `settings` is a function, it is
    called before each step, first of the three; the run ends after `steps` of them. On a device
    that works off calls later (`devices.runs_ahead`) the next step has begun when a frame is
    yielded.

    `init` is what the run starts from: "content", in the colours of the styles (`with_palette`);
    "noise" made from `seed`; "style" (the first style image); or an image (1, 3, h, w) of an
    earlier run, which is resized to the content and counts as step `step`, so that the run
    continues in that step's stage; it has had `init_strokes`. With the `state` of a frame, and
    otherwise equal arguments, the run continues after that frame as if it had not been interrupted,
    bit for bit on the CPU, once the targets of the newest settings are complete (it computes those
    at once that an uninterrupted run spreads over steps).

    `take_strokes` is called before each step, with the number of steps made, for the strokes that
    are to be done on the picture then; they make a frame of their own, without losses, before it.
    It is called again after these, until there are none: it must give each stroke once.

    `network` defaults to the bundled one on the `default_device`; `evaluator` makes what computes
    losses and gradients, once for each stage.

    Gatys, Ecker and Bethge 2015, from coarse to fine. Raises ValueError for an unknown choice, what
    is no such image, a mask of another aspect ratio than the content, styles without a weight to
    start with (during a run they weigh the same), a step below 0, and a state of another size or
    another optimizer; DivergedError where the losses stay infinite.
    """
    if isinstance(init, Tensor):
        check_image("The image to begin with", init)
    else:
        one_of("init", init, INITS)
    one_of("optimizer", optimizer, OPTIMIZERS)
    whole_number("step", step, 0, 2**31)
    seed = whole_number("seed", seed, 0, MAX_SEED)
    read_settings = _checked(settings)
    if not isinstance(network, VGG | None):
        raise ValueError(f"network must be one of load_network(), not {quoted(network)}.")
    if not isinstance(state, State | None):
        raise ValueError(f"state must be the State of a frame, not {quoted(state)}.")
    check_defaults(network.device if network else torch.device(default_device()))
    network = network or load_network(device=default_device())
    stepper = Stepper(network, content, style, is_from_content(init), evaluator)
    if state is None:
        first = read_settings()
        image, state = stepper.start(init, step, seed, first, tuple(init_strokes))
        yield stepper.frame(state, first, image=image)
    else:
        if not OPTIMIZERS[optimizer].owns(state.memory):
            raise ValueError(
                f"This state belongs to a run with another optimizer than {optimizer}."
            )
        state = stepper.resume(state)
    # Where the device works off calls later, a step is made before the losses of the one before it
    # are read: `pending` comes after `settled`, and `state` is what it leads to.
    ahead, settled, pending = runs_ahead(network.device), state, None
    while True:
        newest = read_settings()
        strokes = take_strokes(state.step)
        ends = state.step >= newest.steps
        if pending and (strokes or ends or not stepper.stays(state, newest)):
            state, frame = stepper.settle(pending, settled)
            pending = None
            yield frame
            if ends and not strokes:
                continue  # by now more steps may be asked for
        if strokes:
            state = stepper.touch(
                stepper.follow_content(state, newest), strokes, OPTIMIZERS[optimizer]
            )
            yield stepper.frame(state, newest)
            continue
        if ends:
            return
        state = stepper.enter_stage(stepper.follow_content(state, newest), newest)
        attempt = stepper.attempt(state, newest, OPTIMIZERS[optimizer])
        if not ahead:
            state, frame = stepper.settle(attempt, state)
            yield frame
            continue
        if pending:
            settled, frame = stepper.settle(pending, settled)
            yield frame
            if frame.note:  # it went astray, and so did what was made of it
                state, pending = settled, None
                continue
        else:
            settled = state
        state, pending = attempt.after, attempt


def _checked(settings: Settings | Callable[[], Settings]) -> Callable[[], Settings]:
    """Return a function that returns settings. Raises ValueError, as that does, for others."""
    read = settings if callable(settings) else lambda: settings

    def read_settings() -> Settings:
        if not isinstance(newest := read(), Settings):
            words = "settings must be Settings or a function that returns them"
            raise ValueError(f"{words}, not {type(newest).__name__}.")
        return newest

    return read_settings
