import copy
import json
import math
import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from style_transfer.checks import quoted
from style_transfer.knobs import Number
from style_transfer.losses import STATISTICS
from style_transfer.network import LAYERS
from style_transfer.settings import (
    KNOBS,
    MAX_STEPS,
    STYLE_LAYERS,
    Settings,
    describe,
    describe_change,
)
from style_transfer.versions import settings_of

CHANGED = Settings(
    alpha=0.5,
    beta=12,
    tv=0.1,
    content_layer="relu3_2",
    style_layers={"relu2_1": 0.25, "relu1_1": 3},
    statistic="correlation",
    pooling="max",
    steps=7,
    style_weights=(1, 0.5),
    motifs=0.2,
    style_scale=2,
    match_colors=True,
    crop_frame=True,
    keep_colors=1,
)

WEIGHTS = ("alpha", "beta", "tv", "motifs")
NO_WEIGHTS = [-1, -1e-9, math.nan, math.inf, -math.inf, True, "5", None, 10**400]


@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize("value", NO_WEIGHTS, ids=lambda value: str(value)[:8])
def test_a_weight_that_is_not_from_0_to_a_million_is_refused(name, value):
    with pytest.raises(ValueError, match=rf"{name} must be a .*number") as error:
        Settings(**{name: value})
    assert quoted(value) in str(error.value)


@pytest.mark.parametrize("value", NO_WEIGHTS, ids=lambda value: str(value)[:8])
def test_a_layer_weight_that_is_not_from_0_to_a_million_is_refused(value):
    with pytest.raises(ValueError, match=r"weight of relu1_1 must be a .*number") as error:
        Settings(style_layers={"relu1_1": value})
    assert quoted(value) in str(error.value)


@pytest.mark.parametrize("value", [0, -3, 1.5, 10**12, MAX_STEPS + 1, math.nan, math.inf])
def test_steps_that_are_no_whole_number_in_range_are_refused(value):
    with pytest.raises(ValueError, match=f"steps .* from 1 to {MAX_STEPS:,}") as error:
        Settings(steps=value)
    assert quoted(value) in str(error.value)


@pytest.mark.parametrize("value", [True, "100", None, 10**400], ids=lambda value: str(value)[:8])
def test_steps_that_are_no_number_are_refused(value):
    with pytest.raises(ValueError, match=r"steps must be a .*number") as error:
        Settings(steps=value)
    assert quoted(value) in str(error.value)


@pytest.mark.parametrize(
    ("values", "allowed"),
    [
        ({"content_layer": "relu9_9"}, LAYERS),
        ({"style_layers": ["relu1_1", "relu9_9"]}, LAYERS),
        ({"style_layers": {"relu9_9": 0}}, LAYERS),
        ({"statistic": "relu9_9"}, STATISTICS),
    ],
)
def test_an_unknown_choice_is_refused_with_all_that_is_allowed(values, allowed):
    with pytest.raises(ValueError, match="'relu9_9' is not one of") as error:
        Settings(**values)
    assert all(name in str(error.value) for name in allowed)


@pytest.mark.parametrize("layers", [[], {}, {"relu1_1": 0, "relu2_1": 0.0}])
def test_a_style_without_a_layer_is_refused(layers):
    with pytest.raises(ValueError, match="at least one layer with a weight above 0"):
        Settings(style_layers=layers)


def test_the_photo_and_the_painting_may_weigh_nothing():
    settings = Settings(alpha=0, beta=0, tv=0)
    assert (settings.alpha, settings.beta, settings.tv) == (0, 0, 0)


def test_whole_numbers_may_come_as_floats_and_the_other_way_round():
    settings = Settings(alpha=2, steps=30.0)
    assert isinstance(settings.alpha, float)
    assert isinstance(settings.steps, int)


def test_style_layers_come_from_shallow_to_deep_without_those_of_weight_0():
    settings = Settings(style_layers={"relu5_1": 1, "relu3_1": 0, "relu1_1": 2})
    assert list(settings.style_layers.items()) == [("relu1_1", 2), ("relu5_1", 1)]
    layers = Settings(style_layers=reversed(STYLE_LAYERS)).style_layers
    assert list(layers) == list(STYLE_LAYERS)


def test_weights_of_styles_are_completed_and_only_their_ratios_matter():
    assert Settings(style_weights=[2]).style_weights == (2, 1, 1, 1)
    assert Settings(style_weights=[3, 1]).shares(2) == (0.75, 0.25)
    assert Settings(style_weights=[1, 0]).shares(2) == (1, 0)
    assert Settings(style_weights=[0, 1]).shares(1) == (1,)


