import pytest
import torch

from style_transfer.engine.guidance import Guidance
from style_transfer.engine.style_terms import AppliedStyle, measured_layers, style_terms
from style_transfer.engine.target_cache import StyleTarget

WEIGHTS = {"relu1_1": 1.0, "relu2_1": 3.0}


def styles(*layers, shares=(0.25, 0.75)):
    """Two styles, with targets for `layers` each."""
    return [
        AppliedStyle(
            number, Guidance(share), {layer: StyleTarget("gram", ()) for layer in available}
        )
        for number, (available, share) in enumerate(zip(layers, shares, strict=True), 1)
    ]


def values(*numbers):
    return [None if number is None else torch.tensor(float(number)) for number in numbers]


def test_the_style_loss_is_the_mean_by_the_weights_of_layers_and_the_shares_of_styles():
    distances = {"relu1_1": values(4, 8), "relu2_1": values(0, 4)}
    terms = style_terms(distances, WEIGHTS, styles(WEIGHTS, WEIGHTS))
    assert {name: term.item() for name, term in terms.items()} == {
        "relu1_1": 7,
        "relu2_1": 3,
        "style 1": 1,
        "style 2": 5,
        "style": 4,
    }


def test_one_style_alone_has_no_loss_of_its_own_beside_the_whole():
    distances = {"relu1_1": values(4), "relu2_1": values(0)}
    terms = style_terms(distances, WEIGHTS, styles(WEIGHTS, shares=[0.5]))
    assert terms.keys() == {"relu1_1", "relu2_1", "style"}
    assert terms["style"] == 1


def test_a_style_without_a_target_for_a_layer_has_the_mean_of_its_others():
    distances = {"relu1_1": values(4, None), "relu2_1": values(None, 6)}
    terms = style_terms(distances, WEIGHTS, styles(["relu1_1"], ["relu2_1"]))
    assert terms["style 1"].item() == pytest.approx(4)
    assert terms["style 2"].item() == pytest.approx(6)
    assert terms["style"].item() == pytest.approx(5.5)


def test_that_mean_is_by_the_weights_of_layers():
    weights = WEIGHTS | {"relu3_1": 2.0}
    distances = {"relu1_1": values(4, 4), "relu2_1": values(8, 8), "relu3_1": values(1, None)}
    terms = style_terms(distances, weights, styles(weights, WEIGHTS))
    assert terms["style 2"].item() == pytest.approx(7)


def test_a_layer_is_measured_where_any_style_has_a_target_for_it():
    some = styles(["relu1_1"], ["relu1_1", "relu3_1"])
    assert measured_layers(WEIGHTS, some) == {"relu1_1": 1.0}
    for each in (styles(["relu1_1"], ["relu2_1"]), []):
        assert measured_layers(WEIGHTS, each) == {"relu1_1": 0.5, "relu2_1": 1.5}  # as 1 to 3


@pytest.mark.parametrize("least", [1e-300, 1e-60, 1e-3, 1e5])
def test_only_the_ratios_of_the_weights_of_layers_matter_however_small_they_are(least):
    some, weights = (
        styles(WEIGHTS, shares=[1]),
        {name: least * each for name, each in WEIGHTS.items()},
    )
    distances = {"relu1_1": values(4), "relu2_1": values(0)}
    terms = style_terms(distances, measured_layers(weights, some), some)
    assert terms["style"].item() == pytest.approx(1)


def test_a_style_that_has_only_layers_of_next_to_no_weight_is_finite():
    some = styles(["relu1_1", "relu2_1"], ["relu1_1"])
    weights = measured_layers({"relu1_1": 1e-60, "relu2_1": 1.0}, some)
    terms = style_terms({"relu1_1": values(4, 8), "relu2_1": values(2, None)}, weights, some)
    assert terms["style"].isfinite()
