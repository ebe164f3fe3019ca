"""Options for the live knobs, made from the table of knobs."""

import argparse
from collections.abc import Callable
from typing import Any

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
from style_transfer.settings import KNOBS, Settings


def add_knobs(parser: argparse.ArgumentParser) -> None:
    """Add an option for each knob. One that is not given is absent from the result."""
    for name, knob in KNOBS.items():
        options = _options(knob, getattr(Settings(), name)) | {"default": argparse.SUPPRESS}
        parser.add_argument("--" + name.replace("_", "-"), **options)
        if isinstance(knob, Switch):
            add_off(parser.add_argument, name)


def add_off(add: Callable[..., Any], name: str) -> None:
    """Add the option that turns a switch off which a settings file has turned on."""
    option = name.replace("_", "-")
    text = f"without --{option}, where --settings has it"
    add(f"--no-{option}", dest=name, action="store_false", default=argparse.SUPPRESS, help=text)


def number(text: str) -> float:
    """Return the number that a text says. Raises ArgumentTypeError."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def whole(text: str) -> int:
    """Return the whole number that a text says. Raises ArgumentTypeError."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


class _Layers(argparse.Action):
    """Reads `relu1_1 relu2_1:0.5` as layers with a weight each.

    So it does with commas as links have them, and with equals signs.
    """

    def __call__(self, parser, namespace, values, option_string=None) -> None:  # type: ignore[no-untyped-def]
        parts = (part for value in values for part in value.split(",") if part)
        text = ",".join(parts).replace("=", ":")
        try:
            setattr(namespace, self.dest, KNOBS[self.dest].from_text(self.dest, text))
        except ValueError as error:
            parser.error(f"argument {option_string}: {str(error).rstrip('.')}")


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
            return {"nargs": "+", "action": _Layers, "metavar": "LAYER[:WEIGHT]", "help": text}
        case StyleWeights():
            return {"type": number, "nargs": "+", "metavar": "WEIGHT", "help": text}
        case WholeNumber():
            return {"type": whole, "metavar": "N", "help": text}
        case Weight():
            return {"type": number, "metavar": "WEIGHT", "help": text}
        case Number():
            span = f"{knob.low:g} to {knob.high:g}"
            return {"type": number, "metavar": "X", "help": f"{knob.help}, {span} {shown}"}
    raise NotImplementedError(type(knob))