def test_styles_without_a_weight_are_refused_by_the_check_and_otherwise_weigh_the_same():
    settings = Settings(style_weights=[0, 0, 1])
    with pytest.raises(ValueError, match="One of the 2 styles needs a weight above 0"):
        settings.check_styles(2)
    assert settings.shares(2) == (0.5, 0.5)
    for count in (1, 3):
        settings.check_styles(count)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"style_weights": [0, 0, 0, 0]}, "At least one style needs a weight above 0"),
        ({"style_weights": [1] * 5}, "weights for 5 styles; at most 4"),
        (
            {"style_weights": [1, -2]},
            "weight of style 2 must be a number from 0 to 1",
        ),
        (
            {"style_weights": [1e308, 1e308]},
            "weight of style 1 must be a number from 0 to 1",
        ),
        (
            {"style_layers": {"relu1_1": 1e39}},
            "weight of relu1_1 must be a number from 0 to 1",
        ),
        ({"style_layers": [["relu1_1"]]}, r"style layer \['relu1_1'\] is not one of pixels"),
        ({"alpha": math.nan}, "alpha must be a number from 0 to 1,000,000, not nan"),
        ({"style_weights": "1111"}, "must be a number for each style, not '1111'"),
        ({"style_scale": 0.2}, "style_scale must be from 0.25 to 4, not 0.2"),
        ({"keep_colors": math.nan}, "keep_colors must be from 0 to 1, not nan"),
        ({"match_colors": 1}, "match_colors must be true or false, not 1"),
    ],
)
def test_a_mistake_in_styles_or_colours_is_told_with_what_is_allowed(values, words):
    with pytest.raises(ValueError, match=words):
        Settings(**values)


def test_equal_settings_are_one_key():
    one, other = Settings(style_layers=["relu2_1", "relu1_1"]), Settings(beta=6)
    same = Settings(style_layers={"relu1_1": 1, "relu2_1": 1}, tv=-0.0)
    assert one == same
    assert {one: "one", other: "other"}[same] == "one"


def test_settings_cannot_be_written_to_from_outside():
    layers = {"relu1_1": 1.0}
    settings = Settings(style_layers=layers)
    layers["relu1_1"] = 2.0
    assert settings.style_layers["relu1_1"] == 1
    with pytest.raises(TypeError):
        settings.style_layers["relu1_1"] = 2.0
    with pytest.raises(FrozenInstanceError):
        settings.alpha = 2.0


@pytest.mark.parametrize(
    "through",
    [
        lambda settings: Settings(**settings.as_dict()),
        lambda settings: Settings(**json.loads(json.dumps(settings.as_dict()))),
        lambda settings: pickle.loads(pickle.dumps(settings)),
        copy.copy,
        copy.deepcopy,
        replace,
    ],
    ids=["dict", "json", "pickle", "copy", "deepcopy", "replace"],
)
@pytest.mark.parametrize("settings", [Settings(), CHANGED], ids=["default", "changed"])
def test_settings_come_back_equal(through, settings):
    assert through(settings) == settings


def test_the_objective_is_all_but_the_number_of_steps_and_the_colours_shown():
    assert Settings(steps=5).objective == Settings(steps=9).objective
    first = settings_of(1, {})  # of which CHANGED has no value
    for name, value in CHANGED.as_dict().items():
        changed = replace(first, **{name: value})
        assert (changed.objective == first.objective) == (name in ("steps", "keep_colors"))


def test_a_change_is_described_in_words():
    assert describe_change(Settings(), Settings()) == ""
    assert (
        describe_change(Settings(beta=5, steps=100), Settings(beta=8, steps=150))
        == "beta 5 to 8, steps 100 to 150"
    )
    assert describe_change(settings_of(1, {}), CHANGED) == (
        "alpha 1 to 0.5, beta 5 to 12, tv 0 to 0.1, content layer relu4_2 to relu3_2, "
        "style layers relu1_1+relu2_1+relu3_1+relu4_1+relu5_1 to relu1_1=3+relu2_1=0.25, "
        "statistic gram to correlation, pooling average to max, steps 100 to 7, "
        "weight of style 2 1 to 0.5, "
        "motifs 0 to 0.2, large forms 0 to 0.2, style scale 1 to 2, match colors off to on, "
        "crop frame off to on, even mixture off to on, keep colors 0 to 1"
    )


def test_settings_are_described_by_what_is_no_default():
    assert describe(Settings()) == ""
    assert describe(Settings(beta=8, match_colors=True, style_weights=(1, 0.5))) == (
        "beta 8, weight of style 2 0.5, match colors on"
    )


def test_every_knob_is_offered_in_a_range_that_is_allowed_and_holds_the_default():
    numbers = {name: knob for name, knob in KNOBS.items() if isinstance(knob, Number)}
    assert {*WEIGHTS, "steps", "style_scale", "keep_colors"} <= set(numbers)
    for name, offered in numbers.items():
        assert offered.low <= getattr(Settings(), name) <= offered.high
        Settings(**{name: offered.low})
        Settings(**{name: offered.high})
        assert all(offered.ends)


def test_every_knob_has_a_label_and_a_help_text():
    assert all(knob.label and knob.help for knob in KNOBS.values())
