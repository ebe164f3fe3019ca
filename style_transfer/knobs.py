"""Kinds of knobs: which values one takes, and how these are written in links and sentences.

The table of knobs is `Settings`: each of its fields has one of these kinds, with all that the page,
the command line, the endpoint, links, recipes and presets need to offer it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

from style_transfer import checks

_FEW = 8  # choices
_SWITCH = {"true": True, "false": False}


class Section(Enum):
    """Where on the page a knob stands; the value is the heading of the part that opens."""

    MAIN = ""
    STROKES = "Colours, strokes, styles"
    COMPARED = "What is compared"


@dataclass(frozen=True, kw_only=True)
class Knob:
    """What all knobs have."""

    label: str  # on the page
    help: str  # for the command line and the endpoint
    hint: str = ""  # what some of its values mean, said after `help`
    ends: tuple[str, str] = ("", "")  # what less and more of it do
    section: Section = Section.MAIN
    in_presets: bool = True  # whether a preset sets it
    in_endpoint: bool = True  # whether the endpoint has a parameter for it
    in_objective: bool = True  # whether it changes what is optimised, and not only what is shown

    def check(self, name: str, value: Any) -> Any:
        """Return `value` in its normal form. Raises ValueError, one sentence that names `name`."""
        raise NotImplementedError

    def plain(self, value: Any) -> Any:
        """Return a checked value as plain data, which JSON takes."""
        return value

    def to_text(self, value: Any) -> str:
        """Return a checked value as it stands in a link."""
        return _number_text(value)

    def from_text(self, name: str, text: str) -> Any:
        """Return the value of a text of a link, not yet checked. Raises ValueError."""
        return _parsed(name, text)

    def parts(self, name: str, value: Any) -> dict[str, Any]:
        """Return what a checked value consists of, by its name in a sentence."""
        return {name.replace("_", " "): value}

    def shown(self, value: Any) -> str:
        """Return one of the `parts` as a sentence shows it."""
        return f"{value:g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True, kw_only=True)
class Number(Knob):
    """A number from `low` to `high`, a slider on the page."""

    low: float
    high: float
    power: int = 1  # slider position 0..1 to this power is the place in the range

    def check(self, name: str, value: Any) -> Any:
        """Return it as a float."""
        number = checks.number(name, value)
        if not self.low <= number <= self.high:
            raise ValueError(
                f"{name} must be from {self.low} to {self.high}, not {checks.quoted(value)}."
            )
        return number


@dataclass(frozen=True, kw_only=True)
class Weight(Number):
    """A number from 0 to MAX_WEIGHT; `low` to `high` is only the useful range, the slider's."""

    low: float = 0

    def check(self, name: str, value: Any) -> Any:
        """Return it as a float."""
        return checks.weight(name, value)


@dataclass(frozen=True, kw_only=True)
class WholeNumber(Number):
    """A whole number from `low` to `most`; `low` to `high` is the slider's range."""

    most: int
    grain: int = 1  # the slider's steps

    def check(self, name: str, value: Any) -> Any:
        """Return it as an int."""
        return checks.whole_number(name, value, int(self.low), self.most)

    def from_text(self, name: str, text: str) -> Any:
        """Return the int, where the text is one, which is quoted as it stands."""
        try:
            return int(text)
        except ValueError:
            return super().from_text(name, text)


@dataclass(frozen=True, kw_only=True)
class Switch(Knob):
    """On or off."""

    def check(self, name: str, value: Any) -> Any:
        """Return it as it is."""
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be true or false, not {checks.quoted(value)}.")
        return value

    def from_text(self, name: str, text: str) -> Any:
        """Return the bool for "true" or "false"."""
        checks.one_of(name, text, _SWITCH)
        return _SWITCH[text]

    def shown(self, value: Any) -> str:
        """Return "on" or "off"."""
        return "on" if value else "off"


@dataclass(frozen=True, kw_only=True)
class Choice(Knob):
    """One of several names."""

    choices: tuple[str, ...]

    @property
    def few(self) -> bool:
        """Whether the choices can be shown one by one: all on the page, and all in help texts."""
        return len(self.choices) <= _FEW

    def check(self, name: str, value: Any) -> Any:
        """Return it as it is."""
        checks.one_of(name.replace("_", " "), value, self.choices)
        return value

    def from_text(self, name: str, text: str) -> Any:
        """Return the text, which is the name."""
        return text


@dataclass(frozen=True, kw_only=True)
class LayerWeights(Knob):
    """A weight above 0 for some of `layers`, in the order of `layers`; the others have none."""

    layers: tuple[str, ...]

    def check(self, name: str, value: Any) -> Any:
        """Return it as a mapping that cannot be changed; names alone have weight 1."""
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise ValueError(
                f"style layers must be names with a weight each, not {checks.quoted(value)}."
            )
        named = value.items() if isinstance(value, Mapping) else ((name, 1.0) for name in value)
        given = dict[str, float]()
        for layer, weight in named:
            checks.one_of("style layer", layer, self.layers)
            given[layer] = checks.weight(f"the weight of {layer}", weight)
        kept = {layer: given[layer] for layer in self.layers if given.get(layer)}
        if not kept:
            raise ValueError("The style needs at least one layer with a weight above 0.")
        return MappingProxyType(kept)

    def plain(self, value: Any) -> Any:
        """Return a dict."""
        return dict(value)

    def to_text(self, value: Any) -> str:
        """Return such as "relu1_1,relu2_1:0.5"."""
        return ",".join(n if w == 1 else f"{n}:{_number_text(w)}" for n, w in value.items())

    def from_text(self, name: str, text: str) -> Any:
        """Return what `to_text` wrote as a dict."""
        given = dict[str, float]()
        for part in text.split(","):
            layer, _, weight = part.partition(":")
            if layer in given:
                raise ValueError(f"style layer {checks.quoted(layer)} is given twice.")
            given[layer] = _parsed(f"the weight of {layer}", weight or "1")
        return given

    def shown(self, value: Any) -> str:
        """Return such as "relu1_1+relu2_1=0.5"."""
        return "+".join(n if w == 1 else f"{n}={w:g}" for n, w in value.items())


@dataclass(frozen=True, kw_only=True)
class StyleWeights(Knob):
    """A weight for each of `count` styles."""

    count: int

    def check(self, name: str, value: Any) -> Any:
        """Return it as a tuple of `count` floats; those that are missing are 1."""
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise ValueError(
                f"style weights must be a number for each style, not {checks.quoted(value)}."
            )
        given = [checks.weight(f"the weight of style {n}", each) for n, each in enumerate(value, 1)]
        if len(given) > self.count:
            raise ValueError(
                f"There are weights for {len(given)} styles; at most {self.count} serve."
            )
        given += [1.0] * (self.count - len(given))
        if not any(given):
            raise ValueError("At least one style needs a weight above 0.")
        return tuple(given)

    def plain(self, value: Any) -> Any:
        """Return a list."""
        return [*value]

    def to_text(self, value: Any) -> str:
        """Return such as "1,0.5,1,1"."""
        return ",".join(map(_number_text, value))

    def from_text(self, name: str, text: str) -> Any:
        """Return what `to_text` wrote as a list."""
        return [_parsed(name, part) for part in text.split(",")]

    def parts(self, name: str, value: Any) -> dict[str, Any]:
        """Return the weight of each style."""
        return {f"weight of style {n}": weight for n, weight in enumerate(value, 1)}


def _number_text(value: Any) -> str:
    return str(value).lower().removesuffix(".0")


def _parsed(what: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{what} must be a number, not {checks.quoted(text)}.") from None
