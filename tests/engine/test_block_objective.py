from dataclasses import replace
from functools import partial

import pytest
import torch

from benchmarks.prints import seams
from style_transfer.engine.block_objective import BlockObjective
from style_transfer.engine.blocks import blocks_of
from style_transfer.engine.local_style import local_styles
from style_transfer.engine.multiscale import MultiscaleObjective, in_blocks
from style_transfer.engine.objective import Objective
from style_transfer.engine.optimize import stylize
from style_transfer.engine.strokes import Stroke
from style_transfer.engine.styles import Styles
from style_transfer.losses import STATISTICS
from style_transfer.network import BACKENDS, VGG, BackendSet
from style_transfer.settings import Settings
from tests.conftest import smooth_picture

HEIGHT, WIDTH, SIDE = 66, 114, 64  # two by two blocks, none of which sees the whole width
SHALLOW = Settings(
    content_layer="relu2_1",
    style_layers={"pixels": 0.5, "relu1_1": 1, "relu2_1": 2},
    motifs=0,
    tv=1.0,
    style_weights=(1, 0.5, 1, 1),
)
TO_ROUNDING = 1e-9  # relative, in float64


@pytest.fixture(scope="module")
def precise_network():
    return VGG().double()


def picture(seed, height=HEIGHT, width=WIDTH, dtype=torch.float64):
    noise = torch.rand((1, 3, height, width), generator=torch.Generator().manual_seed(seed))
    return (0.7 * smooth_picture(seed, height, width) + 0.3 * noise).to(dtype)


def regions(height=HEIGHT, width=WIDTH, dtype=torch.float64):
    """Two styles in two halves, of a picture that stays as it is in part."""
    left = torch.zeros((1, 1, height, width), dtype=dtype)
    left[..., : width // 2] = 1
    styles = picture(2, 50, 60, dtype), picture(3, 60, 50, dtype)
    return Styles(styles, smooth_picture(9, height, width)[:, :1].to(dtype), (left, 1 - left))


def difference(one, other):
    """The relative difference of the gradients of two evaluations."""
    return ((one.gradient - other.gradient).norm() / other.gradient.norm()).item()


def test_the_pictures_of_these_tests_have_four_blocks_that_see_parts_of_them(precise_network):
    layers = SHALLOW.content_layer, *SHALLOW.style_layers
    blocks = blocks_of((HEIGHT, WIDTH), SIDE, [*map(precise_network.geometry, layers)])
    assert len(blocks) == 4
    assert all(block.crop[1] != slice(0, WIDTH) for block in blocks)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_losses_and_gradient_are_those_of_the_whole_picture(precise_network, statistic):
    photo, image, settings = picture(1), picture(5), replace(SHALLOW, statistic=statistic)
    whole = Objective(precise_network, photo, regions()).evaluate(image, settings)
    found = BlockObjective(precise_network, photo, regions(), SIDE).evaluate(image, settings)
    assert difference(found, whole) < TO_ROUNDING
    assert found.losses == pytest.approx(whole.losses, rel=TO_ROUNDING)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_so_are_those_of_parts_that_are_painted_like_places(precise_network, statistic):
    photo, image, settings = picture(1), picture(5), replace(SHALLOW, statistic=statistic)
    like = Stroke("like", ((0.3, 0.5, 1), (0.6, 0.5, 1)), 0.2, style=2, place=(0.3, 0.4, 0.2))
    other = replace(like, points=((0.8, 0.4, 1.0),), style=1)
    objectives = [
        Objective(precise_network, photo, regions()),
        BlockObjective(precise_network, photo, regions(), SIDE),
    ]
    plain = objectives[0].evaluate(image, settings)
    for objective in objectives:
        objective.local_styles = local_styles([like, other])
    whole, found = (each.evaluate(image, settings) for each in objectives)
    assert difference(found, whole) < TO_ROUNDING
    assert found.losses == pytest.approx(whole.losses, rel=TO_ROUNDING)
    assert whole.losses["style"] != pytest.approx(plain.losses["style"], rel=1e-3)


@pytest.mark.integration
def test_so_are_motifs_whose_matches_are_renewed_alike(precise_network):
    settings, size = replace(SHALLOW, motifs=0.5, style_layers=["relu1_1"]), (40, 72)  # two blocks
    photo, first, second = (picture(seed, *size) for seed in (1, 5, 6))
    whole = Objective(precise_network, photo, regions(*size))
    blocks = BlockObjective(precise_network, photo, regions(*size), SIDE)
    expected = whole.evaluate(first, settings)
    found = blocks.evaluate(first, settings)
    after = whole.evaluate(second, settings, expected.matches)
    found_after = blocks.evaluate(second, settings, found.matches)
    for one, other in ((found, expected), (found_after, after)):
        assert difference(one, other) < TO_ROUNDING
        assert one.losses == pytest.approx(other.losses, rel=TO_ROUNDING)
        assert one.matches.keys() == other.matches.keys()
        assert all(torch.equal(one.matches[name], each) for name, each in other.matches.items())


@pytest.mark.integration
@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"beta": 0}, id="content and variation"),
        pytest.param({"alpha": 0, "tv": 0}, id="style"),
        pytest.param({"alpha": 0, "tv": 0, "beta": 0}, id="nothing"),
        pytest.param({"content_layer": "relu1_2", "pooling": "average"}, id="shallow content"),
    ],
)
def test_terms_without_a_weight_are_reported_and_add_no_gradient(precise_network, change):
    photo, image, settings = picture(1), picture(5), replace(SHALLOW, **change)
    whole = Objective(precise_network, photo, picture(2, 50, 60)).evaluate(image, settings)
    blocks = BlockObjective(precise_network, photo, picture(2, 50, 60), SIDE)
    for _ in range(2):  # the second time with what is known of the photo
        found = blocks.evaluate(image, settings)
        torch.testing.assert_close(found.gradient, whole.gradient, rtol=1e-9, atol=1e-15)
        assert found.losses == pytest.approx(whole.losses, rel=TO_ROUNDING)


