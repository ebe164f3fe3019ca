"""The command line: python -m style_transfer PHOTO STYLE -o out.png"""

import argparse
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor
from tqdm import tqdm

from style_transfer.checks import whole_number
from style_transfer.cli.output import StepLog, check_apart, complain, save_somewhere
from style_transfer.cli.parser import (
    DIVERGED,
    INTERRUPTED,
    NOT_AS_ASKED,
    USAGE_ERROR,
    parse,
    settings_in,
)
from style_transfer.engine import (
    Frame,
    Styles,
    chosen_device,
    default_device,
    default_size,
    masked,
    stylize,
)
from style_transfer.images import check_format, check_output, open_image, open_mask, to_tensor
from style_transfer.interruption import Interruption
from style_transfer.network import check_layers, load_network
from style_transfer.recipe import MAX_SEED
from style_transfer.runs import (
    CostModel,
    CostStore,
    Estimate,
    InternalError,
    RunClock,
    RunMemory,
    available_memory,
    check_memory,
    outcome_of,
)


def run_command(arguments: list[str] | None = None) -> int:
    """Do what the arguments say, by default those of the program, and return the exit code.

    0: the picture is saved, be it that of an interrupted run. USAGE_ERROR: a mistake in the
    arguments. DIVERGED: no finite loss could be reached, or memory ended; the last good picture is
    saved. NOT_AS_ASKED: the picture is under another name, or nowhere. INTERRUPTED: there is none.
    """
    options = parse(arguments)
    with Interruption() as interruption:
        try:
            return _run(options, interruption)
        except KeyboardInterrupt:
            complain("interrupted before there was a picture")
            return INTERRUPTED


def _run(options: argparse.Namespace, interruption: Interruption) -> int:
    try:
        begun = _begin(options)
    except (ValueError, OSError, MemoryError) as error:
        complain(error)
        return USAGE_ERROR
    with begun.log:
        return _paint(begun, options.output, interruption)


@dataclass(frozen=True)
class _Begun:
    """A run whose first frame is there."""

    first: Frame
    frames: Iterator[Frame]  # the others
    cost_model: CostModel
    estimate: Estimate
    log: StepLog


def _begin(options: argparse.Namespace) -> _Begun:
    """Read and check all that is given. Raises ValueError or OSError for a mistake in it."""
    settings = settings_in(options)
    whole_number("seed", options.seed, 0, MAX_SEED)
    check_output(options.output)
    inputs = [file for file in (options.photo, *options.styles, options.mask) if file]
    check_apart("picture", options.output, inputs)
    if options.log:
        check_apart("log", options.log, [*inputs, options.output])
    device = chosen_device(options.device) if options.device else default_device()
    content = _content(options, device)
    check_format(options.output, (content.shape[-2], content.shape[-1]))
    styles = _styles(options)
    styles.check(content)
    settings.check_styles(len(styles.images))
    network = load_network(options.network, device)
    check_layers(network.name, [settings.content_layer, *settings.style_layers])
    sizes = [(each.shape[-2], each.shape[-1]) for each in (content, *styles.images)]
    needed = RunMemory.of(sizes[0], sizes[1:], settings.style_scale).total
    check_memory(sizes[0], needed, available_memory(str(network.device)))
    try:
        cost_model = CostStore().cost_model(network, settings)
    except Exception as error:
        raise MemoryError(_sentence(error, 1, sizes[0])) from None
    estimate = Estimate.of(cost_model, sizes[0], sizes[1:], settings)
    frames = stylize(
        content,
        styles,
        lambda: settings,
        network=network,
        init=options.init,
        optimizer=options.optimizer,
        seed=options.seed,
    )
    first = next(frames)
    log = StepLog(options.log)  # last: what is in the file goes
    return _Begun(first, frames, cost_model, estimate, log)


def _paint(begun: _Begun, output: Path, interruption: Interruption) -> int:
    """Make all steps, or as many as there are until an interruption or divergence, and save."""
    frame, code, interrupted = begun.first, 0, False
    try:
        try:
            with closing(_reported(begun, interruption)) as frames:
                for frame in frames:  # noqa: B007 - the last one is needed
                    pass
        finally:  # before any other handling: a signal that comes from here on raises nothing
            interruption.only_notice()
    except KeyboardInterrupt:
        interrupted = True
    except Exception as error:
        size = frame.content.shape[-2], frame.content.shape[-1]
        complain(_sentence(error, frame.step + 1, size))
        code = DIVERGED
    finally:  # also where the program has a fault: hours may have gone into the picture
        place = save_somewhere(frame.picture, output)
    if interrupted and place:
        print(f"Interrupted after step {frame.step}; {place} holds the picture so far.")
    return code or (0 if place == output else NOT_AS_ASKED)


def _reported(begun: _Begun, interruption: Interruption) -> Generator[Frame, None, None]:
    """Yield the frames, with a bar on the console and lines in the log.

    Raises KeyboardInterrupt after an interruption whose exception was dropped on the way.
    """
    clock = RunClock(begun.cost_model, begun.first)
    began = last = time.perf_counter()
    # A bar of seconds, not steps: those of the last scale take most of the time.
    with tqdm(total=begun.estimate.seconds, bar_format="{percentage:3.0f}%|{bar}|{desc}") as bar:
        bar.set_description_str(f" {begun.estimate}")
        for frame in begun.frames:
            if interruption.noticed:
                raise KeyboardInterrupt
            now = time.perf_counter()
            begun.log.add(frame, now - began)
            if frame.note:
                bar.write(frame.note, file=sys.stderr)
            clock.add(frame, now - last)
            last = now
            left = clock.seconds_left(frame.step, frame.settings.steps)
            bar.total = now - began + left
            bar.n = now - began
            bar.set_description_str(_words(frame, left))
            yield frame


def _sentence(error: Exception, step: int, size: tuple[int, int]) -> str:
    """Return what ended a run in a step at `size`. Raises the error itself for a fault."""
    outcome = outcome_of(error, step, size)
    if outcome.error is None or isinstance(outcome.error, InternalError):
        raise error
    return str(outcome.error)


def _words(frame: Frame, seconds_left: float) -> str:
    losses = ", ".join(f"{name} {frame.losses[name]:.3g}" for name in ("content", "style"))
    return f" step {frame.step} of {frame.settings.steps}, {losses}, {seconds_left:.0f} s left"


def _content(options: argparse.Namespace, device: str) -> Tensor:
    photo = open_image(options.photo, str(options.photo))
    if options.size and max(photo.size) < options.size:
        complain(
            f"{options.photo} is painted at its {photo.width} x {photo.height} pixels: "
            f"a photo is never enlarged to --size {options.size}"
        )
    return to_tensor(photo, options.size or default_size(device))


def _styles(options: argparse.Namespace) -> Styles:
    paintings = tuple(to_tensor(open_image(file, str(file))) for file in options.styles)
    if options.mask is None:
        return Styles(paintings)
    return masked(paintings, to_tensor(open_mask(options.mask, str(options.mask))))
