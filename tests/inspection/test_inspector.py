"""What is shown of a layer is what the objective compares there."""

import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch

from style_transfer.engine import Objective, Stroke, StrokedContent, Styles, Variant
from style_transfer.inspection import (
    Inspector,
    Moment,
    color_changes,
    content_map,
    nearest_place,
    style_map,
    style_matrix,
)
from style_transfer.losses import STATISTICS
from style_transfer.settings import Settings
from tests.conftest import smooth_picture

LAYERS = {"pixels": 0.5, "relu1_1": 1.0, "relu3_1": 2.0}
SETTINGS = Settings(style_layers=LAYERS, content_layer="relu2_2", motifs=0.2, tv=0.4, style_scale=1)
MIXED = replace(SETTINGS, style_weights=(1, 3, 1, 1))


def regions(paintings):
    """A strength that leaves the left free, and a mask for each painting, one below the other."""
    strength, upper = torch.ones(1, 1, 48, 48), torch.zeros(1, 1, 48, 48)
    strength[..., :16], upper[..., :24, :] = 0, 1
    return Styles(paintings, strength, (upper, 1 - upper)[: len(paintings)])


@pytest.fixture
def paintings(painting):
    return painting, smooth_picture(5, 64, 40)


def moment_of(photo, styles, settings=SETTINGS):
    return Moment(smooth_picture(7), photo, styles, settings)


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("masked", [pytest.param(False, marks=pytest.mark.integration), True])
def test_maps_of_all_paintings_have_the_losses_of_the_objective_as_their_mean(
    network, photo, paintings, statistic, masked
):
    settings = replace(SETTINGS, statistic=statistic, style_weights=(1, 3, 1, 1))
    styles = regions(paintings) if masked else Styles(paintings)
    moment = moment_of(photo, styles, settings)
    losses = Objective(network, photo, styles).evaluate(moment.image, settings).losses
    inspector, shares = Inspector(network, network.device), [0.25, 0.75]
    if masked:
        covered = [weight_of(styles, index) for index in range(2)]
        shares = [each / sum(covered) for each in covered]
    for layer in LAYERS:
        means = []
        for number in (1, 2):
            compared = inspector.compare(moment, layer, number)
            found, weights = style_map(compared).flatten(), compared.weights
            means.append(found.mean() if weights is None else found.nan_to_num() @ weights)
            assert means[-1].item() == pytest.approx(compared.distance(), rel=1e-4)
        expected = sum(share * mean.item() for share, mean in zip(shares, means, strict=True))
        assert expected == pytest.approx(losses[layer], rel=1e-4), layer


def test_a_painting_that_is_mixed_is_compared_as_in_the_objective_whichever_was_looked_at_before(
    network, photo, paintings
):
    moment = moment_of(photo, Styles((*paintings, paintings[0])), MIXED)
    losses = Objective(network, photo, moment.styles).evaluate(moment.image, MIXED).losses
    shares = MIXED.shares(3)
    inspector = Inspector(network, network.device)
    for order in ((1, 2, 3), (3, 1, 2)):
        found = {n: inspector.compare(moment, "relu3_1", n).distance() for n in order}
        expected = sum(share * found[n] for n, share in enumerate(shares, 1))
        assert expected == pytest.approx(losses["relu3_1"], rel=1e-4)
        assert found[1] != pytest.approx(found[2])


@pytest.mark.parametrize(
    "settings",
    [replace(SETTINGS, style_weights=(1, 0, 1, 1)), replace(MIXED, even_mixture=False)],
    ids=["without weight", "not mixed evenly"],
)
def test_a_painting_that_is_not_mixed_is_compared_alone(network, photo, paintings, settings):
    alone = moment_of(photo, Styles(paintings[1:]), SETTINGS)
    beside = moment_of(photo, Styles(paintings), settings)
    inspector = Inspector(network, network.device)
    expected = inspector.compare(alone, "relu2_1").distance()
    assert inspector.compare(beside, "relu2_1", 2).distance() == pytest.approx(expected)


def test_what_is_painted_like_a_place_does_not_count_for_the_whole_painting(
    network, photo, painting
):
    like = Stroke("like", ((0.25, 0.5, 1.0),), 0.3)
    moment = replace(moment_of(photo, Styles((painting,))), strokes=(like,))
    inspector = Inspector(network, network.device)
    weights = inspector.compare(moment, "relu1_1").weights.view(48, 48)
    assert weights[24, 12] == 0
    assert weights[24, 40] == weights.max() > 0
    objective, here = inspector.objective(moment)
    plain = Objective(network, photo, painting).evaluate(here.image, SETTINGS).losses["style"]
    assert objective.evaluate(here.image, SETTINGS).losses["style"] != pytest.approx(plain)


