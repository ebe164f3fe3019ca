from dataclasses import replace

import pytest
import torch

from style_transfer.engine.objective import Objective
from style_transfer.engine.step_graphs import graphs
from style_transfer.losses import STATISTICS
from style_transfer.network import VGG
from style_transfer.settings import Settings
from tests.conftest import LECTURE
from tests.losses.test_statistics import MATRICES

pytestmark = pytest.mark.every_device
SETTINGS = replace(
    LECTURE,
    alpha=2,
    beta=3,
    tv=0.5,
    content_layer="relu2_1",
    style_layers={"relu1_1": 1, "relu2_2": 3},
)


@pytest.fixture
def image(device):
    return torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(0)).to(device)


@pytest.fixture
def passes(network, monkeypatch):
    """Grows with every pass through the network: the deepest convolution of each."""
    monkeypatch.setattr(graphs, "enabled", False)  # recorded ones are not seen
    passes = []

    def begin(*_):
        passes.append("")

    def name(layer):
        return lambda *_: passes.__setitem__(-1, layer)

    hooks = [network.convolutions["relu1_1"].register_forward_pre_hook(begin)]
    hooks += [
        convolution.register_forward_hook(name(layer))
        for layer, convolution in network.convolutions.items()
    ]
    yield passes
    for hook in hooks:
        hook.remove()


def written_out(network, image, photo, painting, settings):
    """The losses, spelled out."""

    def relative(value, target):
        return ((value - target) ** 2).mean() / (target**2).mean()

    layers = {settings.content_layer, *settings.style_layers}
    ours, photos, paintings = (network(p, layers) for p in (image, photo, painting))
    losses = {"content": relative(ours[settings.content_layer], photos[settings.content_layer])}
    matrix = MATRICES[settings.statistic]
    for layer in settings.style_layers:
        losses[layer] = relative(matrix(ours[layer][0]), matrix(paintings[layer][0]))
    total_weight = sum(settings.style_layers.values())
    losses["style"] = sum(losses[n] * w for n, w in settings.style_layers.items()) / total_weight
    losses["tv"] = ((image[..., 1:, :] - image[..., :-1, :]) ** 2).mean() + (
        (image[..., 1:] - image[..., :-1]) ** 2
    ).mean()
    losses["total"] = (
        settings.alpha * losses["content"]
        + settings.beta * losses["style"]
        + settings.tv * losses["tv"]
    )
    return losses


@pytest.mark.parametrize("statistic", MATRICES)
def test_losses_and_gradient_are_those_of_the_formulas(network, image, photo, painting, statistic):
    settings = replace(SETTINGS, statistic=statistic)
    painting = painting[..., :40]  # of another shape than the photo
    evaluation = Objective(network, photo, painting).evaluate(image, settings)
    free = image.clone().requires_grad_()
    expected = written_out(network, free, photo, painting, settings)
    assert evaluation.losses == pytest.approx({n: v.item() for n, v in expected.items()}, rel=1e-4)
    expected["total"].backward()
    torch.testing.assert_close(evaluation.gradient, free.grad, rtol=1e-4, atol=1e-7)
    assert evaluation.finite


def test_the_image_is_left_as_it_is(network, image, photo, painting):
    before = image.clone()
    Objective(network, photo, painting).evaluate(image, SETTINGS)
    assert torch.equal(image, before)
    assert not image.requires_grad


@pytest.mark.parametrize("statistic", STATISTICS)
def test_a_picture_in_its_own_style_has_a_loss_of_0(network, photo, statistic):
    settings = replace(LECTURE, statistic=statistic)
    evaluation = Objective(network, photo, photo).evaluate(photo, settings)
    # Of matrix roots; how much depends on the backends that were the fastest.
    rounding = 1e-5 if statistic in ("bures", "wasserstein") else 0
    assert 0 <= evaluation.losses["total"] <= rounding
    assert evaluation.gradient.abs().max() <= rounding


def test_moving_a_weight_costs_no_further_pass(network, image, photo, painting, passes):
    objective = Objective(network, photo, painting)
    objective.evaluate(image, SETTINGS)
    passes.clear()
    for change in (
        {"alpha": 7},
        {"beta": 0},
        {"tv": 0},
        {"style_layers": {"relu1_1": 9, "relu2_2": 1}},
        {"style_layers": ["relu2_2"]},
        {"steps": 7},
    ):
        objective.evaluate(image, replace(SETTINGS, **change))
    assert [deepest for deepest in passes if deepest] == ["relu2_2"] * 6  # each for the image


def test_another_statistic_costs_one_pass_once(network, image, photo, painting, passes):
    objective = Objective(network, photo, painting)
    objective.evaluate(image, SETTINGS)
    passes.clear()
    for statistic in ("covariance", "gram", "covariance", "gram"):
        objective.evaluate(image, replace(SETTINGS, statistic=statistic))
    assert len([deepest for deepest in passes if deepest]) == 4 + 1


def test_another_style_layer_costs_one_pass_once(network, image, photo, painting, passes):
    objective = Objective(network, photo, painting)
    objective.evaluate(image, SETTINGS)
    more = replace(SETTINGS, style_layers=["relu1_1", "relu2_2", "relu1_2"])
    passes.clear()
    for settings in (more, SETTINGS, more):
        objective.evaluate(image, settings)
    assert [deepest for deepest in passes if deepest] == ["relu1_2", *["relu2_2"] * 3]


@pytest.mark.parametrize("name", ["alpha", "beta", "tv"])
def test_a_term_without_weight_adds_no_gradient_but_is_reported(
    network, image, photo, painting, name
):
    objective = Objective(network, photo, painting)
    nothing = {"alpha": 0, "beta": 0, "tv": 0}
    every = [{other: 1} for other in nothing if other != name]
    settings = replace(SETTINGS, **nothing | every[0] | every[1])
    whole = objective.evaluate(image, settings)
    parts = [objective.evaluate(image, replace(SETTINGS, **nothing | one)) for one in every]
    torch.testing.assert_close(whole.gradient, parts[0].gradient + parts[1].gradient)
    term = {"alpha": "content", "beta": "style", "tv": "tv"}[name]
    assert whole.losses[term] > 0


def test_without_any_weight_there_is_no_gradient(network, image, photo, painting):
    settings = replace(SETTINGS, alpha=0, beta=0, tv=0)
    evaluation = Objective(network, photo, painting).evaluate(image, settings)
    assert not evaluation.gradient.any()
    assert evaluation.losses["total"] == 0
    assert evaluation.finite


def test_a_picture_that_is_no_number_is_noticed(network, image, photo, painting):
    image[0, 0, 5, 5] = float("nan")
    assert not Objective(network, photo, painting).evaluate(image, SETTINGS).finite


def test_networks_whose_activations_differ_in_scale_alone_give_the_same(
    network, image, photo, painting
):
    louder, last = VGG().to(image.device), 1.0
    for number, convolution in enumerate(louder.convolutions.values()):
        scale = 3.0 ** ((number % 3) - 1)  # of the activations of this layer
        convolution.weight *= scale / last
        convolution.bias *= scale
        last = scale
    # Shallow layers, but all terms that there are by default.
    settings = Settings(content_layer="relu2_2", style_layers=["relu1_1", "relu2_1", "relu2_2"])
    one, other = (
        Objective(each, photo, painting).evaluate(image, settings) for each in (network, louder)
    )
    assert other.losses == pytest.approx(one.losses, rel=1e-3)
    largest = one.gradient.abs().max().item()
    torch.testing.assert_close(other.gradient, one.gradient, rtol=0, atol=2e-3 * largest)
