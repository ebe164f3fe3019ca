from dataclasses import replace

import pytest
import torch

from style_transfer.engine import style_pass
from style_transfer.engine.style_image import style_image_size
from style_transfer.engine.target_cache import StyleSource, StyleTarget
from style_transfer.engine.targets import Targets
from style_transfer.images import painted_box, resize
from style_transfer.losses import STATISTICS, statistic_of
from style_transfer.network import POOLINGS
from style_transfer.settings import Settings
from tests.conftest import LECTURE, smooth_picture

pytestmark = pytest.mark.every_device

QUICK = Settings(style_layers=["relu1_1"], statistic="gram", motifs=0)
ENLARGED = Settings(style_scale=3)


def same(one: StyleTarget, other: StyleTarget) -> bool:
    pairs = zip(one.summary, other.summary, strict=True)
    return one.statistic == other.statistic and all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize(
    ("size", "scale", "expected"),
    [
        ((600, 800), 1, (288, 384)),  # as long as the content image
        ((600, 800), 0.5, (144, 192)),
        ((600, 800), 2, (576, 768)),
        ((100, 100), 1, (100, 100)),  # not enlarged
        ((100, 100), 2, (200, 200)),
        ((40, 800), 0.25, (32, 640)),  # as narrow as pictures may be
        ((6000, 6000), 4, (1536, 1536)),
    ],
)
def test_a_style_image_is_used_at_the_size_of_the_content_times_its_scale(size, scale, expected):
    assert style_image_size(size, 384, scale) == expected


@pytest.mark.parametrize("place", [None, (0.4, 0.5, 0.2)])
def test_a_large_style_image_looked_at_in_blocks_has_the_same_targets(
    network, painting, monkeypatch, place
):
    settings = replace(QUICK, style_layers=["relu1_1", "relu2_1"], motifs=0.5, style_scale=2)
    photo, style = (
        smooth_picture(*each).to(painting.device) for each in ((1, 60, 80), (2, 90, 70))
    )
    found = []
    for largest in (style_pass.LARGEST_STYLE, 64 * 64):
        monkeypatch.setattr(style_pass, "LARGEST_STYLE", largest)
        monkeypatch.setattr(style_pass, "BLOCK_SIDE", 64)
        targets = Targets(network, photo)
        source = StyleSource(style, place)
        style_targets = targets.style(source, settings)
        summaries = [
            each for layer in sorted(style_targets) for each in style_targets[layer].summary
        ]
        places = targets.places(source, settings)
        for layer in sorted(places):
            summaries += places[layer].features, places[layer].mean, places[layer].min_length
        found.append(summaries)
    assert len(found[0]) == len(found[1]) == 10
    for one, other in zip(*found, strict=True):
        assert (one - other).norm() < 1e-3 * other.norm()  # the backends differ, too


def test_matched_colours_are_another_target_and_equal_settings_the_same(network, photo, painting):
    targets, matched = Targets(network, photo), replace(QUICK, match_colors=True)
    plain, other, again = (
        targets.style(StyleSource(painting), settings)["relu1_1"].summary[0]
        for settings in (QUICK, matched, replace(QUICK, style_layers=["relu1_1"]))
    )
    assert not torch.allclose(plain, other, rtol=0.1)
    assert plain is again
    own = targets.style(StyleSource(photo), matched)["relu1_1"].summary[0]
    torch.testing.assert_close(
        own, targets.style(StyleSource(photo), QUICK)["relu1_1"].summary[0], rtol=1e-3, atol=1
    )


def test_with_another_content_image_the_style_has_the_colours_of_that(network, photo, painting):
    other, matched = photo.flip(1), replace(QUICK, match_colors=True)
    targets, source = Targets(network, photo), StyleSource(painting)
    plain, before = (targets.style(source, each)["relu1_1"] for each in (QUICK, matched))
    targets.content_image = other
    after = targets.style(source, matched)["relu1_1"]
    assert same(after, Targets(network, other).style(source, matched)["relu1_1"])
    assert not same(after, before)
    assert targets.style(source, QUICK)["relu1_1"].summary[0] is plain.summary[0]


@pytest.mark.parametrize(("scale", "expected"), [(0.7, False), (1, False), (1.5, True)])
def test_features_are_approximate_of_what_is_larger_than_the_content_alone(
    network, photo, scale, expected
):
    asked = []

    class Recorder:
        multiplications = network.multiplications

        def activations(self, image, layers, approximate, pooling):
            asked.append(approximate)
            return network.activations(image, layers, approximate, pooling)

    style = resize(photo, (48, 48))
    Targets(Recorder(), style).style(StyleSource(style), replace(QUICK, style_scale=scale))
    assert asked == [expected]


def test_a_frame_is_left_out_as_if_the_style_image_came_without_it(network, photo, painting):
    painting = resize(painting, (48, 48))
    framed = torch.nn.functional.pad(painting, (9, 9, 9, 9), value=1.0)
    targets, cropped = Targets(network, photo), replace(QUICK, crop_frame=True)
    plain, without, by_itself = (
        targets.style(StyleSource(image), settings)["relu1_1"]
        for image, settings in (
            (framed, QUICK),
            (framed, cropped),
            (painted_box(framed).cropped(framed), QUICK),
        )
    )
    assert same(without, by_itself)
    assert not same(without, plain)