def test_what_strokes_hold_is_what_the_content_is_compared_with(network, photo, painting):
    held = Stroke("color", ((0.5, 0.5, 1.0),), 0.3, color=(1.0, 0.0, 0.0), hold=1.0)
    image = StrokedContent(photo).at((48, 48), [held])
    settings = replace(SETTINGS, beta=0, tv=0)
    moment = Moment(image, photo, Styles((painting,)), settings, (held,))
    inspector = Inspector(network, network.device)
    compared = inspector.compare(moment, SETTINGS.content_layer)
    assert content_map(compared).mean() == 0
    objective, here = inspector.objective(moment)
    assert not dict(color_changes(objective, here, "relu3_1"))["content"].any()
    freed = replace(moment, strokes=(held, Stroke("undo")))
    assert content_map(inspector.compare(freed, SETTINGS.content_layer)).mean() > 0.01
    objective, here = inspector.objective(freed)
    assert dict(color_changes(objective, here, "relu3_1"))["content"].any()


def weight_of(styles, index):
    """The share of a painting whose mask, softened, meets no other's strength."""
    strength = styles.strength_at((48, 48)).square()
    masks = torch.stack(styles.style_masks_at((48, 48))) * torch.tensor([1, 3]).view(2, 1, 1, 1, 1)
    return (strength * masks[index] / masks.sum(0)).mean().item()


def test_the_mean_of_the_content_map_is_the_content_loss(network, photo, painting):
    moment = moment_of(photo, Styles((painting,)))
    losses = Objective(network, photo, painting).evaluate(moment.image, SETTINGS).losses
    compared = Inspector(network, network.device).compare(moment, "relu2_2")
    assert content_map(compared).mean().item() == pytest.approx(losses["content"], rel=1e-5)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("statistic", STATISTICS)
def test_matrices_agree_with_numpy(network, photo, paintings, statistic, masked):
    styles = regions(paintings) if masked else Styles(paintings)
    moment = moment_of(photo, styles, replace(SETTINGS, statistic=statistic))
    compared = Inspector(network, network.device).compare(moment, "relu1_1", 2)
    pictures = [(compared.painting, None), (compared.picture, compared.weights)]
    for is_painting, (features, weights) in zip((True, False), pictures, strict=True):
        rows = features.flatten(1).double().numpy()
        count = rows.shape[1]
        weight = np.full(count, 1 / count) if weights is None else weights.double().numpy()
        centred = rows - (rows @ weight)[:, None]
        plain, covariance = (rows * weight) @ rows.T, (centred * weight) @ centred.T
        deviations = np.sqrt(np.diag(covariance))
        deviations[deviations < 1e-6] = np.inf  # a channel that is off everywhere
        expected = {
            "gram": plain,
            "bures": plain,
            "wasserstein": covariance,
            "covariance": covariance / (1 - (weight**2).sum()),
            "correlation": covariance / deviations / deviations[:, None],
        }[statistic]
        found = style_matrix(compared, painting=is_painting)
        np.testing.assert_allclose(found, expected, atol=2e-5 * np.abs(expected).max())


def test_changes_of_the_terms_sum_to_that_of_the_objective(network, photo, painting):
    moment = moment_of(photo, Styles((painting,)))
    objective = Objective(network, photo, painting)
    changes = dict(color_changes(objective, moment, "relu3_1"))
    assert list(changes) == ["content", "style", "layer", "motifs", "tv"]
    whole = objective.evaluate(moment.image, SETTINGS).gradient
    terms = [change for name, change in changes.items() if name != "layer"]
    torch.testing.assert_close(sum(terms), -whole, rtol=1e-3, atol=1e-3 * whole.abs().max().item())
    layers = [dict(color_changes(objective, moment, layer))["layer"] for layer in LAYERS]
    style = changes["style"]
    torch.testing.assert_close(sum(layers), style, rtol=1e-3, atol=1e-3 * style.abs().max().item())


@pytest.mark.parametrize(
    "moved", [{"motifs": 0.3}, {"statistic": "gram"}, {"style_scale": 2.0, "motifs": 0.3}]
)
def test_changes_after_a_moved_knob_are_those_of_a_first_look(network, photo, painting, moved):
    before = replace(SETTINGS, style_layers=Settings().style_layers, style_scale=3, motifs=0)
    kept, first = (Inspector(network, network.device) for _ in range(2))
    styles, after = Styles((painting,)), replace(before, **moved)

    def changes(inspector, settings):
        objective, here = inspector.objective(moment_of(photo, styles, settings))
        return dict(color_changes(objective, here, "relu3_1"))

    changes(kept, before)
    found, expected = changes(kept, after), changes(first, after)
    assert found.keys() == expected.keys()
    for term, change in expected.items():
        assert change.any(), term
        torch.testing.assert_close(found[term], change)


