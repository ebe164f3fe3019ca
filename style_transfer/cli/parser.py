"""What the command line takes. The options of live knobs are made from the table of knobs."""

import argparse
import sys
from pathlib import Path
from typing import Any, NoReturn

from style_transfer.devices import AUTO, CPU, TYPES, VARIABLE
from style_transfer.engine import INITS, OPTIMIZERS, STYLE_COLORS, default_size
from style_transfer.images import MIN_SIDE, PICTURE_FORMATS
from style_transfer.knobs import (
    Choice,
    Knob,
    LayerWeights,
    Number,
    StyleWeights,
    Switch,
    Weight,
    WholeNumber,
)
from style_transfer.network import NETWORKS
from style_transfer.presets import PRESETS, preset_values
from style_transfer.settings import KNOBS, MAX_STYLES, Settings

# Exit codes beside 0, as shells number them.
DIVERGED, USAGE_ERROR, NOT_AS_ASKED, INTERRUPTED = 1, 2, 3, 130
_EXIT_CODES = (
    "Ctrl-C, SIGTERM and SIGHUP save the picture so far. Exit codes: 0 the picture is saved, also "
    f"after an interruption; {DIVERGED} diverged, the last good picture is saved; {USAGE_ERROR} "
    f"refused before the first step; {NOT_AS_ASKED} saved elsewhere, as told, or not at all; "
    f"{INTERRUPTED} interrupted before there was a picture."
)
_COMMAND = "style-transfer"
_PRESETS = {name.lower().replace(" ", "-"): name for name in PRESETS}


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options in `arguments`, by default those that the program was called with.

    What cannot be read ends the program with a sentence and USAGE_ERROR.
    """
    return _parser().parse_args(arguments)


def settings_in(options: argparse.Namespace) -> Settings:
    """Return the settings of the options: defaults, changed by the preset, then by single knobs.

    Raises ValueError for values out of range.
    """
    preset = preset_values(_PRESETS[options.preset]) if options.preset else {}
    return Settings(**preset | {n: value for n, value in vars(options).items() if n in KNOBS})


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        words = " ".join(message.split())
        self.exit(USAGE_ERROR, f"style_transfer: {words} (--help lists the options)\n")


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
    by_script = Path(sys.argv[0]).stem == _COMMAND
    parser = _Parser(
        prog=_COMMAND if by_script else "python -m style_transfer",
        description="Turn a photo into a picture in the style of a painting.",
        epilog=_EXIT_CODES,
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
    suffixes = ", ".join(suffix for suffix, each in PICTURE_FORMATS.items() if each.label)
    add("-o", "--output", type=Path, required=True, metavar="FILE", help=f"such as {suffixes}")
    add(
        "--size",
        type=_size,
        metavar="N",
        help="longer side of the picture in pixels, to which a larger photo is reduced "
        f"(default: {default_size(CPU)} on the CPU, {default_size(TYPES[-1])} on a GPU)",
    )
    add("--preset", choices=_PRESETS, help="values of several knobs; those below override it")
    for name, knob in KNOBS.items():
        # A knob that is not given is absent, so that a preset or the default stands.
        options = _options(knob, getattr(Settings(), name)) | {"default": argparse.SUPPRESS}
        add("--" + name.replace("_", "-"), **options)
    colors = ", ".join(STYLE_COLORS)
    add(
        "--mask",
        type=Path,
        metavar="FILE",
        help="picture over the photo: black leaves it, white "
        f"paints it, greys less so; {colors} paint it in the first, second ... STYLE alone",
    )

    def choose(option: str, choices: Any, text: str) -> None:
        default = next(iter(choices))
        add(option, choices=choices, default=default, help=f"{text} (default: {default})")

    choose("--optimizer", OPTIMIZERS, "how to step")
    choose("--init", INITS, "first image")
    add("--seed", type=_whole, metavar="N", default=0, help="of the noise (default: %(default)s)")
    add(
        "--device",
        type=str.lower,
        metavar="DEVICE",
        help=f"where to compute: {', '.join(TYPES)}, or one of several as cuda:1 (default: "
        f"{VARIABLE}, else {AUTO}: the first that computes what the CPU does)",
    )
    choose("--network", NETWORKS, "the first is bundled")
    add("--log", type=Path, metavar="FILE", help="write the losses of each step, one JSON a line")
    return parser


def _options(knob: Knob, default: Any) -> dict[str, Any]:
    """Return argparse's arguments for the option of a knob."""
    shown = f"(default: {knob.to_text(default).replace(',', ' ')})"
    text = f"{knob.help}; {knob.hint} {shown}" if knob.hint else f"{knob.help} {shown}"
    match knob:
        case Switch():
            return {"action": "store_true", "help": knob.help}
        case Choice() if knob.few:
            return {"choices": knob.choices, "help": text}
        case Choice():  # the help would be all names
            span = f"{knob.choices[0]} to {knob.choices[-1]}"
            return {"metavar": "NAME", "help": f"{knob.help}, {span} {shown}"}
        case LayerWeights():
            return {"nargs": "+", "action": _Layers, "metavar": "LAYER[=WEIGHT]", "help": text}
        case StyleWeights():
            return {"type": _number, "nargs": "+", "metavar": "WEIGHT", "help": text}
        case WholeNumber():
            return {"type": _whole, "metavar": "N", "help": text}
        case Weight():
            return {"type": _number, "metavar": "WEIGHT", "help": text}
        case Number():
            span = f"{knob.low:g} to {knob.high:g}"
            return {"type": _number, "metavar": "X", "help": f"{knob.help}, {span} {shown}"}
    raise NotImplementedError(type(knob))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _size(text: str) -> int:
    size = _whole(text)
    if size < MIN_SIDE:
        raise argparse.ArgumentTypeError(
            f"{size} is too small; at least {MIN_SIDE} pixels are needed"
        )
    return size
