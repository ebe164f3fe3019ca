"""Settings: the live knobs, which may be moved during a run, and the table of all of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from style_transfer.knobs import (
    Choice,
    Knob,
    LayerWeights,
    Number,
    Section,
    StyleWeights,
    Switch,
    Weight,
    WholeNumber,
)
from style_transfer.losses import STATISTICS
from style_transfer.network import LAYERS, PIXELS, POOLINGS

# Two of each block, where the paper has one: with more of them hatching comes out as lines.
STYLE_LAYERS = {PIXELS: 0.14} | dict.fromkeys(
    (
        *("relu1_1", "relu1_2", "relu2_1", "relu2_2"),
        *("relu3_1", "relu3_3", "relu4_1", "relu4_3", "relu5_1"),
    ),
    1.0,
)
MAX_STEPS = 100_000
MAX_STYLES = 4


def _live(default: Any, knob: Knob) -> Any:
    if isinstance(default, dict):  # a dataclass wants a factory for what can be changed
        return field(default_factory=default.copy, metadata={"knob": knob})
    return field(default=default, metadata={"knob": knob})


@dataclass(frozen=True)
class Settings:
    """What a step aims at. A value: replaced whole to steer a run, read once for each step.

    Raises ValueError, one sentence with the value and what is allowed. A new knob is a field here;
    page, command line, endpoint, links and recipes follow. What it is at for links and recipes of
    earlier versions stands in `versions.DEFAULTS_BEFORE`.
    """

    alpha: float = _live(
        1.0,
        Weight(
            label="Photo",
            help="weight of the photo",
            ends=("less photo", "more photo"),
            high=10,
            power=3,
        ),
    )
    beta: float = _live(
        5.0,
        Weight(
            label="Paint",
            help="weight of the paint",
            hint="1 is gentle, 5 balanced, 20 bold",
            ends=("less paint", "more paint"),
            high=100,
            power=3,
        ),
    )
    tv: float = _live(
        0.0,
        Weight(
            label="Smoothness",
            help="weight of smoothness",
            ends=("grainy", "smooth"),
            high=100,  # a third of the finest detail goes at 30, half at 100
            power=3,
        ),
    )
    content_layer: str = _live(
        "relu4_2",
        Choice(
            label="Content layer",
            help="VGG layer at which the photo is matched",
            ends=("relu1: every detail", "relu5: forms"),
            choices=LAYERS,
            section=Section.COMPARED,
        ),
    )
    style_layers: Mapping[str, float] = _live(  # only the ratios of the weights matter
        STYLE_LAYERS,
        LayerWeights(
            label="Style layers and weights",
            help="layers at which the style is matched",
            hint="pixels are patches of 3 x 3, the others are the VGG's",
            ends=("pixels, relu1: grain", "relu5: large forms"),
            layers=(PIXELS, *LAYERS),
            section=Section.COMPARED,
        ),
    )
    statistic: str = _live(
        "wasserstein",
        Choice(
            label="Statistic",
            help="what makes a style",
            ends=("colours and texture", "texture alone"),
            choices=tuple(STATISTICS),
            section=Section.COMPARED,
        ),
    )
    pooling: str = _live(
        "max",
        Choice(
            label="Pooling",
            help="how the network makes its activations smaller",
            ends=("average: softer", "max: more contrast"),
            choices=POOLINGS,
            section=Section.COMPARED,
        ),
    )
    steps: int = _live(
        100,
        WholeNumber(
            label="Steps",
            help="how many steps to make",
            ends=("shorter", "longer"),
            low=1,
            high=500,
            most=MAX_STEPS,
            power=2,
            in_presets=False,
            in_objective=False,
        ),
    )
    style_weights: tuple[float, ...] = _live(  # only their ratios matter
        (1.0,) * MAX_STYLES,
        StyleWeights(
            label="How much of each style",
            help="weight of each style",
            hint="only their ratios matter",
            count=MAX_STYLES,
            section=Section.STROKES,
            in_presets=False,
            in_endpoint=False,
        ),
    )
    motifs: float = _live(
        0.15,
        Weight(
            label="Motifs",
            help="weight of the painting's motifs beside its statistics",
            hint="0.1 is a touch, 0.3 clear, 0.8 strong",
            ends=("statistics only", "whole motifs"),
            high=1,
            power=2,
            section=Section.STROKES,
        ),
    )
    large_forms: float = _live(
        0.2,
        Number(
            label="Large forms",
            help="how much the picture is compared at a small size, where large forms show",
            ends=("strokes", "large forms"),
            low=0,
            high=0.9,
            power=2,
            section=Section.STROKES,
        ),
    )
    style_scale: float = _live(
        1.0,
        Number(
            label="Stroke size",
            help="size of the brush strokes",
            ends=("finer", "larger"),
            low=0.25,
            high=4,
            power=2,
            section=Section.STROKES,
        ),
    )
    match_colors: bool = _live(
        False,
        Switch(
            label="Give the style the photo's colours",
            help="whether the style is given the photo's colours first",
            section=Section.STROKES,
            in_presets=False,
        ),
    )
    crop_frame: bool = _live(
        False,
        Switch(
            label="Leave out the painting's frame",
            help="whether a plain or oval frame of a style image is left out",
            section=Section.STROKES,
            in_presets=False,
        ),
    )
    even_mixture: bool = _live(
        True,
        Switch(
            label="Mix the styles evenly",
            help="whether a faint style counts as much as a strong one of its weight",
            section=Section.STROKES,
            in_presets=False,
            in_endpoint=False,
        ),
    )
    keep_colors: float = _live(
        0.0,
        Number(
            label="Keep colours",
            help="how many of the photo's colours the picture keeps",
            ends=("painting's", "photo's"),
            low=0,
            high=1,
            section=Section.STROKES,
            in_presets=False,
            in_objective=False,
        ),
    )

    def __post_init__(self) -> None:
        for name, knob in KNOBS.items():
            value = knob.check(name, getattr(self, name))
            object.__setattr__(self, name, value)  # the dataclass is frozen

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain data that `Settings(**data)` and JSON take."""
        return {name: knob.plain(getattr(self, name)) for name, knob in KNOBS.items()}

    def __hash__(self) -> int:  # which mappings lack
        values = (getattr(self, name) for name in KNOBS)
        return hash(tuple((*v.items(),) if isinstance(v, Mapping) else v for v in values))

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_dict, (self.as_dict(),)  # a mapping proxy cannot be pickled or copied

    @property
    def objective(self) -> dict[str, Any]:
        """What is optimised, as plain data: all but how long, and how it is shown."""
        return {n: value for n, value in self.as_dict().items() if KNOBS[n].in_objective}

    @property
    def style_share(self) -> float:
        """How far what a run begins with goes towards its styles: all the way, or by beta."""
        return min(1.0, self.beta / self.alpha) if self.alpha else float(self.beta > 0)

    def shares(self, styles: int) -> tuple[float, ...]:
        """Return the weight of each of so many style images; they sum to 1.

        Where none has any weight, each has the same; see `check_styles`.
        """
        weights = self.style_weights[:styles]
        if not any(weights):
            weights = (1.0,) * styles
        return tuple(weight / sum(weights) for weight in weights)

    def check_styles(self, styles: int) -> None:
        """Raise ValueError where none of so many style images, if several, has a weight."""
        if styles > 1 and not any(self.style_weights[:styles]):
            raise ValueError(f"One of the {styles} styles needs a weight above 0.")


KNOBS: Mapping[str, Knob] = MappingProxyType(
    {each.name: each.metadata["knob"] for each in fields(Settings)}
)


def describe(settings: Settings) -> str:
    """Return in words what is no default, such as "beta 8, steps 150"; "" if nothing."""
    return ", ".join(f"{words} {new}" for words, _, new in _differences(Settings(), settings))


def describe_change(before: Settings, after: Settings) -> str:
    """Return in words what differs, such as "beta 5 to 8, steps 100 to 150"; "" if nothing."""
    found = _differences(before, after)
    return ", ".join(f"{words} {old} to {new}" for words, old, new in found)


def _differences(before: Settings, after: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield what differs, by its name in a sentence, with both values as one shows them."""
    for name, knob in KNOBS.items():
        new = knob.parts(name, getattr(after, name))
        for words, old in knob.parts(name, getattr(before, name)).items():
            if old != new[words]:
                yield words, knob.shown(old), knob.shown(new[words])


def _from_dict(values: dict[str, Any]) -> Settings:
    return Settings(**values)
