"""The command line: python -m style_transfer PHOTO STYLE -o out.png"""

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, Any

from tqdm import tqdm

from style_transfer.cli.parser import USAGE_ERROR, parse, settings_in
from style_transfer.engine import DivergedError, Frame, Styles, masked, stylize
from style_transfer.images import check_output, open_image, save, to_tensor
from style_transfer.network import check_layers, load_network
from style_transfer.runs import (
    CostModel,
    Estimate,
    RunClock,
    RunMemory,
    available_memory,
    check_memory,
)

DIVERGED = 1  # exit codes, beside USAGE_ERROR
INTERRUPTED = 130  # as shells number it


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = parse(arguments)
    try:
        return _run(options)
    except KeyboardInterrupt:
        return _fail(InterruptedError("interrupted before there was a picture"), INTERRUPTED)


def _run(options: argparse.Namespace) -> int:
    try:
        settings = settings_in(options)
        check_output(options.output)
        log = options.log.open("w", buffering=1) if options.log else nullcontext()
        content = to_tensor(open_image(options.photo, str(options.photo)), options.size)
        styles = _styles(options)
        styles.check(content)
        settings.shares(len(styles.images))
        network = load_network(options.network, options.pooling)
        check_layers(network.name, [settings.content_layer, *settings.style_layers])
        sizes = [(each.shape[-2], each.shape[-1]) for each in (content, *styles.images)]
        needed = RunMemory.of(sizes[0], sizes[1:], settings.style_scale).total
        check_memory(sizes[0], needed, available_memory(network.device.type))
        cost_model = CostModel.measure(network)
    except (ValueError, OSError) as error:
        return _fail(error, USAGE_ERROR)
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
    with log as file:
        return _paint(frames, cost_model, estimate, options.output, file)


def _paint(
    frames: Iterator[Frame],
    cost_model: CostModel,
    estimate: Estimate,
    output: Path,
    log: IO[str] | None,
) -> int:
    """Make all steps, or as many as there are until Ctrl-C or divergence, and save the picture."""
    frame, code = next(frames), 0
    clock = RunClock(cost_model, frame)
    began = last = time.perf_counter()
    # A bar of seconds, not steps: those of the last scale take most of the time.
    with tqdm(total=estimate.seconds, bar_format="{percentage:3.0f}%|{bar}|{desc}") as bar:
        bar.set_description_str(f" {estimate}")
        try:
            for frame in _until_interrupted(frames):
                if frame.note:
                    bar.write(frame.note, file=sys.stderr)
                if log:
                    print(json.dumps(_record(frame, time.perf_counter() - began)), file=log)
                now = time.perf_counter()
                clock.add(frame, now - last)
                last = now
                left = clock.seconds_left(frame.step, frame.settings.steps)
                bar.total = now - began + left
                bar.n = now - began
                bar.set_description_str(_words(frame, left))
        except KeyboardInterrupt:
            bar.write(f"Interrupted after step {frame.step}; {output} holds the picture so far.")
        except DivergedError as error:
            code = _fail(error, DIVERGED)
    save(frame.picture, output)
    return code


def _until_interrupted(frames: Iterator[Frame]) -> Iterator[Frame]:
    """Yield the frames; raise KeyboardInterrupt after Ctrl-C, wherever it is caught meanwhile.

    Python drops an exception that comes up in a finaliser or callback, as one of Ctrl-C may.
    """
    with _noticing_interrupts() as interrupted:
        for frame in frames:
            if interrupted.is_set():
                raise KeyboardInterrupt
            yield frame


@contextmanager
def _noticing_interrupts() -> Iterator[threading.Event]:
    """Give an event that Ctrl-C sets, besides what it does otherwise."""
    interrupted, before = threading.Event(), signal.getsignal(signal.SIGINT)

    def notice(*arguments: Any) -> None:
        interrupted.set()
        if callable(before):
            before(*arguments)

    if threading.current_thread() is not threading.main_thread():  # others get no signals
        yield interrupted
        return
    signal.signal(signal.SIGINT, notice)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def _words(frame: Frame, seconds_left: float) -> str:
    losses = ", ".join(f"{name} {frame.losses[name]:.3g}" for name in ("content", "style"))
    return f" step {frame.step} of {frame.settings.steps}, {losses}, {seconds_left:.0f} s left"


def _record(frame: Frame, seconds: float) -> dict[str, float]:
    height, width = frame.image.shape[-2:]
    losses = {f"{name}_loss": frame.losses[name] for name in ("content", "style", "total")}
    return {"step": frame.step, "seconds": seconds, "height": height, "width": width} | losses


def _styles(options: argparse.Namespace) -> Styles:
    paintings = tuple(to_tensor(open_image(file, str(file))) for file in options.styles)
    if options.mask is None:
        return Styles(paintings)
    return masked(paintings, to_tensor(open_image(options.mask, str(options.mask))))


def _fail(error: Exception, code: int) -> int:
    print(f"style_transfer: {' '.join(str(error).split())}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