def test_a_term_without_weight_has_no_change(network, photo, painting):
    settings = replace(SETTINGS, alpha=0, tv=0, motifs=0)
    moment = moment_of(photo, Styles((painting,)), settings)
    objective = Objective(network, photo, painting)
    assert list(dict(color_changes(objective, moment, "relu5_1"))) == ["style"]


@pytest.mark.parametrize("layer", ["relu1_2", "relu3_1", "relu4_1"])
def test_the_nearest_place_of_a_pixel_lies_in_the_texture_it_is_of(network, layer):
    rows, columns = torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij")
    stripes = ((columns // 4) % 2).float().expand(1, 3, 96, 96)
    checks = ((rows // 8 + columns // 8) % 2).float()
    checks = torch.stack([checks, 0.2 + 0 * checks, 1 - checks]).unsqueeze(0)
    left = columns < 48
    picture, painting = (torch.where(side, stripes, checks) for side in (left, ~left))
    moment = Moment(picture, picture, Styles((painting,)), Settings())
    compared = Inspector(network, torch.device("cpu")).compare(moment, layer)
    height, width = compared.picture.shape[-2:]
    for row in (height // 4, height // 2):
        for column in (width // 5, 4 * width // 5):
            place = nearest_place(compared, row, column)
            assert (place.column < width // 2) == (column >= width // 2)
            assert place.likeness > 0.9
            assert place.likeness == place.map.max().item() == place.map[place.row, place.column]


def test_a_layer_or_painting_that_is_not_there_is_refused(network, photo, painting):
    inspector, moment = Inspector(network, network.device), moment_of(photo, Styles((painting,)))
    with pytest.raises(ValueError, match="layer 'relu9_9' is not one of pixels, relu1_1"):
        inspector.compare(moment, "relu9_9")
    with pytest.raises(ValueError, match="painting must be a whole number from 1 to 1, not 2"):
        inspector.compare(moment, "relu1_1", 2)


def test_a_painting_that_is_enlarged_too_far_to_be_looked_at_is_refused(
    network, photo, painting, monkeypatch
):
    monkeypatch.setattr("style_transfer.inspection.inspector.LARGEST_STYLE", 96 * 96)
    inspector, moment = Inspector(network, network.device), moment_of(photo, Styles((painting,)))
    inspector.compare(replace(moment, settings=replace(SETTINGS, style_scale=2)), "relu1_1")
    with pytest.raises(ValueError, match="the painting has 97 x 97 pixels, too many to look at"):
        inspector.compare(replace(moment, settings=replace(SETTINGS, style_scale=2.02)), "relu1_1")


def test_a_second_look_at_a_layer_costs_one_pass_of_the_picture(network, photo, painting):
    class Counted:
        passes = 0

        def activations(self, *arguments):
            self.passes += 1
            return network.activations(*arguments)

    counted, moment = Counted(), moment_of(photo, Styles((painting,)))
    inspector = Inspector(counted, network.device)
    first = inspector.compare(moment, "relu2_1")
    assert counted.passes == 3
    later = replace(moment, image=smooth_picture(8))
    second = inspector.compare(later, "relu2_1")
    assert counted.passes == 4
    assert second.painting_number == first.painting_number
    inspector.compare(later, "relu3_1")
    assert counted.passes == 7


@pytest.mark.parametrize(
    "moved",
    [{"style_scale": 2.0}, {"crop_frame": True}, {"match_colors": True}, {"pooling": "average"}],
)
def test_a_painting_that_is_compared_in_another_way_is_looked_at_anew(
    network, photo, painting, moved
):
    assert len(Variant._fields) == 4  # all are here
    inspector, moment = Inspector(network, network.device), moment_of(photo, Styles((painting,)))
    first = inspector.compare(moment, "relu1_1")
    lighter = inspector.compare(replace(moment, settings=replace(SETTINGS, beta=1)), "relu1_1")
    other = inspector.compare(replace(moment, settings=replace(SETTINGS, **moved)), "relu1_1")
    assert first.painting_number == lighter.painting_number != other.painting_number


def test_a_photo_whose_colours_a_painting_was_given_stays_while_that_is_kept(
    network, painting, monkeypatch
):
    def no_memory(*_):
        raise MemoryError

    inspector, settings = Inspector(network, network.device), replace(SETTINGS, match_colors=True)
    moment = moment_of(smooth_picture(3), Styles((painting,)), settings)
    photo = weakref.ref(moment.content)
    monkeypatch.setattr(inspector, "_photographed", no_memory)
    with pytest.raises(MemoryError):
        inspector.compare(moment, "relu1_1")
    del moment
    assert photo() is not None  # or another photo at its address would count as it
