"""The command line: python -m style_transfer PHOTO STYLE -o out.png"""

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import fields
from pathlib import Path
from typing import IO, Any, NoReturn

from tqdm import tqdm

from style_transfer.forecast import Forecast
from style_transfer.images import check_output, open_image, save, to_tensor
from style_transfer.optimize import INITS, DivergedError, Frame, default_size, stylize
from style_transfer.optimizers import OPTIMIZERS
from style_transfer.regions import STYLE_COLORS
from style_transfer.schedule import stages
from style_transfer.settings import MAX_STYLES, Settings
from style_transfer.speed import Clock
from style_transfer.statistics import STATISTICS
from style_transfer.styles import Styles, masked
from style_transfer.vgg import NETWORKS, POOLINGS, VGG, load_network

USAGE_ERROR = 2  # exit code of a mistake that the user can mend
DIVERGED = 1
INTERRUPTED = 130  # as shells number it


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except KeyboardInterrupt:
        return _fail(InterruptedError("interrupted before there was a picture"), INTERRUPTED)


def _run(options: argparse.Namespace) -> int:
    try:
        settings = _settings(options)
        check_output(options.output)
        log = options.log.open("w", buffering=1) if options.log else nullcontext()
        content = to_tensor(open_image(options.photo, str(options.photo)), options.size)
        styles = _styles(options)
        styles.check(content)
        settings.shares(len(styles.paintings))
        network = load_network(options.network, options.pooling)
        network.check([settings.content_layer, *settings.style_layers])
        sizes = [(each.shape[-2], each.shape[-1]) for each in (content, *styles.paintings)]
        plan = Forecast.of(network, sizes[0], sizes[1:], settings)
    except (ValueError, OSError) as error:
        return _fail(error, USAGE_ERROR)
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
        return _paint(frames, network, plan, options.output, file)


def _paint(
    frames: Iterator[Frame], network: VGG, forecast: Forecast, output: Path, log: IO[str] | None
) -> int:
    """Make all steps, or as many as there are until Ctrl-C or divergence, and save the picture."""
    frame, code = next(frames), 0
    plan, clock, stage = stages((frame.photo.shape[-2], frame.photo.shape[-1])), Clock(network), -1
    began = last = time.perf_counter()
    # A bar of seconds, not steps: those of the last scale take most of the time.
    with tqdm(total=forecast.seconds, bar_format="{percentage:3.0f}%|{bar}|{desc}") as bar:
        bar.set_description_str(f" {forecast}")
        try:
            for frame in _until_interrupted(frames):
                if frame.note:
                    bar.write(frame.note, file=sys.stderr)
                if log:
                    print(json.dumps(_record(frame, time.perf_counter() - began)), file=log)
                now = time.perf_counter()
                size = frame.image.shape[-2], frame.image.shape[-1]
                clock.add(now - last, size, entered=frame.state.stage != stage)
                last, stage = now, frame.state.stage
                left = clock.seconds_left(plan, frame.step, frame.settings.steps, stage)
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


def _settings(options: argparse.Namespace) -> Settings:
    names = {field.name for field in fields(Settings)} & vars(options).keys()
    return Settings(**{name: getattr(options, name) for name in names})


def _styles(options: argparse.Namespace) -> Styles:
    paintings = tuple(to_tensor(open_image(file, str(file))) for file in options.styles)
    if options.mask is None:
        return Styles(paintings)
    return masked(paintings, to_tensor(open_image(options.mask, str(options.mask))))


def _fail(error: Exception, code: int) -> int:
    print(f"style_transfer: {' '.join(str(error).split())}", file=sys.stderr)
    return code


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(_fail(ValueError(f"{message} (--help lists the options)"), USAGE_ERROR))


class _Layers(argparse.Action):
    """Reads `relu1_1 relu2_1=0.5` as layers with a weight each."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:  # type: ignore[no-untyped-def]
        layers = {}
        for value in values:
            name, _, weight = value.partition("=")
            try:
                layers[name] = float(weight or 1)
            except ValueError:
                parser.error(f"the weight {weight!r} of {name} is not a number")
        setattr(namespace, self.dest, layers)


def _parser() -> argparse.ArgumentParser:
    default = Settings()
    parser = _Parser(
        prog="python -m style_transfer",
        description="Turn a photo into a picture in the style of a painting.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("photo", type=Path, metavar="PHOTO", help="picture to be painted")
    add(
        "styles",
        type=Path,
        metavar="STYLE",
        nargs="+",
        help=f"painting, drawing or texture to paint it like; at most {MAX_STYLES}",
    )
    add("-o", "--output", type=Path, required=True, metavar="FILE", help=".png, .jpg or .webp")
    add("--alpha", type=float, default=default.alpha, help="weight of the photo")
    add("--beta", type=float, default=default.beta, help="weight of the painting")
    add("--tv", type=float, default=default.tv, help="weight of smoothness")
    add("--steps", type=int, default=default.steps, help="how many steps to make")
    add("--size", type=_size, default=default_size(), help="longer side of the picture in pixels")
    add(
        "--content-layer", default=default.content_layer, metavar="LAYER", help="relu1_1 to relu5_4"
    )
    add(
        "--style-layers",
        nargs="+",
        action=_Layers,
        default=dict(default.style_layers),
        metavar="LAYER[=WEIGHT]",
        help="layers to match the style at",
    )
    add(
        "--style-weights",
        type=float,
        nargs="+",
        default=default.style_weights,
        metavar="WEIGHT",
        help="of each STYLE; their ratios matter",
    )
    add(
        "--style-scale",
        type=float,
        default=default.style_scale,
        help="size of the brush strokes, 0.25 to 4",
    )
    add("--match-colors", action="store_true", help="give the STYLE the photo's colours first")
    add(
        "--keep-colors",
        type=float,
        default=default.keep_colors,
        help="how many of the photo's colours the picture keeps, 0 to 1",
    )
    colors = ", ".join(STYLE_COLORS)
    add(
        "--mask",
        type=Path,
        metavar="FILE",
        help="picture over the photo: black leaves it, white "
        f"paints it, greys less so; {colors} paint it in the first, second ... STYLE alone",
    )
    add("--statistic", choices=STATISTICS, default=default.statistic, help="what makes the style")
    add("--optimizer", choices=OPTIMIZERS, default="lbfgs", help="how to step")
    add("--init", choices=INITS, default="content", help="first image")
    add("--seed", type=int, default=0, help="of the noise")
    add("--network", choices=NETWORKS, default=NETWORKS[0], help="the first is bundled")
    add("--pooling", choices=POOLINGS, default=POOLINGS[0], help="how the network reduces")
    add("--log", type=Path, metavar="FILE", help="write the losses of each step, one JSON a line")
    return parser


def _size(text: str) -> int:
    size = int(text)
    if size < 32:
        raise argparse.ArgumentTypeError(f"{size} is too small; at least 32 pixels are needed")
    return size


if __name__ == "__main__":
    sys.exit(main())
