"""Settings: every knob that may be moved while a run goes on."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from style_transfer.losses import STATISTICS
from style_transfer.network.vgg import LAYERS

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")  # those of the paper
MAX_STEPS = 100_000
MAX_STYLES = 4
_SHOWN_ONLY = ("steps", "keep_colors")  # what changes nothing of what is optimised


@dataclass(frozen=True)
class Knob:
    """How a number is offered: the range in which it is useful, and what it does in plain words."""

    low: float
    high: float
    words: str


def _knob(default: Any, low: float, high: float, words: str) -> Any:
    return field(default=default, metadata={"knob": Knob(low, high, words)})


@dataclass(frozen=True)
class Settings:
    """What a step aims at. A value: replaced whole to steer a run, read once for each step.

    Raises ValueError, one sentence with the value and what is allowed.
    """

    alpha: float = _knob(1.0, 0, 10, "less photo ... more photo")
    beta: float = _knob(5.0, 0, 100, "less paint ... more paint")
    tv: float = _knob(0.0, 0, 10, "grainy ... smooth")
    content_layer: str = "relu4_2"  # where photo and picture are compared
    style_layers: Mapping[str, float] = field(
        default_factory=lambda: dict.fromkeys(STYLE_LAYERS, 1.0)
    )  # where painting and picture are compared; only the ratios of the weights matter
    statistic: str = "gram"  # one of STATISTICS
    steps: int = _knob(100, 1, 500, "shorter ... longer")
    style_weights: tuple[float, ...] = (1.0,) * MAX_STYLES  # of each painting; their ratios matter
    style_scale: float = _knob(1.0, 0.25, 4, "finer ... larger")
    match_colors: bool = False  # whether the paintings are given the photo's colours beforehand
    keep_colors: float = _knob(0.0, 0, 1, "painting's ... photo's")

    def __post_init__(self) -> None:
        def normalise(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)  # the dataclass is frozen

        for name in ("alpha", "beta", "tv"):
            normalise(name, _weight(name, getattr(self, name)))
        one_of("content layer", self.content_layer, LAYERS)
        one_of("statistic", self.statistic, STATISTICS)
        normalise("style_layers", MappingProxyType(_style_layers(self.style_layers)))
        normalise("steps", whole_number("steps", self.steps, 1, MAX_STEPS))
        normalise("style_weights", _style_weights(self.style_weights))
        for name in ("style_scale", "keep_colors"):
            normalise(name, _in_range(name, getattr(self, name)))
        if not isinstance(self.match_colors, bool):
            raise ValueError(f"match_colors must be true or false, not {self.match_colors!r}.")

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain data that `Settings(**data)` and JSON take."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        plain = {"style_layers": dict(self.style_layers), "style_weights": [*self.style_weights]}
        return values | plain

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_dict, (self.as_dict(),)  # a mapping proxy cannot be pickled or copied

    @property
    def objective(self) -> "dict[str, Any]":
        """The part that says what is optimised: all but how long, and how it is shown."""
        return {n: value for n, value in self.as_dict().items() if n not in _SHOWN_ONLY}

    def shares(self, styles: int) -> tuple[float, ...]:
        """Return what each of so many paintings weighs; the shares sum to 1.

        A painting alone has all the weight. Raises ValueError where none of several has any.
        """
        weights = self.style_weights[:styles] if styles > 1 else (1.0,)
        if not any(weights):
            raise ValueError(f"One of the {styles} styles needs a weight above 0.")
        return tuple(weight / sum(weights) for weight in weights)


def knob(name: str) -> Knob:
    """Return how the number `name` of Settings is offered; KeyError if it has no range."""
    return {f.name: f for f in fields(Settings)}[name].metadata["knob"]


def describe_change(before: Settings, after: Settings) -> str:
    """Return in words what differs, such as "beta 5 to 8, steps 100 to 150"; "" if nothing."""
    old, new = _by_words(before), _by_words(after)
    return ", ".join(
        f"{name} {_shown(old[name])} to {_shown(new[name])}"
        for name in old
        if old[name] != new[name]
    )


def one_of(what: str, value: Any, allowed: Iterable[str]) -> None:
    """Raise ValueError, one sentence that lists what is allowed, where `value` is not among it."""
    allowed = tuple(allowed)  # a dict would meet a list with a TypeError
    if value not in allowed:
        raise ValueError(f"{what} {value!r} is not one of {', '.join(allowed)}.")


def whole_number(what: str, value: Any, low: int, high: int) -> int:
    """Return `value` as an int; raise ValueError, one sentence, where it is not in low..high."""
    number = _number(what, value)
    if not low <= number <= high or number != int(number):
        raise ValueError(f"{what} must be a whole number from {low} to {high:,}, not {value!r}.")
    return int(number)


def _from_dict(values: dict[str, Any]) -> Settings:
    return Settings(**values)


def _by_words(settings: Settings) -> dict[str, Any]:
    values = {name.replace("_", " "): value for name, value in settings.as_dict().items()}
    weights = values.pop("style weights")
    return values | {f"weight of style {n}": weight for n, weight in enumerate(weights, 1)}


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, dict):
        return "+".join(n if w == 1 else f"{n}={w:g}" for n, w in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def _style_layers(layers: Mapping[str, float] | Iterable[str]) -> dict[str, float]:
    if isinstance(layers, str) or not isinstance(layers, Iterable):
        raise ValueError(f"style layers must be names with a weight each, not {layers!r}.")
    given = dict(layers) if isinstance(layers, Mapping) else dict.fromkeys(layers, 1.0)
    for name, weight in given.items():
        one_of("style layer", name, LAYERS)
        given[name] = _weight(f"the weight of {name}", weight)
    kept = {name: given[name] for name in LAYERS if given.get(name)}  # from shallow to deep
    if not kept:
        raise ValueError("The style needs at least one layer with a weight above 0.")
    return kept


def _style_weights(weights: Iterable[float]) -> tuple[float, ...]:
    if isinstance(weights, str) or not isinstance(weights, Iterable):
        raise ValueError(f"style weights must be a number for each style, not {weights!r}.")
    given = [_weight(f"the weight of style {n}", each) for n, each in enumerate(weights, 1)]
    if len(given) > MAX_STYLES:
        raise ValueError(f"There are weights for {len(given)} styles; at most {MAX_STYLES} serve.")
    given += [1.0] * (MAX_STYLES - len(given))
    if not any(given):
        raise ValueError("At least one style needs a weight above 0.")
    return tuple(given)


def _in_range(name: str, value: Any) -> float:
    number, offered = _number(name, value), knob(name)
    if not offered.low <= number <= offered.high:
        raise ValueError(f"{name} must be from {offered.low} to {offered.high}, not {value!r}.")
    return number


def _weight(what: str, value: Any) -> float:
    number = _number(what, value)
    if not math.isfinite(number) or number < 0:
        raise ValueError(f"{what} must be a finite number of at least 0, not {value!r}.")
    return number


def _number(what: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{what} must be a number, not {value!r}.")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{what} must be a finite number, not {value!r}.") from None
