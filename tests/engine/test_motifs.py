from dataclasses import replace

import pytest
import torch

from style_transfer.engine import graphs
from style_transfer.engine.motifs import PERIOD, MotifSearch
from style_transfer.engine.multiscale import MultiscaleObjective
from style_transfer.engine.objective import Objective
from style_transfer.engine.styles import Styles
from style_transfer.engine.target_cache import MOTIF_LAYERS
from style_transfer.images import resize
from style_transfer.settings import Settings
from tests.conftest import smooth_picture
from tests.engine.runs import QUICK, run
from tests.losses.test_nearest_neighbours import written_out

pytestmark = pytest.mark.every_device
ON = replace(QUICK, motifs=0.5)


@pytest.fixture
def image(device):
    return torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(0)).to(device)


def indices(matches):
    return {name: each for name, each in matches.items() if "relu" in name}


def test_the_term_is_the_mean_over_both_layers_and_weighs_in_relation_to_the_style(
    network, image, photo, painting
):
    image, photo, painting = (each[..., :32, :32] for each in (image, photo, painting))
    losses = Objective(network, photo, painting).evaluate(image, ON).losses
    ours, theirs = network(image, MOTIF_LAYERS), network(painting, MOTIF_LAYERS)
    expected = [written_out(ours[n][0].detach(), theirs[n][0]) for n in MOTIF_LAYERS]
    assert losses["motifs"] == pytest.approx(sum(expected) / 2, rel=1e-4)
    style = losses["style"] + 0.5 * losses["motifs"]
    total = ON.alpha * losses["content"] + ON.beta * style + ON.tv * losses["tv"]
    assert losses["total"] == pytest.approx(total, rel=1e-5)


def test_the_motifs_of_several_styles_count_by_their_weights(network, image, photo, painting):
    weighted = replace(ON, style_weights=(0.9, 0.1, 0, 0))
    alone = [
        Objective(network, photo, each).evaluate(image, ON).losses["motifs"]
        for each in (painting, photo)
    ]
    found = Objective(network, photo, Styles((painting, photo))).evaluate(image, weighted)
    assert abs(alone[0] - alone[1]) > 0.02
    assert found.losses["motifs"] == pytest.approx(0.9 * alone[0] + 0.1 * alone[1], rel=1e-4)


def test_the_gradient_is_that_of_the_losses(network, image, photo, painting):
    objective = Objective(network, photo, painting)
    evaluation = objective.evaluate(image, ON)
    without = objective.evaluate(image, replace(ON, motifs=0))
    along = evaluation.gradient - without.gradient
    step = 1e-3 * along / along.square().mean().sqrt()
    matches = evaluation.matches

    def motifs(picture):
        return objective.evaluate(picture, ON, matches).losses["motifs"]

    change = motifs(image + step) - motifs(image - step)
    assert ON.beta * ON.motifs * change == pytest.approx(2 * (along * step).sum().item(), rel=0.02)


def test_off_no_further_layer_is_computed(network, image, photo, painting):
    computed = set()

    class Recorder:
        multiplications = network.multiplications

        def activations(self, image, layers, *options):
            computed.update(layers)
            return network.activations(image, layers, *options)

    evaluation = Objective(Recorder(), photo, painting).evaluate(image, replace(ON, motifs=0))
    assert computed.isdisjoint(MOTIF_LAYERS)
    assert "motifs" not in evaluation.losses
    assert evaluation.matches == {}


def test_within_a_period_every_position_is_matched_anew(network, image, photo, painting):
    objective, other = Objective(network, photo, painting), image.flip(3)
    matches = before = objective.evaluate(image, ON).matches
    wanted = indices(objective.evaluate(other, ON).matches)
    for count in range(1, PERIOD + 1):
        found = indices(matches)
        assert not all(torch.equal(found[name], wanted[name]) for name in wanted), count
        matches = objective.evaluate(other, ON, matches).matches
    found = indices(matches)
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    fresh = indices(objective.evaluate(image, ON).matches)
    assert all(torch.equal(fresh[n], each) for n, each in indices(before).items())  # not written to