@pytest.mark.parametrize("name", STATISTICS)
def test_approximate_features_do_for_a_style_image_larger_than_the_content(network, photo, name):
    style_image, targets = smooth_picture(2, 64, 64).to(photo.device), Targets(network, photo)
    settings = Settings(style_scale=2, statistic=name)
    found = targets.style(StyleSource(style_image), settings)
    layers, pooling = settings.style_layers, settings.pooling
    for layer, exact in network(style_image, layers, pooling).items():
        statistic = statistic_of(layer, name)
        summary = statistic.summarize(exact.squeeze(0))
        (error,) = statistic.distances([(summary, found[layer].summary)])
        assert error < 1e-5, layer  # a run ends above 1e-2


def test_targets_of_other_images_and_settings_are_forgotten(network, photo, painting):
    targets = Targets(network, photo)
    first = targets.style(StyleSource(painting), QUICK)["relu1_1"].summary
    targets.begin_step([StyleSource(painting)], QUICK)
    assert targets.style(StyleSource(painting), QUICK)["relu1_1"].summary is first
    targets.begin_step([StyleSource(photo)], QUICK)
    assert targets.style(StyleSource(painting), QUICK)["relu1_1"].summary is not first
    content = targets.content(QUICK)
    assert targets.content(QUICK) is content
    targets.begin_step([StyleSource(photo)], Settings(content_layer="relu1_1"))
    assert targets.content(QUICK) is not content


@pytest.mark.parametrize("pooling", POOLINGS)
def test_targets_are_of_the_pooling_of_the_settings(network, photo, painting, pooling):
    settings = Settings(
        content_layer="relu2_1",
        style_layers=["relu1_1", "relu3_1"],
        statistic="gram",
        pooling=pooling,
    )
    targets = Targets(network, photo)
    for each in POOLINGS:
        other = replace(settings, pooling=each)
        targets.begin_step([StyleSource(painting)], other)
        targets.content(other)
        targets.style(StyleSource(painting), other)
    targets.begin_step([StyleSource(painting)], settings)
    assert torch.equal(targets.content(settings), network(photo, ["relu2_1"], pooling)["relu2_1"])
    found = targets.style(StyleSource(painting), settings)
    for layer, activation in network(painting, settings.style_layers, pooling).items():
        expected = STATISTICS["gram"].target(activation.squeeze(0))
        assert same(found[layer], StyleTarget("gram", expected)), layer


def test_a_pass_longer_than_a_step_is_spread_over_several(network, photo, painting):
    targets, small = Targets(network, photo), Settings()
    targets.begin_step([StyleSource(painting)], small)
    before = targets.style(StyleSource(painting), small)
    assert targets.stale_layers == 0  # there is nothing else to go on with
    whole = Targets(network, photo).style(StyleSource(painting), ENLARGED)
    stale = []
    while not stale or stale[-1]:
        targets.begin_step([StyleSource(painting)], ENLARGED)
        found = targets.style(StyleSource(painting), ENLARGED)
        new = {layer for layer in found if same(found[layer], whole[layer])}
        assert {layer for layer in found if same(found[layer], before[layer])} == found.keys() - new
        stale.append(targets.stale_layers)
        assert stale[-1] == len(found) - len(new)
    assert len(stale) > 2
    assert stale == sorted(stale, reverse=True)
    assert found.keys() == new


def test_two_style_images_delay_a_step_no_longer_than_one(network, photo, painting):
    pair, targets = [StyleSource(painting), StyleSource(painting.flip(3))], Targets(network, photo)
    for settings in (Settings(), ENLARGED):
        targets.begin_step(pair, settings)
        found = [targets.style(each, settings) for each in pair]
    assert targets.stale_layers > len(found[0])  # all of the second style image


def test_a_new_layer_has_no_target_until_the_pass_comes_to_it(network, photo, painting):
    targets, found = Targets(network, photo), []
    for settings in (QUICK, *[ENLARGED] * 9):
        targets.begin_step([StyleSource(painting)], settings)
        found.append(targets.style(StyleSource(painting), settings).keys())
    assert found[0] <= found[1] < Settings().style_layers.keys() == found[-1]


def test_without_any_earlier_target_all_are_computed_at_once(network, photo, painting):
    targets = Targets(network, photo)
    # Motifs have passed through the layers of the second settings already.
    first = replace(QUICK, motifs=0.1)
    for settings in (first, replace(first, style_layers=["relu2_1", "relu4_1"], style_scale=3)):
        targets.begin_step([StyleSource(painting)], settings)
        assert targets.style(StyleSource(painting), settings).keys() == settings.style_layers.keys()
        assert targets.stale_layers == 0


def test_a_statistic_that_is_still_to_be_computed_is_that_of_before(network, photo, painting):
    targets, before = Targets(network, photo), replace(LECTURE, style_scale=3.0)
    moved = replace(before, statistic="covariance")
    for settings in (before, moved):
        targets.begin_step([StyleSource(painting)], settings)
        found = targets.style(StyleSource(painting), settings)
    assert {target.statistic for target in found.values()} == {"gram", "covariance"}
    assert found.keys() == moved.style_layers.keys()