def test_a_picture_that_is_to_stay_as_it_is_everywhere_has_no_style(precise_network):
    nowhere = Styles((picture(2, 50, 60),), torch.zeros((1, 1, HEIGHT, WIDTH)).double())
    evaluations = [
        objective.evaluate(picture(5), SHALLOW)
        for objective in (
            Objective(precise_network, picture(1), nowhere),
            BlockObjective(precise_network, picture(1), nowhere, SIDE),
        )
    ]
    assert evaluations[1].losses == pytest.approx(evaluations[0].losses, rel=TO_ROUNDING)


def test_in_float32_blocks_differ_no_more_than_backends_do(precise_network):
    photo, image, style = picture(1), picture(5), picture(2, 50, 60)
    precise = Objective(precise_network, photo, style).evaluate(image, SHALLOW)

    def error(make, *names):
        network = VGG(backends=BackendSet({name: BACKENDS[name] for name in names}))
        objective = make(network, photo.float(), style.float())
        evaluation = objective.evaluate(image.float(), SHALLOW)
        return difference(replace(evaluation, gradient=evaluation.gradient.double()), precise)

    by_torch, by_winograd = error(Objective, "torch"), error(Objective, "torch", "winograd")
    found = error(partial(BlockObjective, side=SIDE), "torch")
    assert found < 3 * max(by_torch, by_winograd)


@pytest.mark.integration
def test_no_seam_is_left_along_the_borders_of_blocks(precise_network):
    size, side, style = (160, 224), 80, picture(2, 50, 60)
    photo, image = picture(1, *size), picture(5, *size)
    found = BlockObjective(precise_network, photo, style, side).evaluate(image, SHALLOW)
    measured = seams(found.gradient, size, side)
    assert abs(measured["borders"] - measured["elsewhere"]) < 4 * measured["spread"]
    apart = torch.zeros_like(image)
    for rows, columns in (block.own for block in blocks_of(size, side, [])):
        part = (each[..., rows, columns] for each in (photo, image))
        alone = Objective(precise_network, next(part), style).evaluate(next(part), SHALLOW)
        apart[..., rows, columns] = alone.gradient
    measured = seams(apart, size, side)  # what is looked for can be found
    assert measured["borders"] > measured["elsewhere"] + 10 * measured["spread"]


@pytest.mark.integration
def test_only_a_picture_that_is_larger_than_a_block_is_evaluated_in_blocks(network):
    photo, small, style = picture(1, 64, 520), picture(1, 64, 64), picture(2, 50, 60)
    photo, small, style = (each.float() for each in (photo, small, style))
    found = MultiscaleObjective(network, photo, style, block=128).evaluate(photo, SHALLOW)
    whole = MultiscaleObjective(network, photo, style).evaluate(photo, SHALLOW)
    assert found.losses == pytest.approx(whole.losses, rel=1e-4)
    assert not torch.equal(found.gradient, whole.gradient)  # or the blocks have not been made
    found = MultiscaleObjective(network, small, style, block=128).evaluate(small, SHALLOW)
    assert torch.equal(
        found.gradient, MultiscaleObjective(network, small, style).evaluate(small, SHALLOW).gradient
    )


@pytest.mark.slow
@pytest.mark.parametrize("statistic", STATISTICS)
def test_a_picture_of_512_px_has_the_same_gradient_in_blocks_of_192(precise_network, statistic):
    size = 512, 400
    settings = Settings(statistic=statistic, tv=1.0, style_weights=(1, 0.5, 1, 1))
    objectives = [
        make(precise_network, picture(1, *size), regions(*size))
        for make in (MultiscaleObjective, in_blocks(192))
    ]
    whole, found = (each.evaluate(picture(5, *size), settings) for each in objectives)
    print(statistic, difference(found, whole))
    assert difference(found, whole) < TO_ROUNDING
    assert found.losses == pytest.approx(whole.losses, rel=TO_ROUNDING)


@pytest.mark.slow
def test_a_run_in_blocks_ends_at_the_same_objective_within_the_spread_of_rounding(network):
    photo, style = (each.float() for each in (picture(1, 192, 256), picture(2, 150, 200)))
    settings = Settings(steps=30)

    def end(evaluator, moved=0.0):
        frames = stylize(
            (photo + moved).clamp(0, 1),
            style,
            lambda: settings,
            network=network,
            evaluator=evaluator,
        )
        return list(frames)[-1].losses["total"]

    whole = [end(MultiscaleObjective, moved) for moved in (0.0, 1e-6, -1e-6)]
    found = end(in_blocks(96))
    print(whole, found)
    spread = max(whole) - min(whole)
    assert min(whole) - 2 * spread <= found <= max(whole) + 2 * spread