def test_another_style_image_colour_or_scale_is_searched_at_once(network, image, photo, painting):
    image, photo, painting = (resize(each, (48, 48)) for each in (image, photo, painting))
    matches = Objective(network, photo, painting).evaluate(image, ON).matches
    for style, settings in (
        (painting.flip(2), ON),
        (painting, replace(ON, match_colors=True)),
        (painting, replace(ON, style_scale=0.8)),
    ):
        objective = Objective(network, photo, style)
        fresh = objective.evaluate(image, settings)
        moved = objective.evaluate(image, settings, matches)
        assert moved.losses == fresh.losses
        assert not indices(moved.matches).keys() & indices(matches).keys()


def test_a_style_is_searched_for_its_region_alone_and_for_more_when_that_grows(
    network, image, photo, painting
):
    image, photo, painting = (resize(each, (48, 48)) for each in (image, photo, painting))
    left = torch.zeros((1, 1, 48, 48), device=image.device)
    left[..., :24] = 1
    other = painting.flip(2)
    halves = Styles((painting, other), style_masks=(left, 1 - left))
    objective = Objective(network, photo, halves)
    first = objective.evaluate(image, ON)
    for name, each in indices(first.matches).items():
        rows = 12 if "relu3_1" in name else 6
        here = each.view(rows, rows) >= 0
        inside = here.chunk(2, dim=1)[0 if ".1." in name else 1]
        outside = here.chunk(3, dim=1)[2 if ".1." in name else 0]  # beyond the soft edge
        assert inside.all(), name
        assert not outside.any(), name
    objective.styles = Styles((painting, other), style_masks=(torch.ones_like(left), 0 * left))
    grown = objective.evaluate(image, ON, first.matches).losses
    whole = Objective(network, photo, painting).evaluate(image, ON).losses
    assert grown["motifs"] == pytest.approx(whole["motifs"], rel=1e-5)


def test_a_style_without_a_share_is_not_searched(network, image, photo, painting):
    pair = Styles((painting, painting.flip(2)))
    settings = replace(ON, style_weights=(0, 1))
    matches = Objective(network, photo, pair).evaluate(image, settings).matches
    assert all(".2." in name for name in indices(matches))


def test_a_large_picture_has_matches_at_both_sizes(network, painting):
    photo = smooth_picture(1, 64, 512).to(painting.device)
    matches = MultiscaleObjective(network, photo, painting).evaluate(photo, ON).matches
    assert sorted(len(each) for each in indices(matches).values()) == [128, 512, 512, 2048]


@pytest.mark.integration
def test_motifs_come_nearer_and_at_beta_0_the_photo_stays(network, photo, painting):
    few, objective = replace(ON, beta=20, steps=20), Objective(network, photo, painting)
    nearer, farther = (
        objective.evaluate(run(photo, painting, settings)[-1].image, ON).losses["motifs"]
        for settings in (few, replace(few, motifs=0))
    )
    assert nearer < 0.9 * farther
    assert torch.equal(run(photo, painting, replace(few, beta=0))[-1].image, photo)


@pytest.mark.parametrize("size", [(16, 16), (16, 40)])
def test_plain_colours_and_tiny_pictures_are_no_fault(network, size, device):
    plain, mixed = (
        torch.full((1, 3, 32, 32), 0.5, device=device),
        smooth_picture(2, *size).to(device),
    )
    for image, style in ((plain, mixed), (mixed, plain), (plain, plain)):
        evaluation = Objective(network, image, style).evaluate(image, Settings(motifs=1))
        assert evaluation.finite


@pytest.mark.every_device
@pytest.mark.parametrize("side", [48, 50])  # a multiple of PERIOD, and not
def test_where_all_positions_are_known_as_many_are_matched_whatever_their_values(
    network, painting, side, monkeypatch
):
    photo = smooth_picture(1, side, side).to(network.device)
    found = []
    for complete in (True, False):
        monkeypatch.setattr(
            MotifSearch, "of", lambda *of, c=complete, make=MotifSearch.of: make(*of[:2], c)
        )
        objective, matches = Objective(network, photo, painting), {}
        with monkeypatch.context() as patch:
            patch.setattr(graphs, "enabled", False)
            for number in range(PERIOD + 1):
                image = (photo + 0.1 * number).clamp(0, 1)
                matches = objective.evaluate(image, ON, matches).matches
        monkeypatch.undo()
        found.append(matches)
    assert found[0].keys() == found[1].keys()
    for name, matched in found[0].items():
        same = (matched == found[1][name]).float().mean()
        assert same > 0.99  # the last position is matched more often
